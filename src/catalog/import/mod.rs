//! Products, as files bring them.
//!
//! * `record`: what a line of `products.jsonl` says;
//! * [`Products`]: how it becomes a product, or changes one;
//! * `variants`, `stock`: what can be bought, and how many there are.

use std::collections::{HashMap, HashSet};

use serde_json::{Value as Json, json};

use super::sql::{
    import::{self as sql, Stored, StoredVariant, VariantRow},
    import_stock, reindex,
};
use crate::sales;
use business_mcp_engine::{
    db::{StoreError, StoreResult, tenants},
    import::{
        Counts, FieldError, Fields, ImportContext, Importer, Merge, Object, Part, merge, present,
    },
    money::Money,
};

mod record;
mod stock;
mod variants;

pub use record::{MOST_PIECES, ProductRecord, VariantRecord};

/// What is sold, and how much of it there is.
#[derive(Debug, Clone, Copy)]
pub struct Products;

impl Importer for Products {
    type Record = ProductRecord;
    /// The product of each sku.
    type References = HashMap<String, String>;
    type Stored = (Stored, Vec<StoredVariant>);
    const KIND: &'static str = "products";
    const PARTS: &'static [Part] = &[Part::named_list("variants", "sku").in_columns(&[
        "sku",
        "options",
        "price",
        "on_hand",
        "reorder_point",
        "location",
        "active",
    ])];

    fn read(fields: &mut Fields<'_>) -> Result<ProductRecord, FieldError> {
        ProductRecord::read(fields)
    }

    fn id(record: &ProductRecord) -> Option<&str> {
        Some(&record.id)
    }

    async fn references(ctx: &mut ImportContext) -> StoreResult<HashMap<String, String>> {
        tenants::one_at_a_time(&mut ctx.tx, reindex::ONE_AT_A_TIME).await?;
        sql::products_of_skus(&mut ctx.tx).await
    }

    async fn ids(ctx: &mut ImportContext) -> StoreResult<HashSet<String>> {
        sql::ids(&mut ctx.tx).await
    }

    /// Makes the skus of a record its product's; those of another product are errors.
    async fn check(
        _ctx: &mut ImportContext,
        homes: &mut HashMap<String, String>,
        record: &ProductRecord,
    ) -> StoreResult<Vec<FieldError>> {
        let mut taken = Vec::new();
        for (n, variant) in record.variants.iter().enumerate() {
            match homes.get(&variant.sku) {
                Some(home) if *home != record.id => {
                    let problem = format!("belongs to product {home}");
                    taken.push(FieldError::new(format!("variants[{n}].sku"), problem));
                }
                Some(_) => {}
                None => {
                    homes.insert(variant.sku.clone(), record.id.clone());
                }
            }
        }
        Ok(taken)
    }

    async fn insert(
        ctx: &mut ImportContext,
        records: &[(&str, &ProductRecord)],
    ) -> StoreResult<()> {
        let products: Vec<&ProductRecord> = records.iter().map(|(_, record)| *record).collect();
        sql::insert(&mut ctx.tx, &products).await?;
        let rows = products.iter().flat_map(|product| VariantRow::of(product));
        variants::insert(ctx, &rows.collect::<Vec<_>>()).await
    }

    async fn stored(
        ctx: &mut ImportContext,
        _homes: &HashMap<String, String>,
        id: &str,
        named: &Object,
    ) -> StoreResult<Option<(Object, Self::Stored)>> {
        let product = sql::stored(&mut ctx.tx, id).await?;
        let variants = sql::stored_variants(&mut ctx.tx, id).await?;
        let record = on_server(ctx, id, named, &product, &variants).await?;
        Ok(Some((record, (product, variants))))
    }

    /// Variants that a file does not name stay.
    async fn update(
        ctx: &mut ImportContext,
        record: &ProductRecord,
        merge: &Merge,
        (product, variants): Self::Stored,
    ) -> StoreResult<Result<bool, FieldError>> {
        let mut changed = !merge.is_settled();
        if changed {
            let target = target(record, merge, &product);
            sql::update(&mut ctx.tx, &record.id, &target).await?;
        }
        match variants::update(ctx, record, merge, &variants).await? {
            Ok(variants) => changed |= variants,
            Err(error) => return Ok(Err(error)),
        }
        if changed {
            sql::index(&mut ctx.tx, record).await?;
        }
        Ok(Ok(changed))
    }

    async fn finish(ctx: &mut ImportContext, _ids: &[&str], counts: Counts) -> StoreResult<()> {
        if counts.changed > 0 {
            // Something may have another name or category.
            sales::all_changed(&mut ctx.tx).await?;
        }
        Ok(())
    }
}

/// The product on the server as a record has it. What is on hand is what is where the file says.
async fn on_server(
    ctx: &mut ImportContext,
    id: &str,
    named: &Object,
    product: &Stored,
    variants: &[StoredVariant],
) -> StoreResult<Object> {
    let places = merge::names(named, "variants", "sku", "location");
    let usual = record::usual_place(&ctx.tenant);
    let mut records = Vec::with_capacity(variants.len());
    for variant in variants {
        let place = places.get(&variant.sku).unwrap_or(&usual);
        let price = Money::new(variant.price_minor, ctx.tenant.currency).decimal();
        let options = serde_json::from_str::<Json>(&variant.options);
        let options = options.map_err(|error| StoreError::Other(error.into()))?;
        let on_hand = import_stock::on_hand(&mut ctx.tx, &variant.sku, place).await?;
        records.push(Json::Object(present(json!({
            "sku": variant.sku,
            "options": Some(options).filter(|options| *options != json!({})),
            "price": price,
            "on_hand": on_hand,
            "reorder_point": variant.reorder_point,
            "location": place,
            "active": variant.active,
        }))));
    }
    Ok(present(json!({
        "id": id,
        "name": product.name,
        "category": product.category,
        "description": product.description,
        "image_url": product.image_url,
        "variants": records,
    })))
}

/// The product with what a file changes of it.
fn target(record: &ProductRecord, merge: &Merge, stored: &Stored) -> Stored {
    let pick = |field: &str, file: &Option<String>, server: &Option<String>| {
        if merge.changes(field) { file.clone() } else { server.clone() }
    };
    Stored {
        name: if merge.changes("name") { &record.name } else { &stored.name }.clone(),
        category: pick("category", &record.category, &stored.category),
        description: pick("description", &record.description, &stored.description),
        image_url: pick("image_url", &record.image_url, &stored.image_url),
    }
}
