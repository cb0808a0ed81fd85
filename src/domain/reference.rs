//! Order numbers and other ids as callers say them: "W two three seven", "double five", "the last
//! digits are four two".

use unicode_normalization::UnicodeNormalization;

use super::lenient;

/// The upper-case letters and digits of an id, with spoken digits and letters written out:
/// `#W2378156`, `w-2378156` and `W two three seven eight one five six` are all `W2378156`.
pub fn normalise(text: &str) -> String {
    let text: String = text.nfkc().collect::<String>().to_lowercase();
    let words: Vec<&str> =
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let mut written = String::new();
    let mut words = words.into_iter().peekable();
    let mut times = 1;
    while let Some(word) = words.next() {
        match word {
            "double" if matches!(words.peek(), Some(&("u" | "you"))) => {
                words.next();
                written.push('w');
            }
            "double" => times = 2,
            "triple" | "treble" => times = 3,
            "order" | "number" | "hash" | "hashtag" | "pound" | "sign" | "dash" | "hyphen"
            | "minus" => {}
            "o" | "oh" => {
                let beside_digit = written.ends_with(|c: char| c.is_ascii_digit())
                    || (written.is_empty() && words.peek().is_some_and(|next| is_digits(next)));
                push(&mut written, if beside_digit { "0" } else { "o" }, &mut times);
            }
            word => {
                let tens = lenient::tens(word);
                let unit = words.peek().and_then(|next| lenient::digit(next)).filter(|n| *n > 0);
                match (tens, unit) {
                    (Some(tens), Some(unit)) => {
                        words.next();
                        push(&mut written, &(tens + unit).to_string(), &mut times);
                    }
                    _ => push(&mut written, &word_written(word), &mut times),
                }
            }
        }
    }
    // Some letters have no capital of their own, and become one with loose accents behind it.
    written.to_uppercase().chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The normalised id, under which it is found however it is said. Two ids may share a key, so the
/// exact id is tried first.
pub fn key(id: &str) -> String {
    normalise(id)
}

/// The normalised id from its end to its beginning: the last digits of an id are a prefix of its
/// tail, which an index finds as a range.
pub fn tail(id: &str) -> String {
    normalise(id).chars().rev().collect()
}

/// The ids that a customer's id may be, said like this, the likeliest first: as it is, in either
/// case, with the prefix that this server gives (`one double oh four two` is `CUST-10042`), and
/// with underscores, as other shops write them.
pub fn customer_ids(said: &str) -> [String; 5] {
    let said = said.trim();
    let lower = said.to_lowercase();
    let heard = normalise(said);
    let number = heard.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let word = heard.strip_suffix(number).unwrap_or_default();
    let ours = matches!(word, "" | "CUST" | "CUSTOMER" | "CUSTOMERID" | "ID") && !number.is_empty();
    [
        said.to_owned(),
        said.to_uppercase(),
        if ours { format!("CUST-{number}") } else { said.to_owned() },
        lower.split_whitespace().collect::<Vec<_>>().join("_"),
        lower,
    ]
}

/// The digits of an id, as heard.
pub fn digits(text: &str) -> String {
    normalise(text).chars().filter(char::is_ascii_digit).collect()
}

fn push(written: &mut String, text: &str, times: &mut usize) {
    written.push_str(&text.repeat(*times));
    *times = 1;
}

/// True of a word that is written, or begins, with a digit.
fn is_digits(word: &str) -> bool {
    lenient::digit(word).is_some() || word.starts_with(|c: char| c.is_ascii_digit())
}

/// A number word as digits, a spelling word as its letter, anything else as it is.
fn word_written(word: &str) -> String {
    match (lenient::word(word), letter(word)) {
        (Some(number), _) => number.to_string(),
        (None, Some(letter)) => letter.to_owned(),
        (None, None) => word.to_owned(),
    }
}

/// The letter that a word of the NATO alphabet stands for.
fn letter(word: &str) -> Option<&str> {
    const ALPHABET: [&str; 28] = [
        "alpha", "alfa", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india",
        "juliet", "juliett", "kilo", "lima", "mike", "november", "oscar", "papa", "quebec",
        "romeo", "sierra", "tango", "uniform", "victor", "whiskey", "whisky", "yankee", "zulu",
    ];
    if matches!(word, "xray") {
        return Some("x");
    }
    ALPHABET.contains(&word).then(|| word.get(..1)).flatten()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_order_number_has_one_form() {
        for text in [
            "#W2378156",
            "w-2378156",
            " W 2378156 ",
            "W two three seven eight one five six",
            "whiskey two three seven eight one five six",
            "order number W twenty three seventy eight one fifty six",
            "hash double u 2 3 7 8 1 5 6",
        ] {
            assert_eq!(normalise(text), "W2378156", "{text}");
        }
    }

    #[test]
    fn repeated_digits_and_zeros_are_heard() {
        assert_eq!(normalise("double five one"), "551");
        assert_eq!(normalise("triple oh seven"), "0007");
        assert_eq!(normalise("one double oh four two"), "10042");
        assert_eq!(normalise("one oh oh four two"), "10042");
        assert_eq!(normalise("oh five"), "05");
        assert_eq!(normalise("O R D dash one zero zero four two"), "ORD10042");
        assert_eq!(normalise("ORD-10042"), "ORD10042");
        assert_eq!(normalise("fifteen forty"), "1540");
    }

    #[test]
    fn the_last_digits_are_a_prefix_of_the_tail() {
        assert!(tail("#W2378156").starts_with(&tail("one five six")));
        assert!(!tail("#W2378156").starts_with(&tail("one five five")));
        assert_eq!(digits("W two three"), "23");
        assert_eq!(normalise("…"), "");
    }

    #[test]
    fn a_customer_is_found_however_the_id_is_said() {
        for said in ["CUST-10042", "cust 10042", "customer number one double oh four two", "10042"]
        {
            assert!(customer_ids(said).contains(&"CUST-10042".to_owned()), "{said}");
        }
        assert!(customer_ids("Sara Doe 496").contains(&"sara_doe_496".to_owned()));
        assert!(!customer_ids("ORD-10042").contains(&"CUST-10042".to_owned()));
    }

    #[test]
    fn a_letter_without_a_capital_leaves_no_loose_accents() {
        assert_eq!(normalise("ῢ1"), "Υ1");
    }

    proptest! {
        #[test]
        fn an_id_is_found_however_it_is_punctuated(id in "[A-Z]{3}-[0-9]{5}") {
            prop_assert_eq!(key(&id), id.replace('-', ""));
            prop_assert_eq!(key(&id.to_lowercase().replace('-', " ")), key(&id));
            prop_assert!(tail(&id).starts_with(&tail(&id[6..])));
        }

        #[test]
        fn no_text_is_too_strange(text in ".{0,40}") {
            prop_assert!(normalise(&text).chars().all(char::is_alphanumeric));
        }
    }
}
