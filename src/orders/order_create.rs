//! `order_create`: places an order at the total that was read back to the caller.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use validator::Validate;

use super::{
    bill::BillView,
    items::{self, Item},
    place,
    plan::Plan,
    said,
};
use crate::orders::order_state::OrderStatus;
use business_mcp_engine::{
    speech::phrases,
    text,
    tool::{
        Answer, Approval, CallContext, Effect, Hold, Preview, Risk, Scope, Spec, Tool, ToolError,
        Toolset, answer::rfc3339,
    },
};

/// Places an order.
pub struct OrderCreate;

/// What to order, for whom, at which total.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub struct Args {
    /// The customer's id.
    #[validate(length(min = 1, max = 64, message = "must be a customer's id"))]
    pub customer_id: String,
    /// What is ordered, 1 to 50 lines.
    #[validate(length(min = 1, max = 50, message = "must have 1 to 50 lines"), nested)]
    pub items: Vec<Item>,
    /// The total that was read back to the caller, such as 59.98.
    #[validate(length(max = 40, message = "must be an amount such as 59.98"))]
    pub total: String,
    /// The quote whose price holds.
    #[validate(length(max = 64, message = "must be the id of a quote"))]
    pub quote_id: Option<String>,
    /// What to charge; without it the order is paid later.
    #[validate(length(max = 64, message = "must be the id of a payment method"))]
    pub payment_method_id: Option<String>,
    /// A note, at most 500 characters.
    #[validate(length(max = 500, message = "must be at most 500 characters"))]
    pub note: Option<String>,
}

/// The order.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output {
    /// Its number.
    order_id: String,
    /// Where it stands.
    status: OrderStatus,
    /// When it was placed (RFC 3339, UTC).
    placed_at: String,
    #[serde(flatten)]
    bill: BillView,
    /// What was charged; absent where it is paid later.
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_method_id: Option<String>,
}

impl Tool for OrderCreate {
    type Args = Args;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "order_create",
        aliases: &[],
        version: 1,
        title: "Place an order",
        description: "Place an order for a customer. Quote it with order_quote, read items and \
                      total back, and call only after the caller said yes.",
        scope: Some(Scope::OrdersWrite),
        toolsets: &[Toolset::Voice, Toolset::Desk],
        effect: Effect::Add,
        risk: Risk::Medium,
        approval: Approval::RequiresApproval,
    };

    async fn preview(&self, ctx: &mut CallContext, args: &Args) -> Result<Preview, ToolError> {
        let plan = Plan::of(ctx, args).await?;
        let total = ctx.money(plan.bill.total_minor);
        // The agent speaks this sentence too, so money is words.
        let summary = text!(
            "Order for {name}: {what}, for {amount}",
            name = plan.buyer.name,
            what = said::pieces(plan.bill.pieces()),
            amount = phrases::money(total)
        );
        let hold = |wanted: &items::Wanted| Hold {
            sku: wanted.article.sku.clone(),
            quantity: wanted.quantity,
            location: None,
        };
        Ok(Preview {
            summary: phrases::stored(&summary, 400),
            amount: Some(total),
            details: json!({
                "customer_id": plan.buyer.id,
                "order": plan.bill.view(ctx),
                "payment_method_id": plan.method.as_ref().map(|method| &method.id),
                "note": plan.note,
            }),
            holds: plan.wanted.iter().map(hold).collect(),
        })
    }

    async fn call(&self, ctx: &mut CallContext, args: Args) -> Result<Answer<Output>, ToolError> {
        let plan = Plan::of(ctx, &args).await?;
        let order_id = place::place(ctx, &plan).await?;
        ctx.concerns(&order_id);
        let say = say(ctx, &plan, &order_id);
        let output = Output {
            order_id,
            status: OrderStatus::Pending,
            placed_at: rfc3339(ctx.now),
            bill: plan.bill.view(ctx),
            payment_method_id: plan.method.map(|method| method.id),
        };
        Ok(Answer::ok(say, output))
    }
}

fn say(ctx: &CallContext, plan: &Plan, order_id: &str) -> String {
    let number = phrases::order_id(order_id);
    let what = said::pieces(plan.bill.pieces());
    let total = phrases::money(ctx.money(plan.bill.total_minor));
    // A card is charged after this call, and may still be declined.
    let paid = match plan.method.as_ref().map(|method| method.kind.as_str()) {
        None => text!("to be paid later"),
        Some("card") => text!("to be charged to the card"),
        Some("wallet") => text!("to be charged to the wallet"),
        Some(_) => text!("paid"),
    };
    text!(
        "Your order is placed, its number is {number}. That is {what} for {total}, {paid}.",
        number,
        what,
        total,
        paid
    )
}

#[cfg(test)]
#[path = "order_create_tests.rs"]
mod tests;
