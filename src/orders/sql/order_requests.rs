//! Returns and exchanges that were asked for, until the goods have arrived.

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;

use business_mcp_engine::db::{StoreResult, TENANT, Tx, params, record};

record! {
    /// A return or an exchange.
    #[derive(Debug, Clone)]
    pub struct RequestRow {
        /// Its number.
        pub id: String,
        /// `return` or `exchange`.
        pub kind: String,
        /// `open` or `settled`.
        pub status: String,
        /// What money goes to, or comes from.
        pub payment_method_id: Option<String>,
        /// What a return will refund, or what an exchange will cost more (below zero: less).
        pub amount_minor: i64,
    }
}

record! {
    /// Pieces of a request.
    #[derive(Debug, Clone)]
    pub struct RequestItemRow {
        /// What is sent back.
        pub sku: String,
        /// How many.
        pub quantity: i64,
        /// What is sent instead, of an exchange.
        pub new_sku: Option<String>,
        /// What one of those costs.
        pub new_unit_price_minor: Option<i64>,
        /// How many have arrived, of a settled request.
        pub received: Option<i64>,
    }
}

/// A new request, which is open.
#[derive(Debug, Clone, Copy)]
pub struct NewRequest<'a> {
    /// Its number.
    pub id: &'a str,
    /// What it is about.
    pub order_id: &'a str,
    /// `return` or `exchange`.
    pub kind: &'a str,
    /// What money goes to, or comes from.
    pub payment_method_id: Option<&'a str>,
    /// What a return will refund, or what an exchange will cost more.
    pub amount_minor: i64,
    /// When.
    pub at: DateTime<Utc>,
}

/// Pieces of a new request.
#[derive(Debug, Clone, Copy)]
pub struct NewRequestItem<'a> {
    /// What is sent back.
    pub sku: &'a str,
    /// How many.
    pub quantity: i64,
    /// What is sent instead, and what one of it costs.
    pub new: Option<(&'a str, i64)>,
}

/// Writes a request down.
pub async fn insert(
    tx: &mut Tx,
    request: NewRequest<'_>,
    items: &[NewRequestItem<'_>],
) -> StoreResult<()> {
    let r = request;
    tx.execute(
        "insert into order_requests
             (tenant_id, id, order_id, kind, status, payment_method_id, amount_minor, created_at)
         values ($1, $2, $3, $4, 'open', $5, $6, $7)",
        params![TENANT, r.id, r.order_id, r.kind, r.payment_method_id, r.amount_minor, r.at],
    )
    .await?;
    for (line, item) in (1_i64..).zip(items) {
        let (new_sku, new_price) = item.new.unzip();
        tx.execute(
            "insert into order_request_items
                 (tenant_id, request_id, line, sku, quantity, new_sku, new_unit_price_minor)
             values ($1, $2, $3, $4, $5, $6, $7)",
            params![TENANT, r.id, line, item.sku, item.quantity, new_sku, new_price],
        )
        .await?;
    }
    Ok(())
}

/// The requests of an order, oldest first.
pub async fn of_order(tx: &mut Tx, order_id: &str) -> StoreResult<Vec<RequestRow>> {
    tx.fetch_all(
        "select id, kind, status, payment_method_id, amount_minor
         from order_requests
         where tenant_id = $1 and order_id = $2
         order by created_at, id",
        params![TENANT, order_id],
    )
    .await
}

/// The pieces of a request, in the order in which they were asked for.
pub async fn items(tx: &mut Tx, id: &str) -> StoreResult<Vec<RequestItemRow>> {
    tx.fetch_all(
        "select sku, quantity, new_sku, new_unit_price_minor, received
         from order_request_items
         where tenant_id = $1 and request_id = $2
         order by line",
        params![TENANT, id],
    )
    .await
}

/// Closes an open request with what arrived of each of its lines, and what was charged or refunded
/// (below zero) in the end. False where it is closed already.
pub async fn settle(
    tx: &mut Tx,
    id: &str,
    received: &[i64],
    minor: i64,
    at: DateTime<Utc>,
) -> StoreResult<bool> {
    let changed = tx
        .execute(
            "update order_requests
             set status = 'settled', settled_at = $3, settled_minor = $4
             where tenant_id = $1 and id = $2 and status = 'open'",
            params![TENANT, id, at, minor],
        )
        .await?;
    if changed != 1 {
        return Ok(false);
    }
    for (line, pieces) in (1_i64..).zip(received) {
        tx.execute(
            "update order_request_items
             set received = $4
             where tenant_id = $1 and request_id = $2 and line = $3",
            params![TENANT, id, line, *pieces],
        )
        .await?;
    }
    Ok(true)
}

/// Whether a return or an exchange on file has this number: they are told apart by their letters only.
pub fn sounds_like<'a>(tx: &'a mut Tx, number: &'a str) -> BoxFuture<'a, StoreResult<bool>> {
    Box::pin(async move {
        let found: Option<(String,)> = tx
            .fetch_optional(
                "select id
                 from order_requests
                 where tenant_id = $1 and id in ('RET-' || $2, 'EXC-' || $2)
                 limit 1",
                params![TENANT, number],
            )
            .await?;
        Ok(found.is_some())
    })
}
