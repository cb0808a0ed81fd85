//! `order_settle_request`: the goods of a return or an exchange have arrived.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use validator::Validate;

use super::{
    find,
    items::{self, Item},
    lines::{self, Ordered, Piece},
    money::{self, Moved},
    order_update_items, refunds,
    requests::{self, PieceView},
    shelf,
    swap::{Plan as SwapPlan, Planned},
};
use crate::{
    domain::{order_state::OrderStatus, speech},
    store::{
        order_requests::{self, RequestItemRow, RequestRow},
        orders::OrderRow,
        payments::PaidRow,
    },
    text,
    toolkit::{
        Answer, Approval, CallContext, Effect, ErrorCode, Preview, Risk, Scope, Spec, Tool,
        ToolError, Toolset,
    },
};

/// Settles a return or an exchange.
pub struct OrderSettleRequest;

/// Which request, and what arrived of it.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub struct Args {
    /// The order number.
    #[validate(length(min = 1, max = 200, message = "must be an order number"))]
    order_id: String,
    /// The number of the return or exchange.
    #[validate(length(min = 1, max = 64, message = "must be the number of a request"))]
    request_id: String,
    /// What arrived; everything if left out. What did not arrive is not paid for.
    #[validate(length(min = 1, max = 50, message = "must have 1 to 50 lines"), nested)]
    received: Option<Vec<Item>>,
}

/// What was settled.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output {
    /// The request.
    request_id: String,
    /// The order.
    order_id: String,
    /// Where the order stands.
    status: OrderStatus,
    /// What arrived and is in stock again.
    received: Vec<PieceView>,
    /// What was charged or refunded.
    payments: Vec<Moved>,
}

/// A request that may be settled.
struct Plan {
    request: RequestRow,
    /// What arrived of each line of the request.
    arrived: Vec<i64>,
    pieces: Vec<Piece>,
    effect: What,
}

/// What settling does.
enum What {
    Refund { order: Box<OrderRow>, parts: Vec<PaidRow> },
    Swap(Box<SwapPlan>),
}

impl Tool for OrderSettleRequest {
    type Args = Args;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "order_settle_request",
        aliases: &[],
        version: 1,
        title: "Settle a return or exchange",
        description: "Close a return or exchange whose goods have arrived: pay the refund or the \
                      difference and move the stock. Name what arrived if it was not everything.",
        scope: Some(Scope::OrdersWrite),
        toolsets: &[Toolset::Desk, Toolset::Stock],
        effect: Effect::Change,
        risk: Risk::Medium,
        approval: Approval::RequiresApproval,
    };

    async fn preview(&self, ctx: &mut CallContext, args: &Args) -> Result<Preview, ToolError> {
        let plan = plan(ctx, args).await?;
        let name = find::owner(ctx, plan.order()).await?;
        let (request, order) = (&plan.request.id, &plan.order().id);
        let pieces = lines::words(&plan.pieces);
        let money = match &plan.effect {
            What::Refund { parts, .. } => {
                let back = refunds::words(parts, |minor| ctx.money(minor).to_string());
                back.map_or_else(|| text!("nothing to refund"), |back| text!("refund {back}", back))
            }
            What::Swap(swap) => money::due(ctx, swap.owed_minor, &swap.method),
        };
        let summary = text!(
            "Settle {request} of order {order} of {name}: {pieces} arrived; {money}",
            request,
            order,
            name,
            pieces,
            money
        );
        let holds = match &plan.effect {
            What::Refund { .. } => Vec::new(),
            What::Swap(swap) => swap.holds(),
        };
        Ok(Preview {
            summary: speech::stored(&summary, 400),
            amount: Some(ctx.money(plan.minor().saturating_abs())),
            details: json!({
                "order_id": order,
                "request_id": request,
                "received": plan.received(),
                "payments": plan.moved(ctx),
            }),
            holds,
        })
    }

    async fn call(&self, ctx: &mut CallContext, args: Args) -> Result<Answer<Output>, ToolError> {
        let tenant = ctx.tenant_id();
        let plan = plan(ctx, &args).await?;
        let status = find::status(&plan.order().status)?;
        find::hold(ctx, plan.order(), status).await?;
        let (id, now) = (plan.request.id.as_str(), ctx.now);
        let minor = plan.minor();
        if !order_requests::settle(&mut ctx.tx, &tenant, id, &plan.arrived, minor, now).await? {
            return Err(settled(id));
        }
        let reason = plan.request.kind.as_str();
        let (kind, money) = match &plan.effect {
            What::Refund { order, parts } => {
                let mut back = BTreeMap::<String, i64>::new();
                for piece in &plan.pieces {
                    *back.entry(piece.sku.clone()).or_default() += piece.quantity;
                }
                shelf::put_back(ctx, &order.id, reason, &back).await?;
                refunds::pay(ctx, order, parts, reason).await?;
                let back =
                    refunds::sentence(ctx, parts).unwrap_or_else(|| text!("Nothing is refunded"));
                (text!("return"), back)
            }
            What::Swap(swap) => {
                order_update_items::make(ctx, swap, reason).await?;
                (text!("exchange"), money::words(ctx, swap.owed_minor, &swap.method, swap.waits))
            }
        };
        let number = speech::order_id(id);
        let say = text!("The {kind} {number} is settled. {money}.", kind, number, money);
        let output = Output {
            request_id: plan.request.id.clone(),
            order_id: plan.order().id.clone(),
            status,
            received: plan.received(),
            payments: plan.moved(ctx),
        };
        Ok(Answer::ok(say, output))
    }
}

impl Plan {
    fn order(&self) -> &OrderRow {
        match &self.effect {
            What::Refund { order, .. } => order,
            What::Swap(swap) => &swap.order,
        }
    }

    /// What is charged; below zero, refunded.
    fn minor(&self) -> i64 {
        match &self.effect {
            What::Refund { parts, .. } => -parts.iter().map(|part| part.paid_minor).sum::<i64>(),
            What::Swap(swap) => swap.owed_minor,
        }
    }

    fn received(&self) -> Vec<PieceView> {
        let view = |piece: &Piece| PieceView { sku: piece.sku.clone(), quantity: piece.quantity };
        self.pieces.iter().map(view).collect()
    }

    fn moved(&self, ctx: &CallContext) -> Vec<Moved> {
        match &self.effect {
            What::Refund { parts, .. } => Moved::refunds(ctx, parts),
            What::Swap(swap) => {
                Moved::of(ctx, swap.owed_minor, &swap.method.id).into_iter().collect()
            }
        }
    }
}

/// What is to be settled, if it may be.
async fn plan(ctx: &mut CallContext, args: &Args) -> Result<Plan, ToolError> {
    let tenant = ctx.tenant_id();
    let order = find::one(ctx, &args.order_id).await?;
    let request = requests::one(ctx, &order.id, &args.request_id).await?;
    if request.status != "open" {
        return Err(settled(&request.id));
    }
    let rows = order_requests::items(&mut ctx.tx, &tenant, &request.id).await?;
    let ordered = Ordered::of(ctx, &order).await?;
    let received = args.received.as_deref().map(|items| ordered.pieces(items)).transpose()?;
    let arrived = arrived(&rows, received)?;
    let mut pieces = Vec::with_capacity(rows.len());
    for (row, quantity) in rows.iter().zip(&arrived).filter(|(_, quantity)| **quantity > 0) {
        pieces.push(lines::piece(ordered.find(&row.sku)?, *quantity));
    }
    let effect = if request.kind == "return" {
        refund(ctx, order, &ordered, &request, &pieces).await?
    } else {
        let mut changes = Vec::with_capacity(pieces.len());
        let news = rows.iter().zip(&arrived).filter(|(_, quantity)| **quantity > 0);
        for ((row, quantity), piece) in news.zip(&pieces) {
            let new_sku = row.new_sku.as_deref().unwrap_or_default();
            let mut article = items::article(ctx, new_sku).await?;
            // The price that the customer was told holds.
            article.price_minor = row.new_unit_price_minor.unwrap_or(article.price_minor);
            let new = items::Wanted { article, quantity: *quantity };
            changes.push(Planned { piece: piece.clone(), new });
        }
        let method_id = request.payment_method_id.clone().unwrap_or_default();
        What::Swap(Box::new(SwapPlan::of(ctx, order, &ordered, changes, &method_id).await?))
    };
    Ok(Plan { request, arrived, pieces, effect })
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
    // What the refund was to go to may have got all of its money back since, or be gone. Then it goes
    // to what paid, so that a request can always be closed.
    let to = match &request.payment_method_id {
        Some(id) => refunds::target(ctx, &order, id, &paid).await.map(Some).or_else(|error| {
            let gone = [ErrorCode::InvalidParameters, ErrorCode::NotFound];
            if gone.contains(&error.code()) { Ok(None) } else { Err(error) }
        })?,
        None => None,
    };
    let parts = refunds::parts(&paid, worth, to.as_ref());
    Ok(What::Refund { order: Box::new(order), parts })
}

/// What arrived of each line of a request: everything, or what was named of it.
fn arrived(rows: &[RequestItemRow], named: Option<Vec<Piece>>) -> Result<Vec<i64>, ToolError> {
    let Some(mut named) = named else { return Ok(rows.iter().map(|row| row.quantity).collect()) };
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

fn settled(id: &str) -> ToolError {
    ToolError::invalid_state(text!("The request {id} is settled already.", id))
}

#[cfg(test)]
#[path = "order_settle_request_tests.rs"]
mod tests;
