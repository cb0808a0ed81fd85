//! What callers give of a customer, read into its one form.

use schemars::JsonSchema;
use serde::Deserialize;
use validator::Validate;

use crate::{
    domain::{email, name, phone, records},
    text,
    toolkit::{CallContext, ToolError},
};

/// A postal address, whole.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
#[schemars(inline)]
pub struct GivenAddress {
    /// Street and number.
    #[validate(length(min = 1, max = 200, message = "must have 1 to 200 characters"))]
    line1: String,
    /// Flat, suite, floor.
    #[validate(length(max = 200, message = "must be at most 200 characters"))]
    line2: Option<String>,
    /// The town.
    #[validate(length(min = 1, max = 200, message = "must have 1 to 200 characters"))]
    city: String,
    /// State, province or county.
    #[validate(length(max = 200, message = "must be at most 200 characters"))]
    region: Option<String>,
    /// ZIP or postal code.
    #[validate(length(min = 1, max = 20, message = "must have 1 to 20 characters"))]
    postal_code: String,
    /// The country.
    #[validate(length(min = 1, max = 200, message = "must have 1 to 200 characters"))]
    country: String,
}

impl GivenAddress {
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
}

/// A name by which somebody can be found.
///
/// # Errors
/// `invalid_parameters` where it has no letter.
pub fn full_name(said: &str) -> Result<String, ToolError> {
    if name::words(said).is_empty() {
        return Err(ToolError::invalid(text!(
            "The argument name must be a person's name. Please ask for it again."
        )));
    }
    Ok(said.to_owned())
}

/// An e-mail address, typed or spoken.
///
/// # Errors
/// `invalid_parameters` where it is none.
pub fn email(said: &str) -> Result<String, ToolError> {
    email::normalise(said).ok_or_else(|| {
        ToolError::invalid(text!(
            "The argument email must be a whole e-mail address. Please ask for it again."
        ))
    })
}

/// A phone number in any form, as E.164.
///
/// # Errors
/// `invalid_parameters` where it is none.
pub fn phone(ctx: &CallContext, said: &str) -> Result<String, ToolError> {
    phone::normalise(said, &ctx.tenant.business.phone_region).ok_or_else(|| {
        ToolError::invalid(text!(
            "The argument phone must be a whole phone number. Please ask for it again."
        ))
    })
}
