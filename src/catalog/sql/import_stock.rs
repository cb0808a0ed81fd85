//! Stock as an import writes it.

use chrono::{DateTime, Utc};

use crate::catalog::import::VariantRecord;
use business_mcp_engine::db::{StoreResult, TENANT, Tx, bulk::Insert, params};

static STOCK: Insert =
    Insert::new("insert into stock (tenant_id, sku, location, on_hand, reserved)", 5);
static MOVEMENTS: Insert = Insert::new(
    "insert into stock_movements (tenant_id, id, sku, location, delta, reason, cause, actor, at)",
    9,
);

/// Inserts the first count of variants. The caller writes the movements down.
pub async fn insert(tx: &mut Tx, variants: &[&VariantRecord]) -> StoreResult<()> {
    let mut values = Vec::with_capacity(variants.len() * 5);
    for variant in variants {
        values.extend_from_slice(params![
            TENANT,
            &variant.sku,
            &variant.location,
            variant.on_hand,
            0_i64,
        ]);
    }
    STOCK.run(tx, &values).await
}

/// Writes movements down: each one's id, the variant, and by how many its stock changed.
pub async fn insert_movements(
    tx: &mut Tx,
    moved: &[(String, &VariantRecord, i64)],
    at: DateTime<Utc>,
) -> StoreResult<()> {
    let mut values = Vec::with_capacity(moved.len() * 9);
    for (id, variant, delta) in moved {
        values.extend_from_slice(params![
            TENANT,
            id,
            &variant.sku,
            &variant.location,
            *delta,
            "import",
            "import",
            "import",
            at,
        ]);
    }
    MOVEMENTS.run(tx, &values).await
}

/// Counts a variant where so many are on hand and at most as many as counted are reserved; false where that is not so.
/// The caller writes the movement down.
pub async fn update(
    tx: &mut Tx,
    variant: &VariantRecord,
    on_hand: i64,
    counted: i64,
) -> StoreResult<bool> {
    let updated = tx
        .execute(
            "update stock
             set on_hand = $4
             where tenant_id = $1 and sku = $2 and location = $3 and on_hand = $5
               and reserved <= $4",
            params![TENANT, &variant.sku, &variant.location, counted, on_hand],
        )
        .await?;
    Ok(updated > 0)
}

/// How many of a variant are at a place.
pub async fn on_hand(tx: &mut Tx, sku: &str, location: &str) -> StoreResult<i64> {
    let counted = stored(tx, sku, location).await?;
    Ok(counted.map_or(0, |(on_hand, _)| on_hand))
}

/// On hand and reserved of a variant at a place, where there is a count already.
pub async fn stored(tx: &mut Tx, sku: &str, location: &str) -> StoreResult<Option<(i64, i64)>> {
    tx.fetch_optional(
        "select on_hand, reserved
         from stock
         where tenant_id = $1 and sku = $2 and location = $3",
        params![TENANT, sku, location],
    )
    .await
}
