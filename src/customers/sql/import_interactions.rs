//! What was said, as an import writes it.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use crate::customers::import::InteractionRecord;
use business_mcp_engine::db::{StoreResult, TENANT, Tx, bulk::Insert, imports, params};

static INTERACTIONS: Insert = Insert::new(
    "insert into interactions (tenant_id, id, customer_id, kind, text, at, author, order_id)",
    8,
);

/// The ids of all that was said.
pub async fn ids(tx: &mut Tx) -> StoreResult<HashSet<String>> {
    let sql = "select id
               from interactions
               where tenant_id = $1";
    imports::column(tx, sql).await
}

/// Who placed an order.
pub async fn owner_of_order(tx: &mut Tx, order: &str) -> StoreResult<Option<String>> {
    let owner: Option<(String,)> = tx
        .fetch_optional(
            "select customer_id
             from orders
             where tenant_id = $1 and id = $2",
            params![TENANT, order],
        )
        .await?;
    Ok(owner.map(|(owner,)| owner))
}

/// Inserts what was said, each with its id; what has no time was said now.
pub async fn insert(
    tx: &mut Tx,
    records: &[(&str, &InteractionRecord)],
    now: DateTime<Utc>,
) -> StoreResult<()> {
    let mut values = Vec::with_capacity(records.len() * 8);
    for (id, record) in records {
        values.extend_from_slice(params![
            TENANT,
            *id,
            &record.customer_id,
            &record.kind,
            &record.text,
            record.at.unwrap_or(now),
            &record.author,
            &record.order_id,
        ]);
    }
    INTERACTIONS.run(tx, &values).await
}
