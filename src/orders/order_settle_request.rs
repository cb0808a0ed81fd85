//! `order_settle_request`: the goods of a return or an exchange have arrived.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use validator::Validate;

use super::{
    find, lines,
    money::{self, Moved},
    order_update_items, refunds,
    requests::PieceView,
    settling::{self, Intent, Plan, What},
    shelf,
};
use crate::{
    access::{scope, toolset},
    orders::{order_state::OrderStatus, sql::order_requests},
};
use business_mcp_engine::{
    speech::phrases,
    text,
    tool::{
        Answer, Approval, CallContext, Effect, Planned, Preview, Risk, Spec, ToolError, WriteTool,
    },
};

/// Settles a return or an exchange.
pub struct OrderSettleRequest;

/// Which request, and what arrived of it.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub struct Args {
    /// The order number.
    #[validate(length(min = 1, max = 200, message = "must be an order number"))]
    pub order_id: String,
    /// The number of the return or exchange.
    #[validate(length(min = 1, max = 64, message = "must be the number of a request"))]
    pub request_id: String,
    /// What arrived; everything if left out. What did not arrive is not paid for. With 0 of everything
    /// the request is closed and nothing moves.
    #[validate(length(min = 1, max = 50, message = "must have 1 to 50 lines"), nested)]
    pub received: Option<Vec<Received>>,
}

/// Pieces that arrived.
#[derive(Debug, Serialize, Deserialize, JsonSchema, Validate)]
pub struct Received {
    /// The SKU.
    #[validate(length(min = 1, max = 64, message = "must have 1 to 64 characters"))]
    pub sku: String,
    /// How many, 0 to 10000.
    #[validate(range(min = 0, max = 10_000, message = "must be from 0 to 10000"))]
    pub quantity: i64,
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

impl WriteTool for OrderSettleRequest {
    type Args = Args;
    type Intent = Intent;
    type Plan = Plan;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "order_settle_request",
        aliases: &[],
        version: 1,
        title: "Settle a return or exchange",
        description: "Close a return or exchange whose goods have arrived: pay the refund or the \
                      difference and move the stock. Name what arrived if it was not everything.",
        scope: Some(scope::ORDERS_WRITE),
        toolsets: &[toolset::DESK, toolset::STOCK],
        effect: Effect::Change,
        risk: Risk::Medium,
        approval: Approval::RequiresApproval,
    };

    async fn resolve(&self, ctx: &mut CallContext, args: Args) -> Result<Intent, ToolError> {
        settling::resolve(ctx, &args).await
    }

    async fn plan(
        &self,
        ctx: &mut CallContext,
        intent: Intent,
    ) -> Result<Planned<Plan>, ToolError> {
        let plan = settling::plan(ctx, &intent).await?;
        let name = find::owner(ctx, plan.order()).await?;
        let (request, order) = (&plan.request.id, &plan.order().id);
        let pieces = lines::words(&plan.pieces);
        let money = match &plan.effect {
            What::Refund { parts, not_to, .. } => {
                let back = refunds::words(parts, |minor| ctx.money(minor).to_string());
                match (back, not_to) {
                    (None, _) => text!("nothing to refund"),
                    (Some(back), None) => text!("refund {back}", back),
                    (Some(back), Some(method)) => text!(
                        "refund {back}, because {method} cannot take all of it any more",
                        back,
                        method
                    ),
                }
            }
            What::Swap(swap) => money::due(ctx, swap.owed_minor, &swap.method),
            What::Nothing { .. } => text!("no goods and no money move"),
        };
        let summary = if pieces.is_empty() {
            text!(
                "Close {request} of order {order} of {name}: {money}",
                request,
                order,
                name,
                money
            )
        } else {
            text!(
                "Settle {request} of order {order} of {name}: {pieces} arrived; {money}",
                request,
                order,
                name,
                pieces,
                money
            )
        };
        let holds = match &plan.effect {
            What::Swap(swap) => swap.holds(),
            What::Refund { .. } | What::Nothing { .. } => Vec::new(),
        };
        let preview = Preview {
            amount: Some(ctx.money(plan.minor().saturating_abs())),
            details: json!({
                "order_id": order,
                "customer_id": plan.order().customer_id,
                "request_id": request,
                "refund_to": plan.request.payment_method_id,
                "received": plan.received(),
                "payments": plan.moved(ctx),
            }),
            holds,
            ..Preview::new(phrases::stored(&summary, 400))
        };
        Ok(Planned { preview, plan })
    }

    async fn execute(
        &self,
        ctx: &mut CallContext,
        plan: Plan,
    ) -> Result<Answer<Output>, ToolError> {
        let status = find::status(&plan.order().status)?;
        find::hold(ctx, plan.order(), status).await?;
        let (id, now) = (plan.request.id.as_str(), ctx.now);
        let minor = plan.minor();
        if !order_requests::settle(&mut ctx.tx, id, &plan.arrived, minor, now).await? {
            return Err(settling::settled(id));
        }
        let reason = plan.request.kind.as_str();
        let kind = if reason == "return" { text!("return") } else { text!("exchange") };
        let number = phrases::order_id(id);
        let say = match &plan.effect {
            What::Refund { order, parts, not_to } => {
                let mut back = BTreeMap::<String, i64>::new();
                for piece in &plan.pieces {
                    *back.entry(piece.sku.clone()).or_default() += piece.quantity;
                }
                shelf::put_back(ctx, &order.id, reason, &back).await?;
                refunds::pay(ctx, order, parts, reason).await?;
                let money =
                    refunds::sentence(ctx, parts).unwrap_or_else(|| text!("Nothing is refunded"));
                match not_to {
                    None => text!("The {kind} {number} is settled. {money}.", kind, number, money),
                    Some(_) => text!(
                        "The {kind} {number} is settled. {money}, because what was noted for the \
                         refund can't take all of it any more.",
                        kind,
                        number,
                        money
                    ),
                }
            }
            What::Swap(swap) => {
                order_update_items::make(ctx, swap, reason).await.map_err(settling::or_closed)?;
                let money = money::words(ctx, swap.owed_minor, &swap.method, swap.waits);
                text!("The {kind} {number} is settled. {money}.", kind, number, money)
            }
            What::Nothing { .. } => {
                text!("The {kind} {number} is closed. No goods and no money move.", kind, number)
            }
        };
        let output = Output {
            request_id: plan.request.id.clone(),
            order_id: plan.order().id.clone(),
            status,
            received: plan.received(),
            payments: plan.moved(ctx),
        };
        Ok(Answer::ok(say, output))
    }

    fn names_a_record(_intent: &Self::Intent) -> bool {
        true
    }
}

#[cfg(test)]
#[path = "order_settle_request_tests.rs"]
mod tests;
