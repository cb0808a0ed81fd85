//! Products and their variants.

use std::collections::HashMap;

use serde_json::Value as Json;

use super::{
    Table,
    bulk::Insert,
    files::Line,
    report::{Counts, Problems},
    run::{Meter, Run},
    stock,
    terms::{self, Terms},
};
use crate::{
    catalog::sql::reindex,
    import::records::{FieldError, ProductRecord, VariantRecord},
};
use business_mcp_engine::{
    db::{StoreResult, Tx, params, record, tenants},
    speech::{name, reference},
};

static PRODUCTS: Insert = Insert::new(
    "insert into products (tenant_id, id, name, category, description, image_url, name_key,
       category_key)",
    8,
);
static VARIANTS: Insert = Insert::new(
    "insert into variants (tenant_id, sku, product_id, sku_key, options, price_minor,
       reorder_point, active, version)",
    9,
);

record! {
    #[derive(PartialEq)]
    struct StoredProduct {
        name: String,
        category: Option<String>,
        description: Option<String>,
        image_url: Option<String>,
    }
}

record! {
    struct StoredVariant {
        options: String,
        price_minor: i64,
        reorder_point: i64,
        active: bool,
    }
}

/// A variant with its product and what is worked out from it.
struct Ready<'r> {
    product: &'r str,
    record: &'r VariantRecord,
    key: String,
    options: String,
}

impl<'r> Ready<'r> {
    fn of(product: &'r ProductRecord) -> impl Iterator<Item = Self> {
        product.variants.iter().map(|record| Self {
            product: &product.id,
            record,
            key: reference::key(&record.sku),
            options: Json::Object(record.options.clone()).to_string(),
        })
    }
}

fn found_by(record: &ProductRecord) -> Terms<'_> {
    let options = record.variants.iter().map(|variant| &variant.options);
    let terms = reindex::terms(&record.name, record.category.as_deref(), options);
    Terms::given(&record.id, terms)
}

impl Table for ProductRecord {
    fn changes_sales(counts: Counts) -> bool {
        // Another name or category.
        counts.changed > 0
    }

    async fn write(
        tx: &mut Tx,
        run: &Run<'_>,
        lines: &[Line<Self>],
        problems: &mut Problems,
        meter: &mut Meter<'_, '_>,
    ) -> StoreResult<Counts> {
        tenants::one_at_a_time(tx, run.tenant, reindex::ONE_AT_A_TIME).await?;
        let mut homes = homes(tx, run).await?;
        let sql = "select id
                   from products
                   where tenant_id = $1";
        let known = run.known(tx, sql).await?;
        let mut counts = Counts::default();
        for chunk in lines.chunks(super::CHUNK) {
            let (mut new, mut new_variants) = (Vec::new(), Vec::new());
            for line in chunk {
                let record = &line.record;
                let mut changed = false;
                if known.contains(&record.id) {
                    changed |= compare_product(tx, run, record).await?;
                } else {
                    new.push(record);
                }
                for (n, variant) in Ready::of(record).enumerate() {
                    let sku = &variant.record.sku;
                    match homes.get(sku) {
                        None => {
                            homes.insert(sku.clone(), record.id.clone());
                            new_variants.push(variant);
                            changed = true;
                        }
                        Some(home) if *home == record.id => {
                            changed |= compare_variant(tx, run, &variant).await?;
                            let at = (line.number, n);
                            changed |= stock::count(tx, run, variant.record, at, problems).await?;
                        }
                        Some(home) => {
                            let problem = format!("belongs to product {home}");
                            let field = format!("variants[{n}].sku");
                            problems.push(line.number, FieldError::new(field, problem));
                        }
                    }
                }
                match (known.contains(&record.id), changed) {
                    (false, _) => counts.new += 1,
                    (true, true) => {
                        terms::replace(tx, run, "product", found_by(record)).await?;
                        counts.changed += 1;
                    }
                    (true, false) => counts.unchanged += 1,
                }
            }
            insert_products(tx, run, &new).await?;
            insert_variants(tx, run, &new_variants).await?;
            meter.advance(chunk.len());
        }
        Ok(counts)
    }
}

/// Which product each sku belongs to.
async fn homes(tx: &mut Tx, run: &Run<'_>) -> StoreResult<HashMap<String, String>> {
    let rows: Vec<(String, String)> = tx
        .fetch_all(
            "select sku, product_id
             from variants
             where tenant_id = $1",
            params![run.tenant],
        )
        .await?;
    Ok(rows.into_iter().collect())
}

async fn insert_products(
    tx: &mut Tx,
    run: &Run<'_>,
    records: &[&ProductRecord],
) -> StoreResult<()> {
    let keys: Vec<(String, Option<String>)> = records
        .iter()
        .map(|record| (name::fold(&record.name), record.category.as_deref().map(name::fold)))
        .collect();
    let mut values = Vec::with_capacity(records.len() * 8);
    for (record, (name_key, category_key)) in records.iter().zip(&keys) {
        values.extend_from_slice(params![
            run.tenant,
            &record.id,
            &record.name,
            &record.category,
            &record.description,
            &record.image_url,
            name_key,
            category_key,
        ]);
    }
    PRODUCTS.run(tx, &values).await?;
    let found: Vec<Terms<'_>> = records.iter().map(|record| found_by(record)).collect();
    terms::insert(tx, run, "product", &found).await
}

async fn insert_variants(tx: &mut Tx, run: &Run<'_>, variants: &[Ready<'_>]) -> StoreResult<()> {
    let mut values = Vec::with_capacity(variants.len() * 9);
    for Ready { product, record, key, options } in variants {
        values.extend_from_slice(params![
            run.tenant,
            &record.sku,
            *product,
            key,
            options,
            record.price.minor,
            record.reorder_point,
            record.active,
            1_i64,
        ]);
    }
    VARIANTS.run(tx, &values).await?;
    let counted: Vec<&VariantRecord> = variants.iter().map(|variant| variant.record).collect();
    stock::insert(tx, run, &counted).await
}

async fn compare_product(tx: &mut Tx, run: &Run<'_>, record: &ProductRecord) -> StoreResult<bool> {
    let stored: StoredProduct = tx
        .fetch_one(
            "select name, category, description, image_url
             from products
             where tenant_id = $1 and id = $2",
            params![run.tenant, &record.id],
        )
        .await?;
    let ProductRecord { name, category, description, image_url, .. } = record.clone();
    if stored == (StoredProduct { name, category, description, image_url }) {
        return Ok(false);
    }
    tx.execute(
        "update products
         set name = $3, category = $4, description = $5, image_url = $6, name_key = $7,
           category_key = $8
         where tenant_id = $1 and id = $2",
        params![
            run.tenant,
            &record.id,
            &record.name,
            &record.category,
            &record.description,
            &record.image_url,
            &name::fold(&record.name),
            &record.category.as_deref().map(name::fold),
        ],
    )
    .await?;
    Ok(true)
}

async fn compare_variant(tx: &mut Tx, run: &Run<'_>, ready: &Ready<'_>) -> StoreResult<bool> {
    let record = ready.record;
    let stored: StoredVariant = tx
        .fetch_one(
            "select options, price_minor, reorder_point, active
             from variants
             where tenant_id = $1 and sku = $2",
            params![run.tenant, &record.sku],
        )
        .await?;
    if stored.options == ready.options
        && stored.price_minor == record.price.minor
        && stored.reorder_point == record.reorder_point
        && stored.active == record.active
    {
        return Ok(false);
    }
    tx.execute(
        "update variants
         set options = $3, price_minor = $4, reorder_point = $5, active = $6,
           version = version + 1
         where tenant_id = $1 and sku = $2",
        params![
            run.tenant,
            &record.sku,
            &ready.options,
            record.price.minor,
            record.reorder_point,
            record.active,
        ],
    )
    .await?;
    Ok(true)
}
