//! What the sandbox was asked in the place of a payment provider, and what it said.

use chrono::{DateTime, Utc};

use business_mcp_engine::db::{StoreResult, TENANT, Tx, params, record};

/// A charge or a refund, and what the sandbox makes of it.
#[derive(Debug, Clone, Copy)]
pub struct SandboxCall<'a> {
    /// The idempotency key.
    pub key: &'a str,
    /// What for.
    pub order_id: &'a str,
    /// Whose method it is.
    pub customer_id: &'a str,
    /// The card or wallet.
    pub payment_method_id: &'a str,
    /// `charge` or `refund`.
    pub kind: &'a str,
    /// How much.
    pub amount_minor: i64,
    /// In which currency.
    pub currency: &'a str,
    /// Its name, where it is accepted.
    pub reference: Option<&'a str>,
    /// Why not, where it is declined.
    pub reason: Option<&'a str>,
    /// When.
    pub at: DateTime<Utc>,
}

record! {
    /// What was said when a key came first.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct SandboxAnswer {
        /// `charge` or `refund`.
        pub kind: String,
        /// How much.
        pub amount_minor: i64,
        /// The card or wallet.
        pub payment_method_id: String,
        /// Its name, where it was accepted.
        pub reference: Option<String>,
        /// Why not, where it was declined.
        pub reason: Option<String>,
        /// How often the key has come.
        pub asked: i64,
    }
}

/// Records a call and answers what is recorded: with a key that has come before, what was said then.
pub async fn record(tx: &mut Tx, call: SandboxCall<'_>) -> StoreResult<SandboxAnswer> {
    let c = call;
    tx.fetch_one(
        "insert into sandbox_calls
             (tenant_id, key, order_id, customer_id, payment_method_id, kind, amount_minor,
              currency, reference, reason, asked, at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1, $11)
         on conflict (tenant_id, key) do update
         set asked = sandbox_calls.asked + 1
         returning kind, amount_minor, payment_method_id, reference, reason, asked",
        params![
            TENANT,
            c.key,
            c.order_id,
            c.customer_id,
            c.payment_method_id,
            c.kind,
            c.amount_minor,
            c.currency,
            c.reference,
            c.reason,
            c.at
        ],
    )
    .await
}
