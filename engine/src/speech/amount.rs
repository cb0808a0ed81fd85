//! Amounts of money as people write and say them: `US$ 59.98`, `fifty-nine dollars and ninety-eight cents`.

use super::{lenient, phrases};
use crate::money::{Currency, ungroup};

/// The number without the currency's sign, code or name around it. What is marked as another currency keeps
/// its mark, and is no number.
pub(crate) fn unmarked(text: &str, currency: Currency) -> &str {
    let code = currency.code();
    let country = code.get(..2).unwrap_or_default();
    let text = strip_start(text, code);
    let text = match currency.sign() {
        Some(sign) => {
            let bare = strip_start(text, country).strip_prefix(sign);
            let bare = bare.or_else(|| text.strip_prefix(sign)).unwrap_or(text);
            let bare = strip_end(bare, code);
            bare.strip_suffix(sign).unwrap_or(bare).trim_end()
        }
        None => strip_end(text, code),
    };
    let (major, _) = phrases::coins(code).unwrap_or_default();
    // The longer one first, which may begin with the other.
    let named = major.iter().rev().find_map(|name| {
        let rest = strip_end(text, name);
        (rest.len() < text.len()).then(|| strip_end(rest.trim_end(), country))
    });
    named.unwrap_or(text).trim()
}

/// An amount in words as a decimal. Digits may take the place of a number's words; whoever says no currency
/// says the decimal point.
pub(crate) fn in_words(text: &str, currency: Currency) -> Option<String> {
    let lower = text.to_lowercase();
    // A hyphen joins two words of one number; any other is a sign or a dash.
    let is_joint = |part: &str| !part.is_empty() && part == part.trim();
    let is_plain = !lower.contains('-') || lower.split('-').all(is_joint);
    let words: Vec<&str> = lower
        .split([' ', '-', '\t'])
        .map(|word| word.trim_end_matches(','))
        .filter(|word| !word.is_empty())
        .collect();
    let (major, minor) = phrases::coins(currency.code()).unwrap_or_default();
    let decimals = currency.decimals();
    let width = decimals as usize;
    let unit = 10_i64.pow(decimals);
    let mut parts = words.splitn(2, |word| major.contains(word));
    let (before, after) = (parts.next().filter(|_| is_plain)?, parts.next());
    let Some(after) = after else {
        return match before.split_last() {
            Some((last, cents)) if minor.contains(last) && decimals > 0 => {
                let cents = number(cents)?;
                Some(format!("{}.{:0width$}", cents / unit, cents % unit))
            }
            _ => with_point(before),
        };
    };
    if after.is_empty() {
        return with_point(before).or_else(|| number(before).map(|whole| whole.to_string()));
    }
    let (after, is_joined) = match after {
        ["and", rest @ ..] => (rest, true),
        rest => (rest, false),
    };
    let (cents, is_named) = match after.split_last() {
        Some((last, cents)) if minor.contains(last) => (cents, true),
        _ => (after, false),
    };
    let (whole, cents) = (number(before)?, number(cents)?);
    // Three dollars five may be 3.05 or 3.50.
    let is_clear = is_named || (!is_joined && cents >= unit / 10);
    (decimals > 0 && cents < unit && is_clear).then(|| format!("{whole}.{cents:0width$}"))
}

/// `fifty three point nine eight`, and `fifty three point ninety eight`.
fn with_point(words: &[&str]) -> Option<String> {
    let mut parts = words.splitn(2, |word| *word == "point");
    let (whole, fraction) = (number(parts.next()?)?, parts.next()?);
    let digits: Option<String> =
        fraction.iter().map(|word| lenient::digit(word).map(|digit| digit.to_string())).collect();
    let fraction = match (digits, fraction) {
        (Some(digits), [_, ..]) => digits,
        (None, [only]) if only.bytes().all(|b| b.is_ascii_digit()) => (*only).to_owned(),
        _ => number(fraction).filter(|number| (10..100).contains(number))?.to_string(),
    };
    Some(format!("{whole}.{fraction}"))
}

fn number(words: &[&str]) -> Option<i64> {
    let grouped = match words {
        [only] => ungroup(only).and_then(|digits| digits.parse().ok()),
        _ => None,
    };
    grouped.or_else(|| lenient::integer(&words.join(" "))).filter(|number| *number >= 0)
}

fn strip_start<'t>(text: &'t str, mark: &str) -> &'t str {
    let halves = text.split_at_checked(mark.len());
    let rest = halves.filter(|(head, _)| head.eq_ignore_ascii_case(mark)).map(|(_, rest)| rest);
    rest.map_or(text, str::trim_start)
}

fn strip_end<'t>(text: &'t str, mark: &str) -> &'t str {
    let halves = text.len().checked_sub(mark.len()).and_then(|at| text.split_at_checked(at));
    let rest = halves.filter(|(_, end)| end.eq_ignore_ascii_case(mark)).map(|(rest, _)| rest);
    rest.map_or(text, str::trim_end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::money::Money;

    #[test]
    fn an_amount_is_understood_in_words() {
        for (text, decimal) in [
            ("fifty-three dollars and ninety-eight cents", "53.98"),
            ("fifty three dollars ninety eight cents", "53.98"),
            ("fifty three dollars ninety eight", "53.98"),
            ("53 dollars and 98 cents", "53.98"),
            ("1,299 dollars and 5 cents", "1299.05"),
            ("a hundred and five dollars and ten cents", "105.10"),
            ("One Dollar", "1"),
            ("ninety-eight cents", "0.98"),
            ("150 cents", "1.50"),
            ("fifty three point nine eight", "53.98"),
            ("fifty three point ninety eight dollars", "53.98"),
            ("fifty three point nine dollars", "53.9"),
            ("53 point 98", "53.98"),
            ("53 point 05", "53.05"),
        ] {
            assert_eq!(in_words(text, Currency::USD).as_deref(), Some(decimal), "{text}");
        }
        let yen = Currency::parse("JPY").unwrap();
        assert_eq!(in_words("five hundred yen", yen).as_deref(), Some("500"));
        let pound = Currency::parse("GBP").unwrap();
        assert_eq!(in_words("one pound and fifty pence", pound).as_deref(), Some("1.50"));
    }

    #[test]
    fn what_may_be_two_amounts_is_refused() {
        for text in [
            "",
            "fifty three",
            "fifty three ninety eight",
            "three dollars five",
            "three dollars and fifty",
            "three dollars and a hundred cents",
            "three dollars and",
            "five or ten dollars",
            "five-ten dollars",
            "five dollars ten dollars",
            "5 - dollars",
            "-five dollars",
            "minus five dollars",
            "five euros",
            "five dollars and ten pence",
            "point five",
            "five point",
            "five point one hundred",
            "dollars",
            "cents",
            "some dollars",
        ] {
            assert_eq!(in_words(text, Currency::USD), None, "{text}");
        }
        assert_eq!(in_words("five sen", Currency::parse("JPY").unwrap()), None);
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in ".{0,40}") {
            let _ = Money::parse(&text, Currency::USD);
        }

        #[test]
        fn what_is_said_is_understood(minor in 0..crate::money::LARGEST_MINOR) {
            let money = Money::new(minor, Currency::USD);
            prop_assert_eq!(Money::parse(&phrases::money(money), Currency::USD), Ok(money));
        }
    }
}
