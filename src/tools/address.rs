//! A postal address as agents send it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use validator::Validate;

use crate::{domain::speech, toolkit::ToolError};

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
    /// The address as it is stored: JSON with the import format's names.
    ///
    /// # Errors
    /// None that can be caused.
    pub fn stored(&self) -> Result<String, ToolError> {
        serde_json::to_string(self).map_err(ToolError::internal)
    }

    /// Street and town in words.
    pub fn spoken(&self) -> String {
        format!("{}, {}", speech::stored(&self.line1, 60), speech::stored(&self.city, 40))
    }
}
