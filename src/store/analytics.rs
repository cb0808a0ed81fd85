//! Figures: what was sold in a range of days.
//!
//! Orders count by the tenant's day on which they were placed, and cancelled ones do not count. A
//! `cross join` keeps SQLite from starting anywhere else than at the index of days.

use super::{StoreResult, Tx, params, record};

record! {
    /// What happened in a range of days.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct Totals {
        /// Orders placed.
        pub orders: i64,
        /// What they brought: line totals less discounts.
        pub revenue_minor: i64,
        /// How many of them have come back, or are to.
        pub returns: i64,
        /// What was paid back on orders that were not cancelled, and cost what they did before.
        pub refunds_minor: i64,
        /// Customers who were new.
        pub new_customers: i64,
    }
}

record! {
    /// What was sold under one heading.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct SalesRow {
        /// What tells it apart: a day, a product's id, a category, a tier.
        pub key: Option<String>,
        /// What people call it.
        pub label: Option<String>,
        /// What it brought.
        pub revenue_minor: i64,
        /// Orders with it.
        pub orders: i64,
        /// Pieces.
        pub units: i64,
    }
}

/// The figures of the days from one to another, both included, as `2026-11-30`.
pub async fn totals(tx: &mut Tx, tenant: &str, from: &str, to: &str) -> StoreResult<Totals> {
    let rows = tx
        .fetch_all_long(
            "select count(*) as orders,
                    cast(coalesce(sum(subtotal_minor - discount_minor), 0) as bigint)
                        as revenue_minor,
                    cast(coalesce(sum(case when status = 'return_requested' then 1 else 0 end), 0)
                        as bigint) as returns,
                    (select cast(coalesce(sum(p.amount_minor), 0) as bigint)
                     from payments p
                     join orders r on r.tenant_id = p.tenant_id and r.id = p.order_id
                     where p.tenant_id = $1 and p.kind = 'refund'
                       and p.at_day >= $2 and p.at_day <= $3
                       and r.status <> 'cancelled'
                       and (p.reason is null or p.reason in ('return', 'refund')))
                        as refunds_minor,
                    (select count(*)
                     from customers
                     where tenant_id = $1 and created_on >= $2 and created_on <= $3)
                        as new_customers
             from orders
             where tenant_id = $1 and placed_on >= $2 and placed_on <= $3
               and status <> 'cancelled'",
            params![tenant, from, to],
        )
        .await?;
    let none =
        Totals { orders: 0, revenue_minor: 0, returns: 0, refunds_minor: 0, new_customers: 0 };
    Ok(rows.first().copied().unwrap_or(none))
}

/// Sales day by day, days without orders left out.
pub async fn by_day(tx: &mut Tx, tenant: &str, from: &str, to: &str) -> StoreResult<Vec<SalesRow>> {
    tx.fetch_all_long(
        "select d.day as key, d.day as label, d.revenue_minor, d.orders,
                coalesce(l.units, 0) as units
         from (select placed_on as day, count(*) as orders,
                      cast(sum(subtotal_minor - discount_minor) as bigint) as revenue_minor
               from orders
               where tenant_id = $1 and placed_on >= $2 and placed_on <= $3
                 and status <> 'cancelled'
               group by placed_on) d
         left join (select o.placed_on as day, cast(sum(i.quantity) as bigint) as units
                    from orders o
                    cross join order_items i
                    where o.tenant_id = $1 and o.placed_on >= $2 and o.placed_on <= $3
                      and o.status <> 'cancelled'
                      and i.tenant_id = o.tenant_id and i.order_id = o.id
                    group by o.placed_on) l on l.day = d.day
         order by d.day",
        params![tenant, from, to],
    )
    .await
}

/// Sales by the customers' tiers, the best first.
pub async fn by_tier(
    tx: &mut Tx,
    tenant: &str,
    from: &str,
    to: &str,
) -> StoreResult<Vec<SalesRow>> {
    tx.fetch_all_long(
        "select c.tier as key, c.tier as label,
                cast(sum(o.subtotal_minor - o.discount_minor) as bigint) as revenue_minor,
                count(*) as orders,
                cast(coalesce(sum((select sum(i.quantity)
                                   from order_items i
                                   where i.tenant_id = o.tenant_id and i.order_id = o.id)), 0)
                    as bigint) as units
         from orders o
         cross join customers c
         where o.tenant_id = $1 and o.placed_on >= $2 and o.placed_on <= $3
           and o.status <> 'cancelled'
           and c.tenant_id = o.tenant_id and c.id = o.customer_id
         group by c.tier
         order by 3 desc, 1",
        params![tenant, from, to],
    )
    .await
}

/// Sales by product, the best first.
pub async fn by_product(
    tx: &mut Tx,
    tenant: &str,
    from: &str,
    to: &str,
) -> StoreResult<Vec<SalesRow>> {
    tx.fetch_all_long(
        "select sold.key, p.name as label, sold.revenue_minor, sold.orders, sold.units
         from (select v.product_id as key,
                      cast(sum(i.quantity * i.unit_price_minor - i.discount_minor) as bigint)
                          as revenue_minor,
                      count(distinct o.id) as orders,
                      cast(sum(i.quantity) as bigint) as units
               from orders o
               cross join order_items i
               cross join variants v
               where o.tenant_id = $1 and o.placed_on >= $2 and o.placed_on <= $3
                 and o.status <> 'cancelled'
                 and i.tenant_id = o.tenant_id and i.order_id = o.id
                 and v.tenant_id = i.tenant_id and v.sku = i.sku
               group by v.product_id) sold
         join products p on p.tenant_id = $1 and p.id = sold.key
         order by 3 desc, 1",
        params![tenant, from, to],
    )
    .await
}

/// Sales by category, the best first.
pub async fn by_category(
    tx: &mut Tx,
    tenant: &str,
    from: &str,
    to: &str,
) -> StoreResult<Vec<SalesRow>> {
    tx.fetch_all_long(
        "select p.category_key as key, max(p.category) as label,
                cast(sum(i.quantity * i.unit_price_minor - i.discount_minor) as bigint)
                    as revenue_minor,
                count(distinct o.id) as orders,
                cast(sum(i.quantity) as bigint) as units
         from orders o
         cross join order_items i
         cross join variants v
         cross join products p
         where o.tenant_id = $1 and o.placed_on >= $2 and o.placed_on <= $3
           and o.status <> 'cancelled'
           and i.tenant_id = o.tenant_id and i.order_id = o.id
           and v.tenant_id = i.tenant_id and v.sku = i.sku
           and p.tenant_id = v.tenant_id and p.id = v.product_id
         group by p.category_key
         order by 3 desc, 1",
        params![tenant, from, to],
    )
    .await
}
