//! The id of a conversation, which is all that ties a caller to whom they were verified as.
//!
//! A platform that does not fill in its template sends the same text in every conversation. Such a value
//! names none: otherwise the next caller would act as the person who was verified before.

use std::{fmt, ops::Deref, sync::Arc};

/// The longest id, in bytes.
const LONGEST: usize = 128;
/// The shortest id, in characters.
const SHORTEST: usize = 6;
/// An id has at least as many different characters.
const DIFFERENT: usize = 4;
/// What stands in templates, and in no id that a platform makes.
const TEMPLATE: [char; 8] = ['{', '}', '$', '<', '>', '%', '[', ']'];
/// What programs write where there is no value.
const PLACEHOLDERS: [&str; 10] =
    ["undefined", "null", "none", "nan", "n/a", "unknown", "true", "false", "test", "default"];

/// Names one conversation. [`ConversationId::parse`] is the only way to make one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ConversationId(Arc<str>);

/// Why a value names no conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NotAConversation {
    /// There is nothing in it.
    Empty,
    /// It is a template that was not filled in.
    Template,
    /// It is a word for no value.
    Placeholder,
    /// It is the caller's phone number, and the same caller rings twice.
    PhoneNumber,
    /// It is too short or too uniform to be unique.
    TooPlain,
    /// It is longer than an id, or no plain text.
    Unreadable,
}

impl ConversationId {
    /// Reads the id of a conversation. Space and quotes around it are not part of it.
    ///
    /// # Errors
    /// Why the value cannot tell one conversation from another.
    pub fn parse(value: &str) -> Result<Self, NotAConversation> {
        let around = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`');
        let id = value.trim_matches(around);
        if id.is_empty() {
            return Err(NotAConversation::Empty);
        }
        if id.len() > LONGEST || id.chars().any(char::is_control) {
            return Err(NotAConversation::Unreadable);
        }
        if id.contains(TEMPLATE) {
            return Err(NotAConversation::Template);
        }
        if PLACEHOLDERS.iter().any(|word| id.eq_ignore_ascii_case(word)) {
            return Err(NotAConversation::Placeholder);
        }
        if is_phone_number(id) {
            return Err(NotAConversation::PhoneNumber);
        }
        if id.chars().count() < SHORTEST || !has_different_characters(id) {
            return Err(NotAConversation::TooPlain);
        }
        Ok(Self(Arc::from(id)))
    }
}

impl Deref for ConversationId {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for NotAConversation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "it is empty",
            Self::Template => "it is a template that was not filled in",
            Self::Placeholder => "it is a word for no value",
            Self::PhoneNumber => "it is a phone number, which is the same in every call",
            Self::TooPlain => "it is too short or too uniform to be unique",
            Self::Unreadable => "it is too long, or not plain text",
        })
    }
}

impl std::error::Error for NotAConversation {}

/// Whether a value is a phone number with its `+` and nothing more, also as a `tel:` or `sip:` address.
fn is_phone_number(id: &str) -> bool {
    let scheme = id.get(..4).filter(|s| ["tel:", "sip:"].iter().any(|t| s.eq_ignore_ascii_case(t)));
    let number = scheme.and_then(|scheme| id.get(scheme.len()..)).unwrap_or(id);
    let number = number.split(['@', ';']).next().unwrap_or_default();
    let is_part = |c: char| c.is_ascii_digit() || c.is_whitespace() || "()-./".contains(c);
    number.strip_prefix('+').is_some_and(|digits| digits.chars().all(is_part))
}

/// Whether a value has enough different characters.
fn has_different_characters(id: &str) -> bool {
    let mut seen = Vec::with_capacity(DIFFERENT);
    for character in id.chars() {
        if !seen.contains(&character) {
            seen.push(character);
        }
        if seen.len() == DIFFERENT {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_platforms_send_as_an_id_names_a_conversation() {
        for id in [
            "conv_01jx3q9t5yf8z",
            "0190a6f2-7c1e-7d55-8d7e-0c2b8f6f2f11",
            "CA0123456789abcdef0123456789abcdef",
            "room-call-_+15105550123_AbCdEf",
            "call-1",
            "4155550123",
            "undefined-7",
            "contest",
            "sip:alice@pbx",
        ] {
            assert_eq!(&*ConversationId::parse(id).unwrap(), id);
        }
        for around in ["  call-1 ", "\"call-1\"", " 'call-1'\t"] {
            assert_eq!(&*ConversationId::parse(around).unwrap(), "call-1", "{around}");
        }
        assert!(ConversationId::parse(&"abcdefgh".repeat(16)).is_ok());
    }

    #[test]
    fn what_tells_no_conversation_from_another_names_none() {
        use NotAConversation::{Empty, PhoneNumber, Placeholder, Template, TooPlain, Unreadable};
        let long = "abcdefgh".repeat(17);
        for (value, why) in [
            ("", Empty),
            (" \t", Empty),
            ("\"\"", Empty),
            ("' '", Empty),
            ("{{system__conversation_id}}", Template),
            ("{conversation_id}", Template),
            ("${call.id}", Template),
            ("$CALL_ID", Template),
            ("<conversation-id>", Template),
            ("%conversation_id%", Template),
            ("%7B%7Bid%7D%7D", Template),
            ("call-%s", Template),
            ("[object Object]", Template),
            ("call-{{id}}", Template),
            ("undefined", Placeholder),
            (" Null ", Placeholder),
            ("\"UNDEFINED\"", Placeholder),
            ("None", Placeholder),
            ("NaN", Placeholder),
            ("N/A", Placeholder),
            ("unknown", Placeholder),
            ("true", Placeholder),
            ("False", Placeholder),
            ("test", Placeholder),
            ("'default'", Placeholder),
            ("+14155550123", PhoneNumber),
            ("+1 (415) 555-0123", PhoneNumber),
            ("tel:+14155550123", PhoneNumber),
            ("SIP:+14155550123@pbx.example.com", PhoneNumber),
            ("-", TooPlain),
            ("0", TooPlain),
            ("call7", TooPlain),
            ("------", TooPlain),
            ("00000000-0000-0000-0000-000000000000", TooPlain),
            ("121212121212-", TooPlain),
            (&long, Unreadable),
            ("call\u{0}-17", Unreadable),
        ] {
            assert_eq!(ConversationId::parse(value), Err(why), "{value}");
        }
    }
}
