//! Everything that is said, in the language of the business.
//!
//! A sentence stands where it is said, in English, inside [`text!`](crate::text): the English words
//! are the key under which another language has its own. A fork that speaks German copies
//! `docs/texts.toml`, which has them all, writes the German ones, and adds one line to `LANGUAGES` below;
//! what the file does not have is said in English. How numbers, months and lists are put together is
//! in [`speech`](super::speech).

use std::{collections::HashMap, fmt::Display, sync::OnceLock};

/// The languages that are compiled in, by the tag that the business file names them with (BCP 47).
/// English needs none.
const LANGUAGES: &[(&str, &str)] = &[];

type Texts = HashMap<String, String>;

static SPOKEN: OnceLock<Texts> = OnceLock::new();

/// A sentence in the language of the business: `text!("It is {days} days late.", days = late)`.
///
/// Names are given one by one, and a plain one stands for itself: `text!("It is {days} days late.",
/// days)`. What a text names and does not get does not compile.
#[macro_export]
macro_rules! text {
    (@value $name:ident) => { $name };
    (@value $name:ident = $value:expr) => { $value };
    ($english:literal $(, $name:ident $(= $value:expr)?)* $(,)?) => {
        match $crate::domain::words::translated($english) {
            None => format!($english $(, $name = $crate::text!(@value $name $(= $value)?))*),
            Some(words) => $crate::domain::words::fill(words, &[
                $((stringify!($name), &$crate::text!(@value $name $(= $value)?))),*
            ]),
        }
    };
}

/// Chooses the language that is spoken from now on, once for the process. `false` where a tag names
/// no language that is compiled in, and English is spoken.
pub fn speak(tag: &str) -> bool {
    let base = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
    let exact = LANGUAGES.iter().find(|(known, _)| known.eq_ignore_ascii_case(tag));
    let found = exact.or_else(|| LANGUAGES.iter().find(|(known, _)| base(known) == base(tag)));
    match found {
        Some((_, toml)) => learn(toml).is_ok(),
        None => base(tag) == "en",
    }
}

/// Learns a language from its texts, once for the process.
///
/// ```
/// use business_mcp::{domain::words, text};
///
/// words::learn(r#"
///     "I found {name}." = "Ich habe {name} gefunden."
///     "Not translated." = ""
/// "#).unwrap();
/// let name = "Ana";
/// assert_eq!(text!("I found {name}.", name), "Ich habe Ana gefunden.");
/// assert_eq!(text!("Not translated."), "Not translated.");
/// assert_eq!(text!("Not there: {n}.", n = 3), "Not there: 3.");
/// ```
///
/// # Errors
/// A sentence, where it is no table of texts.
pub fn learn(toml: &str) -> Result<(), String> {
    let mut texts: Texts = toml::from_str(toml).map_err(|error| error.to_string())?;
    texts.retain(|_, translated| !translated.is_empty());
    SPOKEN.set(texts).map_err(|_| "a language is spoken already".to_owned())
}

/// A text in the language that is spoken; `None` where that is English or has no such text.
pub fn translated(english: &str) -> Option<&'static str> {
    SPOKEN.get()?.get(english).map(String::as_str)
}

/// A word that is not known where this is written, such as the noun of a count, in the language that is
/// spoken.
pub fn word(english: &str) -> &str {
    translated(english).unwrap_or(english)
}

/// Puts values where a text names them.
pub fn fill(text: &str, values: &[(&str, &dyn Display)]) -> String {
    values.iter().fold(text.to_owned(), |text, (name, value)| {
        text.replace(&format!("{{{name}}}"), &value.to_string())
    })
}
