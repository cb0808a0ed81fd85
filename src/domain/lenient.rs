//! Whole numbers the way voice platforms send them: `"5"`, `" 5 "`, `"twenty two"`, `"a dozen"`.

/// Reads a whole number from digits or English words. `None` for anything else: a fraction, an
/// exponent and a hexadecimal number are refused rather than rounded.
pub fn integer(text: &str) -> Option<i64> {
    let text = text.trim();
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().ok();
    }
    let lower = text.to_lowercase();
    let words: Vec<&str> =
        lower.split([' ', '-', '\t']).filter(|word| !word.is_empty() && *word != "and").collect();
    match words.as_slice() {
        ["minus", rest @ ..] => in_words(rest).map(|n| -n),
        rest => in_words(rest),
    }
}

/// The digit that a word names: `seven` is 7, and `zero` and `nought` are 0.
pub fn digit(word: &str) -> Option<u8> {
    Some(match word {
        "zero" | "nought" | "naught" => 0,
        "one" => 1,
        "two" => 2,
        "three" => 3,
        "four" => 4,
        "five" => 5,
        "six" => 6,
        "seven" => 7,
        "eight" => 8,
        "nine" => 9,
        _ => return None,
    })
}

/// The number that `ten` to `nineteen` names.
pub fn teen(word: &str) -> Option<u8> {
    Some(match word {
        "ten" => 10,
        "eleven" => 11,
        "twelve" => 12,
        "thirteen" => 13,
        "fourteen" => 14,
        "fifteen" => 15,
        "sixteen" => 16,
        "seventeen" => 17,
        "eighteen" => 18,
        "nineteen" => 19,
        _ => return None,
    })
}

/// The number that `twenty`, `thirty` … `ninety` names.
pub fn tens(word: &str) -> Option<u8> {
    Some(match word {
        "twenty" => 20,
        "thirty" => 30,
        "forty" | "fourty" => 40,
        "fifty" => 50,
        "sixty" => 60,
        "seventy" => 70,
        "eighty" => 80,
        "ninety" => 90,
        _ => return None,
    })
}

fn in_words(words: &[&str]) -> Option<i64> {
    match words {
        ["half", "a", "dozen"] => Some(6),
        ["a", "couple" | "pair"] | ["a", "couple", "of"] => Some(2),
        [count @ .., "dozen"] => Some(amount(count)? * 12),
        _ => {
            let split = words.iter().position(|word| *word == "thousand");
            let Some(split) = split else { return group(words) };
            let (thousands, rest) = words.split_at_checked(split)?;
            let rest = rest.get(1..)?;
            let rest = if rest.is_empty() { 0 } else { group(rest)? };
            Some(amount(thousands)? * 1000 + rest)
        }
    }
}

/// How many dozens or thousands: `a`, or a number.
fn amount(words: &[&str]) -> Option<i64> {
    if matches!(words, ["a"]) { Some(1) } else { group(words) }
}

/// A number below a thousand: `a hundred five`, `forty two`, `seven`.
fn group(words: &[&str]) -> Option<i64> {
    match words {
        ["a", "hundred"] => Some(100),
        [hundreds, "hundred"] => Some(i64::from(digit(hundreds)?) * 100),
        [hundreds, "hundred", rest @ ..] => {
            let hundreds = if *hundreds == "a" { 1 } else { i64::from(digit(hundreds)?) };
            Some(hundreds * 100 + below_hundred(rest)?)
        }
        _ => below_hundred(words),
    }
}

fn below_hundred(words: &[&str]) -> Option<i64> {
    match words {
        [word] => digit(word).or_else(|| teen(word)).or_else(|| tens(word)).map(i64::from),
        [first, second] => {
            let unit = digit(second).filter(|unit| *unit > 0)?;
            Some(i64::from(tens(first)?) + i64::from(unit))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn digits_and_words_are_numbers() {
        for (text, number) in [
            ("5", 5),
            (" 5 ", 5),
            ("-3", -3),
            ("five", 5),
            ("Twenty two", 22),
            ("twenty-two", 22),
            ("a dozen", 12),
            ("two dozen", 24),
            ("half a dozen", 6),
            ("a hundred and five", 105),
            ("three hundred", 300),
            ("one thousand two hundred and six", 1206),
            ("minus five", -5),
            ("a thousand", 1000),
            ("zero", 0),
        ] {
            assert_eq!(integer(text), Some(number), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            " ",
            "1.5",
            "1e0",
            "0x5",
            "five two",
            "twenty ten",
            "dozen",
            "hundred",
            "lots",
            "99999999999999999999",
            "--5",
            "5 5",
            "thousand",
            "NaN",
            "½",
        ] {
            assert_eq!(integer(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in ".{0,40}") {
            let _ = integer(&text);
        }

        #[test]
        fn a_written_number_is_read_back(number: i64) {
            prop_assert_eq!(integer(&number.to_string()), Some(number));
        }
    }
}
