//! Lists of orders, newest first. Each choice of filters has a statement of its own, so that each
//! reads along its own index, however many orders there are. A customer has few orders in any state,
//! and a state has many of any customer's: where both are asked for, `status || ''` keeps SQLite,
//! which does not know that, from reading along the index of the states.

use chrono::{DateTime, Utc};

use business_mcp_engine::db::{StoreResult, TENANT, Tx, params, record};

/// How many orders beyond a page are counted.
pub const MOST_COUNTED: i64 = 1_000;

record! {
    /// An order in a list.
    #[derive(Debug, Clone)]
    pub struct ListedRow {
        /// Its number.
        pub id: String,
        /// Whose it is.
        pub customer_id: String,
        /// Where it stands.
        pub status: String,
        /// When it was placed.
        pub placed_at: DateTime<Utc>,
        /// What it costs.
        pub total_minor: i64,
        /// How many pieces it has.
        pub pieces: i64,
    }
}

/// Which orders, and from where on.
#[derive(Debug, Clone, Copy)]
pub struct Choice<'a> {
    /// Of this customer only.
    pub customer_id: Option<&'a str>,
    /// In this state only.
    pub status: Option<&'a str>,
    /// Placed then or later.
    pub from: DateTime<Utc>,
    /// Before this order: when it was placed, and its id.
    pub before: (DateTime<Utc>, &'a str),
}

/// A page of orders.
pub async fn page(tx: &mut Tx, choice: Choice<'_>, limit: i64) -> StoreResult<Vec<ListedRow>> {
    let Choice { customer_id, status, from, before: (at, id) } = choice;
    match (customer_id, status) {
        (None, None) => {
            tx.fetch_all(
                "select id, customer_id, status, placed_at, total_minor,
                        (select cast(coalesce(sum(i.quantity), 0) as bigint)
                         from order_items i
                         where i.tenant_id = orders.tenant_id and i.order_id = orders.id) as pieces
                 from orders
                 where tenant_id = $1
                   and placed_at >= $2 and (placed_at, id) < ($3, $4)
                 order by placed_at desc, id desc
                 limit $5",
                params![TENANT, from, at, id, limit],
            )
            .await
        }
        (Some(customer), None) => {
            tx.fetch_all(
                "select id, customer_id, status, placed_at, total_minor,
                        (select cast(coalesce(sum(i.quantity), 0) as bigint)
                         from order_items i
                         where i.tenant_id = orders.tenant_id and i.order_id = orders.id) as pieces
                 from orders
                 where tenant_id = $1 and customer_id = $6
                   and placed_at >= $2 and (placed_at, id) < ($3, $4)
                 order by placed_at desc, id desc
                 limit $5",
                params![TENANT, from, at, id, limit, customer],
            )
            .await
        }
        (None, Some(status)) => {
            tx.fetch_all(
                "select id, customer_id, status, placed_at, total_minor,
                        (select cast(coalesce(sum(i.quantity), 0) as bigint)
                         from order_items i
                         where i.tenant_id = orders.tenant_id and i.order_id = orders.id) as pieces
                 from orders
                 where tenant_id = $1 and status = $6
                   and placed_at >= $2 and (placed_at, id) < ($3, $4)
                 order by placed_at desc, id desc
                 limit $5",
                params![TENANT, from, at, id, limit, status],
            )
            .await
        }
        (Some(customer), Some(status)) => {
            tx.fetch_all(
                "select id, customer_id, status, placed_at, total_minor,
                        (select cast(coalesce(sum(i.quantity), 0) as bigint)
                         from order_items i
                         where i.tenant_id = orders.tenant_id and i.order_id = orders.id) as pieces
                 from orders
                 where tenant_id = $1 and customer_id = $6 and status || '' = $7
                   and placed_at >= $2 and (placed_at, id) < ($3, $4)
                 order by placed_at desc, id desc
                 limit $5",
                params![TENANT, from, at, id, limit, customer, status],
            )
            .await
        }
    }
}

/// How many orders there are, up to [`MOST_COUNTED`].
pub async fn count(tx: &mut Tx, choice: Choice<'_>) -> StoreResult<i64> {
    let Choice { customer_id, status, from, before: (at, id) } = choice;
    let most = MOST_COUNTED;
    let (count,): (i64,) = match (customer_id, status) {
        (None, None) => {
            tx.fetch_one(
                "select count(*)
                 from (select id
                       from orders
                       where tenant_id = $1
                         and placed_at >= $2 and (placed_at, id) < ($3, $4)
                       limit $5) as counted",
                params![TENANT, from, at, id, most],
            )
            .await?
        }
        (Some(customer), None) => {
            tx.fetch_one(
                "select count(*)
                 from (select id
                       from orders
                       where tenant_id = $1 and customer_id = $6
                         and placed_at >= $2 and (placed_at, id) < ($3, $4)
                       limit $5) as counted",
                params![TENANT, from, at, id, most, customer],
            )
            .await?
        }
        (None, Some(status)) => {
            tx.fetch_one(
                "select count(*)
                 from (select id
                       from orders
                       where tenant_id = $1 and status = $6
                         and placed_at >= $2 and (placed_at, id) < ($3, $4)
                       limit $5) as counted",
                params![TENANT, from, at, id, most, status],
            )
            .await?
        }
        (Some(customer), Some(status)) => {
            tx.fetch_one(
                "select count(*)
                 from (select id
                       from orders
                       where tenant_id = $1 and customer_id = $6 and status || '' = $7
                         and placed_at >= $2 and (placed_at, id) < ($3, $4)
                       limit $5) as counted",
                params![TENANT, from, at, id, most, customer, status],
            )
            .await?
        }
    };
    Ok(count)
}
