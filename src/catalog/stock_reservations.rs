//! Stock that is reserved for an approval while it is pending.

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;

use business_mcp_engine::{
    business::{Reservations, Reserved},
    db::{StoreResult, Tx},
    text,
    tool::{CallContext, ErrorCode, Hold, ToolError},
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
                    own_reservations::lend(tx, &hold.sku, hold.quantity, from).await?
                }
            };
            if reservations::hold(tx, &hold.sku, missing, holding).await? {
                return Ok(());
            }
            Err(ToolError::new(
                ErrorCode::OutOfStock,
                text!(
                    "There are no longer {quantity} of {sku} in stock.",
                    quantity = hold.quantity,
                    sku = hold.sku
                ),
            ))
        })
    }

    fn release<'a>(&'a self, tx: &'a mut Tx, holder: &'a str) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(async move { reservations::release_holder(tx, holder).await.map(drop) })
    }

    fn release_expired<'a>(
        &'a self,
        tx: &'a mut Tx,
        now: DateTime<Utc>,
        limit: i64,
    ) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(async move { reservations::release_ended(tx, now, limit).await.map(drop) })
    }
}
