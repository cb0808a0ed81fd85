//! Products and their variants, each with its stock at all locations together.
//!
//! A `cross join` keeps SQLite from starting anywhere else than at the first table.

use chrono::{DateTime, Utc};

use super::stock::available;
use business_mcp_engine::db::{StoreResult, TENANT, Tx, params, record};

record! {
    /// A variant with its product's name.
    #[derive(Debug, Clone)]
    pub struct VariantRow {
        /// The SKU.
        pub sku: String,
        /// Whose variant it is.
        pub product_id: String,
        /// The product's name.
        pub name: String,
        /// The options as a JSON object of texts.
        pub options: String,
        /// What one piece costs.
        pub price_minor: i64,
        /// Whether it is sold.
        pub active: bool,
        /// Which change of its price, or of whether it is sold, this is.
        pub version: i64,
        /// Pieces that nobody holds, at all locations.
        pub available: i64,
    }
}

record! {
    /// What is said about a product.
    #[derive(Debug, Clone)]
    pub struct ProductRow {
        /// Its name.
        pub name: String,
        /// The shelf it stands on.
        pub category: Option<String>,
        /// What is said about it.
        pub description: Option<String>,
        /// What it looks like.
        pub image_url: Option<String>,
    }
}

/// The variant with exactly this SKU, then those of the product with exactly this id, then those
/// whose SKU is said like `key`; with what is available at a moment.
pub async fn find_variants(
    tx: &mut Tx,
    said: &str,
    key: &str,
    now: DateTime<Utc>,
) -> StoreResult<Vec<VariantRow>> {
    tx.fetch_all(
        concat!(
            "with found (sku, rank) as (
             select sku, 0
             from variants
             where tenant_id = $1 and sku = $2
             union all
             select sku, 1
             from variants
             where tenant_id = $1 and product_id = $2
             union all
             select sku, 2
             from variants
             where tenant_id = $1 and sku_key = $3
         ),
         best (sku, rank) as (
             select sku, min(rank)
             from found
             group by sku
         )
         select v.sku, v.product_id, p.name, v.options, v.price_minor, v.active, v.version,
                ",
            available!("$4"),
            " as available
         from best b
         cross join variants v
         cross join products p
         where v.tenant_id = $1 and v.sku = b.sku
           and p.tenant_id = v.tenant_id and p.id = v.product_id
         order by b.rank, v.sku
         limit 200"
        ),
        params![TENANT, said, (!key.is_empty()).then_some(key), now],
    )
    .await
}

/// The variant with exactly this SKU, with what is available at a moment.
pub async fn variant(
    tx: &mut Tx,
    sku: &str,
    now: DateTime<Utc>,
) -> StoreResult<Option<VariantRow>> {
    tx.fetch_optional(
        concat!(
            "select v.sku, v.product_id, p.name, v.options, v.price_minor, v.active, v.version,
                ",
            available!("$3"),
            " as available
         from variants v
         join products p on p.tenant_id = v.tenant_id and p.id = v.product_id
         where v.tenant_id = $1 and v.sku = $2"
        ),
        params![TENANT, sku, now],
    )
    .await
}

/// The product with exactly this id.
pub async fn find(tx: &mut Tx, id: &str) -> StoreResult<Option<ProductRow>> {
    tx.fetch_optional(
        "select name, category, description, image_url
         from products
         where tenant_id = $1 and id = $2",
        params![TENANT, id],
    )
    .await
}

/// Every category, in lower case. Each is one step in an index, however many products there are.
pub async fn categories(tx: &mut Tx) -> StoreResult<Vec<(String,)>> {
    tx.fetch_all(
        "with recursive found (category) as (
             select min(category_key)
             from products
             where tenant_id = $1
             union all
             select (select min(p.category_key)
                     from products p
                     where p.tenant_id = $1 and p.category_key > f.category)
             from found f
             where f.category is not null
         )
         select category
         from found
         where category is not null
         limit 500",
        params![TENANT],
    )
    .await
}

/// Every word by which products are found, as `w:WORD`, each one step in an index.
pub async fn words(tx: &mut Tx) -> StoreResult<Vec<(String,)>> {
    tx.fetch_all(
        "with recursive found (term) as (
             select min(term)
             from search_terms
             where tenant_id = $1 and kind = 'product' and term >= 'w:'
             union all
             select (select min(t.term)
                     from search_terms t
                     where t.tenant_id = $1 and t.kind = 'product' and t.term > f.term)
             from found f
             where f.term is not null
         )
         select term
         from found
         where term like 'w:%'
         limit 50000",
        params![TENANT],
    )
    .await
}
