//! Reservations: pieces that are held for someone until a moment.
//!
//! `reserved` in `stock` is the sum of the rows here. A reservation that has ended counts no longer,
//! from the very second on, although its row stays until somebody needs the pieces or the sweeper
//! comes by. So whoever counts leaves out what has ended, and whoever finds too little lets it go
//! first ([`release_ended_of`]).
//!
//! Everybody locks the row in `stock` before those of its reservations.

use chrono::{DateTime, Utc};

use super::{own_reservations, stock};
use business_mcp_engine::db::{StoreResult, TENANT, Tx, params, record};

record! {
    /// Pieces of a SKU at one location that someone holds.
    #[derive(Debug, Clone)]
    pub struct HeldRow {
        /// What is held.
        pub sku: String,
        /// Where.
        pub location: String,
        /// How many pieces.
        pub quantity: i64,
        /// From when on they are free again.
        pub expires_at: DateTime<Utc>,
    }
}

/// Who holds, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Holding<'a> {
    /// Who holds: a request that waits, or a reservation's id.
    pub holder: &'a str,
    /// Only at this location; otherwise wherever there are pieces.
    pub location: Option<&'a str>,
    /// Who draws on it later without naming it, as [`crate::catalog::reserver`] says.
    pub reserved_by: Option<&'a str>,
    /// When it begins.
    pub now: DateTime<Utc>,
    /// When it ends.
    pub until: DateTime<Utc>,
}

/// Holds free pieces for a holder until a moment. False when there are not enough, and then the
/// caller lets the transaction go.
pub async fn hold(
    tx: &mut Tx,
    sku: &str,
    quantity: i64,
    holding: Holding<'_>,
) -> StoreResult<bool> {
    let mut missing = hold_free(tx, sku, quantity, holding).await?;
    if missing > 0 {
        // What has ended is let go, and whoever was quicker may have left enough elsewhere.
        release_ended_of(tx, sku, holding.now).await?;
        missing = hold_free(tx, sku, missing, holding).await?;
    }
    Ok(missing == 0)
}

/// Holds what is free, the fullest location first, and says how many are missing.
async fn hold_free(
    tx: &mut Tx,
    sku: &str,
    quantity: i64,
    holding: Holding<'_>,
) -> StoreResult<i64> {
    let mut missing = quantity;
    for (location, here) in stock::places(tx, sku, quantity, holding.location, holding.now).await? {
        let changed = tx
            .execute(
                "update stock
                 set reserved = reserved + $4
                 where tenant_id = $1 and sku = $2 and location = $3
                   and on_hand - reserved >= $4",
                params![TENANT, sku, &location, here],
            )
            .await?;
        if changed == 1 {
            let id = uuid::Uuid::now_v7().to_string();
            tx.execute(
                "insert into reservations
                     (tenant_id, id, sku, location, quantity, holder, expires_at, reserved_by)
                 values ($1, $2, $3, $4, $5, $6, $7, $8)",
                params![
                    TENANT,
                    &id,
                    sku,
                    &location,
                    here,
                    holding.holder,
                    holding.until,
                    holding.reserved_by
                ],
            )
            .await?;
            missing -= here;
        }
    }
    Ok(missing)
}

/// What a holder holds at a moment, in the order of SKU and location; nothing once it has ended.
pub async fn of_holder(tx: &mut Tx, holder: &str, now: DateTime<Utc>) -> StoreResult<Vec<HeldRow>> {
    tx.fetch_all(
        "select sku, location, cast(sum(quantity) as bigint) as quantity, expires_at
         from reservations
         where tenant_id = $1 and holder = $2 and expires_at > $3
         group by sku, location, expires_at
         order by sku, location, expires_at",
        params![TENANT, holder, now],
    )
    .await
}

/// Lets go of everything that a holder holds, and says how many pieces that were. What was lent goes back to the
/// reservation that it came from, and does not count.
pub async fn release_holder(tx: &mut Tx, holder: &str) -> StoreResult<i64> {
    let held: Vec<(String, String, String, i64)> = tx
        .fetch_all(
            "select id, sku, location, quantity
             from reservations
             where tenant_id = $1 and holder = $2
             order by sku, location, id",
            params![TENANT, holder],
        )
        .await?;
    let mut pieces = 0;
    for (id, sku, location, quantity) in held {
        if own_reservations::give_back(tx, &id, DateTime::UNIX_EPOCH).await? {
            continue;
        }
        if release(tx, &id, &sku, &location, quantity).await? {
            pieces += quantity;
        }
    }
    Ok(pieces)
}

/// Lets go of what is held of a SKU beyond its time, and says how many reservations that were.
pub async fn release_ended_of(tx: &mut Tx, sku: &str, now: DateTime<Utc>) -> StoreResult<usize> {
    let held: Vec<(String, String, i64)> = tx
        .fetch_all(
            "select id, location, quantity
             from reservations
             where tenant_id = $1 and sku = $2 and expires_at <= $3
             order by location, id",
            params![TENANT, sku, now],
        )
        .await?;
    for (id, location, quantity) in &held {
        if own_reservations::give_back(tx, id, now).await? {
            continue;
        }
        release(tx, id, sku, location, *quantity).await?;
    }
    Ok(held.len())
}

/// Lets go of what is held beyond its time, of every tenant.
pub async fn release_ended(tx: &mut Tx, now: DateTime<Utc>, limit: i64) -> StoreResult<usize> {
    let held: Vec<(String, String, String, String, i64)> = tx
        .fetch_all(
            "select tenant_id, id, sku, location, quantity
             from reservations
             where expires_at <= $1
             order by tenant_id, sku, location, id
             limit $2",
            params![now, limit],
        )
        .await?;
    for (tenant, id, sku, location, quantity) in &held {
        tx.set_tenant(tenant.as_str());
        if own_reservations::give_back(tx, id, now).await? {
            continue;
        }
        release(tx, id, sku, location, *quantity).await?;
    }
    Ok(held.len())
}

/// Ends one reservation. The row in `stock` is changed first, because everybody waits for that one;
/// whoever then finds no reservation to delete was too late, and takes the change back.
async fn release(
    tx: &mut Tx,
    id: &str,
    sku: &str,
    location: &str,
    quantity: i64,
) -> StoreResult<bool> {
    let freed = tx
        .execute(
            "update stock
             set reserved = reserved - $4
             where tenant_id = $1 and sku = $2 and location = $3 and reserved >= $4",
            params![TENANT, sku, location, quantity],
        )
        .await?;
    let ended = tx
        .execute("delete from reservations where tenant_id = $1 and id = $2", params![TENANT, id])
        .await?;
    if freed == 1 && ended == 0 {
        tx.execute(
            "update stock
             set reserved = reserved + $4
             where tenant_id = $1 and sku = $2 and location = $3",
            params![TENANT, sku, location, quantity],
        )
        .await?;
    }
    Ok(ended == 1)
}
