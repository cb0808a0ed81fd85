//! Order numbers and other ids as callers say them: "W two three seven", "double five", "the last
//! digits are four two".

use unicode_normalization::UnicodeNormalization;

use super::{alphabet, heard, lenient};

/// More letters in front of a number are a name.
const MOST_LETTERS: usize = 4;

/// The upper-case letters and digits of an id, with spoken digits and letters written out:
/// `#W2378156`, `w-2378156` and `W two three seven eight one five six` are all `W2378156`.
pub fn normalise(text: &str) -> String {
    written(&words(&folded(text)), alphabet::nato)
}

/// What the normalised id may be that was said like this, the most literal first: as it is, without
/// what was said around it (`it ends in three four six`), and with the words of all alphabets as
/// letters (`adam boy five`). What finds something is what was meant.
pub fn readings(said: &str) -> Vec<String> {
    let folded = folded(said);
    let words = words(&folded);
    let mut readings = vec![written(&words, alphabet::nato)];
    if is_spoken(said) {
        let plain = heard::plain(&words);
        readings.push(written(&plain, alphabet::nato));
        readings.push(written(&plain, alphabet::letter));
    }
    readings.retain(|reading| !reading.is_empty());
    readings.dedup();
    readings
}

/// An id without what was said around it. What is no id at all may have several words, too, so that
/// this is for what is known to be one.
pub fn heard(said: &str) -> String {
    let folded = folded(said);
    let words = words(&folded);
    written(&if is_spoken(said) { heard::plain(&words) } else { words }, alphabet::nato)
}

/// An id that is written has no spaces.
fn is_spoken(said: &str) -> bool {
    said.trim().contains(char::is_whitespace)
}

fn folded(text: &str) -> String {
    text.nfkc().filter(|c| !matches!(c, '\'' | '’')).collect::<String>().to_lowercase()
}

fn words(folded: &str) -> Vec<&str> {
    folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect()
}

/// The words in one, with digits and letters for what stands for them.
fn written(words: &[&str], letter: fn(&str) -> Option<&str>) -> String {
    let mut written = String::new();
    let mut words = words.iter().copied().peekable();
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
                // What follows the first zeros says whether they are zeros.
                let mut after = words.clone().skip_while(|next| matches!(*next, "o" | "oh"));
                let beside_digit = written.ends_with(|c: char| c.is_ascii_digit())
                    || (written.is_empty() && after.next().is_some_and(is_digits));
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
                    _ => match (lenient::word(word), letter(word)) {
                        (Some(number), _) => push(&mut written, &number.to_string(), &mut times),
                        (None, letter) => push(&mut written, letter.unwrap_or(word), &mut times),
                    },
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
    reversed(&normalise(id))
}

/// A normalised id from its end to its beginning.
pub fn reversed(key: &str) -> String {
    key.chars().rev().collect()
}

/// Whether an id was said as a whole, with or without the letters in front. Its last digits are not it.
pub fn is_whole(said: &str, id: &str) -> bool {
    readings(said).iter().any(|reading| fits(reading, id))
}

/// Whether a reading is an id as a whole: all of it, or its digits where no letters were said.
pub fn fits(reading: &str, id: &str) -> bool {
    let is_number = !reading.is_empty() && reading.bytes().all(|byte| byte.is_ascii_digit());
    reading == key(id) || (is_number && reading == digits(id))
}

/// The number of an id that is one, with at most a few letters in front: `10042` of `CUST-10042`.
pub fn number(id: &str) -> Option<String> {
    let key = key(id);
    let number = key.trim_start_matches(|c: char| !c.is_ascii_digit());
    let letters = key.chars().count() - number.len();
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && letters <= MOST_LETTERS).then(|| number.to_owned())
}

/// The digits of an id, as heard.
pub fn digits(text: &str) -> String {
    heard(text).chars().filter(char::is_ascii_digit).collect()
}

fn push(written: &mut String, text: &str, times: &mut usize) {
    written.push_str(&text.repeat(*times));
    *times = 1;
}

/// True of a word that is written, or begins, with a digit.
fn is_digits(word: &str) -> bool {
    lenient::digit(word).is_some() || word.starts_with(|c: char| c.is_ascii_digit())
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
        assert_eq!(normalise("oh oh oh one"), "0001");
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
    fn the_end_of_a_number_is_not_the_number() {
        for said in ["#W2378156", "W two three seven eight one five six", "2378156"] {
            assert!(is_whole(said, "#W2378156"), "{said}");
        }
        for said in ["8156", "378156", "one five six", "", "#W23781567"] {
            assert!(!is_whole(said, "#W2378156"), "{said}");
        }
    }

    #[test]
    fn a_number_fits_every_id_that_has_it() {
        for id in ["10001", "#10001", "ORD-10001", "w 10001"] {
            assert!(is_whole("one double oh oh one", id), "{id}");
            assert_eq!(number(id).as_deref(), Some("10001"), "{id}");
        }
        assert!(is_whole("ORD 10001", "ORD-10001") && !is_whole("ORD 10001", "#10001"));
        assert!(!is_whole("10001", "ORD-110001") && !is_whole("10001", "1-ORD-10001"));
        for name in ["sara_doe_496", "ORD", "W-1-A", ""] {
            assert_eq!(number(name), None, "{name}");
        }
    }

    #[test]
    fn what_is_said_around_an_id_and_every_alphabet_is_understood_after_what_was_said() {
        for (said, meant) in [
            ("ORD-10042", "ORD10042"),
            ("it ends in three four six", "346"),
            ("12346 please", "12346"),
            ("um, 12346", "12346"),
            ("It's one two three for six.", "12346"),
            ("niner niner oh", "990"),
            ("the order number is W two three", "W23"),
            ("w as in william two three", "W23"),
            ("x-ray five five five", "X555"),
            ("x ray double five", "X55"),
            ("adam boy one", "AB1"),
            ("able baker one", "AB1"),
            ("sam william one adam one adam adam", "SW1A1AA"),
        ] {
            assert_eq!(readings(said).last().map(String::as_str), Some(meant), "{said}");
        }
        // A word of an alphabet may be a word of the id.
        assert_eq!(readings("king five"), ["KING5", "K5"]);
        assert_eq!(readings("IT-12345"), ["IT12345"]);
        assert!(readings("…").is_empty());
        assert_eq!(digits("the last four digits are zero one two three"), "0123");
    }

    #[test]
    fn a_letter_without_a_capital_leaves_no_loose_accents() {
        assert_eq!(normalise("ῢ1"), "Υ1");
    }

    proptest! {
        #[test]
        fn an_id_is_found_however_it_is_punctuated(id in "[A-Z]{3}-[0-9]{5}") {
            // `SIX-12345` is as good as `6-12345`.
            prop_assume!(lenient::word(&id[..3].to_lowercase()).is_none());
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
