//! The lines of orders.

use business_mcp_engine::db::{StoreResult, TENANT, Tx, params, record};

record! {
    /// A line of an order, with what its article is called today.
    #[derive(Debug, Clone)]
    pub struct ItemRow {
        /// Its place, from 1.
        pub line: i64,
        /// What was ordered.
        pub sku: String,
        /// The product that it is a variant of, if the article is still there.
        pub product_id: Option<String>,
        /// The product's name, if it is still there.
        pub name: Option<String>,
        /// The options as a JSON object, if the article is still there.
        pub options: Option<String>,
        /// How many.
        pub quantity: i64,
        /// What one cost at list price.
        pub unit_price_minor: i64,
        /// What was taken off the whole line.
        pub discount_minor: i64,
    }
}

/// A new line.
#[derive(Debug, Clone, Copy)]
pub struct NewItem<'a> {
    /// Its place, from 1.
    pub line: i64,
    /// What is ordered.
    pub sku: &'a str,
    /// How many.
    pub quantity: i64,
    /// What one costs at list price.
    pub unit_price_minor: i64,
    /// What is taken off the whole line.
    pub discount_minor: i64,
}

/// The lines of an order.
pub async fn of_order(tx: &mut Tx, order_id: &str) -> StoreResult<Vec<ItemRow>> {
    tx.fetch_all(
        "select i.line, i.sku, v.product_id, p.name, v.options, i.quantity, i.unit_price_minor,
                i.discount_minor
         from order_items i
         left join variants v on v.tenant_id = i.tenant_id and v.sku = i.sku
         left join products p on p.tenant_id = v.tenant_id and p.id = v.product_id
         where i.tenant_id = $1 and i.order_id = $2
         order by i.line",
        params![TENANT, order_id],
    )
    .await
}

/// How many of each SKU an order has, in the order of the SKUs.
pub async fn quantities(tx: &mut Tx, order_id: &str) -> StoreResult<Vec<(String, i64)>> {
    tx.fetch_all(
        "select sku, cast(sum(quantity) as bigint)
         from order_items
         where tenant_id = $1 and order_id = $2
         group by sku
         order by sku",
        params![TENANT, order_id],
    )
    .await
}

/// Writes a line, in the place of what stood there.
pub async fn write(tx: &mut Tx, order_id: &str, item: NewItem<'_>) -> StoreResult<()> {
    tx.execute(
        "insert into order_items
             (tenant_id, order_id, line, sku, quantity, unit_price_minor, discount_minor)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (tenant_id, order_id, line) do update
         set sku = excluded.sku, quantity = excluded.quantity,
             unit_price_minor = excluded.unit_price_minor,
             discount_minor = excluded.discount_minor",
        params![
            TENANT,
            order_id,
            item.line,
            item.sku,
            item.quantity,
            item.unit_price_minor,
            item.discount_minor
        ],
    )
    .await?;
    Ok(())
}
