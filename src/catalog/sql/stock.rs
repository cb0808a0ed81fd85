//! Stock: what is on hand, what is held, and the ledger of every movement.
//!
//! Each change is one conditional statement whose row count is looked at, so stock cannot go below
//! zero however many callers there are. Rows are always touched in the order of their SKUs, so that
//! transactions do not wait for each other in a circle.

use chrono::{DateTime, Utc};

use super::reservations;
use business_mcp_engine::db::{StoreResult, TENANT, Tx, params, record};

/// Pieces of a variant `v` that nobody holds, at all locations, at the moment of this parameter.
macro_rules! available {
    ($now:literal) => {
        concat!(
            "(select cast(coalesce(sum(s.on_hand - s.reserved), 0) as bigint)
              from stock s
              where s.tenant_id = v.tenant_id and s.sku = v.sku)
             + (select cast(coalesce(sum(r.quantity), 0) as bigint)
                from reservations r
                where r.tenant_id = v.tenant_id and r.sku = v.sku and r.expires_at <= ",
            $now,
            ")"
        )
    };
}
pub(crate) use available;

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

/// Stock of a SKU at every location at a moment, the fullest first.
pub async fn of_sku(tx: &mut Tx, sku: &str, now: DateTime<Utc>) -> StoreResult<Vec<StockRow>> {
    tx.fetch_all(
        "select location, on_hand, reserved
         from (select s.location, s.on_hand,
                      s.reserved - (select cast(coalesce(sum(r.quantity), 0) as bigint)
                                    from reservations r
                                    where r.tenant_id = s.tenant_id and r.sku = s.sku
                                      and r.location = s.location and r.expires_at <= $3) as reserved
               from stock s
               where s.tenant_id = $1 and s.sku = $2) as counted
         order by on_hand - reserved desc, location",
        params![TENANT, sku, now],
    )
    .await
}

/// Takes pieces from a location if that many are free there; what has ended but was not let go yet
/// is not free.
async fn take_at(tx: &mut Tx, sku: &str, location: &str, quantity: i64) -> StoreResult<bool> {
    let changed = tx
        .execute(
            "update stock
             set on_hand = on_hand - $4
             where tenant_id = $1 and sku = $2 and location = $3 and on_hand - reserved >= $4",
            params![TENANT, sku, location, quantity],
        )
        .await?;
    Ok(changed == 1)
}

/// Takes free pieces from wherever they are, the fullest location first. False when there are not
/// enough, and then the caller lets the transaction go.
pub async fn take(tx: &mut Tx, sku: &str, quantity: i64, cause: Cause<'_>) -> StoreResult<bool> {
    let drawn = draw(tx, sku, quantity, cause.at).await?;
    for (location, pieces) in &drawn {
        record_movement(tx, sku, location, -pieces, cause).await?;
    }
    Ok(sum(&drawn) == quantity)
}

/// Takes free pieces like [`take`] and leaves the ledger to the caller, who may not know the cause
/// yet: each location and what was taken there is to go through [`record_movement`] before the
/// commit. What is missing in the sum was not there.
pub async fn draw(
    tx: &mut Tx,
    sku: &str,
    quantity: i64,
    now: DateTime<Utc>,
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
            params![TENANT, sku, quantity],
        )
        .await?;
    if let Some((location,)) = at_once {
        return Ok(vec![(location, quantity)]);
    }
    let mut drawn = Vec::new();
    let mut missing = quantity;
    loop {
        reservations::release_ended_of(tx, sku, now).await?;
        let mut overtaken = false;
        for (location, here) in places(tx, sku, missing, None, now).await? {
            if take_at(tx, sku, &location, here).await? {
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

/// Where so many pieces, or as many as are free, are to be had, the fullest location first, at one
/// location only or at all. They come in the order of the locations, in which everybody locks them.
pub(super) async fn places(
    tx: &mut Tx,
    sku: &str,
    quantity: i64,
    only: Option<&str>,
    now: DateTime<Utc>,
) -> StoreResult<Vec<(String, i64)>> {
    let mut places = Vec::new();
    for row in of_sku(tx, sku, now).await? {
        let here = (quantity - sum(&places)).min(row.on_hand - row.reserved);
        if here > 0 && only.is_none_or(|only| only == row.location) {
            places.push((row.location, here));
        }
    }
    places.sort();
    Ok(places)
}

fn sum(pieces: &[(String, i64)]) -> i64 {
    pieces.iter().map(|(_, pieces)| pieces).sum()
}

/// Puts pieces to a location, or takes them away with a negative number. False when fewer than
/// that are free there.
pub async fn change(
    tx: &mut Tx,
    sku: &str,
    location: &str,
    delta: i64,
    cause: Cause<'_>,
) -> StoreResult<bool> {
    if delta < 0 {
        let mut taken = take_at(tx, sku, location, -delta).await?;
        if !taken && reservations::release_ended_of(tx, sku, cause.at).await? > 0 {
            taken = take_at(tx, sku, location, -delta).await?;
        }
        if !taken {
            return Ok(false);
        }
    } else {
        tx.execute(
            "insert into stock (tenant_id, sku, location, on_hand, reserved)
             values ($1, $2, $3, $4, 0)
             on conflict (tenant_id, sku, location) do update
             set on_hand = stock.on_hand + excluded.on_hand",
            params![TENANT, sku, location, delta],
        )
        .await?;
    }
    record_movement(tx, sku, location, delta, cause).await?;
    Ok(true)
}

/// Moves free pieces from one location to another, as two movements of one cause. False when fewer
/// than that are free there, and then the caller lets the transaction go.
pub async fn transfer(
    tx: &mut Tx,
    sku: &str,
    (from, to): (&str, &str),
    quantity: i64,
    cause: Cause<'_>,
) -> StoreResult<bool> {
    // In the order of the locations, so that two that go opposite ways do not wait for each other.
    let mut legs = [(from, -quantity), (to, quantity)];
    legs.sort_unstable();
    for (location, delta) in legs {
        if !change(tx, sku, location, delta, cause).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Writes down that pieces came to a location, or left it.
pub async fn record_movement(
    tx: &mut Tx,
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
        params![TENANT, &id, sku, location, delta, cause.reason, cause.id, cause.actor, cause.at],
    )
    .await?;
    Ok(())
}

/// What an order took, by SKU and location, to be put back.
pub async fn taken_by(tx: &mut Tx, order_id: &str) -> StoreResult<Vec<(String, String, i64)>> {
    tx.fetch_all(
        // Materialized, because SQLite would rather read every movement in the order of the groups.
        "with moved as materialized (
             select sku, location, delta
             from stock_movements
             where tenant_id = $1 and cause = $2
         )
         select sku, location, cast(-sum(delta) as bigint)
         from moved
         group by sku, location
         having sum(delta) < 0
         order by sku, location",
        params![TENANT, order_id],
    )
    .await
}

/// Every location that has a stock row.
pub async fn locations(tx: &mut Tx) -> StoreResult<Vec<(String,)>> {
    tx.fetch_all(
        "select distinct location
         from stock
         where tenant_id = $1
         order by location",
        params![TENANT],
    )
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{databases, long_ago, small_shop};

    #[tokio::test]
    async fn the_fullest_place_gives_most_and_all_are_locked_in_one_order() {
        for db in databases().await {
            let mut tx = db.db.write().await.unwrap().of("demo");
            small_shop(&mut tx).await;
            // A language puts `main` and `store` between these two.
            let cause = Cause { reason: "import", id: None, actor: "test", at: long_ago() };
            for (location, pieces) in [("Zoo", 1), ("Annex", 4)] {
                change(&mut tx, "TEE-BLUE-M", location, pieces, cause).await.unwrap();
            }
            let places = places(&mut tx, "TEE-BLUE-M", 10, None, long_ago()).await.unwrap();
            let wanted = [("Annex", 4), ("Zoo", 1), ("main", 2), ("store", 3)];
            assert_eq!(places, wanted.map(|(place, pieces)| (place.to_owned(), pieces)));
            for (location, pieces) in &places {
                let taken = -pieces;
                let cause = Cause { reason: "sale", id: Some("ORD-1"), ..cause };
                change(&mut tx, "TEE-BLUE-M", location, taken, cause).await.unwrap();
            }
            let back = taken_by(&mut tx, "ORD-1").await.unwrap();
            let back: Vec<(String, i64)> = back.into_iter().map(|(_, at, n)| (at, n)).collect();
            assert_eq!(back, places);
        }
    }
}
