//! Gift cards: a balance, and the ledger whose sum it is. A card never goes below zero.

use chrono::{DateTime, Utc};

use business_mcp_engine::db::{StoreResult, TENANT, Tx, params};

/// A gift card of a customer.
#[derive(Debug, Clone, Copy)]
pub struct Card<'a> {
    /// Whose it is.
    pub customer_id: &'a str,
    /// Its id as a payment method.
    pub id: &'a str,
}

/// Why a balance changes.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    /// `sale`, `cancellation` and so on.
    pub reason: &'a str,
    /// The order behind it.
    pub cause: &'a str,
    /// When.
    pub at: DateTime<Utc>,
}

/// Takes an amount from a card if that much is on it. The caller writes the entry down.
pub async fn debit(tx: &mut Tx, card: Card<'_>, minor: i64) -> StoreResult<bool> {
    let changed = tx
        .execute(
            "update payment_methods
             set balance_minor = balance_minor - $4
             where tenant_id = $1 and customer_id = $2 and id = $3
               and kind = 'gift_card' and balance_minor >= $4",
            params![TENANT, card.customer_id, card.id, minor],
        )
        .await?;
    Ok(changed == 1)
}

/// Puts an amount on a card. The caller writes the entry down. False of anything that is no gift card.
pub async fn put(tx: &mut Tx, card: Card<'_>, minor: i64) -> StoreResult<bool> {
    let changed = tx
        .execute(
            "update payment_methods
             set balance_minor = balance_minor + $4
             where tenant_id = $1 and customer_id = $2 and id = $3 and kind = 'gift_card'",
            params![TENANT, card.customer_id, card.id, minor],
        )
        .await?;
    Ok(changed == 1)
}

/// Writes down that an amount came to a card, or left it.
pub async fn record_entry(
    tx: &mut Tx,
    card: Card<'_>,
    minor: i64,
    entry: Entry<'_>,
) -> StoreResult<()> {
    let id = uuid::Uuid::now_v7().to_string();
    tx.execute(
        "insert into gift_card_entries
             (tenant_id, id, customer_id, payment_method_id, amount_minor, reason, cause, at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![TENANT, &id, card.customer_id, card.id, minor, entry.reason, entry.cause, entry.at],
    )
    .await?;
    Ok(())
}
