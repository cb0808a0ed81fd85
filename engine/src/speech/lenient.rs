//! Whole numbers the way voice platforms send them: `"5"`, `" 5 "`, `"twenty two"`, `"a dozen"`.

use std::sync::LazyLock;

use text2num::{Language, text2digits};

/// Number words in English; a fork that speaks another language chooses it here.
static SPOKEN: LazyLock<Language> = LazyLock::new(Language::english);

/// Reads a whole number from digits or English words. `None` for anything else: a fraction, an
/// exponent and a hexadecimal number are refused rather than rounded.
pub fn integer(text: &str) -> Option<i64> {
    let text = whole(text.trim());
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().ok();
    }
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split([' ', '-', '\t']).filter(|word| !word.is_empty()).collect();
    match words.as_slice() {
        ["minus", rest @ ..] => in_words(rest).map(|n| -n),
        rest => in_words(rest),
    }
}

/// A whole number that was written as a decimal, as `2.0` is, without its zeros.
fn whole(text: &str) -> &str {
    let zeros = |zeros: &str| !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0');
    text.split_once('.').filter(|(_, rest)| zeros(rest)).map_or(text, |(whole, _)| whole)
}

/// The number that a single word names: `seven` is 7, `forty` is 40, and `nought` is 0.
pub fn word(word: &str) -> Option<i64> {
    match word {
        "nought" | "naught" => Some(0),
        // As pilots and radio people say it.
        "niner" => Some(9),
        // Callers and their scribes misspell this one.
        "fourty" => Some(40),
        // A spelled letter is none: `o` may be the letter, and whoever reads numbers says `oh`.
        _ if word.len() < 3 => None,
        _ => number(word).filter(|n| *n < 100),
    }
}

/// The digit that a word names.
pub fn digit(digit: &str) -> Option<i64> {
    word(digit).filter(|n| *n < 10)
}

/// What `twenty`, `thirty` … `ninety` name.
pub fn tens(tens: &str) -> Option<i64> {
    word(tens).filter(|n| *n >= 20 && n % 10 == 0)
}

fn in_words(words: &[&str]) -> Option<i64> {
    match words {
        [] => None,
        [only] => word(only).or_else(|| number(only)),
        ["half", "a", "dozen"] => Some(6),
        ["a", "couple" | "pair"] | ["a", "couple", "of"] => Some(2),
        ["a", "dozen"] => Some(12),
        [count @ .., "dozen"] => number(&count.join(" "))?.checked_mul(12),
        ["a", rest @ ..] => number(&format!("one {}", rest.join(" "))),
        _ => number(&words.join(" ")),
    }
}

/// Digits and ordinals are not number words, nor is anything in the plural: `oss` is not zero.
fn number(words: &str) -> Option<i64> {
    let plural = words.split(' ').any(|word| word.ends_with('s'));
    if plural || words.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    text2digits(words, &*SPOKEN).ok()?.parse().ok()
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
            ("2.0", 2),
            ("-12.00", -12),
            ("a hundred and five", 105),
            ("three hundred", 300),
            ("one thousand two hundred and six", 1206),
            ("minus five", -5),
            ("a thousand", 1000),
            ("hundred", 100),
            ("zero", 0),
        ] {
            assert_eq!(integer(text), Some(number), "{text}");
        }
    }

    #[test]
    fn a_single_word_is_a_number_below_a_hundred() {
        for (text, number) in [
            ("seven", Some(7)),
            ("nought", Some(0)),
            ("niner", Some(9)),
            ("twelve", Some(12)),
            ("forty", Some(40)),
            ("o", None),
            ("a", None),
            ("7", None),
            ("hundred", None),
            ("first", None),
            ("oss", None),
            ("ones", None),
        ] {
            assert_eq!(word(text), number, "{text}");
        }
        assert_eq!((digit("nine"), digit("ten")), (Some(9), None));
        assert_eq!((tens("ninety"), tens("nineteen"), tens("hundred")), (Some(90), None, None));
    }

    #[test]
    fn everything_else_is_refused() {
        for text in [
            "",
            " ",
            "1.5",
            "1.",
            ".0",
            "1.0.0",
            "1e0",
            "0x5",
            "five two",
            "oss",
            "twenty ten",
            "dozen",
            "lots",
            "99999999999999999999",
            "--5",
            "5 5",
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
