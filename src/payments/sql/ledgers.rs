//! Whether the books add up: each figure that is kept beside its ledger is the ledger's sum.

use business_mcp_engine::db::{StoreResult, Tx};

/// Counts a tenant's payments and the entries of its gift cards.
pub(crate) const ENTRIES: &str = "select (select count(*)
            from payments
            where tenant_id = $1)
         + (select count(*)
            from gift_card_entries
            where tenant_id = $1)";

/// How many figures differ from their ledgers, over all tenants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Differences {
    /// Stock on hand that is not the sum of its movements.
    pub stock: i64,
    /// Held stock that is not the sum of its reservations.
    pub reserved: i64,
    /// Gift cards whose balance is not the sum of their entries.
    pub gift_cards: i64,
    /// Orders of which more was paid back than their charges have brought.
    pub payments: i64,
    /// Days with orders whose figures are kept and are not what the orders say, or that have no
    /// place for figures.
    pub sales: i64,
}

impl Differences {
    /// Whether every figure is right.
    pub fn none(self) -> bool {
        let Self { stock, reserved, gift_cards, payments, sales } = self;
        stock + reserved + gift_cards + payments + sales == 0
    }
}

/// Adds every ledger up. It reads whole tables, so it is for `doctor` and for tests.
pub async fn differences(tx: &mut Tx) -> StoreResult<Differences> {
    let mut count = async |sql| {
        let rows: Vec<(i64,)> = tx.fetch_all_long(sql, &[]).await?;
        StoreResult::Ok(rows.first().map_or(0, |(count,)| *count))
    };
    Ok(Differences {
        stock: count(
            "select count(*)
             from stock s
             where s.on_hand <> (select cast(coalesce(sum(m.delta), 0) as bigint)
                                 from stock_movements m
                                 where m.tenant_id = s.tenant_id and m.sku = s.sku
                                   and m.location = s.location)",
        )
        .await?,
        reserved: count(
            "select count(*)
             from stock s
             where s.reserved <> (select cast(coalesce(sum(r.quantity), 0) as bigint)
                                  from reservations r
                                  where r.tenant_id = s.tenant_id and r.sku = s.sku
                                    and r.location = s.location)",
        )
        .await?,
        gift_cards: count(
            "select count(*)
             from payment_methods p
             where p.balance_minor is not null
               and p.balance_minor <> (select cast(coalesce(sum(e.amount_minor), 0) as bigint)
                                       from gift_card_entries e
                                       where e.tenant_id = p.tenant_id
                                         and e.customer_id = p.customer_id
                                         and e.payment_method_id = p.id)",
        )
        .await?,
        payments: count(
            "select count(*)
             from (select p.tenant_id, p.order_id
                   from payments p
                   left join provider_calls c on c.tenant_id = p.tenant_id and c.id = p.id
                   group by p.tenant_id, p.order_id
                   having sum(case when c.state = 'declined' then 0
                                   when c.state in ('queued', 'leased') then 0
                                   when p.kind = 'charge' and c.state = 'failed' then 0
                                   when p.kind = 'charge' then p.amount_minor
                                   else -coalesce(c.amount_minor, p.amount_minor) end) < 0
                  ) as overpaid",
        )
        .await?,
        sales: count(
            "with sold as materialized (
                 select tenant_id, placed_on as day,
                        sum(case when status = 'cancelled' then 0 else 1 end) as orders,
                        sum(case when status = 'cancelled' then 0
                                 else subtotal_minor - discount_minor end) as revenue_minor,
                        sum(case when status = 'return_requested' then 1 else 0 end) as returns
                 from orders
                 group by tenant_id, placed_on
             ),
             taken as materialized (
                 select o.tenant_id, o.placed_on as day, sum(i.quantity) as units
                 from order_items i
                 join orders o on o.tenant_id = i.tenant_id and o.id = i.order_id
                 where o.status <> 'cancelled'
                 group by o.tenant_id, o.placed_on
             )
             select count(*)
             from sold
             left join taken on taken.tenant_id = sold.tenant_id and taken.day = sold.day
             left join sales_days d on d.tenant_id = sold.tenant_id and d.day = sold.day
             where d.day is null
                or (d.counted = d.version
                    and (d.orders <> sold.orders or d.revenue_minor <> sold.revenue_minor
                         or d.units <> coalesce(taken.units, 0) or d.returns <> sold.returns))",
        )
        .await?,
    })
}
