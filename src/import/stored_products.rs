//! Products that are there already: what a record changes of them and of their variants.

use std::collections::HashMap;

use serde_json::{Value as Json, json};

use super::{
    files::Line,
    imported::{self, Outcome},
    products::{self, Ready},
    run::Run,
    stock, terms,
};
use crate::import::records::{
    FieldError, ProductRecord,
    merge::{self, Merge, Object},
};
use business_mcp_engine::{
    db::{StoreResult, Tx, params, record},
    money::Money,
    speech::name,
};

record! {
    struct StoredProduct {
        name: String,
        category: Option<String>,
        description: Option<String>,
        image_url: Option<String>,
    }
}

record! {
    struct StoredVariant {
        sku: String,
        options: String,
        price_minor: i64,
        reorder_point: i64,
        active: bool,
    }
}

/// Applies what a line changes of a product that is known. Variants that it does not name stay.
pub(super) async fn update(
    tx: &mut Tx,
    run: &Run<'_>,
    line: &Line<'_, ProductRecord>,
    last: Option<&String>,
    homes: &mut HashMap<String, String>,
) -> StoreResult<Result<Outcome, FieldError>> {
    let stored: StoredProduct = tx
        .fetch_one(
            "select name, category, description, image_url
             from products
             where tenant_id = $1 and id = $2",
            params![run.tenant, line.id()],
        )
        .await?;
    let variants: Vec<StoredVariant> = tx
        .fetch_all(
            "select sku, options, price_minor, reorder_point, active
             from variants
             where tenant_id = $1 and product_id = $2
             order by sku",
            params![run.tenant, line.id()],
        )
        .await?;
    let server = on_server(tx, run, line, &stored, &variants).await?;
    let (record, merge) = match imported::merge(run, line, last, server)? {
        Ok(merged) => merged,
        Err(error) => return Ok(Err(error)),
    };
    if let Some(error) = products::claim(homes, &record).into_iter().next() {
        return Ok(Err(error));
    }
    let mut changed = !merge.is_settled();
    if changed {
        update_product(tx, run, &record, &merge, &stored).await?;
    }
    let all = Ready::of(&record);
    for (n, (item, ready)) in merge.items("variants").iter().zip(all).enumerate() {
        let Some(stored) = variants.iter().find(|stored| stored.sku == ready.record.sku) else {
            products::insert_variants(tx, run, &[ready]).await?;
            changed = true;
            continue;
        };
        changed |= update_variant(tx, run, &ready, item, stored).await?;
        match stock::count(tx, run, ready.record, item).await? {
            Ok(moved) => changed |= moved,
            Err(problem) => {
                return Ok(Err(FieldError::new(format!("variants[{n}].on_hand"), problem)));
            }
        }
    }
    if changed {
        terms::replace(tx, run, "product", products::found_by(&record)).await?;
    }
    Ok(Ok(Outcome::of(&merge, changed)))
}

/// The product as a record has it. What is on hand is what is where the line says.
async fn on_server(
    tx: &mut Tx,
    run: &Run<'_>,
    line: &Line<'_, ProductRecord>,
    product: &StoredProduct,
    variants: &[StoredVariant],
) -> StoreResult<Object> {
    let places = merge::names(&line.named()?, "variants", "location");
    let mut records = Vec::with_capacity(variants.len());
    for variant in variants {
        let place = places.get(&variant.sku).unwrap_or(&run.rules.location);
        let price = Money::new(variant.price_minor, run.rules.currency).decimal();
        let options: Json = serde_json::from_str(&variant.options).map_err(imported::other)?;
        let options = Some(options).filter(|options| *options != json!({}));
        records.push(Json::Object(imported::present(json!({
            "sku": variant.sku,
            "options": options,
            "price": price,
            "on_hand": stock::on_hand(tx, run, &variant.sku, place).await?,
            "reorder_point": variant.reorder_point,
            "location": place,
            "active": variant.active,
        }))));
    }
    Ok(imported::present(json!({
        "id": line.id(),
        "name": product.name,
        "category": product.category,
        "description": product.description,
        "image_url": product.image_url,
        "variants": records,
    })))
}

async fn update_product(
    tx: &mut Tx,
    run: &Run<'_>,
    record: &ProductRecord,
    merge: &Merge,
    stored: &StoredProduct,
) -> StoreResult<()> {
    let name = if merge.changes("name") { &record.name } else { &stored.name };
    let pick = |field: &str, file, server| if merge.changes(field) { file } else { server };
    let category = pick("category", &record.category, &stored.category);
    tx.execute(
        "update products
         set name = $3, category = $4, description = $5, image_url = $6, name_key = $7,
           category_key = $8
         where tenant_id = $1 and id = $2",
        params![
            run.tenant,
            &record.id,
            name,
            category,
            pick("description", &record.description, &stored.description),
            pick("image_url", &record.image_url, &stored.image_url),
            &name::fold(name),
            &category.as_deref().map(name::fold),
        ],
    )
    .await?;
    Ok(())
}

/// Applies what a record changes of a variant, its stock aside; says whether anything changed.
async fn update_variant(
    tx: &mut Tx,
    run: &Run<'_>,
    ready: &Ready<'_>,
    item: &Merge,
    stored: &StoredVariant,
) -> StoreResult<bool> {
    let record = ready.record;
    let pick = |field, file: i64, server| if item.changes(field) { file } else { server };
    let options = if item.changes("options") { &ready.options } else { &stored.options };
    let price = pick("price", record.price.minor, stored.price_minor);
    let reorder_point = pick("reorder_point", record.reorder_point, stored.reorder_point);
    let active = if item.changes("active") { record.active } else { stored.active };
    if (options, price, reorder_point, active)
        == (&stored.options, stored.price_minor, stored.reorder_point, stored.active)
    {
        return Ok(false);
    }
    tx.execute(
        "update variants
         set options = $3, price_minor = $4, reorder_point = $5, active = $6,
           version = version + 1
         where tenant_id = $1 and sku = $2",
        params![run.tenant, &record.sku, options, price, reorder_point, active],
    )
    .await?;
    Ok(true)
}
