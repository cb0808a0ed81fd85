//! What a customer pays with, as it is shown: never a full number.

use schemars::JsonSchema;
use serde::Serialize;

use crate::customers::sql::customer_profile::MethodRow;
use business_mcp_engine::{money::Money, tool::CallContext};

/// A payment method.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct Method {
    /// Its id.
    payment_method_id: String,
    /// `card`, `wallet` or `gift_card`.
    kind: String,
    /// Who issued it.
    #[serde(skip_serializing_if = "Option::is_none")]
    brand: Option<String>,
    /// The last digits of a card.
    #[serde(skip_serializing_if = "Option::is_none")]
    last4: Option<String>,
    /// What is left on a gift card.
    #[serde(skip_serializing_if = "Option::is_none")]
    balance: Option<Money>,
}

impl Method {
    /// A stored one.
    pub fn of(ctx: &CallContext, row: MethodRow) -> Self {
        Self {
            payment_method_id: row.id,
            kind: row.kind,
            brand: row.brand,
            last4: row.last4,
            balance: row.balance_minor.map(|minor| ctx.money(minor)),
        }
    }
}
