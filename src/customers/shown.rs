//! How a customer looks from outside: contacts that say little, names that can be spoken.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use business_mcp_engine::speech::{email as domain_email, phone as domain_phone, phrases, text};

/// How much of a name is said.
const LONGEST_NAME_SAID: usize = 60;
/// How much of a stored line is shown.
const LONGEST_LINE: usize = 120;

/// A postal address. Street and postal code are left out where personal data are masked.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct Address {
    /// Street and number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line1: Option<String>,
    /// Flat, suite, floor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line2: Option<String>,
    /// The town.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// State, province or county.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// ZIP or postal code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// The country.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
}

impl Address {
    /// Reads a stored address; `None` where there is none.
    pub(super) fn stored(json: Option<&str>) -> Option<Self> {
        let address: Self = serde_json::from_str(json?).ok()?;
        let shown = |part: Option<String>| part.map(|part| line(&part));
        Some(Self {
            line1: shown(address.line1),
            line2: shown(address.line2),
            city: shown(address.city),
            region: shown(address.region),
            postal_code: shown(address.postal_code),
            country: shown(address.country),
        })
    }

    /// The address without what leads to the door.
    pub(super) fn masked(self) -> Self {
        Self { line1: None, line2: None, postal_code: None, ..self }
    }
}

/// The town of a stored address.
pub(super) fn city(json: Option<&str>) -> Option<String> {
    Address::stored(json)?.city
}

/// A stored line as it is shown.
pub(super) fn line(stored: &str) -> String {
    text::display(stored, LONGEST_LINE)
}

/// A stored name as it is said.
pub(super) fn said(name: &str) -> String {
    phrases::stored(name, LONGEST_NAME_SAID)
}

/// An e-mail address as it is, or so that only its owner recognises it.
pub(super) fn email(stored: Option<&str>, personal: bool) -> Option<String> {
    stored.map(|email| if personal { email.to_owned() } else { domain_email::mask(email) })
}

/// A phone number as it is, or so that only its owner recognises it.
pub(super) fn phone(stored: Option<&str>, personal: bool) -> Option<String> {
    stored.map(|phone| if personal { phone.to_owned() } else { domain_phone::mask(phone) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_masked_is_no_fact_to_be_verified_by() {
        assert_eq!(email(Some("ana@lopez.example"), false).as_deref(), Some("a***@lopez.example"));
        assert_eq!(email(Some("a@lopez.example"), false).as_deref(), Some("***@lopez.example"));
        assert_eq!(phone(Some("+12125550101"), false).as_deref(), Some("***01"));
        assert_eq!(phone(Some("+12125550101"), true).as_deref(), Some("+12125550101"));
        assert_eq!(phone(None, false), None);
    }
}
