//! What voice says: money, days, ids and lists in words.

use chrono::{Datelike, NaiveDate, Weekday};

pub use super::say::{LONGEST_SAY, first_sentence, fit, is_speakable, sentences, stored};
use super::words::word;
use crate::money::{Currency, Money};
use crate::text;

/// An amount in words: `59 dollars and 98 cents`. Currencies whose words are not known here keep
/// their code: `59.98 XCD`.
pub fn money(amount: Money) -> String {
    let Some((major, minor)) = coins(amount.currency.code()) else { return amount.to_string() };
    let total = amount.minor.unsigned_abs();
    let of_whole = 10_u64.pow(amount.currency.decimals());
    let (whole, rest) = (total / of_whole, total % of_whole);
    let words = |n: u64, [one, many]: [&str; 2]| {
        format!("{} {}", grouped(n), word(if n == 1 { one } else { many }))
    };
    let spoken = match (whole, rest) {
        (0, rest) if rest > 0 => words(rest, minor),
        (whole, 0) => words(whole, major),
        (whole, rest) => {
            let (whole, rest) = (words(whole, major), words(rest, minor));
            text!("{whole} and {rest}", whole, rest)
        }
    };
    if amount.minor < 0 { text!("minus {spoken}", spoken) } else { spoken }
}

/// What a currency's units are called, one and many, large and small.
pub(super) fn coins(code: &str) -> Option<([&'static str; 2], [&'static str; 2])> {
    Some(match code {
        "USD" | "CAD" | "AUD" | "NZD" | "SGD" | "HKD" => (["dollar", "dollars"], ["cent", "cents"]),
        "EUR" => (["euro", "euros"], ["cent", "cents"]),
        "GBP" => (["pound", "pounds"], ["penny", "pence"]),
        "CHF" => (["franc", "francs"], ["centime", "centimes"]),
        "SEK" => (["krona", "kronor"], ["ore", "ore"]),
        "NOK" | "DKK" => (["krone", "kroner"], ["ore", "ore"]),
        "PLN" => (["zloty", "zlotys"], ["grosz", "groszy"]),
        "CZK" => (["koruna", "korunas"], ["haler", "halers"]),
        "JPY" => (["yen", "yen"], ["sen", "sen"]),
        "INR" => (["rupee", "rupees"], ["paisa", "paise"]),
        "ZAR" => (["rand", "rand"], ["cent", "cents"]),
        "MXN" => (["peso", "pesos"], ["centavo", "centavos"]),
        "BRL" => (["real", "reais"], ["centavo", "centavos"]),
        _ => return None,
    })
}

/// A day as people call it: `today`, `yesterday`, `Monday` within six days either way,
/// `November 3rd`, and the year where it is not this one.
pub fn day(day: NaiveDate, today: NaiveDate) -> String {
    match (day - today).num_days() {
        0 => text!("today"),
        -1 => text!("yesterday"),
        1 => text!("tomorrow"),
        -6..=6 => weekday(day),
        _ => date(day, today),
    }
}

/// A day as it follows a verb: `today`, `on Monday`, `on November 3rd`.
pub fn on(when: NaiveDate, today: NaiveDate) -> String {
    let day = day(when, today);
    if (-1..=1).contains(&(when - today).num_days()) { day } else { text!("on {day}", day) }
}

fn weekday(day: NaiveDate) -> String {
    match day.weekday() {
        Weekday::Mon => text!("Monday"),
        Weekday::Tue => text!("Tuesday"),
        Weekday::Wed => text!("Wednesday"),
        Weekday::Thu => text!("Thursday"),
        Weekday::Fri => text!("Friday"),
        Weekday::Sat => text!("Saturday"),
        Weekday::Sun => text!("Sunday"),
    }
}

/// The month of a day.
pub fn month(day: NaiveDate) -> String {
    match day.month() {
        1 => text!("January"),
        2 => text!("February"),
        3 => text!("March"),
        4 => text!("April"),
        5 => text!("May"),
        6 => text!("June"),
        7 => text!("July"),
        8 => text!("August"),
        9 => text!("September"),
        10 => text!("October"),
        11 => text!("November"),
        _ => text!("December"),
    }
}

/// A day by its date: `November 3rd`, and the year where it is not this one.
pub fn date(day: NaiveDate, today: NaiveDate) -> String {
    let (month, nth, year) = (month(day), ordinal(day.day()), day.year());
    if year == today.year() {
        text!("{month} {nth}", month, nth)
    } else {
        text!("{month} {nth}, {year}", month, nth, year)
    }
}

/// An id as it is read out: letters one by one, digits in groups with a pause between. A word in
/// front is left out (`ORD-10042` is `1 0 0 4 2`, `#W2378156` is `W, 2 3 7, 8 1 5 6`), and of
/// an id that is too long to say, the end is given.
pub fn order_id(id: &str) -> String {
    let plain: Vec<char> = id.chars().filter(char::is_ascii_alphanumeric).collect();
    let letters = plain.iter().take_while(|c| c.is_ascii_alphabetic()).count();
    let word = if letters > 2 && letters < plain.len() { letters } else { 0 };
    let said = plain.iter().skip(word);
    let said: Vec<char> = said.map(char::to_ascii_uppercase).collect();
    if said.len() > 12 {
        let end: String = said.iter().skip(said.len() - 4).collect();
        return text!("ending in {end}", end = runs(&end));
    }
    runs(&said.iter().collect::<String>())
}

/// A code as it is spelt: letters one by one, digits in groups (`SW1A 1AA` is `S W, 1, A, 1, A A`).
pub fn code(code: &str) -> String {
    let said = code.chars().filter(|c| c.is_alphanumeric()).map(|c| c.to_ascii_uppercase());
    runs(&said.collect::<String>())
}

/// A written sentence as it is said: order numbers and other ids of this server are read out, and
/// amounts are words. `Cancel ORD-10042: 5.50 USD` is `Cancel 1 0 0 4 2: 5 dollars and 50 cents`.
pub fn aloud(written: &str) -> String {
    let mut said: Vec<String> = Vec::new();
    let mut words = written.split(' ').peekable();
    while let Some(word) = words.next() {
        let bracket = if word.starts_with('(') { "(" } else { "" };
        let (plain, end) = unpunctuated(word.trim_start_matches('('));
        let next = words.peek().map(|next| unpunctuated(next));
        if let Some(amount) =
            next.and_then(|(code, _)| amount(plain, code)).filter(|_| end.is_empty())
        {
            words.next();
            let end = next.map_or("", |(_, end)| end);
            said.push(format!("{bracket}{}{end}", money(amount)));
        } else if is_number_of_ours(plain) {
            said.push(format!("{bracket}{}{end}", order_id(plain)));
        } else {
            said.push(word.to_owned());
        }
    }
    said.join(" ")
}

/// A word, and the marks that end it.
fn unpunctuated(word: &str) -> (&str, &str) {
    let plain = word.trim_end_matches(['.', ',', ';', ':', ')', '!', '?']);
    (plain, word.get(plain.len()..).unwrap_or_default())
}

/// `59.98` and `USD`.
fn amount(number: &str, code: &str) -> Option<Money> {
    let digits = number.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let is_code = code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase());
    let currency = Currency::parse(code).filter(|_| digits && is_code)?;
    Money::parse(number, currency).ok()
}

/// True of `ORD-10042`: a word of capitals and a number.
fn is_number_of_ours(word: &str) -> bool {
    word.split_once('-').is_some_and(|(letters, number)| {
        letters.len() > 2
            && letters.bytes().all(|b| b.is_ascii_uppercase())
            && number.len() > 3
            && number.bytes().all(|b| b.is_ascii_digit())
    })
}

/// Digits in groups of three and four that a voice reads one by one: `5 5 5, 0 1 0, 4 4 7 7`.
pub fn digit_groups(digits: &str) -> String {
    let mut rest: Vec<char> = digits.chars().collect();
    let mut groups = Vec::new();
    while !rest.is_empty() {
        let length = if rest.len() <= 5 { rest.len() } else { 3 };
        let length = if rest.len() == 8 { 4 } else { length };
        let tail = rest.split_off(length);
        groups.push(spaced(&rest));
        rest = tail;
    }
    groups.join(", ")
}

/// A count with its noun: `1 order`, `3 orders`.
pub fn count(n: u64, singular: &str, plural: &str) -> String {
    format!("{} {}", grouped(n), word(if n == 1 { singular } else { plural }))
}

/// All of a list: `a, b and c`.
pub fn list<S: AsRef<str>>(items: &[S]) -> String {
    let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    match items.split_last() {
        None => String::new(),
        Some((only, [])) => (*only).to_owned(),
        Some((last, others)) => text!("{others} and {last}", others = others.join(", "), last),
    }
}

/// One of a list: `a, b or c`.
pub fn either<S: AsRef<str>>(items: &[S]) -> String {
    let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    match items.split_last() {
        None => String::new(),
        Some((only, [])) => (*only).to_owned(),
        Some((last, others)) => text!("{others} or {last}", others = others.join(", "), last),
    }
}

/// The first three of a list and how many more there are: `a, b, c and 4 more`.
pub fn list_of_three<S: AsRef<str>>(items: &[S]) -> String {
    let mut said: Vec<String> = items.iter().take(3).map(|item| item.as_ref().into()).collect();
    if items.len() > 3 {
        said.push(text!("{count} more", count = items.len() - 3));
    }
    list(&said)
}

/// The text with its first letter in upper case.
pub fn sentence_case(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Letters one by one and digits in groups, with a pause where one turns into the other.
fn runs(id: &str) -> String {
    let chars: Vec<char> = id.chars().collect();
    let said = |run: &[char]| match run.first() {
        Some(first) if first.is_ascii_digit() => digit_groups(&run.iter().collect::<String>()),
        _ => spaced(run),
    };
    let parts = chars.chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit());
    parts.map(said).collect::<Vec<_>>().join(", ")
}

fn spaced(chars: &[char]) -> String {
    chars.iter().map(char::to_string).collect::<Vec<_>>().join(" ")
}

/// 1299 as `1,299`, which a voice reads as one number.
fn grouped(n: u64) -> String {
    if n < 1000 { n.to_string() } else { format!("{},{:03}", grouped(n / 1000), n % 1000) }
}

fn ordinal(n: u32) -> String {
    let ending = match (n % 10, n % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{n}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: &str) -> NaiveDate {
        day.parse().unwrap()
    }

    #[test]
    fn money_is_said_in_words() {
        for (minor, code, words) in [
            (5998, "USD", "59 dollars and 98 cents"),
            (100, "USD", "1 dollar"),
            (1, "GBP", "1 penny"),
            (0, "USD", "0 dollars"),
            (129_900, "EUR", "1,299 euros"),
            (-5001, "USD", "minus 50 dollars and 1 cent"),
            (5998, "CHF", "59 francs and 98 centimes"),
            (5998, "JPY", "5,998 yen"),
            (5998, "XCD", "59.98 XCD"),
        ] {
            assert_eq!(money(Money::new(minor, Currency::parse(code).unwrap())), words);
        }
    }

    #[test]
    fn near_days_have_names_and_far_days_dates() {
        let today = at("2026-11-18");
        for (when, words) in [
            ("2026-11-18", "today"),
            ("2026-11-17", "yesterday"),
            ("2026-11-19", "tomorrow"),
            ("2026-11-16", "Monday"),
            ("2026-11-03", "November 3rd"),
            ("2026-11-11", "November 11th"),
            ("2025-01-22", "January 22nd, 2025"),
        ] {
            assert_eq!(day(at(when), today), words);
        }
    }

    #[test]
    fn ids_are_read_digit_by_digit() {
        assert_eq!(order_id("ORD-10042"), "1 0 0 4 2");
        assert_eq!(order_id("#W2378156"), "W, 2 3 7, 8 1 5 6");
        assert_eq!(order_id("A1"), "A, 1");
        assert_eq!(order_id("0190b2f4-7c1e-7aaa-8bbb-1234567890ab"), "ending in 9 0, A B");
        assert_eq!(digit_groups("5550104477"), "5 5 5, 0 1 0, 4 4 7 7");
        assert_eq!(digit_groups("12345678"), "1 2 3 4, 5 6 7 8");
        assert_eq!(code("sw1a 1aa"), "S W, 1, A, 1, A A");
    }

    #[test]
    fn what_is_written_for_one_reader_is_said_to_another() {
        for (written, said) in [
            (
                "Cancel order ORD-10042 of Ana: refund 59.98 USD to the card",
                "Cancel order 1 0 0 4 2 of Ana: refund 59 dollars and 98 cents to the card",
            ),
            ("Settle ORD-10042: 5.00 EUR.", "Settle 1 0 0 4 2: 5 euros."),
            ("Change Ana (CUST-10042): (5.00 EUR)", "Change Ana (1 0 0 4 2): (5 euros)"),
            ("59.98 XCD, 12 USD.", "59.98 XCD, 12 dollars."),
            ("TAPE-25FT, MUG-1 and 2.5 in USD", "TAPE-25FT, MUG-1 and 2.5 in USD"),
            ("5.00, USD  it is", "5.00, USD  it is"),
        ] {
            assert_eq!(aloud(written), said);
        }
    }

    #[test]
    fn lists_end_with_and() {
        assert_eq!(list::<&str>(&[]), "");
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
        assert_eq!(either(&["a", "b", "c"]), "a, b or c");
        assert_eq!(list_of_three(&["a", "b", "c", "d", "e"]), "a, b, c and 2 more");
        assert_eq!(count(1, "order", "orders"), "1 order");
        assert_eq!(count(1200, "order", "orders"), "1,200 orders");
        assert_eq!(sentence_case("élan"), "Élan");
    }
}
