//! Ranges of text, as an index is searched for them.
//!
//! They are ranges of bytes. SQLite compares text so, and Postgres compares a column so that is
//! `text collate "C"`; under the collation of a language the texts with a prefix are no range.

/// From one text to another, both included.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TextRange {
    /// The first text.
    pub low: String,
    /// The last one.
    pub high: String,
}

impl TextRange {
    /// This text only.
    pub fn only(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { high: text.clone(), low: text }
    }
}

/// Every text that begins with this one. The last character of Unicode ends the range.
pub fn prefix_range(prefix: impl Into<String>) -> TextRange {
    let low = prefix.into();
    TextRange { high: format!("{low}\u{10ffff}"), low }
}

/// A pattern for `like … escape '\\'` that finds this text anywhere; its own `%` and `_` stand for themselves.
pub fn containing(text: &str) -> String {
    let literal = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{literal}%")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_range_holds_what_begins_so_in_every_alphabet() {
        let TextRange { low, high } = prefix_range("w:ros");
        for inside in ["w:ros", "w:rosa", "w:rosé", "w:rosя", "w:ros花", "w:ros\u{1f339}z"] {
            assert!(*low <= *inside && *inside <= *high, "{inside}");
        }
        for outside in ["w:ro", "w:rot", "w:rоs", "W:rosa", ""] {
            assert!(*outside < *low || *outside > *high, "{outside}");
        }
        assert_eq!(TextRange::only("w:ros").low, TextRange::only("w:ros").high);
    }
}
