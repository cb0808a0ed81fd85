//! E-mail addresses come typed or spoken ("ana dot lopez at example dot com") and are kept in lower
//! case.

use unicode_normalization::UnicodeNormalization;
use validator::ValidateEmail;

use super::lenient;

/// How many bytes a spoken address may have.
const LONGEST_SPOKEN: usize = 1000;

/// Reads an address, typed or spoken, and gives its one form; `None` when it is no address.
pub fn normalise(text: &str) -> Option<String> {
    if text.len() > LONGEST_SPOKEN {
        return None;
    }
    let text: String = text.nfkc().collect::<String>().to_lowercase();
    let text = text.trim().trim_start_matches("mailto:").trim_matches(['<', '>', '"', ' ']);
    let text = text.trim_end_matches(['.', ',', '?', '!']);
    let text = text.replace("all one word", " ").replace("all lowercase", " ");
    let words: Vec<&str> = text.split([' ', '\t', '\n', ',']).filter(|w| !w.is_empty()).collect();
    let typed_at = text.contains('@');
    let spoken_at = words.iter().rposition(|word| *word == "at").filter(|_| !typed_at);
    let address: String = words
        .iter()
        .enumerate()
        .map(|(index, word)| {
            let in_local_part = spoken_at.is_some_and(|at| index < at);
            if Some(index) == spoken_at { "@".into() } else { written(word, in_local_part) }
        })
        .collect();
    is_address(&address).then_some(address)
}

/// The address with its local part hidden: `a***@example.com`.
pub fn mask(email: &str) -> String {
    let (local, domain) = email.split_once('@').unwrap_or((email, ""));
    // A single letter would be the whole of it.
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
        "dot" | "point" | "period" => ".".into(),
        "underscore" => "_".into(),
        "dash" | "hyphen" | "minus" => "-".into(),
        "plus" => "+".into(),
        _ => match lenient::digit(word).filter(|_| in_local_part) {
            Some(digit) => digit.to_string(),
            None => word.into(),
        },
    }
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spoken_addresses_are_written() {
        for (text, email) in [
            ("ana dot lopez at gmail dot com", "ana.lopez@gmail.com"),
            ("Ana at example dot com", "ana@example.com"),
            ("ana underscore lopez at my dash shop dot co dot uk", "ana_lopez@my-shop.co.uk"),
            ("ana plus news at example.com", "ana+news@example.com"),
            ("ana lopez all one word at example dot com", "analopez@example.com"),
            ("ana nine two at one dot com", "ana92@one.com"),
            ("look at me at example dot com.", "lookatme@example.com"),
        ] {
            assert_eq!(normalise(text).as_deref(), Some(email), "{text}");
        }
    }

    #[test]
    fn typed_addresses_lose_what_is_not_theirs() {
        for text in [
            " Ana@Example.COM ",
            "<ana@example.com>",
            "mailto:ana@example.com",
            "ana @ example.com",
        ] {
            assert_eq!(normalise(text).as_deref(), Some("ana@example.com"), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "ana",
            "ana@",
            "@example.com",
            "ana@localhost",
            "a@b@c.com",
            "a..b@c.com",
            ".a@c.com",
            "ana@exam ple",
            "ana@-x.com",
            "ana@example.c",
            "ana@127.0.0.1",
            "at dot com",
            "añá@example.com",
        ] {
            assert_eq!(normalise(text), None, "{text}");
        }
        assert_eq!(normalise(&format!("{}@example.com", "a".repeat(65))), None);
    }

    #[test]
    fn little_is_shown_and_words_are_read_back() {
        assert_eq!(mask("ana.lopez@example.com"), "a***@example.com");
        assert_eq!(
            spoken("ana.lopez_9@my-shop.com"),
            "ana dot lopez underscore 9 at my dash shop dot com"
        );
    }

    proptest! {
        #[test]
        fn what_is_read_back_is_understood(
            email in "[a-z]{3,8}[.][a-z]{3,8}@[a-z]{3,8}(-[a-z]{3,4})?[.](com|org|co[.]uk)",
        ) {
            prop_assume!(normalise(&email).as_deref() == Some(email.as_str()));
            let words = spoken(&email);
            prop_assume!(!email.split(['.', '-', '@']).any(|w| {
                written(w, true) != w || w == "at" || w == "dot"
            }));
            prop_assert_eq!(normalise(&words), Some(email));
        }

        #[test]
        fn no_text_is_too_strange(text in ".{0,60}") {
            if let Some(email) = normalise(&text) {
                prop_assert_eq!(normalise(&email), Some(email.clone()));
            }
        }
    }
}
