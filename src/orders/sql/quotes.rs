//! Quotes: a price that holds for a while.

use chrono::{DateTime, Utc};

use business_mcp_engine::db::{StoreResult, TENANT, Tx, params, record};

record! {
    /// A quote.
    #[derive(Debug, Clone)]
    pub struct Quote {
        /// Its id.
        pub id: String,
        /// For whom.
        pub customer_id: String,
        /// What was asked for, as JSON in the order of the SKUs.
        pub items: String,
        /// What it costs, as JSON.
        pub priced: String,
        /// What it costs in all.
        pub total_minor: i64,
        /// Until when it holds.
        pub expires_at: DateTime<Utc>,
        /// When it was made.
        pub created_at: DateTime<Utc>,
    }
}

/// Stores a quote.
pub async fn insert(tx: &mut Tx, quote: &Quote) -> StoreResult<()> {
    let q = quote;
    tx.execute(
        "insert into quotes
             (tenant_id, id, customer_id, items, priced, total_minor, expires_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            TENANT,
            &q.id,
            &q.customer_id,
            &q.items,
            &q.priced,
            q.total_minor,
            q.expires_at,
            q.created_at
        ],
    )
    .await?;
    Ok(())
}

/// The quote with this id.
pub async fn find(tx: &mut Tx, id: &str) -> StoreResult<Option<Quote>> {
    tx.fetch_optional(
        "select id, customer_id, items, priced, total_minor, expires_at, created_at
         from quotes
         where tenant_id = $1 and id = $2",
        params![TENANT, id],
    )
    .await
}

/// Whether an order was placed at the price of a quote.
pub async fn is_used(tx: &mut Tx, quote: &Quote) -> StoreResult<bool> {
    let order: Option<(String,)> = tx
        .fetch_optional(
            "select id
             from orders
             where tenant_id = $1 and customer_id = $2 and placed_at >= $3 and quote_id = $4
             limit 1",
            params![TENANT, &quote.customer_id, quote.created_at, &quote.id],
        )
        .await?;
    Ok(order.is_some())
}
