//! `order_refund`: money back for an order, for a reason.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use validator::Validate;

use super::{find, money::Moved, refunds};
use crate::{
    access::{scope, toolset},
    customers::sql::interactions::{self, NewInteraction},
    orders::{order_state::OrderStatus, sql::orders::OrderRow},
    payments::sql::payments::PaidRow,
};
use business_mcp_engine::{
    money::Money,
    speech::{phrases, text},
    text,
    tool::{
        Answer, Approval, CallContext, Effect, FreeText, Planned, Preview, Risk, Spec, ToolError,
        WriteTool,
    },
};

/// Why gift cards change.
const REASON: &str = "refund";

/// Pays money back.
pub struct OrderRefund;

/// Which order, how much, why, and where to.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub struct Args {
    /// The order number.
    #[validate(length(min = 1, max = 200, message = "must be an order number"))]
    order_id: String,
    /// How much, such as 59.98; never more than was paid.
    #[validate(length(min = 1, max = 100, message = "must be an amount such as 59.98"))]
    amount: String,
    /// Why, 1 to 200 characters.
    #[validate(length(min = 1, max = 200, message = "must have 1 to 200 characters"))]
    reason: String,
    /// The payment method that paid, or a gift card; what paid if left out.
    #[validate(length(min = 1, max = 64, message = "must be the id of a payment method"))]
    refund_to: Option<String>,
}

/// What is to go back. Why takes no part: the same amount of the same order, asked for again, is one refund.
#[derive(Debug, Serialize, Deserialize)]
pub struct Intent {
    order_id: String,
    amount_minor: i64,
    reason: FreeText,
    refund_to: Option<String>,
}

/// What went back.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output {
    /// The order.
    order_id: String,
    /// Where it stands.
    status: OrderStatus,
    /// What went back, and where.
    payments: Vec<Moved>,
    /// What is still paid.
    still_paid: Money,
}

/// A refund that may be paid.
pub struct Plan {
    order: OrderRow,
    amount: Money,
    reason: FreeText,
    still_paid: Money,
    parts: Vec<PaidRow>,
}

impl WriteTool for OrderRefund {
    type Args = Args;
    type Intent = Intent;
    type Plan = Plan;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "order_refund",
        aliases: &[],
        version: 1,
        title: "Refund money",
        description: "Pay money back for an order, such as for a damaged item that is kept. Never \
                      more than was paid. For goods that come back use order_return.",
        scope: Some(scope::ORDERS_WRITE),
        toolsets: &[toolset::DESK],
        effect: Effect::Change,
        risk: Risk::High,
        approval: Approval::RequiresApproval,
    };

    async fn resolve(&self, ctx: &mut CallContext, args: Args) -> Result<Intent, ToolError> {
        let amount = ctx.amount("amount", &args.amount)?;
        let reason = text::check(&args.reason, 200)
            .map_err(|why| ToolError::invalid(text!("The argument reason {why}.", why)))?;
        let order = find::one(ctx, &args.order_id).await?;
        if amount.minor < 1 {
            return Err(ToolError::invalid(text!("The amount must be above zero.")));
        }
        let refund_to = refunds::destination(ctx, &order, args.refund_to.as_deref()).await?;
        Ok(Intent {
            order_id: order.id,
            amount_minor: amount.minor,
            reason: reason.into(),
            refund_to,
        })
    }

    async fn plan(
        &self,
        ctx: &mut CallContext,
        intent: Intent,
    ) -> Result<Planned<Plan>, ToolError> {
        let plan = plan(ctx, intent).await?;
        let (order, name) = (&plan.order.id, find::owner(ctx, &plan.order).await?);
        let back = refunds::words(&plan.parts, |minor| ctx.money(minor).to_string());
        let (back, reason) = (back.unwrap_or_default(), &*plan.reason);
        let summary =
            text!("Refund {back} for order {order} of {name}: {reason}", back, order, name, reason);
        let preview = Preview {
            amount: Some(plan.amount),
            details: json!({
                "order_id": plan.order.id,
                "customer_id": plan.order.customer_id,
                "reason": &*plan.reason,
                "payments": Moved::refunds(ctx, &plan.parts),
                "still_paid": plan.still_paid,
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
        let status = find::status(&plan.order.status)?;
        find::hold(ctx, &plan.order, status).await?;
        refunds::pay(ctx, &plan.order, &plan.parts, REASON).await?;
        // Whoever looks at the customer next reads what was paid back, and why.
        let id = uuid::Uuid::now_v7().to_string();
        let author = ctx.caller.subject.clone();
        let note =
            text!("Refund of {amount}: {reason}", amount = plan.amount, reason = &*plan.reason);
        let note = NewInteraction {
            id: &id,
            customer_id: &plan.order.customer_id,
            kind: "note",
            text: &note,
            at: ctx.now,
            author: &author,
            order_id: Some(&plan.order.id),
        };
        interactions::insert(&mut ctx.tx, note).await?;
        let refund = refunds::sentence(ctx, &plan.parts).unwrap_or_default();
        let order = phrases::order_id(&plan.order.id);
        let say = text!("{refund} for your order {order}.", refund, order);
        let output = Output {
            status,
            payments: Moved::refunds(ctx, &plan.parts),
            still_paid: plan.still_paid,
            order_id: plan.order.id,
        };
        Ok(Answer::ok(say, output))
    }

    fn names_a_record(_intent: &Self::Intent) -> bool {
        true
    }
}

/// The refund, if that much is paid.
async fn plan(ctx: &mut CallContext, intent: Intent) -> Result<Plan, ToolError> {
    let amount = ctx.money(intent.amount_minor);
    let order = find::by_id(ctx, &intent.order_id).await?;
    let paid = refunds::paid(ctx, &order).await?;
    let net = refunds::net(&paid);
    if amount.minor > net {
        let (order, most) = (&order.id, ctx.money(net.max(0)));
        let sentence = match net {
            1.. => text!(
                "Of order {order} only {most} is paid, and no more can go back. Please ask for \
                 an amount up to that.",
                order,
                most
            ),
            _ => text!("Nothing is paid of order {order}, so nothing can go back.", order),
        };
        return Err(ToolError::invalid(sentence).with_details(json!({ "paid": most })));
    }
    let to = intent.refund_to.as_deref();
    let parts = refunds::divide(ctx, &order, amount.minor, to, &paid).await?;
    let still_paid = ctx.money(net - amount.minor);
    Ok(Plan { order, amount, reason: intent.reason, still_paid, parts })
}

#[cfg(test)]
#[path = "order_refund_tests.rs"]
mod tests;
