//! Payment methods and gift cards as an import writes them.

use chrono::{DateTime, Utc};

use crate::customers::import::MethodRecord;
use business_mcp_engine::db::{StoreError, StoreResult, TENANT, Tx, bulk::Insert, params, record};

static METHODS: Insert = Insert::new(
    "insert into payment_methods (tenant_id, customer_id, id, kind, brand, last4, balance_minor)",
    7,
);
static ENTRIES: Insert = Insert::new(
    "insert into gift_card_entries (tenant_id, id, customer_id, payment_method_id, amount_minor,
       reason, cause, at)",
    8,
);

record! {
    /// A payment method on the server.
    pub struct StoredMethod {
        /// The id by which payments name it.
        pub id: String,
        /// What it is.
        pub kind: String,
        /// Who issued it.
        pub brand: Option<String>,
        /// The last four digits of a card.
        pub last4: Option<String>,
        /// What is left on a gift card.
        pub balance_minor: Option<i64>,
    }
}

/// What becomes of a payment method.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    /// Whose it is.
    pub owner: &'a str,
    /// Who issued it.
    pub brand: Option<&'a str>,
    /// The last four digits of a card.
    pub last4: Option<&'a str>,
    /// What comes to a gift card, or leaves it.
    pub difference: i64,
}

/// Inserts methods, each with its owner's id.
pub async fn insert(tx: &mut Tx, methods: &[(&str, &MethodRecord)]) -> StoreResult<()> {
    let mut values = Vec::with_capacity(methods.len() * 7);
    for (owner, method) in methods {
        values.extend_from_slice(params![
            TENANT,
            *owner,
            &method.id,
            method.kind.as_str(),
            &method.brand,
            &method.last4,
            method.balance.map(|balance| balance.minor),
        ]);
    }
    METHODS.run(tx, &values).await
}

/// Writes down what changed on gift cards: each entry's id, and its owner, card and amount.
pub async fn enter(
    tx: &mut Tx,
    entries: &[(String, (&str, &str, i64))],
    at: DateTime<Utc>,
) -> StoreResult<()> {
    let mut values = Vec::with_capacity(entries.len() * 8);
    for (id, (owner, card, amount)) in entries {
        values.extend_from_slice(params![
            TENANT, id, *owner, *card, *amount, "import", "import", at,
        ]);
    }
    ENTRIES.run(tx, &values).await
}

/// The payment methods of a customer.
pub async fn stored(tx: &mut Tx, owner: &str) -> StoreResult<Vec<StoredMethod>> {
    tx.fetch_all(
        "select id, kind, brand, last4, balance_minor
         from payment_methods
         where tenant_id = $1 and customer_id = $2",
        params![TENANT, owner],
    )
    .await
}

/// Changes a payment method that is as it was read. The caller writes the entry of a gift card down.
///
/// # Errors
/// Busy, where a gift card was used in the meantime.
pub async fn update(tx: &mut Tx, old: &StoredMethod, change: Change<'_>) -> StoreResult<()> {
    let updated = tx
        .execute(
            "update payment_methods
             set brand = $4, last4 = $5, balance_minor = $6
             where tenant_id = $1 and customer_id = $2 and id = $3
               and coalesce(balance_minor, 0) = $7",
            params![
                TENANT,
                change.owner,
                &old.id,
                change.brand,
                change.last4,
                old.balance_minor.map(|minor| minor.saturating_add(change.difference)),
                old.balance_minor.unwrap_or(0),
            ],
        )
        .await?;
    if updated == 0 {
        return Err(StoreError::Busy("a gift card was used in the meantime".into()));
    }
    Ok(())
}
