//! What callers give of a customer, read into its one form.

use crate::business::TenantFacts as _;
use business_mcp_engine::{
    speech::{email, phone},
    text,
    tool::{CallContext, ToolError},
};

/// A name by which somebody can be found.
///
/// # Errors
/// `invalid_parameters` where it has no letter.
pub fn full_name(said: &str) -> Result<String, ToolError> {
    if !said.chars().any(char::is_alphabetic) {
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
    phone::normalise(said, &ctx.tenant.business().phone_region).ok_or_else(|| {
        ToolError::invalid(text!(
            "The argument phone must be a whole phone number. Please ask for it again."
        ))
    })
}
