//! Stock as an import counts it: the difference to the count before is a movement.

use super::{bulk::Insert, report::Problems, run::Run};
use crate::{
    catalog::sql::reservations,
    import::records::{FieldError, VariantRecord},
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

/// Brings the count of a known variant up to date; says whether it changed.
pub(super) async fn count(
    tx: &mut Tx,
    run: &Run<'_>,
    variant: &VariantRecord,
    (line, n): (usize, usize),
    problems: &mut Problems,
) -> StoreResult<bool> {
    let Some((on_hand, mut reserved)) = stored(tx, run, variant).await? else {
        insert(tx, run, &[variant]).await?;
        return Ok(true);
    };
    if on_hand == variant.on_hand {
        return Ok(false);
    }
    if variant.on_hand < reserved {
        reservations::release_ended_of(tx, run.tenant, &variant.sku, run.now).await?;
        reserved = stored(tx, run, variant).await?.map_or(0, |(_, reserved)| reserved);
    }
    if variant.on_hand < reserved {
        let problem = format!("is less than the {reserved} that are reserved");
        problems.push(line, FieldError::new(format!("variants[{n}].on_hand"), problem));
        return Ok(false);
    }
    let updated = tx
        .execute(
            "update stock
             set on_hand = $4
             where tenant_id = $1 and sku = $2 and location = $3 and on_hand = $5
               and reserved <= $4",
            params![run.tenant, &variant.sku, &variant.location, variant.on_hand, on_hand],
        )
        .await?;
    if updated == 0 {
        return Err(StoreError::Busy("stock was moved in the meantime".into()));
    }
    move_by(tx, run, &[(variant, variant.on_hand - on_hand)]).await?;
    Ok(true)
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
