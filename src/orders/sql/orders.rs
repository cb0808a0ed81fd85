//! Orders themselves: found, placed, moved on, cancelled. Their lines, payments and parcels have files of
//! their own.

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;

use crate::{orders::order_lines::Sums, sales};
use business_mcp_engine::db::{
    StoreResult, TENANT, Tx, params, record,
    text_range::{TextRange, prefix_range},
};
use business_mcp_engine::speech::reference;
use business_mcp_engine::tool::Unauthorized;

/// Counts a tenant's orders, each of which has a total.
pub(crate) const TOTALS: &str = "select count(*)
    from orders
    where tenant_id = $1";

record! {
    /// An order.
    #[derive(Debug, Clone)]
    pub struct OrderRow {
        /// Its number.
        pub id: String,
        /// The number as callers say it, turned around.
        pub id_tail: String,
        /// Whose it is.
        pub customer_id: String,
        /// Where it stands, as `OrderStatus` writes it.
        pub status: String,
        /// When it was placed.
        pub placed_at: DateTime<Utc>,
        /// All lines at list price.
        pub subtotal_minor: i64,
        /// What is taken off.
        pub discount_minor: i64,
        /// Tax on the rest.
        pub tax_minor: i64,
        /// What it costs.
        pub total_minor: i64,
        /// Where it goes, as JSON.
        pub address: Option<String>,
        /// What was noted when it was placed.
        pub note: Option<String>,
        /// Why it was cancelled.
        pub cancel_reason: Option<String>,
        /// Raised by each change.
        pub version: i64,
        /// How many pieces it has.
        pub pieces: i64,
    }
}

/// The order with exactly this number.
pub async fn find(tx: &mut Tx, id: &str) -> StoreResult<Option<Unauthorized<OrderRow>>> {
    let found: Option<OrderRow> = tx
        .fetch_optional(
            "select id, id_tail, customer_id, status, placed_at, subtotal_minor, discount_minor,
                tax_minor, total_minor, address, note, cancel_reason, version,
                (select cast(coalesce(sum(i.quantity), 0) as bigint)
                 from order_items i
                 where i.tenant_id = orders.tenant_id and i.order_id = orders.id) as pieces
         from orders
         where tenant_id = $1 and id = $2",
            params![TENANT, id],
        )
        .await?;
    Ok(found.map(|row| Unauthorized::new(row.customer_id.clone(), row)))
}

/// How many orders whose numbers end alike are looked at.
pub const MOST_FOUND: usize = 20;

/// Up to twenty orders whose tail is in a range, of one customer or of all: those of which the least
/// is left unsaid first, and of them the newest.
pub async fn find_by_tail(
    tx: &mut Tx,
    tails: &TextRange,
    customer: Option<&str>,
) -> StoreResult<Vec<Unauthorized<OrderRow>>> {
    let found: Vec<OrderRow> = tx
        .fetch_all(
            "select id, id_tail, customer_id, status, placed_at, subtotal_minor, discount_minor,
                tax_minor, total_minor, address, note, cancel_reason, version,
                (select cast(coalesce(sum(i.quantity), 0) as bigint)
                 from order_items i
                 where i.tenant_id = orders.tenant_id and i.order_id = orders.id) as pieces
         from orders
         where tenant_id = $1 and id_tail >= $2 and id_tail <= $3
           and ($4 is null or customer_id = $4)
         order by length(id_tail), placed_at desc, id
         limit 20",
            params![TENANT, &tails.low, &tails.high, customer],
        )
        .await?;
    Ok(found.into_iter().map(|row| Unauthorized::new(row.customer_id.clone(), row)).collect())
}

/// From the first to the last tail of the numbers that are this one with letters in front of it.
pub fn with_letters(tail: &str) -> TextRange {
    TextRange { low: format!("{tail}A"), ..prefix_range(tail) }
}

/// A new order. It begins `pending`, in its first version.
#[derive(Debug, Clone, Copy)]
pub struct NewOrder<'a> {
    /// Its number.
    pub id: &'a str,
    /// The number as callers say it, turned around.
    pub id_tail: &'a str,
    /// Whose it is.
    pub customer_id: &'a str,
    /// When it is placed.
    pub placed_at: DateTime<Utc>,
    /// The tenant's day of that.
    pub placed_on: &'a str,
    /// All lines at list price.
    pub subtotal_minor: i64,
    /// What is taken off.
    pub discount_minor: i64,
    /// Tax on the rest.
    pub tax_minor: i64,
    /// What it costs.
    pub total_minor: i64,
    /// Where it goes, as JSON.
    pub address: Option<&'a str>,
    /// What is to be noted.
    pub note: Option<&'a str>,
    /// The quote whose price it has.
    pub quote_id: Option<&'a str>,
}

/// Places an order.
pub async fn insert(tx: &mut Tx, order: NewOrder<'_>) -> StoreResult<()> {
    let o = order;
    tx.execute(
        "insert into orders
             (tenant_id, id, id_tail, customer_id, status, placed_at, placed_on, subtotal_minor,
              discount_minor, tax_minor, total_minor, address, note, quote_id, version)
         values ($1, $2, $3, $4, 'pending', $5, $6, $7, $8, $9, $10, $11, $12, $13, 1)",
        params![
            TENANT,
            o.id,
            o.id_tail,
            o.customer_id,
            o.placed_at,
            o.placed_on,
            o.subtotal_minor,
            o.discount_minor,
            o.tax_minor,
            o.total_minor,
            o.address,
            o.note,
            o.quote_id
        ],
    )
    .await?;
    sales::order_placed(tx, o.placed_on).await
}

/// Cancels an order that is pending, if nobody has changed it since it was read in this version;
/// [`sales::order_changed`] comes last. Whoever gets true is the only one, and puts back what the order took.
pub async fn cancel(
    tx: &mut Tx,
    order: &OrderRow,
    reason: &str,
    at: DateTime<Utc>,
) -> StoreResult<bool> {
    let changed = tx
        .execute(
            "update orders
             set status = 'cancelled', cancel_reason = $3, cancelled_at = $4, version = version + 1
             where tenant_id = $1 and id = $2 and status = 'pending' and version = $5",
            params![TENANT, &order.id, reason, at, order.version],
        )
        .await?;
    Ok(changed == 1)
}

/// Moves an order on to a state, if nobody has changed it since it was read in this version. Whoever
/// gets true holds the order's row until the end of the transaction, and is the only one.
pub async fn advance(tx: &mut Tx, order: &OrderRow, status: &str) -> StoreResult<bool> {
    let changed = tx
        .execute(
            "update orders
             set status = $4, version = version + 1
             where tenant_id = $1 and id = $2 and version = $3",
            params![TENANT, &order.id, order.version, status],
        )
        .await?;
    Ok(changed == 1)
}

/// Writes where an order goes, as JSON. The caller holds its row by [`advance`].
pub async fn set_address(tx: &mut Tx, id: &str, address: &str) -> StoreResult<()> {
    tx.execute(
        "update orders
         set address = $3
         where tenant_id = $1 and id = $2",
        params![TENANT, id, address],
    )
    .await?;
    Ok(())
}

/// Writes what an order costs. The caller holds its row by [`advance`], and [`sales::order_changed`]
/// comes last.
pub async fn set_sums(tx: &mut Tx, id: &str, sums: Sums) -> StoreResult<()> {
    tx.execute(
        "update orders
         set subtotal_minor = $3, discount_minor = $4, tax_minor = $5, total_minor = $6
         where tenant_id = $1 and id = $2",
        params![
            TENANT,
            id,
            sums.subtotal_minor,
            sums.discount_minor,
            sums.tax_minor,
            sums.total_minor
        ],
    )
    .await?;
    Ok(())
}

/// Whether an order on file sounds like this number.
pub fn sounds_like<'a>(tx: &'a mut Tx, number: &'a str) -> BoxFuture<'a, StoreResult<bool>> {
    Box::pin(async move {
        let tail = reference::reversed(number);
        let lettered = with_letters(&tail);
        // Two searches, because SQLite reads every order of the tenant for an `or` of the two.
        let ids: Vec<(String,)> = tx
            .fetch_all(
                "select id
                 from orders
                 where tenant_id = $1 and id_tail = $2
                 union all
                 select id
                 from orders
                 where tenant_id = $1 and id_tail >= $3 and id_tail <= $4
                 limit 100",
                params![TENANT, &tail, &lettered.low, &lettered.high],
            )
            .await?;
        Ok(ids.iter().any(|(id,)| reference::fits(number, id)))
    })
}
