//! Variants: on what terms each is sold and reordered, and which are low.

use chrono::{DateTime, Utc};

use business_mcp_engine::db::{StoreResult, TENANT, Tx, params, record};

/// Counts a tenant's prices.
pub const PRICES: &str = "select count(*)
    from variants
    where tenant_id = $1";

record! {
    /// On what terms a variant is sold and reordered.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct TermsRow {
        /// What one piece costs.
        pub price_minor: i64,
        /// Whether it is sold.
        pub active: bool,
        /// With how many free pieces it is to be reordered; 0 where it is not.
        pub reorder_point: i64,
        /// Which change this is.
        pub version: i64,
    }
}

record! {
    /// A variant that is low.
    #[derive(Debug, Clone)]
    pub struct LowRow {
        /// Its SKU.
        pub sku: String,
        /// The product's name.
        pub name: String,
        /// The options as a JSON object of texts.
        pub options: String,
        /// Pieces that nobody holds.
        pub available: i64,
        /// With how many it is to be reordered.
        pub reorder_point: i64,
        /// How many variants are low in all.
        pub matches: i64,
    }
}

/// The terms of the variant with exactly this SKU.
pub async fn terms(tx: &mut Tx, sku: &str) -> StoreResult<Option<TermsRow>> {
    tx.fetch_optional(
        "select price_minor, active, reorder_point, version
         from variants
         where tenant_id = $1 and sku = $2",
        params![TENANT, sku],
    )
    .await
}

/// Changes a variant's terms to those given, of which the version is the one that they replace.
/// False when somebody else has changed them since.
pub async fn set_terms(tx: &mut Tx, sku: &str, terms: &TermsRow) -> StoreResult<bool> {
    let changed = tx
        .execute(
            "update variants
             set price_minor = $3, active = $4, reorder_point = $5, version = version + 1
             where tenant_id = $1 and sku = $2 and version = $6",
            params![
                TENANT,
                sku,
                terms.price_minor,
                terms.active,
                terms.reorder_point,
                terms.version
            ],
        )
        .await?;
    Ok(changed == 1)
}

/// Variants that are sold, have a reorder point, and of which no more are free at all locations;
/// those furthest below it first. It reads the whole table.
pub async fn low(tx: &mut Tx, now: DateTime<Utc>, limit: i64) -> StoreResult<Vec<LowRow>> {
    tx.fetch_all_long(
        "with ended as materialized (
             select sku, cast(sum(quantity) as bigint) as pieces
             from reservations
             where tenant_id = $1 and expires_at <= $2
             group by sku
         ),
         counted as (
             select v.sku, v.product_id, v.options, v.reorder_point,
                    cast(coalesce(sum(s.on_hand - s.reserved), 0) as bigint)
                    + coalesce(max(e.pieces), 0) as available
             from variants v
             left join stock s on s.tenant_id = v.tenant_id and s.sku = v.sku
             left join ended e on e.sku = v.sku
             where v.tenant_id = $1 and v.active and v.reorder_point > 0
             group by v.tenant_id, v.sku
         )
         select c.sku, p.name, c.options, c.available, c.reorder_point, count(*) over () as matches
         from counted c
         cross join products p
         where c.available <= c.reorder_point and p.tenant_id = $1 and p.id = c.product_id
         order by c.available - c.reorder_point, c.sku
         limit $3",
        params![TENANT, now, limit],
    )
    .await
}

/// Like [`low`], but only of what is kept at one location, and only what is free there.
pub async fn low_at(
    tx: &mut Tx,
    location: &str,
    now: DateTime<Utc>,
    limit: i64,
) -> StoreResult<Vec<LowRow>> {
    tx.fetch_all_long(
        "select sku, name, options, available, reorder_point, count(*) over () as matches
         from (select v.sku, p.name, v.options, v.reorder_point,
                      s.on_hand - s.reserved
                      + (select cast(coalesce(sum(r.quantity), 0) as bigint)
                         from reservations r
                         where r.tenant_id = s.tenant_id and r.sku = s.sku
                           and r.location = s.location and r.expires_at <= $2) as available
               from variants v
               cross join stock s
               cross join products p
               where v.tenant_id = $1 and v.active and v.reorder_point > 0
                 and s.tenant_id = v.tenant_id and s.sku = v.sku and s.location = $4
                 and p.tenant_id = v.tenant_id and p.id = v.product_id) as counted
         where available <= reorder_point
         order by available - reorder_point, sku
         limit $3",
        params![TENANT, now, limit, location],
    )
    .await
}
