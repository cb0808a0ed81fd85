//! What an order needs to know of a SKU: what it is called, and what one costs.

use business_mcp_engine::db::{StoreResult, TENANT, Tx, params, record};

record! {
    /// A variant with its product's name.
    #[derive(Debug, Clone)]
    pub struct Article {
        /// The SKU.
        pub sku: String,
        /// The product that it is a variant of.
        pub product_id: String,
        /// The product's name.
        pub name: String,
        /// The options as a JSON object of texts.
        pub options: String,
        /// What one costs.
        pub price_minor: i64,
        /// Whether it is sold.
        pub active: bool,
    }
}

/// The article with exactly this SKU.
pub async fn find(tx: &mut Tx, sku: &str) -> StoreResult<Option<Article>> {
    tx.fetch_optional(
        "select v.sku, v.product_id, p.name, v.options, v.price_minor, v.active
         from variants v
         join products p on p.tenant_id = v.tenant_id and p.id = v.product_id
         where v.tenant_id = $1 and v.sku = $2",
        params![TENANT, sku],
    )
    .await
}

/// Articles whose SKU is said like this; up to three of them where it does not tell them apart.
pub async fn find_by_key(tx: &mut Tx, key: &str) -> StoreResult<Vec<Article>> {
    tx.fetch_all(
        "select v.sku, v.product_id, p.name, v.options, v.price_minor, v.active
         from variants v
         join products p on p.tenant_id = v.tenant_id and p.id = v.product_id
         where v.tenant_id = $1 and v.sku_key = $2
         order by v.sku
         limit 3",
        params![TENANT, key],
    )
    .await
}
