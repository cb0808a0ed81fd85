//! A postal address, as the import format and the tools write it.

use serde::Serialize;

use business_mcp_engine::import::fields::{FieldError, Fields, SHORT};

/// A postal address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Address {
    /// Street and number.
    pub line1: String,
    /// Flat, suite, floor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line2: Option<String>,
    /// The town.
    pub city: String,
    /// State, province or county.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// ZIP or postal code.
    pub postal_code: String,
    /// The country, by name or code.
    pub country: String,
}

impl Address {
    /// Reads the address of a record.
    ///
    /// # Errors
    /// The first field that is wrong, and why.
    pub fn read(parent: &mut Fields<'_>) -> Result<Option<Self>, FieldError> {
        let Some(mut fields) = parent.object("address")? else { return Ok(None) };
        let address = Self {
            line1: fields.required("line1", SHORT)?,
            line2: fields.optional("line2", SHORT)?,
            city: fields.required("city", SHORT)?,
            region: fields.optional("region", SHORT)?,
            postal_code: fields.required("postal_code", 20)?,
            country: fields.required("country", SHORT)?,
        };
        fields.finish()?;
        Ok(Some(address))
    }

    /// The postal code as two of them are compared: upper case, without spaces.
    pub fn postal_key(&self) -> String {
        postal_key(&self.postal_code)
    }
}

/// A postal code as two of them are compared: upper case, without spaces.
pub fn postal_key(code: &str) -> String {
    code.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_uppercase()
}
