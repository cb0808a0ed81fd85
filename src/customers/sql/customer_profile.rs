//! All that is known of one customer.

use chrono::{DateTime, Utc};

use business_mcp_engine::db::{StoreResult, TENANT, Tx, params, record};

record! {
    /// What a customer is worth.
    #[derive(Debug, Clone, Copy)]
    pub struct Worth {
        /// How many orders they ever placed.
        pub order_count: i64,
        /// What the orders that are not cancelled cost, less what was paid back of them.
        pub lifetime_minor: i64,
        /// The same, of the orders placed since a day.
        pub recent_minor: i64,
    }
}

/// What the customer with this id is worth. `since` is the day from which orders count as recent.
pub async fn worth(tx: &mut Tx, id: &str, since: &str) -> StoreResult<Worth> {
    tx.fetch_one(
        "select count(*) as order_count,
                cast(coalesce(sum(minor), 0) as bigint) as lifetime_minor,
                cast(coalesce(sum(case when placed_on >= $3 then minor else 0 end), 0) as bigint)
                    as recent_minor
         from (select o.placed_on,
                      case
                          when o.status = 'cancelled' then 0
                          else o.total_minor - coalesce((
                              select cast(sum(case when p.kind = 'refund' then p.amount_minor end)
                                          as bigint)
                              from payments p
                              where p.tenant_id = o.tenant_id and p.order_id = o.id
                                and (p.reason is null or p.reason in ('return', 'refund'))), 0)
                      end as minor
               from orders o
               where o.tenant_id = $1 and o.customer_id = $2) as kept",
        params![TENANT, id, since],
    )
    .await
}

record! {
    /// What a customer pays with.
    #[derive(Debug, Clone)]
    pub struct MethodRow {
        /// Its id.
        pub id: String,
        /// `card`, `wallet` or `gift_card`.
        pub kind: String,
        /// Who issued it.
        pub brand: Option<String>,
        /// The last digits of a card.
        pub last4: Option<String>,
        /// What is left on a gift card.
        pub balance_minor: Option<i64>,
    }
}

/// What a customer pays with.
pub async fn payment_methods(tx: &mut Tx, customer_id: &str) -> StoreResult<Vec<MethodRow>> {
    tx.fetch_all(
        "select id, kind, brand, last4, balance_minor
         from payment_methods
         where tenant_id = $1 and customer_id = $2
         order by kind, id
         limit 50",
        params![TENANT, customer_id],
    )
    .await
}

record! {
    /// An order, in short.
    #[derive(Debug, Clone)]
    pub struct OrderLine {
        /// Its number.
        pub id: String,
        /// Where it stands.
        pub status: String,
        /// When it was placed.
        pub placed_at: DateTime<Utc>,
    }
}

/// The newest orders of a customer.
pub async fn orders(tx: &mut Tx, customer_id: &str, limit: i64) -> StoreResult<Vec<OrderLine>> {
    tx.fetch_all(
        "select id, status, placed_at
         from orders
         where tenant_id = $1 and customer_id = $2
         order by placed_at desc, id desc
         limit $3",
        params![TENANT, customer_id, limit],
    )
    .await
}
