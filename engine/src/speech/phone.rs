//! Phone numbers come in any form and are kept in one, E.164: `+15550104477`.
//!
//! The numbering plans are loaded with the first number that is read, never at start; see [`warm_up`].

use phonenumber::{Mode, country};

use super::{heard, lenient};
use crate::speech::phrases;
use crate::text;

/// How few and how many digits a number may have; E.164 allows 15.
const LENGTHS: std::ops::RangeInclusive<usize> = 7..=15;

/// How few digits find a number by its end, and how many are not the whole of it.
const ENDS: std::ops::RangeInclusive<usize> = 4..=9;

/// Reads a number in any form and gives its E.164 form. A number without a country code belongs to
/// `region`, an ISO 3166 country such as `US`. An extension is left out.
///
/// A number that is not in use, such as one with the area code 555, is accepted, because demo data
/// uses exactly those; a number that no plan can place keeps its digits. `None` when there are not
/// 7 to 15 digits, or something else is among them.
pub fn normalise(text: &str, region: &str) -> Option<String> {
    let dialled = dialled(text)?;
    let digits = dialled.trim_start_matches('+');
    if !LENGTHS.contains(&digits.len()) {
        return None;
    }
    let region: Option<country::Id> = region.trim().to_ascii_uppercase().parse().ok();
    let planned = phonenumber::parse(region, &dialled)
        .map(|number| number.format().mode(Mode::E164).to_string())
        .ok()
        .filter(|number| LENGTHS.contains(&last_digits(number, usize::MAX).len()));
    Some(planned.unwrap_or_else(|| format!("+{digits}")))
}

/// The end of a number, where so few digits were said that it may be one: 4 to 9 of them.
pub fn end(text: &str) -> Option<String> {
    dialled(text).filter(|digits| ENDS.contains(&digits.len()) && !digits.starts_with('+'))
}

/// Loads the numbering plans, so that no call waits for them; worth a thread of its own after start.
pub fn warm_up() {
    let _ = normalise("+15550104477", "US");
}

/// The digits of a number, as two of them are compared.
pub fn digits(phone: &str) -> String {
    last_digits(phone, usize::MAX)
}

/// The number with all but its last two digits hidden: `***77`. Its owner recognises it; the last four
/// would be what a caller is verified by.
pub fn mask(phone: &str) -> String {
    format!("***{}", last_digits(phone, 2))
}

/// The last four digits, by which a number is found and a caller is verified.
pub fn last4(phone: &str) -> String {
    last_digits(phone, 4)
}

/// The number in digit groups, as it is read back: `plus 1, 5 5 5, 0 1 0, 4 4 7 7`.
pub fn spoken(phone: &str) -> String {
    let digits = digits(phone);
    let local =
        digits.strip_prefix('1').filter(|local| phone.starts_with('+') && local.len() == 10);
    match local {
        Some(local) => text!("plus 1, {digits}", digits = phrases::digit_groups(local)),
        None if phone.starts_with('+') => {
            text!("plus {digits}", digits = phrases::digit_groups(&digits))
        }
        None => phrases::digit_groups(&digits),
    }
}

fn last_digits(phone: &str, count: usize) -> String {
    let digits: Vec<char> = phone.chars().filter(char::is_ascii_digit).collect();
    digits.iter().skip(digits.len().saturating_sub(count)).collect()
}

/// What one would dial: digits, and a leading `+` for an international number.
fn dialled(text: &str) -> Option<String> {
    let lower = text.trim().to_lowercase().replace(['\'', '’'], "");
    let lower = lower.strip_prefix("tel:").unwrap_or(&lower);
    // The trunk zero that some write in brackets is dialled only inside the country.
    let abroad = lower.contains('+') || lower.starts_with("00") || lower.contains("plus");
    let lower = if abroad { lower.replacen("(0)", "", 1) } else { lower.to_owned() };
    let number = lower.split([';', '#']).next().unwrap_or_default();
    let mut digits = String::new();
    let mut international = false;
    let mut times = 1;
    let words = number.split(|c: char| c.is_whitespace() || "-.()/,".contains(c));
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let mut words = heard::plain(&words).into_iter().peekable();
    while let Some(word) = words.next() {
        let (word, plus) = word.strip_prefix('+').map_or((word, false), |rest| (rest, true));
        international |= (plus || word == "plus") && digits.is_empty();
        // What follows is an extension: `x12`, `ext. 12`, `4477x12`.
        let extension = word.find("ext").or_else(|| word.find('x').filter(|_| word != "six"));
        let said = match extension.and_then(|at| word.get(..at)).unwrap_or(word) {
            "" | "plus" => String::new(),
            "double" => {
                times = 2;
                continue;
            }
            "triple" | "treble" => {
                times = 3;
                continue;
            }
            "oh" | "o" => "0".to_owned(),
            "hundred" => "00".to_owned(),
            said if said.bytes().all(|b| b.is_ascii_digit()) => said.to_owned(),
            said => match (lenient::tens(said), words.peek().and_then(|next| lenient::digit(next)))
            {
                (Some(tens), Some(unit @ 1..)) => {
                    words.next();
                    (tens + unit).to_string()
                }
                (Some(tens), _) => tens.to_string(),
                _ => lenient::word(said).filter(|n| *n < 20)?.to_string(),
            },
        };
        digits.push_str(&said.repeat(times));
        times = 1;
        if extension.is_some() {
            break;
        }
    }
    if let Some(rest) = digits.strip_prefix("00") {
        return Some(format!("+{rest}"));
    }
    Some(if international { format!("+{digits}") } else { digits })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_number_has_one_form() {
        for text in [
            "555-010-4477",
            "(555) 010 4477",
            "+1 555 010 4477",
            "1.555.010.4477",
            "001 555 010 4477",
            "tel:+1-555-010-4477",
            "555 010 4477 ext. 12",
            "five five five oh one oh four four seven seven",
            "plus one 555 010 4477",
            "triple five oh ten double four seventy-seven",
            "555 010 4477x12",
            "my number is 555 010 4477",
            "It's area code 555, then 010 4477 please",
            "um, five five five oh won oh for for seven seven",
            "555 010 4477, x 12",
            "5550104477 extension 12",
        ] {
            assert_eq!(normalise(text, "US").as_deref(), Some("+15550104477"), "{text}");
        }
    }

    #[test]
    fn every_digit_can_be_said() {
        // The words that end with an e, and the one with an x.
        for (said, number) in [
            ("nine seven one five five five oh one two one", "+19715550121"),
            ("four oh four five five five oh one double three", "+14045550133"),
            ("six oh six five five five zero one six six ext five", "+16065550166"),
            ("eight hundred five fifty-five oh one nineteen", "+18005550119"),
        ] {
            assert_eq!(normalise(said, "US").as_deref(), Some(number), "{said}");
        }
    }

    #[test]
    fn the_region_decides_where_no_country_is_given() {
        assert_eq!(normalise("020 7946 0958", "GB").as_deref(), Some("+442079460958"));
        assert_eq!(normalise("+44 (0)20 7946 0958", "US").as_deref(), Some("+442079460958"));
        assert_eq!(normalise("030 901820", "de").as_deref(), Some("+4930901820"));
        assert_eq!(normalise("+44 20 7946 0958", "US").as_deref(), Some("+442079460958"));
    }

    #[test]
    fn fictitious_numbers_are_kept() {
        assert!(normalise("555-0123", "US").is_some());
        assert_eq!(normalise("+999 123 4567", "US").as_deref(), Some("+9991234567"));
        assert_eq!(normalise("5551234567", "nowhere").as_deref(), Some("+5551234567"));
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in ["", "12345", "ana", "1234567890123456", "call me", "555 01O4 47x", "+"] {
            assert_eq!(normalise(text, "US"), None, "{text}");
        }
    }

    #[test]
    fn the_end_of_a_number_is_heard() {
        for (said, digits) in [
            ("0123", "0123"),
            ("it ends in oh one two three", "0123"),
            ("the last four digits are 0123", "0123"),
            ("555-0123", "5550123"),
        ] {
            assert_eq!(end(said).as_deref(), Some(digits), "{said}");
        }
        for said in ["123", "5550104477", "+1234", "cust 1234", ""] {
            assert_eq!(end(said), None, "{said}");
        }
    }

    #[test]
    fn little_is_shown_and_groups_are_read_back() {
        assert_eq!(mask("+15550104477"), "***77");
        assert_eq!(last4("+15550104477"), "4477");
        assert_eq!(spoken("+15550104477"), "plus 1, 5 5 5, 0 1 0, 4 4 7 7");
        assert_eq!(spoken("+442079460958"), "plus 4 4 2, 0 7 9, 4 6 0, 9 5 8");
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "[+0-9xX() a-z.\\-#;]{0,24}|.{0,24}") {
            if let Some(phone) = normalise(&text, "US") {
                prop_assert!(phone.starts_with('+'));
                prop_assert_eq!(normalise(&phone, "GB"), Some(phone));
            }
        }
    }
}
