//! Stock: what is on hand, what is held, and the ledger of every movement.
//!
//! Each change is one conditional statement whose row count is looked at, so stock cannot go below
//! zero however many callers there are. Rows are always touched in the order of their SKUs, so that
//! transactions do not wait for each other in a circle.

use chrono::{DateTime, Utc};

use super::{StoreResult, Tx, params, record};

record! {
    /// Stock of a SKU at one location.
    #[derive(Debug, Clone)]
    pub struct StockRow {
        /// Where.
        pub location: String,
        /// Pieces there.
        pub on_hand: i64,
        /// Pieces of those that are held for someone.
        pub reserved: i64,
    }
}

/// Why and by whom stock is moved.
#[derive(Debug, Clone, Copy)]
pub struct Cause<'a> {
    /// `sale`, `cancellation`, `adjustment`, `import` and so on.
    pub reason: &'a str,
    /// The order or request behind it.
    pub id: Option<&'a str>,
    /// The principal.
    pub actor: &'a str,
    /// When.
    pub at: DateTime<Utc>,
}

/// Stock of a SKU at every location, the fullest first.
pub async fn of_sku(tx: &mut Tx, tenant: &str, sku: &str) -> StoreResult<Vec<StockRow>> {
    tx.fetch_all(
        "select location, on_hand, reserved
         from stock
         where tenant_id = $1 and sku = $2
         order by on_hand - reserved desc, location",
        params![tenant, sku],
    )
    .await
}

/// Takes pieces from a location if that many are free there.
async fn take_at(
    tx: &mut Tx,
    tenant: &str,
    sku: &str,
    location: &str,
    quantity: i64,
) -> StoreResult<bool> {
    let changed = tx
        .execute(
            "update stock
             set on_hand = on_hand - $4
             where tenant_id = $1 and sku = $2 and location = $3 and on_hand - reserved >= $4",
            params![tenant, sku, location, quantity],
        )
        .await?;
    Ok(changed == 1)
}

/// Takes free pieces from wherever they are, the fullest location first. False when there are not
/// enough, and then the caller lets the transaction go.
pub async fn take(
    tx: &mut Tx,
    tenant: &str,
    sku: &str,
    quantity: i64,
    cause: Cause<'_>,
) -> StoreResult<bool> {
    let drawn = draw(tx, tenant, sku, quantity).await?;
    for (location, pieces) in &drawn {
        record_movement(tx, tenant, sku, location, -pieces, cause).await?;
    }
    Ok(sum(&drawn) == quantity)
}

/// Takes free pieces like [`take`] and leaves the ledger to the caller, who may not know the cause
/// yet: each location and what was taken there is to go through [`record_movement`] before the
/// commit. What is missing in the sum was not there.
pub async fn draw(
    tx: &mut Tx,
    tenant: &str,
    sku: &str,
    quantity: i64,
) -> StoreResult<Vec<(String, i64)>> {
    // Nearly always one place has them all, and then this is the only statement.
    let at_once: Option<(String,)> = tx
        .fetch_optional(
            "update stock
             set on_hand = on_hand - $3
             where tenant_id = $1 and sku = $2 and on_hand - reserved >= $3
               and location = (select location
                               from stock
                               where tenant_id = $1 and sku = $2
                               order by on_hand - reserved desc, location
                               limit 1)
             returning location",
            params![tenant, sku, quantity],
        )
        .await?;
    if let Some((location,)) = at_once {
        return Ok(vec![(location, quantity)]);
    }
    let mut drawn = Vec::new();
    let mut missing = quantity;
    loop {
        let mut wanted = Vec::new();
        for row in of_sku(tx, tenant, sku).await? {
            let here = (missing - sum(&wanted)).min(row.on_hand - row.reserved);
            if here > 0 {
                wanted.push((row.location, here));
            }
        }
        // Fullest first decides how many; the rows are locked in one order by everybody.
        wanted.sort();
        let mut overtaken = false;
        for (location, here) in wanted {
            if take_at(tx, tenant, sku, &location, here).await? {
                missing -= here;
                drawn.push((location, here));
            } else {
                overtaken = true;
            }
        }
        // Whoever was quicker may have left enough elsewhere, so they are counted again.
        if missing == 0 || !overtaken {
            return Ok(drawn);
        }
    }
}

fn sum(pieces: &[(String, i64)]) -> i64 {
    pieces.iter().map(|(_, pieces)| pieces).sum()
}

/// Puts pieces to a location, or takes them away with a negative number. False when fewer than
/// that are free there.
pub async fn change(
    tx: &mut Tx,
    tenant: &str,
    sku: &str,
    location: &str,
    delta: i64,
    cause: Cause<'_>,
) -> StoreResult<bool> {
    if delta < 0 {
        if !take_at(tx, tenant, sku, location, -delta).await? {
            return Ok(false);
        }
    } else {
        tx.execute(
            "insert into stock (tenant_id, sku, location, on_hand, reserved)
             values ($1, $2, $3, $4, 0)
             on conflict (tenant_id, sku, location) do update
             set on_hand = stock.on_hand + excluded.on_hand",
            params![tenant, sku, location, delta],
        )
        .await?;
    }
    record_movement(tx, tenant, sku, location, delta, cause).await?;
    Ok(true)
}

/// Writes down that pieces came to a location, or left it.
pub async fn record_movement(
    tx: &mut Tx,
    tenant: &str,
    sku: &str,
    location: &str,
    delta: i64,
    cause: Cause<'_>,
) -> StoreResult<()> {
    let id = uuid::Uuid::now_v7().to_string();
    tx.execute(
        "insert into stock_movements
             (tenant_id, id, sku, location, delta, reason, cause, actor, at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        params![tenant, &id, sku, location, delta, cause.reason, cause.id, cause.actor, cause.at],
    )
    .await?;
    Ok(())
}

/// What an order took, by SKU and location, to be put back.
pub async fn taken_by(
    tx: &mut Tx,
    tenant: &str,
    order_id: &str,
) -> StoreResult<Vec<(String, String, i64)>> {
    tx.fetch_all(
        "select sku, location, cast(-sum(delta) as bigint)
         from stock_movements
         where tenant_id = $1 and cause = $2
         group by sku, location
         having sum(delta) < 0
         order by sku, location",
        params![tenant, order_id],
    )
    .await
}

/// Holds free pieces for a holder until a moment. False when there are not enough.
pub async fn hold(
    tx: &mut Tx,
    tenant: &str,
    sku: &str,
    quantity: i64,
    holder: &str,
    expires_at: DateTime<Utc>,
) -> StoreResult<bool> {
    let mut missing = quantity;
    for row in of_sku(tx, tenant, sku).await? {
        let here = missing.min(row.on_hand - row.reserved);
        if here <= 0 {
            continue;
        }
        let changed = tx
            .execute(
                "update stock
                 set reserved = reserved + $4
                 where tenant_id = $1 and sku = $2 and location = $3
                   and on_hand - reserved >= $4",
                params![tenant, sku, &row.location, here],
            )
            .await?;
        if changed == 1 {
            let id = uuid::Uuid::now_v7().to_string();
            tx.execute(
                "insert into reservations
                     (tenant_id, id, sku, location, quantity, holder, expires_at)
                 values ($1, $2, $3, $4, $5, $6, $7)",
                params![tenant, &id, sku, &row.location, here, holder, expires_at],
            )
            .await?;
            missing -= here;
        }
        if missing == 0 {
            return Ok(true);
        }
    }
    Ok(missing == 0)
}

/// Lets go of everything that a holder holds.
pub async fn release_holder(tx: &mut Tx, tenant: &str, holder: &str) -> StoreResult<()> {
    let held: Vec<(String, String, String, i64)> = tx
        .fetch_all(
            "select id, sku, location, quantity
             from reservations
             where tenant_id = $1 and holder = $2
             order by sku, location, id",
            params![tenant, holder],
        )
        .await?;
    for (id, sku, location, quantity) in held {
        release(tx, tenant, &id, &sku, &location, quantity).await?;
    }
    Ok(())
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
        release(tx, tenant, id, sku, location, *quantity).await?;
    }
    Ok(held.len())
}

/// Ends one reservation; only whoever deletes the row gives the pieces back.
async fn release(
    tx: &mut Tx,
    tenant: &str,
    id: &str,
    sku: &str,
    location: &str,
    quantity: i64,
) -> StoreResult<()> {
    let ended = tx
        .execute("delete from reservations where tenant_id = $1 and id = $2", params![tenant, id])
        .await?;
    if ended == 1 {
        tx.execute(
            "update stock
             set reserved = reserved - $4
             where tenant_id = $1 and sku = $2 and location = $3",
            params![tenant, sku, location, quantity],
        )
        .await?;
    }
    Ok(())
}

/// A location that has a stock row, by its name in any case.
pub async fn find_location(
    tx: &mut Tx,
    tenant: &str,
    location: &str,
) -> StoreResult<Option<(String,)>> {
    tx.fetch_optional(
        "select location
         from stock
         where tenant_id = $1 and lower(location) = lower($2)
         order by case when location = $2 then 0 else 1 end
         limit 1",
        params![tenant, location],
    )
    .await
}
