//! `order_return`: pieces of a delivered order that the customer sends back.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use validator::Validate;

use super::{
    find,
    items::Item,
    lines::{self, Ordered, Piece},
    refunds,
    requests::{self, PieceView},
};
use crate::{
    access::{scope, toolset},
    orders::{
        order_state::OrderStatus,
        sql::{order_requests::NewRequestItem, orders::OrderRow},
    },
    payments::sql::payments::PaidRow,
    sales,
};
use business_mcp_engine::{
    money::Money,
    speech::phrases,
    text,
    tool::{
        Answer, Approval, CallContext, Effect, Planned, Preview, Risk, Spec, ToolError, WriteTool,
    },
};

/// Asks for a return.
pub struct OrderReturn;

/// Which order, what of it, and where the money goes.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub struct Args {
    /// The order number.
    #[validate(length(min = 1, max = 200, message = "must be an order number"))]
    order_id: String,
    /// What comes back, 1 to 50 lines. All at once: one return or exchange per order.
    #[validate(length(min = 1, max = 50, message = "must have 1 to 50 lines"), nested)]
    items: Vec<Item>,
    /// The payment method that paid, or a gift card; what paid if left out.
    #[validate(length(min = 1, max = 64, message = "must be the id of a payment method"))]
    refund_to: Option<String>,
}

/// What is to come back: each article once, in the order of the SKUs.
#[derive(Debug, Serialize, Deserialize)]
pub struct Intent {
    order_id: String,
    items: Vec<Item>,
    refund_to: Option<String>,
}

/// The return that was noted.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output {
    /// Its number.
    request_id: String,
    /// The order.
    order_id: String,
    /// Where it stands now.
    status: OrderStatus,
    /// What comes back.
    items: Vec<PieceView>,
    /// What is refunded once it is back.
    refund_amount: Money,
    /// Where the refund goes; absent where it goes to what paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    refund_to: Option<String>,
}

/// A return that may be asked for.
#[derive(Debug)]
pub struct Plan {
    order: OrderRow,
    pieces: Vec<Piece>,
    refund_minor: i64,
    parts: Vec<PaidRow>,
    refund_to: Option<String>,
}

impl WriteTool for OrderReturn {
    type Args = Args;
    type Intent = Intent;
    type Plan = Plan;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "order_return",
        aliases: &[],
        version: 1,
        title: "Return items",
        description: "Note the return of items of a delivered order. Money goes back when the \
                      goods have arrived. One return or exchange per order, so collect every item \
                      first.",
        scope: Some(scope::ORDERS_WRITE),
        toolsets: &[toolset::VOICE, toolset::DESK],
        effect: Effect::Change,
        risk: Risk::Medium,
        approval: Approval::RequiresApproval,
    };

    async fn resolve(&self, ctx: &mut CallContext, args: Args) -> Result<Intent, ToolError> {
        let order = find::one(ctx, &args.order_id).await?;
        let ordered = Ordered::of(ctx, &order).await?;
        let items = ordered.resolve(ctx, &args.items).await?;
        let refund_to = refunds::destination(ctx, &order, args.refund_to.as_deref()).await?;
        Ok(Intent { order_id: order.id, items, refund_to })
    }

    async fn plan(
        &self,
        ctx: &mut CallContext,
        intent: Intent,
    ) -> Result<Planned<Plan>, ToolError> {
        let plan = plan(ctx, intent).await?;
        let (order, name) = (&plan.order.id, find::owner(ctx, &plan.order).await?);
        let pieces = lines::words(&plan.pieces);
        let back = refunds::words(&plan.parts, |minor| ctx.money(minor).to_string());
        let back = back.map_or_else(
            || text!("nothing to refund"),
            |back| text!("refund {back} once they are back", back),
        );
        let summary =
            text!("Return {pieces} of order {order} of {name}: {back}", pieces, order, name, back);
        let preview = Preview {
            amount: Some(ctx.money(plan.refund_minor)),
            details: json!({
                "order_id": plan.order.id,
                "customer_id": plan.order.customer_id,
                "items": views(&plan.pieces),
                "refund_amount": ctx.money(plan.refund_minor),
                "refund_to": plan.refund_to,
            }),
            ..Preview::new(phrases::stored(&summary, 400))
        };
        Ok(Planned { preview, plan })
    }

    async fn execute(
        &self,
        ctx: &mut CallContext,
        plan: Plan,
    ) -> Result<Answer<Output>, ToolError> {
        let status = OrderStatus::ReturnRequested;
        find::hold(ctx, &plan.order, status).await?;
        let item = |piece: &Piece| (piece.sku.clone(), piece.quantity);
        let items: Vec<(String, i64)> = plan.pieces.iter().map(item).collect();
        let items: Vec<NewRequestItem<'_>> = items
            .iter()
            .map(|(sku, quantity)| NewRequestItem { sku, quantity: *quantity, new: None })
            .collect();
        let money = (plan.refund_to.as_deref(), plan.refund_minor);
        let request_id =
            requests::record(ctx, ("return", "RET"), &plan.order.id, money, &items).await?;
        sales::order_changed(&mut ctx.tx, &plan.order.id).await?;
        let number = phrases::order_id(&request_id);
        let back = refunds::words(&plan.parts, |minor| phrases::money(ctx.money(minor)));
        let say = match back {
            Some(back) => text!(
                "Your return is noted, its number is {number}. Once the goods are here, I refund \
                 {back}.",
                number,
                back
            ),
            None => text!(
                "Your return is noted, its number is {number}. Nothing was paid, so nothing is \
                 refunded.",
                number
            ),
        };
        let output = Output {
            request_id,
            order_id: plan.order.id,
            status,
            items: views(&plan.pieces),
            refund_amount: ctx.money(plan.refund_minor),
            refund_to: plan.refund_to,
        };
        Ok(Answer::ok(say, output))
    }

    fn names_a_record(_intent: &Self::Intent) -> bool {
        true
    }
}

fn views(pieces: &[Piece]) -> Vec<PieceView> {
    let view = |piece: &Piece| PieceView { sku: piece.sku.clone(), quantity: piece.quantity };
    pieces.iter().map(view).collect()
}

/// The return, if it may be asked for.
async fn plan(ctx: &mut CallContext, intent: Intent) -> Result<Plan, ToolError> {
    let order = find::delivered(ctx, &intent.order_id).await?;
    let ordered = Ordered::of(ctx, &order).await?;
    let pieces = ordered.pieces(&intent.items)?;
    let taken: Vec<(&str, i64)> =
        pieces.iter().map(|piece| (piece.sku.as_str(), piece.quantity)).collect();
    let worth = ordered.lines.worth(&taken).map_err(|error| lines::refused(&error))?;
    let paid = refunds::paid(ctx, &order).await?;
    let parts = refunds::divide(ctx, &order, worth, intent.refund_to.as_deref(), &paid).await?;
    let refund_minor = parts.iter().map(|part| part.paid_minor).sum();
    Ok(Plan { order, pieces, refund_minor, parts, refund_to: intent.refund_to })
}

#[cfg(test)]
#[path = "order_return_tests.rs"]
mod tests;
