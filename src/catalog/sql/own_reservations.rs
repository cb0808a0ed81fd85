//! Pieces that a caller has reserved, where they order them: in the conversation that reserved them nobody names the
//! reservation.
//!
//! A request that waits borrows them. They go back to the reservation when it ends, and are drawn from there where it
//! is executed.

use chrono::{DateTime, Utc};

use super::reservations::Holding;
use business_mcp_engine::db::{StoreResult, TENANT, Tx, params};

/// The id, holder, location, pieces and end of a reservation.
type Own = (String, String, String, i64, DateTime<Utc>);

/// What somebody has reserved of a SKU and nobody has borrowed, in the order in which it is locked.
async fn of(tx: &mut Tx, sku: &str, owner: &str, now: DateTime<Utc>) -> StoreResult<Vec<Own>> {
    tx.fetch_all(
        "select id, holder, location, quantity, expires_at
         from reservations
         where tenant_id = $1 and sku = $2 and reserved_by = $3 and lent_by is null
           and expires_at > $4
         order by location, id",
        params![TENANT, sku, owner, now],
    )
    .await
}

/// How many pieces of a SKU somebody has reserved.
pub async fn count(tx: &mut Tx, sku: &str, owner: &str, now: DateTime<Utc>) -> StoreResult<i64> {
    Ok(of(tx, sku, owner, now).await?.iter().map(|(.., quantity, _)| quantity).sum())
}

/// Whether a reservation has pieces left at a moment, its own or lent ones.
pub async fn is_open(
    tx: &mut Tx,
    (sku, reservation): (&str, &str),
    now: DateTime<Utc>,
) -> StoreResult<bool> {
    let open: Option<(String,)> = tx
        .fetch_optional(
            "select id
             from reservations
             where tenant_id = $1 and sku = $2 and expires_at > $4
               and (holder = $3 or lent_by = $3)
             limit 1",
            params![TENANT, sku, reservation, now],
        )
        .await?;
    Ok(open.is_some())
}

/// Takes so many pieces, or as many as somebody has reserved, out of stock and off the reservation. Each location and
/// what was taken there is to go through [`super::stock::record_movement`].
pub async fn draw(
    tx: &mut Tx,
    sku: &str,
    quantity: i64,
    (owner, now): (&str, DateTime<Utc>),
) -> StoreResult<Vec<(String, i64)>> {
    let mut missing = quantity;
    let mut drawn = Vec::new();
    for (id, _, location, there, _) in of(tx, sku, owner, now).await? {
        let here = missing.min(there);
        if here > 0 && leave_stock(tx, sku, &location, here).await? {
            if take(tx, &id, there, here).await? {
                missing -= here;
                drawn.push((location, here));
            } else {
                // Whoever was quicker has used it or let it go.
                leave_stock(tx, sku, &location, -here).await?;
            }
        }
    }
    Ok(drawn)
}

/// Lets a request hold pieces that somebody has reserved, and says how many are missing.
pub async fn lend(
    tx: &mut Tx,
    sku: &str,
    quantity: i64,
    (owner, to): (&str, Holding<'_>),
) -> StoreResult<i64> {
    let mut missing = quantity;
    for (id, holder, location, there, until) in of(tx, sku, owner, to.now).await? {
        let here = missing.min(there);
        let fits = to.location.is_none_or(|only| only == location);
        // Stock is locked first, by everybody.
        let ready = here > 0 && fits && leave_stock(tx, sku, &location, 0).await?;
        if ready && take(tx, &id, there, here).await? {
            tx.execute(
                "insert into reservations
                     (tenant_id, id, sku, location, quantity, holder, expires_at, reserved_by,
                      lent_by, lent_until)
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                params![
                    TENANT,
                    &uuid::Uuid::now_v7().to_string(),
                    sku,
                    &location,
                    here,
                    to.holder,
                    to.until,
                    owner,
                    &holder,
                    until
                ],
            )
            .await?;
            missing -= here;
        }
    }
    Ok(missing)
}

/// Gives pieces that were lent back to a reservation that has not ended at a moment. False where they were not lent.
pub(super) async fn give_back(tx: &mut Tx, id: &str, at: DateTime<Utc>) -> StoreResult<bool> {
    let given = tx
        .execute(
            "update reservations
             set holder = lent_by, expires_at = lent_until, lent_by = null, lent_until = null
             where tenant_id = $1 and id = $2 and lent_until > $3",
            params![TENANT, id, at],
        )
        .await?;
    Ok(given == 1)
}

/// Reserved pieces leave a location, or come back with a negative number.
async fn leave_stock(tx: &mut Tx, sku: &str, location: &str, pieces: i64) -> StoreResult<bool> {
    let changed = tx
        .execute(
            "update stock
             set on_hand = on_hand - $4, reserved = reserved - $4
             where tenant_id = $1 and sku = $2 and location = $3 and reserved >= $4",
            params![TENANT, sku, location, pieces],
        )
        .await?;
    Ok(changed == 1)
}

/// Takes pieces off a reservation that still has as many as were seen.
async fn take(tx: &mut Tx, id: &str, seen: i64, pieces: i64) -> StoreResult<bool> {
    let changed = if pieces == seen {
        tx.execute(
            "delete from reservations where tenant_id = $1 and id = $2 and quantity = $3",
            params![TENANT, id, seen],
        )
        .await?
    } else {
        tx.execute(
            "update reservations
             set quantity = quantity - $4
             where tenant_id = $1 and id = $2 and quantity = $3",
            params![TENANT, id, seen, pieces],
        )
        .await?
    };
    Ok(changed == 1)
}
