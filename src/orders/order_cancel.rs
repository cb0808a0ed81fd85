//! `order_cancel`: gives a pending order up, puts its pieces back and refunds it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use validator::Validate;

use super::{find, refunds, shelf};
use crate::{
    access::{scope, toolset},
    orders::{
        order_state::{CancelReason, OrderStatus},
        sql::{
            order_items,
            orders::{self, OrderRow},
        },
    },
    payments::sql::payments::PaidRow,
    sales,
};
use business_mcp_engine::{
    money::Money,
    speech::phrases,
    text,
    tool::{
        Answer, Approval, CallContext, Effect, FreeText, Planned, Preview, Risk, Spec, ToolError,
        WriteTool,
    },
};

/// Why stock and gift cards change.
const REASON: &str = "cancellation";

/// Cancels an order.
pub struct OrderCancel;

/// Which order, and why.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub struct Args {
    /// The order number.
    #[validate(length(min = 1, max = 200, message = "must be an order number"))]
    order_id: String,
    /// "no longer needed", "ordered by mistake", or why in at most 200 characters.
    #[validate(length(min = 1, max = 200, message = "must have 1 to 200 characters"))]
    reason: String,
}

/// Which order is to be cancelled; why takes no part.
#[derive(Debug, Serialize, Deserialize)]
pub struct Intent {
    order_id: String,
    reason: FreeText,
}

/// An order that may be cancelled.
#[derive(Debug)]
pub struct Plan {
    order: OrderRow,
    reason: FreeText,
    /// Everything that is paid, on its way back.
    paid: Vec<PaidRow>,
}

/// What was given back.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output {
    /// The order.
    order_id: String,
    /// Where it stands now.
    status: OrderStatus,
    /// What went back, and where.
    refunds: Vec<Refund>,
    /// What is in stock again.
    restocked: Vec<Restocked>,
}

/// Money that goes back.
#[derive(Debug, Serialize, JsonSchema)]
struct Refund {
    /// How much.
    amount: Money,
    /// Where to.
    payment_method_id: String,
}

/// Pieces that are back.
#[derive(Debug, Serialize, JsonSchema)]
struct Restocked {
    /// The SKU.
    sku: String,
    /// How many.
    quantity: i64,
}

impl WriteTool for OrderCancel {
    type Args = Args;
    type Intent = Intent;
    type Plan = Plan;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "order_cancel",
        aliases: &[],
        version: 1,
        title: "Cancel an order",
        description: "Cancel a pending order: its items go back to stock and what was paid is \
                      refunded. Confirm number and reason with the caller first.",
        scope: Some(scope::ORDERS_WRITE),
        toolsets: &[toolset::VOICE, toolset::DESK],
        effect: Effect::Change,
        risk: Risk::Medium,
        approval: Approval::RequiresApproval,
    };

    async fn resolve(&self, ctx: &mut CallContext, args: Args) -> Result<Intent, ToolError> {
        let reason = CancelReason::parse(&args.reason)
            .map_err(|why| ToolError::invalid(text!("The argument reason {why}.", why)))?;
        let order_id = find::one(ctx, &args.order_id).await?.id;
        Ok(Intent { order_id, reason: reason.as_str().to_owned().into() })
    }

    async fn plan(
        &self,
        ctx: &mut CallContext,
        intent: Intent,
    ) -> Result<Planned<Plan>, ToolError> {
        let row = cancellable(ctx, &intent.order_id).await?;
        let paid = everything(ctx, &row).await?;
        let name = find::owner(ctx, &row).await?;
        let ordered = order_items::quantities(&mut ctx.tx, &row.id).await?;
        let piece = |(sku, quantity)| Restocked { sku, quantity };
        let pieces: Vec<Restocked> = ordered.into_iter().map(piece).collect();
        let back = refunds::words(&paid, |minor| ctx.money(minor).to_string());
        let back =
            back.map_or_else(|| text!("nothing was paid"), |back| text!("refund {back}", back));
        let summary = text!("Cancel order {order} of {name}: {back}", name, back, order = row.id);
        let refund = |paid: &PaidRow| {
            json!({
                "amount": ctx.money(paid.paid_minor),
                "payment_method_id": paid.payment_method_id,
            })
        };
        let preview = Preview {
            amount: Some(ctx.money(row.total_minor)),
            details: json!({
                "order_id": row.id,
                "customer_id": row.customer_id,
                "status": { "from": row.status, "to": OrderStatus::Cancelled },
                "items": pieces,
                "reason": &*intent.reason,
                "refunds": paid.iter().map(refund).collect::<Vec<_>>(),
            }),
            ..Preview::new(phrases::stored(&summary, 400))
        };
        Ok(Planned { preview, plan: Plan { order: row, reason: intent.reason, paid } })
    }

    async fn execute(
        &self,
        ctx: &mut CallContext,
        plan: Plan,
    ) -> Result<Answer<Output>, ToolError> {
        let Plan { order: row, reason, paid } = plan;
        // This statement decides who cancels; everything after it happens once.
        let now = ctx.now;
        if !orders::cancel(&mut ctx.tx, &row, &reason, now).await? {
            return Err(find::changed_meanwhile());
        }
        ctx.set_audit_subject(&row.id);
        let restocked = restock(ctx, &row).await?;
        refunds::pay(ctx, &row, &paid, REASON).await?;
        sales::order_changed(&mut ctx.tx, &row.id).await?;
        let back = refunds::sentence(ctx, &paid)
            .unwrap_or_else(|| text!("Nothing was paid, so nothing is refunded"));
        let say = text!(
            "Your order {order} is cancelled. {back}.",
            back,
            order = phrases::order_id(&row.id)
        );
        let refund = |paid: PaidRow| Refund {
            amount: ctx.money(paid.paid_minor),
            payment_method_id: paid.payment_method_id,
        };
        let refunds = paid.into_iter().map(refund).collect();
        let status = OrderStatus::Cancelled;
        Ok(Answer::ok(say, Output { order_id: row.id, status, refunds, restocked }))
    }

    fn names_a_record(_intent: &Self::Intent) -> bool {
        true
    }
}

/// The order, if it may be cancelled.
async fn cancellable(ctx: &mut CallContext, order_id: &str) -> Result<OrderRow, ToolError> {
    let row = find::by_id(ctx, order_id).await?;
    let status = find::status(&row.status)?;
    if status.may_be_cancelled() {
        return Ok(row);
    }
    let next = match status {
        OrderStatus::Cancelled => text!("There is nothing left to do"),
        OrderStatus::Delivered => text!("It cannot be cancelled any more; offer a return"),
        OrderStatus::ReturnRequested | OrderStatus::ExchangeRequested => text!(
            "It cannot be cancelled any more, and there is one return or exchange per order; please \
             offer a person"
        ),
        OrderStatus::Pending
        | OrderStatus::PendingModified
        | OrderStatus::Processed
        | OrderStatus::Shipped => {
            text!("It cannot be cancelled any more; offer a return once it is delivered")
        }
    };
    let (order, stands) = (&row.id, find::stands(ctx, &row, status).await?);
    Err(ToolError::invalid_state(text!("Order {order} {stands}. {next}.", next, order, stands)))
}

/// Everything that is paid of an order, on its way back to what paid it.
async fn everything(ctx: &mut CallContext, row: &OrderRow) -> Result<Vec<PaidRow>, ToolError> {
    let paid = refunds::paid(ctx, row).await?;
    Ok(refunds::parts(&paid, refunds::net(&paid), None))
}

/// Puts back what was ordered.
async fn restock(ctx: &mut CallContext, row: &OrderRow) -> Result<Vec<Restocked>, ToolError> {
    let ordered = order_items::quantities(&mut ctx.tx, &row.id).await?;
    let ordered: BTreeMap<String, i64> = ordered.into_iter().collect();
    shelf::put_back(ctx, &row.id, REASON, &ordered).await?;
    Ok(ordered.into_iter().map(|(sku, quantity)| Restocked { sku, quantity }).collect())
}

#[cfg(test)]
#[path = "order_cancel_tests.rs"]
mod tests;
