//! Stock as an import counts it: the difference to the last import's count is a movement.

use super::{
    super::sql::{import_stock as sql, reservations},
    VariantRecord,
};
use business_mcp_engine::{
    db::{StoreError, StoreResult},
    import::{ImportContext, Merge},
};

/// Writes the first count of variants that are new at their location.
pub(super) async fn insert(
    ctx: &mut ImportContext,
    variants: &[&VariantRecord],
) -> StoreResult<()> {
    sql::insert(&mut ctx.tx, variants).await?;
    let moved: Vec<_> = variants.iter().map(|variant| (*variant, variant.on_hand)).collect();
    move_by(ctx, &moved).await
}

async fn move_by(
    ctx: &mut ImportContext,
    differences: &[(&VariantRecord, i64)],
) -> StoreResult<()> {
    let moved: Vec<_> = differences
        .iter()
        .filter(|(_, delta)| *delta != 0)
        .map(|(variant, delta)| (ctx.ledger_id(), *variant, *delta))
        .collect();
    sql::insert_movements(&mut ctx.tx, &moved, ctx.now).await
}

/// Books what a record counts of a known variant: the difference to the last import at that place,
/// or to what is there where there was none. Says whether it moved anything, or what is wrong.
pub(super) async fn count(
    ctx: &mut ImportContext,
    variant: &VariantRecord,
    item: &Merge,
) -> StoreResult<Result<bool, String>> {
    if !item.changes("on_hand") && !item.changes("location") {
        return Ok(Ok(false));
    }
    let Some((on_hand, mut reserved)) = stored(ctx, variant).await? else {
        insert(ctx, &[variant]).await?;
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
        let sku = &variant.sku;
        reservations::release_ended_of(&mut ctx.tx, sku, ctx.now).await?;
        reserved = stored(ctx, variant).await?.map_or(0, |(_, reserved)| reserved);
    }
    if counted < reserved {
        return Ok(Err(format!("is less than the {reserved} that are reserved")));
    }
    if !sql::update(&mut ctx.tx, variant, on_hand, counted).await? {
        return Err(StoreError::Busy("stock was moved in the meantime".into()));
    }
    move_by(ctx, &[(variant, delta)]).await?;
    Ok(Ok(true))
}

/// On hand and reserved of a variant, where there is a count already.
async fn stored(
    ctx: &mut ImportContext,
    variant: &VariantRecord,
) -> StoreResult<Option<(i64, i64)>> {
    sql::stored(&mut ctx.tx, &variant.sku, &variant.location).await
}
