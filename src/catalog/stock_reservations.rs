//! Stock that is reserved for an approval while it is pending.

use std::time::Duration;

use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use business_mcp_engine::{
    business::{Reservations, Reserved},
    db::{Db, StoreResult, Tx},
    text,
    tool::{CallContext, Clock, ErrorCode, Hold, ToolError},
};

use super::sql::{
    own_reservations,
    reservations::{self, Holding},
};

/// In whose name a call reserves: the principal's in one conversation, which draws on it without naming it. Without a
/// conversation there is no telling whose call the next one is.
pub fn reserver(ctx: &CallContext) -> Option<String> {
    let conversation = ctx.conversation.as_deref()?;
    Some(format!("{}\n{conversation}", ctx.caller.subject))
}

/// Reserves stock.
pub struct StockReservations;

impl Reservations for StockReservations {
    fn reserve<'a>(
        &'a self,
        tx: &'a mut Tx,
        hold: &'a Hold,
        reserved: Reserved<'a>,
    ) -> BoxFuture<'a, Result<(), ToolError>> {
        let holding = Holding {
            holder: reserved.holder,
            location: hold.location.as_deref(),
            reserved_by: None,
            now: reserved.now,
            until: reserved.until,
        };
        Box::pin(async move {
            let missing = match &hold.drawn_from {
                None => hold.quantity,
                Some(owner) => {
                    let from = (owner.as_str(), holding);
                    own_reservations::lend(tx, &hold.item, hold.quantity, from).await?
                }
            };
            if reservations::hold(tx, &hold.item, missing, holding).await? {
                return Ok(());
            }
            Err(ToolError::new(
                ErrorCode::OutOfStock,
                text!(
                    "There are no longer {quantity} of {sku} in stock.",
                    quantity = hold.quantity,
                    sku = hold.item
                ),
            ))
        })
    }

    fn release<'a>(&'a self, tx: &'a mut Tx, holder: &'a str) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(async move { reservations::release_holder(tx, holder).await.map(drop) })
    }
}

/// How often expired reservations are released.
const INTERVAL: Duration = Duration::from_secs(5);
/// How many are released at once, so that the transaction stays short.
const BATCH: i64 = 500;

/// Releases expired reservations until `stop` is cancelled.
pub async fn release_expired(db: Db, clock: Clock, stop: CancellationToken) {
    release_every(INTERVAL, db, clock, stop).await;
}

async fn release_every(interval: Duration, db: Db, clock: Clock, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(interval)).await.is_some() {
        let released = async {
            let mut tx = db.write().await?;
            reservations::release_ended(&mut tx, clock.now(), BATCH).await?;
            tx.commit().await
        };
        if let Err(error) = released.await {
            let source = std::error::Error::source(&error).map(ToString::to_string);
            tracing::warn!(%error, source, "failed to release expired reservations");
        }
    }
}

#[cfg(test)]
#[path = "stock_reservations_tests.rs"]
mod tests;
