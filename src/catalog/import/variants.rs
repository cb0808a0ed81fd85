//! What can be bought of a product, as files bring it.

use super::{
    super::sql::import::{self as sql, StoredVariant, VariantRow},
    ProductRecord, VariantRecord, stock,
};
use business_mcp_engine::{
    db::StoreResult,
    import::{FieldError, ImportContext, Merge},
};

/// Inserts variants that are new, and their first count.
pub(super) async fn insert(ctx: &mut ImportContext, rows: &[VariantRow<'_>]) -> StoreResult<()> {
    sql::insert_variants(&mut ctx.tx, rows).await?;
    let counted: Vec<&VariantRecord> = rows.iter().map(|row| row.record).collect();
    stock::insert(ctx, &counted).await
}

/// Applies what a record changes of its variants, and says whether anything changed.
pub(super) async fn update(
    ctx: &mut ImportContext,
    record: &ProductRecord,
    merge: &Merge,
    stored: &[StoredVariant],
) -> StoreResult<Result<bool, FieldError>> {
    let mut changed = false;
    let items = merge.items("variants");
    for (n, (item, row)) in items.iter().zip(VariantRow::of(record)).enumerate() {
        let Some(stored) = stored.iter().find(|stored| stored.sku == row.record.sku) else {
            insert(ctx, &[row]).await?;
            changed = true;
            continue;
        };
        changed |= update_one(ctx, &row, item, stored).await?;
        match stock::count(ctx, row.record, item).await? {
            Ok(moved) => changed |= moved,
            Err(problem) => {
                return Ok(Err(FieldError::new(format!("variants[{n}].on_hand"), problem)));
            }
        }
    }
    Ok(Ok(changed))
}

/// Applies what a record changes of a variant, its stock aside; says whether anything changed.
async fn update_one(
    ctx: &mut ImportContext,
    row: &VariantRow<'_>,
    item: &Merge,
    stored: &StoredVariant,
) -> StoreResult<bool> {
    let record = row.record;
    let pick = |field, file: i64, server| if item.changes(field) { file } else { server };
    let target = StoredVariant {
        sku: stored.sku.clone(),
        options: if item.changes("options") { &row.options } else { &stored.options }.clone(),
        price_minor: pick("price", record.price.minor, stored.price_minor),
        reorder_point: pick("reorder_point", record.reorder_point, stored.reorder_point),
        active: if item.changes("active") { record.active } else { stored.active },
    };
    if target == *stored {
        return Ok(false);
    }
    sql::update_variant(&mut ctx.tx, &target).await?;
    Ok(true)
}
