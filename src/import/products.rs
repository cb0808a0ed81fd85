//! Products and their variants.

use std::collections::HashMap;

use serde_json::Value as Json;

use super::{
    Table,
    bulk::Insert,
    files::Line,
    imported,
    report::{Counts, Problems},
    run::{Meter, Run},
    stock, stored_products,
    terms::{self, Terms},
};
use crate::{
    catalog::sql::reindex,
    import::records::{FieldError, Kind, ProductRecord, VariantRecord},
};
use business_mcp_engine::{
    db::{StoreResult, Tx, params, tenants},
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

/// A variant with its product and what is worked out from it.
pub(super) struct Ready<'r> {
    product: &'r str,
    pub(super) record: &'r VariantRecord,
    key: String,
    pub(super) options: String,
}

impl<'r> Ready<'r> {
    pub(super) fn of(product: &'r ProductRecord) -> impl Iterator<Item = Self> {
        product.variants.iter().map(|record| Self {
            product: &product.id,
            record,
            key: reference::key(&record.sku),
            options: Json::Object(record.options.clone()).to_string(),
        })
    }
}

pub(super) fn found_by(record: &ProductRecord) -> Terms<'_> {
    let options = record.variants.iter().map(|variant| &variant.options);
    let terms = reindex::terms(&record.name, record.category.as_deref(), options);
    Terms::given(&record.id, terms)
}

impl Table for ProductRecord {
    const IDS: &str = "select id
                       from products
                       where tenant_id = $1";

    fn changes_sales(counts: Counts) -> bool {
        // Another name or category.
        counts.changed > 0
    }

    async fn write(
        tx: &mut Tx,
        run: &Run<'_>,
        lines: &[Line<'_, Self>],
        problems: &mut Problems,
        meter: &mut Meter<'_, '_>,
    ) -> StoreResult<Counts> {
        tenants::one_at_a_time(tx, run.tenant, reindex::ONE_AT_A_TIME).await?;
        let mut homes = homes(tx, run).await?;
        let known = run.known(tx, Self::IDS).await?;
        let mut counts = Counts::default();
        for chunk in lines.chunks(super::CHUNK) {
            let last = imported::last_of(tx, run, chunk, |id| known.contains(id)).await?;
            let (mut new, mut new_variants, mut kept) = (Vec::new(), Vec::new(), Vec::new());
            for line in chunk {
                let last = last.get(line.id());
                match &line.record {
                    Ok(record) if !known.contains(line.id()) => {
                        let taken = claim(&mut homes, record);
                        if taken.is_empty() {
                            new_variants.extend(Ready::of(record));
                        }
                        for error in taken {
                            problems.push(line.number, error);
                        }
                        kept.push((line.id(), imported::json(record)?));
                        new.push(record);
                    }
                    Err(partial) if !known.contains(line.id()) => {
                        problems.push(line.number, partial.missing.clone());
                    }
                    _ if imported::repeats(line, last)? => counts.known(false),
                    _ => match stored_products::update(tx, run, line, last, &mut homes).await? {
                        Ok(outcome) => {
                            counts.known(outcome.changed);
                            kept.extend(outcome.kept.map(|record| (line.id(), record)));
                        }
                        Err(error) => problems.push(line.number, error),
                    },
                }
            }
            insert_products(tx, run, &new).await?;
            insert_variants(tx, run, &new_variants).await?;
            imported::keep(tx, run, Kind::Products, kept).await?;
            counts.new += new.len();
            meter.advance(chunk.len());
        }
        Ok(counts)
    }
}

/// Makes the skus of a record its product's; those of another product are errors.
pub(super) fn claim(
    homes: &mut HashMap<String, String>,
    record: &ProductRecord,
) -> Vec<FieldError> {
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
    taken
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

pub(super) async fn insert_variants(
    tx: &mut Tx,
    run: &Run<'_>,
    variants: &[Ready<'_>],
) -> StoreResult<()> {
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
