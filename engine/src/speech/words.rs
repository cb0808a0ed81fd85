//! Everything that is said, in the language of the tenant.
//!
//! A sentence stands where it is said, in English, inside [`text!`](crate::text): the English words
//! are the key under which another language has its own. A fork that speaks German copies
//! `docs/texts.toml`, which has them all, writes the German ones, and adds one line to `LANGUAGES` below;
//! what the file does not have is said in English. How numbers, months and lists are put together is
//! in [`speech`](crate::speech::phrases).

use std::{
    cell::Cell,
    collections::HashMap,
    fmt::Display,
    future,
    sync::{Mutex, OnceLock, PoisonError},
};

/// The languages that are compiled in, by the tag that the business file names them with (BCP 47).
/// English needs none.
const LANGUAGES: &[(&str, &str)] = &[];

type Texts = HashMap<String, String>;

/// A language that can be spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Language(Option<&'static Texts>);

/// What was learned so far, by tag.
static LEARNED: Mutex<Vec<(String, Language)>> = Mutex::new(Vec::new());

/// What is spoken where no tenant is concerned.
static SPOKEN: OnceLock<Language> = OnceLock::new();

thread_local! {
    /// What is spoken to the tenant of the call that this thread is at.
    static SPOKEN_NOW: Cell<Option<Language>> = const { Cell::new(None) };
}

/// A sentence in the language of the business: `text!("It is {days} days late.", days = late)`.
///
/// Names are given one by one, and a plain one stands for itself: `text!("It is {days} days late.",
/// days)`. What a text names and does not get does not compile.
#[macro_export]
macro_rules! text {
    (@value $name:ident) => { $name };
    (@value $name:ident = $value:expr) => { $value };
    ($english:literal $(, $name:ident $(= $value:expr)?)* $(,)?) => {
        match $crate::speech::words::translated($english) {
            None => format!($english $(, $name = $crate::text!(@value $name $(= $value)?))*),
            Some(words) => $crate::speech::words::fill(words, &[
                $((stringify!($name), &$crate::text!(@value $name $(= $value)?))),*
            ]),
        }
    };
}

impl Language {
    /// The language with this tag, or with its first part: `de-AT` is spoken as `de` where only
    /// that is known. `None` where it is not compiled in.
    pub fn of(tag: &str) -> Option<Self> {
        let base = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        let mut learned = LEARNED.lock().unwrap_or_else(PoisonError::into_inner);
        let missing = LANGUAGES.iter().filter(|(known, _)| learned.iter().all(|(l, _)| l != known));
        let read: Vec<_> = missing
            .filter_map(|(known, toml)| Some(((*known).to_owned(), Self::read(toml).ok()?)))
            .collect();
        learned.extend(read);
        let exact = learned.iter().find(|(known, _)| known.eq_ignore_ascii_case(tag));
        let found = exact.or_else(|| learned.iter().find(|(known, _)| base(known) == base(tag)));
        match found {
            Some((_, language)) => Some(*language),
            None => (base(tag) == "en").then(Self::default),
        }
    }

    /// Reads a language from its texts and keeps it for as long as the process runs.
    fn read(toml: &str) -> Result<Self, String> {
        let mut texts: Texts = toml::from_str(toml).map_err(|error| error.to_string())?;
        texts.retain(|_, translated| !translated.is_empty());
        Ok(Self(Some(Box::leak(Box::new(texts)))))
    }
}

/// Chooses the language that is spoken where no tenant is concerned, once for the process. `false`
/// where a tag names no language that is compiled in, and English is spoken.
pub fn speak(tag: &str) -> bool {
    let language = Language::of(tag);
    // Whoever was first has chosen.
    let _ = SPOKEN.set(language.unwrap_or_default());
    language.is_some()
}

/// Whatever is said while this runs is said in that language.
///
/// ```
/// use business_mcp_engine::{speech::words::{self, Language}, text};
///
/// words::learn("de", r#"
///     "I found {name}." = "Ich habe {name} gefunden."
///     "Not translated." = ""
/// "#).unwrap();
/// let name = "Ana";
/// let said = || text!("I found {name}.", name);
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let german = Language::of("de-AT").unwrap();
/// assert_eq!(words::speaking(german, async { said() }).await, "Ich habe Ana gefunden.");
/// let rest = async { (text!("Not translated."), text!("Not there: {n}.", n = 3)) };
/// let rest = words::speaking(german, rest).await;
/// assert_eq!(rest, ("Not translated.".to_owned(), "Not there: 3.".to_owned()));
/// # });
/// assert_eq!(said(), "I found Ana.");
/// assert_eq!(Language::of("fr"), None);
/// ```
pub fn speaking<F: Future>(language: Language, saying: F) -> impl Future<Output = F::Output> {
    /// Puts back what was spoken before, also where something panics.
    struct Before(Option<Language>);

    impl Drop for Before {
        fn drop(&mut self) {
            SPOKEN_NOW.set(self.0);
        }
    }

    let mut saying = Box::pin(saying);
    future::poll_fn(move |context| {
        let _before = Before(SPOKEN_NOW.replace(Some(language)));
        saying.as_mut().poll(context)
    })
}

/// Learns a language from its texts, in addition to those that are compiled in.
///
/// # Errors
/// A sentence, where it is no table of texts.
pub fn learn(tag: &str, toml: &str) -> Result<(), String> {
    let language = Language::read(toml)?;
    LEARNED.lock().unwrap_or_else(PoisonError::into_inner).push((tag.to_owned(), language));
    Ok(())
}

/// A text in the language that is spoken; `None` where that is English or has no such text.
pub fn translated(english: &str) -> Option<&'static str> {
    let Language(texts) = SPOKEN_NOW.get().or_else(|| SPOKEN.get().copied())?;
    texts?.get(english).map(String::as_str)
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
