//! E-mail addresses come typed or spoken ("ana dot lopez at example dot com") and are kept in lower
//! case.

use unicode_normalization::UnicodeNormalization;
use validator::ValidateEmail;

use super::{alphabet, lenient};

/// How many bytes a spoken address may have.
const LONGEST_SPOKEN: usize = 1000;

/// What is said about an address and is no part of it.
const REMARKS: [&str; 18] = [
    "all in one word",
    "all as one word",
    "all one word",
    "in one word",
    "as one word",
    "one word",
    "all in lower case",
    "all in lowercase",
    "all lower case",
    "all lowercase",
    "in lower case",
    "in lowercase",
    "lower case",
    "lowercase",
    "no spaces",
    "with no spaces",
    "and no spaces",
    "without spaces",
];

/// What is said before an address. What stands before the last of [`OPENERS`] is left out.
const OPENINGS: [&str; 14] = [
    "my", "the", "her", "his", "our", "that", "this", "would", "e", "email", "e-mail", "mail",
    "address", "it",
];
/// Where what is said before an address ends.
const OPENERS: [&str; 17] = [
    "is", "it's", "it’s", "its", "that's", "that’s", "thats", "be", "um", "uh", "er", "erm", "uhm",
    "okay", "ok", "yes", "yeah",
];

/// Reads an address, typed or spoken, and gives its one form; `None` when it is no address.
pub fn normalise(text: &str) -> Option<String> {
    let text = folded(text)?;
    address(&undressed(&text)).or_else(|| address(&words(&text)))
}

/// The addresses that may have been meant by what was said, the most literal first: word for word,
/// without what was said around it, and with its letters spelled (`juliet oscar hotel november`).
pub fn readings(text: &str) -> Vec<String> {
    let Some(text) = folded(text) else { return Vec::new() };
    let plain = undressed(&text);
    let readings = [address(&words(&text)), address(&plain), spelled(&plain)];
    let mut readings: Vec<String> = readings.into_iter().flatten().collect();
    readings.dedup();
    readings
}

fn folded(text: &str) -> Option<String> {
    if text.len() > LONGEST_SPOKEN {
        return None;
    }
    let text: String = text.nfkc().collect::<String>().to_lowercase();
    let text = text.trim().trim_start_matches("mailto:").trim_matches(['<', '>', '"', ' ']);
    Some(text.trim_end_matches(['.', ',', '?', '!']).to_owned())
}

fn words(text: &str) -> Vec<&str> {
    text.split([' ', '\t', '\n', ',']).filter(|word| !word.is_empty()).collect()
}

/// The words of the address without what was said around it.
fn undressed(text: &str) -> Vec<&str> {
    let all = words(text);
    if all.len() < 2 {
        return all;
    }
    let opening = all.iter().take_while(|word| {
        let word = word.trim_end_matches(':');
        OPENINGS.contains(&word) || OPENERS.contains(&word)
    });
    let opening: Vec<&str> = opening.map(|word| word.trim_end_matches(':')).collect();
    let begins = opening.iter().rposition(|word| OPENERS.contains(word)).map_or(0, |at| at + 1);
    let mut rest = all.get(begins..).unwrap_or_default();
    let mut plain = Vec::with_capacity(rest.len());
    while let Some((&word, after)) = rest.split_first() {
        let remark = REMARKS.iter().map(|remark| remark.split(' ').collect::<Vec<_>>());
        let remark = remark.filter(|remark| rest.starts_with(remark)).map(|remark| remark.len());
        if let Some(length) = remark.max() {
            rest = rest.get(length..).unwrap_or_default();
            continue;
        }
        if !matches!(word, "please" | "um" | "uh" | "uhm" | "erm") {
            plain.push(word);
        }
        rest = after;
    }
    alphabet::explained(&plain)
}

/// The address that these words are.
fn address(words: &[&str]) -> Option<String> {
    let typed_at = words.iter().any(|word| word.contains('@'));
    let spoken_at = words.iter().rposition(|word| *word == "at").filter(|_| !typed_at);
    let mut address = String::new();
    let mut times = 1;
    let mut rest = words;
    while let Some((&word, after)) = rest.split_first() {
        let index = words.len() - rest.len();
        let in_local_part = spoken_at.is_some_and(|at| index < at);
        let next = after.first().copied().unwrap_or_default();
        rest = after;
        let one = match (word, next) {
            _ if Some(index) == spoken_at => "@".into(),
            ("sign", _) if spoken_at.is_some() && index.checked_sub(1) == spoken_at => {
                String::new()
            }
            ("full", "stop") => {
                rest = rest.get(1..).unwrap_or_default();
                ".".into()
            }
            ("under", "score") => {
                rest = rest.get(1..).unwrap_or_default();
                "_".into()
            }
            ("double" | "triple" | "treble", next) if is_repeated(next, in_local_part) => {
                times = if word == "double" { 2 } else { 3 };
                continue;
            }
            _ => written(word, in_local_part),
        };
        address.push_str(&one.repeat(times));
        times = 1;
    }
    is_address(&address).then_some(address)
}

/// The address with letters for spelled words, where at least two of them follow each other: a word
/// of an alphabet alone is a name, and letters alone are written already.
fn spelled(words: &[&str]) -> Option<String> {
    let letters = |word: &str| -> Option<String> {
        let parts = word.split('-').map(alphabet::letter);
        parts.collect::<Option<Vec<&str>>>().map(|parts| parts.concat())
    };
    let mut written: Vec<String> = Vec::with_capacity(words.len());
    for run in words.chunk_by(|a, b| letters(a).is_some() == letters(b).is_some()) {
        let spelled: Option<String> = run.iter().map(|word| letters(word)).collect();
        match spelled {
            Some(spelled) if spelled.len() > 1 => written.push(spelled),
            _ => written.extend(run.iter().map(|word| (*word).to_owned())),
        }
    }
    address(&written.iter().map(String::as_str).collect::<Vec<_>>())
}

/// True of what is said twice at once: a letter, or a digit.
fn is_repeated(word: &str, in_local_part: bool) -> bool {
    alphabet::is_letter(word) || (in_local_part && lenient::digit(word).is_some())
}

/// The address with its local part hidden: `a***@example.com`. Of a single letter nothing is shown, which
/// would be the whole.
pub fn mask(email: &str) -> String {
    let (local, domain) = email.split_once('@').unwrap_or((email, ""));
    let first: String = local.chars().take(usize::from(local.len() > 1)).collect();
    if domain.is_empty() { format!("{first}***") } else { format!("{first}***@{domain}") }
}

/// The address as it is read back: `ana dot lopez at example dot com`.
pub fn spoken(email: &str) -> String {
    let mut words = String::new();
    for c in email.chars() {
        match c {
            '@' => words.push_str(" at "),
            '.' => words.push_str(" dot "),
            '_' => words.push_str(" underscore "),
            '-' => words.push_str(" dash "),
            '+' => words.push_str(" plus "),
            other => words.push(other),
        }
    }
    words
}

/// What a spoken word is written as. Digits are spelt out before the "at" only: `one.com` exists.
fn written(word: &str, in_local_part: bool) -> String {
    match word {
        "dot" | "point" | "period" | "fullstop" => ".".into(),
        "underscore" | "underline" => "_".into(),
        "dash" | "hyphen" | "minus" => "-".into(),
        "plus" => "+".into(),
        _ if in_local_part => match lenient::digit(word) {
            Some(digit) => digit.to_string(),
            None => word.into(),
        },
        _ => undotted(word).unwrap_or_else(|| word.into()),
    }
}

/// A domain whose last dot was written as a word: `exampledotcom`.
fn undotted(word: &str) -> Option<String> {
    let tops = ["com", "net", "org", "edu", "gov", "io"].into_iter();
    tops.filter_map(|top| Some((word.strip_suffix(top)?.strip_suffix("dot")?, top)))
        .map(|(name, top)| format!("{name}.{top}"))
        .next()
}

/// Stricter than the standard where the standard allows what no customer has: an address on a
/// machine without a domain, or two dots in a row.
fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let dotted = |part: &str| part.split('.').all(|label| !label.is_empty());
    let top = domain.rsplit('.').next().unwrap_or_default();
    text.is_ascii()
        && text.len() <= 254
        && dotted(local)
        && dotted(domain)
        && domain.contains('.')
        && top.len() >= 2
        && top.bytes().any(|b| b.is_ascii_alphabetic())
        && text.validate_email()
}

#[cfg(test)]
#[path = "email_tests.rs"]
mod tests;
