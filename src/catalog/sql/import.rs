//! Products and variants as an import writes them.

use std::collections::{HashMap, HashSet};

use serde_json::Value as Json;

use super::reindex;
use crate::catalog::import::{ProductRecord, VariantRecord};
use business_mcp_engine::{
    db::{StoreResult, TENANT, Tx, bulk::Insert, imports, params, record, search_terms},
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
    /// A product on the server.
    pub struct Stored {
        /// What it is called.
        pub name: String,
        /// The shelf it stands on.
        pub category: Option<String>,
        /// What is said about it.
        pub description: Option<String>,
        /// What it looks like.
        pub image_url: Option<String>,
    }
}

record! {
    /// A variant on the server.
    #[derive(PartialEq)]
    pub struct StoredVariant {
        /// The stock-keeping unit.
        pub sku: String,
        /// What tells it from the product's other variants, as JSON.
        pub options: String,
        /// What one costs.
        pub price_minor: i64,
        /// At how many it is ordered again.
        pub reorder_point: i64,
        /// Whether it is sold.
        pub active: bool,
    }
}

/// A variant with its product and what is worked out from it.
pub struct VariantRow<'r> {
    product: &'r str,
    /// The variant.
    pub record: &'r VariantRecord,
    key: String,
    /// Its options, as JSON.
    pub options: String,
}

impl<'r> VariantRow<'r> {
    /// The variants of a product.
    pub fn of(product: &'r ProductRecord) -> impl Iterator<Item = Self> {
        product.variants.iter().map(|record| Self {
            product: &product.id,
            record,
            key: reference::key(&record.sku),
            options: Json::Object(record.options.clone()).to_string(),
        })
    }
}

/// Every product's id.
pub async fn ids(tx: &mut Tx) -> StoreResult<HashSet<String>> {
    let sql = "select id
               from products
               where tenant_id = $1";
    imports::column(tx, sql).await
}

/// Every sku.
pub async fn skus(tx: &mut Tx) -> StoreResult<HashSet<String>> {
    let sql = "select sku
               from variants
               where tenant_id = $1";
    imports::column(tx, sql).await
}

/// Which product each sku belongs to.
pub async fn products_of_skus(tx: &mut Tx) -> StoreResult<HashMap<String, String>> {
    let rows: Vec<(String, String)> = tx
        .fetch_all(
            "select sku, product_id
             from variants
             where tenant_id = $1",
            params![TENANT],
        )
        .await?;
    Ok(rows.into_iter().collect())
}

/// Inserts products with all by which they are found.
pub async fn insert(tx: &mut Tx, records: &[&ProductRecord]) -> StoreResult<()> {
    let keys: Vec<(String, Option<String>)> = records
        .iter()
        .map(|record| (name::fold(&record.name), record.category.as_deref().map(name::fold)))
        .collect();
    let mut values = Vec::with_capacity(records.len() * 8);
    for (record, (name_key, category_key)) in records.iter().zip(&keys) {
        values.extend_from_slice(params![
            TENANT,
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
    let found: Vec<_> =
        records.iter().map(|record| (record.id.as_str(), found_by(record))).collect();
    search_terms::insert(tx, "product", &found).await
}

/// Inserts variants.
pub async fn insert_variants(tx: &mut Tx, rows: &[VariantRow<'_>]) -> StoreResult<()> {
    let mut values = Vec::with_capacity(rows.len() * 9);
    for VariantRow { product, record, key, options } in rows {
        values.extend_from_slice(params![
            TENANT,
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
    VARIANTS.run(tx, &values).await
}

/// A product that is there.
pub async fn stored(tx: &mut Tx, id: &str) -> StoreResult<Stored> {
    tx.fetch_one(
        "select name, category, description, image_url
         from products
         where tenant_id = $1 and id = $2",
        params![TENANT, id],
    )
    .await
}

/// Its variants.
pub async fn stored_variants(tx: &mut Tx, product: &str) -> StoreResult<Vec<StoredVariant>> {
    tx.fetch_all(
        "select sku, options, price_minor, reorder_point, active
         from variants
         where tenant_id = $1 and product_id = $2
         order by sku",
        params![TENANT, product],
    )
    .await
}

/// Changes a product. What it is found by is written by [`index`].
pub async fn update(tx: &mut Tx, id: &str, new: &Stored) -> StoreResult<()> {
    tx.execute(
        "update products
         set name = $3, category = $4, description = $5, image_url = $6, name_key = $7,
           category_key = $8
         where tenant_id = $1 and id = $2",
        params![
            TENANT,
            id,
            &new.name,
            &new.category,
            &new.description,
            &new.image_url,
            &name::fold(&new.name),
            &new.category.as_deref().map(name::fold),
        ],
    )
    .await?;
    Ok(())
}

/// Changes a variant.
pub async fn update_variant(tx: &mut Tx, new: &StoredVariant) -> StoreResult<()> {
    tx.execute(
        "update variants
         set options = $3, price_minor = $4, reorder_point = $5, active = $6,
           version = version + 1
         where tenant_id = $1 and sku = $2",
        params![TENANT, &new.sku, &new.options, new.price_minor, new.reorder_point, new.active],
    )
    .await?;
    Ok(())
}

/// Writes anew what a product is found by.
pub async fn index(tx: &mut Tx, record: &ProductRecord) -> StoreResult<()> {
    search_terms::replace(tx, "product", &record.id, &found_by(record)).await
}

fn found_by(record: &ProductRecord) -> std::collections::BTreeSet<String> {
    let options = record.variants.iter().map(|variant| &variant.options);
    reindex::terms(&record.name, record.category.as_deref(), options)
}
