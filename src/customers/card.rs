//! A customer as whoever writes about them is shown.

use schemars::JsonSchema;
use serde::Serialize;

use super::{
    known,
    shown::{self, Address},
};
use crate::customers::sql::customer_changes::Stored;
use business_mcp_engine::tool::{CallContext, ToolError, answer::rfc3339};

/// A customer.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct Card {
    /// The customer's id.
    customer_id: String,
    /// The full name.
    name: String,
    /// The e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// The phone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    /// The firm they buy for.
    #[serde(skip_serializing_if = "Option::is_none")]
    company: Option<String>,
    /// The address.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<Address>,
    /// Whether e-mail, phone and address are masked for this caller.
    masked: bool,
    /// `basic`, `premium` or `enterprise`.
    #[serde(skip_serializing_if = "Option::is_none")]
    tier: Option<String>,
    /// Since when they are a customer (RFC 3339, UTC).
    created_at: String,
    /// For `expected_version`.
    version: i64,
}

impl Card {
    /// The card of a customer who is there.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn read(ctx: &mut CallContext, customer_id: String) -> Result<Self, ToolError> {
        let stored = known::stored(ctx, &customer_id).await?;
        Ok(Self::of(ctx, customer_id, stored))
    }

    /// The card of what is kept of a customer, as far as this caller may see it.
    pub fn of(ctx: &CallContext, customer_id: String, stored: Stored) -> Self {
        let personal = ctx.sees_personal(&customer_id);
        let address = Address::stored(stored.address.as_deref());
        Self {
            customer_id,
            name: shown::line(&stored.name),
            email: shown::email(stored.email.as_deref(), personal),
            phone: shown::phone(stored.phone.as_deref(), personal),
            company: stored.company.as_deref().map(shown::line),
            address: if personal { address } else { address.map(Address::masked) },
            masked: !personal,
            tier: stored.tier,
            created_at: rfc3339(stored.created_at),
            version: stored.version,
        }
    }
}
