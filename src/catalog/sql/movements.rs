//! What the ledger of stock says of a correction or a transfer since.

use business_mcp_engine::db::{StoreResult, TENANT, Tx, params};

/// The count at a location after the last movement whose reason begins with `reason`; `None` where there was none.
pub async fn count_after_last(
    tx: &mut Tx,
    sku: &str,
    location: &str,
    reason: &str,
) -> StoreResult<Option<i64>> {
    let count: Option<(i64,)> = tx
        .fetch_optional(
            "with last as (
                 select at, id
                 from stock_movements
                 where tenant_id = $1 and sku = $2 and location = $3
                   and substr(reason, 1, length($4)) = $4
                 order by at desc, id desc
                 limit 1)
             select cast(coalesce(sum(m.delta), 0) as bigint)
             from last l
             join stock_movements m
               on m.tenant_id = $1 and m.sku = $2 and m.location = $3
                  and (m.at < l.at or (m.at = l.at and m.id <= l.id))
             group by l.id",
            params![TENANT, sku, location, reason],
        )
        .await?;
    Ok(count.map(|(count,)| count))
}

/// Whether as many pieces as a transfer took from a location came back there by a later one.
pub async fn was_moved_back(
    tx: &mut Tx,
    sku: &str,
    from: &str,
    quantity: i64,
    transfer_id: &str,
) -> StoreResult<bool> {
    let back: Option<(String,)> = tx
        .fetch_optional(
            "select b.id
             from stock_movements m
             join stock_movements t
               on t.tenant_id = m.tenant_id and t.cause = m.cause and t.delta = $4
             join stock_movements b
               on b.tenant_id = m.tenant_id and b.sku = m.sku and b.location = m.location
                  and b.delta = $4 and b.reason = m.reason
                  and (b.at > m.at or (b.at = m.at and b.id > m.id))
             join stock_movements o
               on o.tenant_id = b.tenant_id and o.cause = b.cause and o.sku = b.sku
                  and o.location = t.location and o.delta = -b.delta
             where m.tenant_id = $1 and m.cause = $5 and m.sku = $2 and m.location = $3
             limit 1",
            params![TENANT, sku, from, quantity, transfer_id],
        )
        .await?;
    Ok(back.is_some())
}
