//! Figures counted from the orders themselves. They read every order of their days.
//!
//! A `cross join` keeps SQLite from starting anywhere else than at the index of days.

use super::{DayRow, Days, Heading, OtherTotals, SalesRow, StoreResult, TENANT, Tx, params};

/// What was sold day by day, days without orders left out.
pub(super) async fn by_day(tx: &mut Tx, days: Days<'_>) -> StoreResult<Vec<DayRow>> {
    tx.fetch_all_long(
        "select d.day, d.orders, d.revenue_minor, coalesce(l.units, 0) as units, d.returns
         from (select placed_on as day, count(*) as orders,
                      cast(sum(subtotal_minor - discount_minor) as bigint) as revenue_minor,
                      cast(sum(case when status = 'return_requested' then 1 else 0 end) as bigint)
                          as returns
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
                    group by o.placed_on) l on l.day = d.day",
        params![TENANT, days.0, days.1],
    )
    .await
}

/// What was sold by something that each line of an order has, with what it is called.
macro_rules! by_line {
    ($key:literal, $label:literal) => {
        concat!(
            "select ",
            $key,
            " as key, ",
            $label,
            " as label,
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
             group by ",
            $key
        )
    };
}

/// What was sold under each heading of a kind, in any order.
pub(super) async fn by(
    tx: &mut Tx,
    days: Days<'_>,
    heading: Heading,
) -> StoreResult<Vec<SalesRow>> {
    let sql = match heading {
        Heading::Tier => {
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
             group by c.tier"
        }
        Heading::Category => by_line!("p.category_key", "max(p.category)"),
        Heading::Product => by_line!("p.id", "max(p.name)"),
    };
    tx.fetch_all_long(sql, params![TENANT, days.0, days.1]).await
}

/// What was paid back and who was new.
pub(super) async fn other_totals(tx: &mut Tx, days: Days<'_>) -> StoreResult<OtherTotals> {
    tx.fetch_one(
        "select (select cast(coalesce(sum(p.amount_minor), 0) as bigint)
                 from payments p
                 cross join orders r
                 where p.tenant_id = $1 and p.kind = 'refund'
                   and p.at_day >= $2 and p.at_day <= $3
                   and (p.reason is null or p.reason in ('return', 'refund'))
                   and r.tenant_id = p.tenant_id and r.id = p.order_id
                   and r.status <> 'cancelled') as refunds_minor,
                (select count(*)
                 from customers
                 where tenant_id = $1 and created_on >= $2 and created_on <= $3) as new_customers",
        params![TENANT, days.0, days.1],
    )
    .await
}
