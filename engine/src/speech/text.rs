//! Text from outside is checked where it comes in and cleaned where it goes out: characters that
//! nobody sees can carry words that only a model reads.

use unicode_normalization::UnicodeNormalization;

use crate::text;

/// Why a text is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// More characters than the field holds.
    #[error("{}", text!("is longer than {max} characters", max = .max))]
    TooLong {
        /// How many characters the field holds.
        max: usize,
    },
    /// A control character, such as NUL.
    #[error("{}", text!("contains a control character"))]
    Control,
    /// A character that is not seen: one that turns the direction, has no width, or is a tag.
    #[error("{}", text!("contains an invisible character"))]
    Hidden,
}

/// Reads one line of text: composed (NFC), trimmed, without control or invisible characters.
///
/// # Errors
/// [`TextError`] says what is wrong without repeating the text.
pub fn check(text: &str, max_chars: usize) -> Result<String, TextError> {
    check_with(text, max_chars, |_| false)
}

/// Reads text like [`check`], and lets it have several lines and tabs.
///
/// # Errors
/// [`TextError`] says what is wrong without repeating the text.
pub fn check_lines(text: &str, max_chars: usize) -> Result<String, TextError> {
    check_with(text, max_chars, |c| matches!(c, '\n' | '\r' | '\t'))
}

fn check_with(
    text: &str,
    max_chars: usize,
    allowed: impl Fn(char) -> bool,
) -> Result<String, TextError> {
    let text = text.trim();
    // No text that fits has more bytes; the long ones are refused before any work is done on them.
    if text.len() > max_chars.saturating_mul(4) {
        return Err(TextError::TooLong { max: max_chars });
    }
    let text: String = text.nfc().collect();
    if text.chars().count() > max_chars {
        return Err(TextError::TooLong { max: max_chars });
    }
    if text.chars().any(|c| c.is_control() && !allowed(c)) {
        return Err(TextError::Control);
    }
    if visible(&text).count() < text.chars().count() {
        return Err(TextError::Hidden);
    }
    Ok(text.replace("\r\n", "\n").replace('\r', "\n"))
}

/// Stored text as it is shown: one line, only what is seen, at most `max_chars` with a "…" where
/// something is missing.
pub fn display(text: &str, max_chars: usize) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let seen: String = visible(&spaced).collect();
    let line = seen.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= max_chars {
        return line;
    }
    let kept: String = line.chars().take(max_chars.saturating_sub(1)).collect();
    let mark = if max_chars == 0 { "" } else { "…" };
    format!("{}{mark}", kept.trim_end())
}

/// The characters that are seen. A joiner counts as seen between two characters beyond ASCII,
/// where emoji and several scripts need it.
fn visible(text: &str) -> impl Iterator<Item = char> {
    let joinable = |c: Option<char>| c.is_some_and(|c| !c.is_ascii() && !is_hidden(c));
    let mut before = None;
    let mut rest = text.chars().peekable();
    std::iter::from_fn(move || {
        loop {
            let c = rest.next()?;
            let joins = matches!(c, '\u{200c}' | '\u{200d}')
                && joinable(before)
                && joinable(rest.peek().copied());
            before = Some(c);
            if joins || !is_hidden(c) {
                return Some(c);
            }
        }
    })
}

/// True of a character that has no shape of its own or turns the direction of others.
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_is_trimmed_and_composed() {
        assert_eq!(check("  Jose\u{301} ", 10), Ok("José".into()));
        assert_eq!(check("", 10), Ok(String::new()));
    }

    #[test]
    fn the_limit_counts_characters() {
        assert_eq!(check("ééééé", 5), Ok("ééééé".into()));
        assert_eq!(check("123456", 5), Err(TextError::TooLong { max: 5 }));
        assert_eq!(check(&"x".repeat(1_000_000), 5), Err(TextError::TooLong { max: 5 }));
    }

    #[test]
    fn lines_are_allowed_only_where_asked_for() {
        assert_eq!(check("a\nb", 10), Err(TextError::Control));
        assert_eq!(check_lines("a\r\nb\tc", 10), Ok("a\nb\tc".into()));
        assert_eq!(check_lines("a\0b", 10), Err(TextError::Control));
    }

    #[test]
    fn invisible_characters_are_refused_and_not_shown() {
        for hidden in ['\u{202e}', '\u{200b}', '\u{e0041}', '\u{feff}', '\u{2066}', '\u{200d}'] {
            let text = format!("Ana{hidden} Lopez");
            assert_eq!(check(&text, 40), Err(TextError::Hidden), "{hidden:?}");
            assert_eq!(display(&text, 40), "Ana Lopez");
        }
    }

    #[test]
    fn joiners_stay_where_a_script_needs_them() {
        for text in ["👩\u{200d}🚒", "می\u{200c}خواهم"] {
            assert_eq!(check(text, 20), Ok(text.into()));
            assert_eq!(display(text, 20), text);
        }
    }

    #[test]
    fn long_text_says_that_something_is_missing() {
        assert_eq!(display("one\ntwo  three", 20), "one two three");
        assert_eq!(display("one two three", 8), "one two…");
        assert_eq!(display("one", 0), "");
    }

    proptest! {
        #[test]
        fn what_is_shown_always_passes_the_check(text in ".{0,80}", max in 1_usize..60) {
            let shown = display(&text, max);
            prop_assert!(shown.chars().count() <= max);
            prop_assert!(check(&shown, max * 4).is_ok());
        }
    }
}
