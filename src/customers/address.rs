//! A postal address as agents send it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use validator::Validate;

use super::import;
use business_mcp_engine::speech::{name, phrases};

/// A whole postal address; it replaces the one that was there.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, Validate)]
#[schemars(inline)]
pub struct Address {
    /// Street and number.
    #[validate(length(min = 1, max = 200, message = "must have 1 to 200 characters"))]
    pub line1: String,
    /// Flat, suite, floor.
    #[validate(length(max = 200, message = "must be at most 200 characters"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line2: Option<String>,
    /// The town.
    #[validate(length(min = 1, max = 200, message = "must have 1 to 200 characters"))]
    pub city: String,
    /// State, province or county.
    #[validate(length(max = 200, message = "must be at most 200 characters"))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// ZIP or postal code.
    #[validate(length(min = 1, max = 20, message = "must have 1 to 20 characters"))]
    pub postal_code: String,
    /// The country, by name or code.
    #[validate(length(min = 1, max = 200, message = "must have 1 to 200 characters"))]
    pub country: String,
}

impl Address {
    /// The address as it is kept.
    pub fn kept(&self) -> import::Address {
        import::Address {
            line1: self.line1.clone(),
            line2: self.line2.clone(),
            city: self.city.clone(),
            region: self.region.clone(),
            postal_code: self.postal_code.clone(),
            country: self.country.clone(),
        }
    }

    /// The address as two of them are compared: letter case, spaces and punctuation tell no two apart.
    pub fn folded(&self) -> String {
        let parts = [
            Some(&self.line1),
            self.line2.as_ref(),
            Some(&self.city),
            self.region.as_ref(),
            Some(&self.country),
        ];
        let mut folded: Vec<String> =
            parts.into_iter().flatten().flat_map(|p| name::words(p)).collect();
        folded.push(import::address::postal_key(&self.postal_code));
        folded.join(" ")
    }

    /// The address as it is read back, the country left out: `7 Elm Street, Apartment 12,
    /// Springfield, Illinois, 6 2 7 0 4`.
    pub fn spoken(&self) -> String {
        let parts =
            [Some(&self.line1), self.line2.as_ref(), Some(&self.city), self.region.as_ref()];
        let parts = parts.into_iter().flatten().filter(|part| !part.trim().is_empty());
        let mut said: Vec<String> = parts.map(|part| phrases::stored(part, 40)).collect();
        said.push(phrases::code(&self.postal_code));
        said.join(", ")
    }
}
