//! Stock as an import counts it: the difference to the last import's count is a movement.

use super::{bulk::Insert, run::Run};
use crate::{
    catalog::sql::reservations,
    import::records::{VariantRecord, merge::Merge},
};
use business_mcp_engine::db::{StoreError, StoreResult, Tx, params};

static STOCK: Insert =
    Insert::new("insert into stock (tenant_id, sku, location, on_hand, reserved)", 5);
static MOVEMENTS: Insert = Insert::new(
    "insert into stock_movements (tenant_id, id, sku, location, delta, reason, cause, actor, at)",
    9,
);

/// Writes the first count of variants that are new at their location.
pub(super) async fn insert(
    tx: &mut Tx,
    run: &Run<'_>,
    variants: &[&VariantRecord],
) -> StoreResult<()> {
    let mut values = Vec::with_capacity(variants.len() * 5);
    for variant in variants {
        values.extend_from_slice(params![
            run.tenant,
            &variant.sku,
            &variant.location,
            variant.on_hand,
            0_i64,
        ]);
    }
    STOCK.run(tx, &values).await?;
    let moved: Vec<_> = variants.iter().map(|variant| (*variant, variant.on_hand)).collect();
    move_by(tx, run, &moved).await
}

async fn move_by(
    tx: &mut Tx,
    run: &Run<'_>,
    differences: &[(&VariantRecord, i64)],
) -> StoreResult<()> {
    let differences: Vec<_> = differences
        .iter()
        .filter(|(_, delta)| *delta != 0)
        .map(|difference| (run.ledger_id(), difference))
        .collect();
    let mut values = Vec::with_capacity(differences.len() * 9);
    for (id, (variant, delta)) in &differences {
        values.extend_from_slice(params![
            run.tenant,
            id,
            &variant.sku,
            &variant.location,
            *delta,
            "import",
            "import",
            "import",
            run.now,
        ]);
    }
    MOVEMENTS.run(tx, &values).await
}

/// Books what a record counts of a known variant: the difference to the last import at that place,
/// or to what is there where there was none. Says whether it moved anything, or what is wrong.
pub(super) async fn count(
    tx: &mut Tx,
    run: &Run<'_>,
    variant: &VariantRecord,
    item: &Merge,
) -> StoreResult<Result<bool, String>> {
    if !item.changes("on_hand") && !item.changes("location") {
        return Ok(Ok(false));
    }
    let Some((on_hand, mut reserved)) = stored(tx, run, variant).await? else {
        insert(tx, run, &[variant]).await?;
        return Ok(Ok(true));
    };
    let before = item.last.as_ref().filter(|_| !item.changes("location"));
    let before = before.and_then(|last| last.get("on_hand")?.as_i64()).unwrap_or(on_hand);
    let delta = variant.on_hand.saturating_sub(before);
    let counted = on_hand.saturating_add(delta);
    if delta == 0 {
        return Ok(Ok(false));
    }
    if counted < 0 {
        let less = -delta;
        return Ok(Err(format!(
            "would end below zero: the file takes {less} off, and {on_hand} are on hand"
        )));
    }
    if counted < reserved {
        reservations::release_ended_of(tx, run.tenant, &variant.sku, run.now).await?;
        reserved = stored(tx, run, variant).await?.map_or(0, |(_, reserved)| reserved);
    }
    if counted < reserved {
        return Ok(Err(format!("is less than the {reserved} that are reserved")));
    }
    let updated = tx
        .execute(
            "update stock
             set on_hand = $4
             where tenant_id = $1 and sku = $2 and location = $3 and on_hand = $5
               and reserved <= $4",
            params![run.tenant, &variant.sku, &variant.location, counted, on_hand],
        )
        .await?;
    if updated == 0 {
        return Err(StoreError::Busy("stock was moved in the meantime".into()));
    }
    move_by(tx, run, &[(variant, delta)]).await?;
    Ok(Ok(true))
}

/// How many of a variant are at a place.
pub(super) async fn on_hand(
    tx: &mut Tx,
    run: &Run<'_>,
    sku: &str,
    location: &str,
) -> StoreResult<i64> {
    let counted: Option<(i64,)> = tx
        .fetch_optional(
            "select on_hand
             from stock
             where tenant_id = $1 and sku = $2 and location = $3",
            params![run.tenant, sku, location],
        )
        .await?;
    Ok(counted.map_or(0, |(on_hand,)| on_hand))
}

/// On hand and reserved of a variant, where there is a count already.
async fn stored(
    tx: &mut Tx,
    run: &Run<'_>,
    variant: &VariantRecord,
) -> StoreResult<Option<(i64, i64)>> {
    tx.fetch_optional(
        "select on_hand, reserved
         from stock
         where tenant_id = $1 and sku = $2 and location = $3",
        params![run.tenant, &variant.sku, &variant.location],
    )
    .await
}
