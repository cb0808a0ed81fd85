//! A postal address as agents send it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use validator::Validate;

use crate::domain::{records, speech};

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
    pub fn kept(&self) -> records::Address {
        records::Address {
            line1: self.line1.clone(),
            line2: self.line2.clone(),
            city: self.city.clone(),
            region: self.region.clone(),
            postal_code: self.postal_code.clone(),
            country: self.country.clone(),
        }
    }

    /// Street and town in words.
    pub fn spoken(&self) -> String {
        format!("{}, {}", speech::stored(&self.line1, 60), speech::stored(&self.city, 40))
    }
}
