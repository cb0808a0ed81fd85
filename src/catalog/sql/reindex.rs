//! What products and their SKUs are found by, written anew.

use std::collections::{BTreeSet, HashMap};

use serde_json::{Map, Value};

use business_mcp_engine::{
    application::{Index, Reindexed},
    db::{
        StoreResult, TENANT, Tx, params, record,
        search_terms::{self, Terms},
        tenants,
    },
    speech::{name, reference},
};

/// How products are found.
pub(crate) const PRODUCTS: Index = Index {
    name: "products",
    count: "select count(*)
            from products
            where tenant_id = $1",
    reindex: |tx, after| Box::pin(products(tx, after)),
};

/// How SKUs are found.
pub(crate) const SKUS: Index = Index {
    name: "SKUs",
    count: "select count(*)
            from variants
            where tenant_id = $1",
    reindex: |tx, after| Box::pin(skus(tx, after)),
};

/// What is held by whoever writes down what products are found by. A product has no version.
pub(crate) const ONE_AT_A_TIME: &str = "product terms";

/// The terms by which a product is found: the words of its name, its category and its options, and the sounds of its
/// name.
pub(crate) fn terms<'a>(
    called: &'a str,
    category: Option<&'a str>,
    options: impl Iterator<Item = &'a Map<String, Value>>,
) -> BTreeSet<String> {
    let options = options.flat_map(Map::values).filter_map(Value::as_str);
    let texts = std::iter::once(called).chain(category).chain(options);
    let words = texts.flat_map(name::words).map(|word| format!("w:{word}"));
    let sounds = name::sound_keys(called).into_iter().map(|key| format!("s:{key}"));
    words.chain(sounds).collect()
}

record! {
    struct ProductRow {
        id: String,
        name: String,
        category: Option<String>,
        name_key: String,
        category_key: Option<String>,
    }
}

async fn products(tx: &mut Tx, after: &str) -> StoreResult<Option<Reindexed>> {
    tenants::one_at_a_time(tx, ONE_AT_A_TIME).await?;
    let rows: Vec<ProductRow> = tx
        .fetch_all(
            "select id, name, category, name_key, category_key
             from products
             where tenant_id = $1 and id > $2
             order by id
             limit 200",
            params![TENANT, after],
        )
        .await?;
    let Some(last) = rows.last() else { return Ok(None) };
    let kept = Terms::between(tx, "product", after, &last.id).await?;
    let options = options(tx, after, &last.id).await?;
    let mut changed = 0;
    for row in &rows {
        let of_row = options.get(&row.id).into_iter().flatten();
        let terms = terms(&row.name, row.category.as_deref(), of_row);
        changed += usize::from(product(tx, row, &terms, &kept).await?);
    }
    Ok(Some(Reindexed { last: last.id.clone(), records: rows.len(), changed }))
}

/// The options of each variant, by product.
async fn options(
    tx: &mut Tx,
    after: &str,
    last: &str,
) -> StoreResult<HashMap<String, Vec<Map<String, Value>>>> {
    let rows: Vec<(String, String)> = tx
        .fetch_all(
            "select product_id, options
             from variants
             where tenant_id = $1 and product_id > $2 and product_id <= $3",
            params![TENANT, after, last],
        )
        .await?;
    let mut found: HashMap<_, Vec<_>> = HashMap::new();
    for (product, options) in rows {
        // What is no object has no words.
        found.entry(product).or_default().push(serde_json::from_str(&options).unwrap_or_default());
    }
    Ok(found)
}

/// Says whether anything was to be changed.
async fn product(
    tx: &mut Tx,
    row: &ProductRow,
    terms: &BTreeSet<String>,
    kept: &Terms,
) -> StoreResult<bool> {
    let (name_key, category_key) = (name::fold(&row.name), row.category.as_deref().map(name::fold));
    if name_key == row.name_key && category_key == row.category_key && kept.are(&row.id, terms) {
        return Ok(false);
    }
    tx.execute(
        "update products
         set name_key = $3, category_key = $4
         where tenant_id = $1 and id = $2",
        params![TENANT, &row.id, &name_key, &category_key],
    )
    .await?;
    search_terms::replace(tx, "product", &row.id, terms).await?;
    Ok(true)
}

record! {
    struct SkuRow { sku: String, sku_key: String }
}

async fn skus(tx: &mut Tx, after: &str) -> StoreResult<Option<Reindexed>> {
    let rows: Vec<SkuRow> = tx
        .fetch_all(
            "select sku, sku_key
             from variants
             where tenant_id = $1 and sku > $2
             order by sku
             limit 1000",
            params![TENANT, after],
        )
        .await?;
    let Some(last) = rows.last() else { return Ok(None) };
    let mut changed = 0;
    for SkuRow { sku, sku_key } in &rows {
        let key = reference::key(sku);
        if key != *sku_key {
            tx.execute(
                "update variants
                 set sku_key = $3
                 where tenant_id = $1 and sku = $2",
                params![TENANT, sku, &key],
            )
            .await?;
            changed += 1;
        }
    }
    Ok(Some(Reindexed { last: last.sku.clone(), records: rows.len(), changed }))
}
