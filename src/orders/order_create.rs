//! `order_create`: places an order at the total that was read back to the caller.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use validator::Validate;

use super::{
    bill::{self, BillView},
    items::{self, Item},
    money, place,
    plan::{self, Plan},
    said,
};
use crate::{
    access::{scope, toolset},
    catalog,
    orders::{
        order_state::OrderStatus,
        sql::orders::{self, OrderRow},
    },
};
use business_mcp_engine::{
    speech::{phrases, text},
    text,
    tool::{
        Answer, Approval, Aside, CallContext, Effect, FreeText, Hold, Planned, Preview, Risk, Spec,
        ToolError, WriteTool, answer::rfc3339,
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
    #[validate(length(max = 100, message = "must be an amount such as 59.98"))]
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

/// What is to be ordered: each article once, in the order of the SKUs.
#[derive(Debug, Serialize, Deserialize)]
pub struct Intent {
    /// For whom.
    pub customer_id: String,
    /// What.
    pub items: Vec<Item>,
    /// The total that was read back.
    pub total_minor: i64,
    /// The quote whose price holds; the total says already what it comes to.
    pub quote_id: Option<Aside<String>>,
    /// What is charged.
    pub payment_method_id: Option<String>,
    /// What is to be noted.
    pub note: Option<FreeText>,
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

impl WriteTool for OrderCreate {
    type Args = Args;
    type Intent = Intent;
    type Plan = Plan;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "order_create",
        aliases: &[],
        version: 1,
        title: "Place an order",
        description: "Place an order for a customer. Quote it with order_quote, read items and \
                      total back, and call only after the caller said yes.",
        scope: Some(scope::ORDERS_WRITE),
        toolsets: &[toolset::VOICE, toolset::DESK],
        effect: Effect::Add,
        risk: Risk::Medium,
        approval: Approval::RequiresApproval,
    };

    async fn resolve(&self, ctx: &mut CallContext, args: Args) -> Result<Intent, ToolError> {
        let total = ctx.amount("total", &args.total)?;
        let note = args.note.as_deref().map(|note| text::check(note, 500)).transpose();
        let note =
            note.map_err(|why| ToolError::invalid(text!("The argument note {why}.", why)))?;
        let buyer = bill::buyer(ctx, &args.customer_id).await?;
        let items = items::resolve(ctx, &args.items).await?;
        let quote_id = match &args.quote_id {
            Some(id) => Some(plan::quote(ctx, &buyer, id).await?.id.into()),
            None => None,
        };
        let payment_method_id = match &args.payment_method_id {
            Some(id) => Some(money::method(ctx, &buyer.id, id).await?.id),
            None => None,
        };
        Ok(Intent {
            customer_id: buyer.id,
            items,
            total_minor: total.minor,
            quote_id,
            payment_method_id,
            note: note.map(FreeText::from),
        })
    }

    async fn plan(
        &self,
        ctx: &mut CallContext,
        intent: Intent,
    ) -> Result<Planned<Plan>, ToolError> {
        let plan = Plan::of(ctx, intent).await?;
        let total = ctx.money(plan.bill.total_minor);
        // The agent speaks this sentence too, so money is words.
        let summary = text!(
            "Order for {name}: {what}, for {amount}",
            name = plan.buyer.name,
            what = said::pieces(plan.bill.pieces()),
            amount = phrases::money(total)
        );
        let drawn_from = catalog::reserver(ctx);
        let hold = |wanted: &items::Wanted| Hold {
            drawn_from: drawn_from.clone(),
            ..Hold::anywhere(&wanted.article.sku, wanted.quantity)
        };
        let preview = Preview {
            amount: Some(total),
            details: json!({
                "customer_id": plan.buyer.id,
                "order": plan.bill.view(ctx),
                "payment_method_id": plan.method.as_ref().map(|method| &method.id),
                "address": plan.buyer.address.as_deref().and_then(|json| {
                    serde_json::from_str::<Value>(json).ok()
                }),
                "note": plan.note.as_deref(),
            }),
            holds: plan.wanted.iter().map(hold).collect(),
            ..Preview::new(phrases::stored(&summary, 400))
        };
        Ok(Planned { preview, plan })
    }

    async fn execute(
        &self,
        ctx: &mut CallContext,
        plan: Plan,
    ) -> Result<Answer<Output>, ToolError> {
        let order_id = place::place(ctx, &plan).await?;
        ctx.set_audit_subject(&order_id);
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

    /// An order that was cancelled since is wanted again.
    async fn still_holds(
        &self,
        ctx: &mut CallContext,
        _intent: &Intent,
        answer: &Value,
    ) -> Result<bool, ToolError> {
        let id = answer.get("order_id").and_then(Value::as_str).unwrap_or_default();
        let order = orders::find(&mut ctx.tx, id).await?;
        let is_open = |order: &OrderRow| order.status != OrderStatus::Cancelled.as_str();
        Ok(order.is_some_and(|order| order.is(is_open)))
    }

    fn names_a_record(_intent: &Self::Intent) -> bool {
        true
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
