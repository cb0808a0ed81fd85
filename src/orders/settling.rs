//! What settling a return or an exchange does, checked in every respect before anything moves.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    find,
    items::{self, Item},
    lines::{self, Ordered, Piece},
    money::Moved,
    order_settle_request::{Args, Received},
    refunds,
    requests::{self, PieceView},
    swap::{Plan as SwapPlan, Planned},
};
use crate::{
    orders::sql::{
        order_requests::{self, RequestItemRow, RequestRow},
        orders::OrderRow,
    },
    payments::sql::payments::PaidRow,
};
use business_mcp_engine::{
    text,
    tool::{CallContext, ErrorCode, ToolError},
};

/// What is to be settled, and what arrived: each article once, in the order of the SKUs, and nothing of which
/// no piece arrived.
#[derive(Debug, Serialize, Deserialize)]
pub struct Intent {
    /// The order.
    order_id: String,
    /// The request.
    request_id: String,
    /// What arrived.
    received: Vec<Item>,
}

/// A request that may be settled.
pub struct Plan {
    /// The request, which is open.
    pub request: RequestRow,
    /// What arrived of each line of the request.
    pub arrived: Vec<i64>,
    /// That as pieces of the order.
    pub pieces: Vec<Piece>,
    /// What comes of it.
    pub effect: What,
}

/// What settling does.
pub enum What {
    /// The pieces go back to the shelf, and money to what paid.
    Refund {
        /// The order.
        order: Box<OrderRow>,
        /// What goes back, and where.
        parts: Vec<PaidRow>,
        /// The method that was noted for it, where that cannot take all of it any more.
        not_to: Option<String>,
    },
    /// Other pieces go out for them, and the difference is settled.
    Swap(Box<SwapPlan>),
    /// Nothing arrived, or the exchange cannot be made any more: the request is closed as it is.
    Nothing {
        /// The order.
        order: Box<OrderRow>,
    },
}

impl Plan {
    /// The order that it is about.
    pub fn order(&self) -> &OrderRow {
        match &self.effect {
            What::Refund { order, .. } | What::Nothing { order } => order,
            What::Swap(swap) => &swap.order,
        }
    }

    /// What is charged; below zero, refunded.
    pub fn minor(&self) -> i64 {
        match &self.effect {
            What::Refund { parts, .. } => -parts.iter().map(|part| part.paid_minor).sum::<i64>(),
            What::Swap(swap) => swap.owed_minor,
            What::Nothing { .. } => 0,
        }
    }

    /// What arrived, as answers show it.
    pub fn received(&self) -> Vec<PieceView> {
        let view = |piece: &Piece| PieceView { sku: piece.sku.clone(), quantity: piece.quantity };
        self.pieces.iter().map(view).collect()
    }

    /// What is charged or refunded, as answers show it.
    pub fn moved(&self, ctx: &CallContext) -> Vec<Moved> {
        match &self.effect {
            What::Refund { parts, .. } => Moved::refunds(ctx, parts),
            What::Swap(swap) => {
                Moved::of(ctx, swap.owed_minor, &swap.method.id).into_iter().collect()
            }
            What::Nothing { .. } => Vec::new(),
        }
    }
}

/// Finds what is to be settled. What the request is about does not change any more, so its SKUs come first, and
/// a list of everything means what no list means.
///
/// # Errors
/// `not_found`, and `invalid_parameters` for what the order does not have.
pub async fn resolve(ctx: &mut CallContext, args: &Args) -> Result<Intent, ToolError> {
    let order = find::one(ctx, &args.order_id).await?;
    let request = requests::one(ctx, &order.id, &args.request_id).await?;
    let rows = order_requests::items(&mut ctx.tx, &request.id).await?;
    let mut received = BTreeMap::<String, i64>::new();
    match &args.received {
        None => {
            for row in rows {
                *received.entry(row.sku).or_default() += row.quantity;
            }
        }
        Some(named) => {
            let ordered = Ordered::of(ctx, &order).await?;
            for Received { sku, quantity } in named {
                let sku = match lines::meant(&rows, |row| &row.sku, sku) {
                    Some(row) => row.sku.clone(),
                    None => ordered.find(sku)?.sku.clone(),
                };
                let arrived = received.entry(sku).or_default();
                *arrived = arrived.saturating_add(*quantity);
            }
        }
    }
    received.retain(|_, quantity| *quantity > 0);
    let item = |(sku, quantity)| Item { sku, quantity };
    let received = received.into_iter().map(item).collect();
    Ok(Intent { order_id: order.id, request_id: request.id, received })
}

/// What is to be settled, if it may be.
///
/// # Errors
/// `not_found`, `invalid_parameters`, and what stands in the way of an exchange.
pub async fn plan(ctx: &mut CallContext, intent: &Intent) -> Result<Plan, ToolError> {
    let order = find::by_id(ctx, &intent.order_id).await?;
    let request = requests::by_id(ctx, &order.id, &intent.request_id).await?;
    if request.status != "open" {
        return Err(settled(&request.id));
    }
    let rows = order_requests::items(&mut ctx.tx, &request.id).await?;
    let ordered = Ordered::of(ctx, &order).await?;
    let arrived = arrived(&rows, ordered.pieces(&intent.received)?)?;
    let mut pieces = Vec::with_capacity(rows.len());
    for (row, quantity) in rows.iter().zip(&arrived).filter(|(_, quantity)| **quantity > 0) {
        pieces.push(lines::piece(ordered.by_sku(&row.sku)?, *quantity));
    }
    let effect = if pieces.is_empty() {
        What::Nothing { order: Box::new(order) }
    } else if request.kind == "return" {
        refund(ctx, order, &ordered, &request, &pieces).await?
    } else {
        let news = rows.iter().zip(&arrived).filter(|(_, quantity)| **quantity > 0);
        let news: Vec<&RequestItemRow> = news.map(|(row, _)| row).collect();
        swap(ctx, order, &ordered, &request, (&pieces, &news)).await.map_err(or_closed)?
    };
    Ok(Plan { request, arrived, pieces, effect })
}

/// What arrived for what comes instead of it, line by line.
async fn swap(
    ctx: &mut CallContext,
    order: OrderRow,
    ordered: &Ordered,
    request: &RequestRow,
    (pieces, news): (&[Piece], &[&RequestItemRow]),
) -> Result<What, ToolError> {
    let mut changes = Vec::with_capacity(pieces.len());
    for (piece, row) in pieces.iter().zip(news) {
        let mut article = items::article(ctx, row.new_sku.as_deref().unwrap_or_default()).await?;
        // The price that the customer was told holds.
        article.price_minor = row.new_unit_price_minor.unwrap_or(article.price_minor);
        let new = items::Wanted { article, quantity: piece.quantity };
        changes.push(Planned { piece: piece.clone(), new });
    }
    let method_id = request.payment_method_id.clone().unwrap_or_default();
    let plan = SwapPlan::of(ctx, order, ordered, changes, &method_id).await?;
    Ok(What::Swap(Box::new(plan)))
}

/// What stands in the way of an exchange may stay there: the new variant is gone, the gift card is
/// spent. What was agreed cannot be changed here, so the next step is to wait, or to close it.
pub fn or_closed(refused: ToolError) -> ToolError {
    match refused.code() {
        ErrorCode::OutOfStock
        | ErrorCode::InsufficientBalance
        | ErrorCode::InvalidState
        | ErrorCode::NotFound => refused.with_next(text!(
            "Settle it later, or close it with quantity 0 in received: then no goods and no money \
             move, and order_refund can pay back."
        )),
        _ => refused,
    }
}

async fn refund(
    ctx: &mut CallContext,
    order: OrderRow,
    ordered: &Ordered,
    request: &RequestRow,
    pieces: &[Piece],
) -> Result<What, ToolError> {
    let taken: Vec<(&str, i64)> =
        pieces.iter().map(|piece| (piece.sku.as_str(), piece.quantity)).collect();
    let worth = ordered.lines.worth(&taken).map_err(|error| lines::refused(&error))?;
    let paid = refunds::paid(ctx, &order).await?;
    // What the refund was to go to may have got its money back since, or be gone. Then it goes to what
    // paid, so that a request can always be closed, and whoever closes it is told.
    let to = match &request.payment_method_id {
        Some(id) => refunds::target(ctx, &order, id, &paid).await.map(Some).or_else(|error| {
            let gone = [ErrorCode::InvalidParameters, ErrorCode::NotFound];
            if gone.contains(&error.code()) { Ok(None) } else { Err(error) }
        })?,
        None => None,
    };
    let parts = refunds::parts(&paid, worth, to.as_ref());
    let is_other = |id: &String| parts.iter().any(|part| part.payment_method_id != *id);
    let not_to = request.payment_method_id.clone().filter(is_other);
    Ok(What::Refund { order: Box::new(order), parts, not_to })
}

/// What arrived of each line of a request.
fn arrived(rows: &[RequestItemRow], mut named: Vec<Piece>) -> Result<Vec<i64>, ToolError> {
    let mut arrived = Vec::with_capacity(rows.len());
    for row in rows {
        let piece = named.iter_mut().find(|piece| piece.sku == row.sku);
        arrived.push(piece.map_or(0, |piece| {
            let here = piece.quantity.min(row.quantity);
            piece.quantity -= here;
            here
        }));
    }
    match named.iter().find(|piece| piece.quantity > 0) {
        None => Ok(arrived),
        Some(piece) => {
            let title = &piece.title;
            Err(ToolError::invalid(text!(
                "More of {title} arrived than the request is about. Please check what came back.",
                title
            )))
        }
    }
}

/// The refusal of a request that is closed.
pub fn settled(id: &str) -> ToolError {
    ToolError::invalid_state(text!("The request {id} is settled already.", id))
}
