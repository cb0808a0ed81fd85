//! `order_update_payment`: another payment method for a pending order.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use validator::Validate;

use super::{
    find,
    money::{self, Moved, Transfer},
    refunds,
};
use crate::{
    access::{scope, toolset},
    orders::{
        order_state::OrderStatus,
        sql::{buyers::Method, orders::OrderRow},
    },
    payments::sql::payments::{self, PaidRow, PaymentRow},
};
use business_mcp_engine::{
    speech::phrases,
    text,
    tool::{
        Answer, Approval, CallContext, Effect, Planned, Preview, Risk, Spec, ToolError, WriteTool,
    },
};

/// Why gift cards change.
const REASON: &str = "payment change";

/// Charges another payment method.
pub struct OrderUpdatePayment;

/// Which order, and what to charge.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub struct Args {
    /// The order number.
    #[validate(length(min = 1, max = 200, message = "must be an order number"))]
    order_id: String,
    /// The payment method that is to pay instead.
    #[validate(length(min = 1, max = 64, message = "must be the id of a payment method"))]
    payment_method_id: String,
}

/// What is to pay for which order.
#[derive(Debug, Serialize, Deserialize)]
pub struct Intent {
    order_id: String,
    payment_method_id: String,
}

/// What moved.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output {
    /// The order.
    order_id: String,
    /// Where it stands.
    status: OrderStatus,
    /// What was charged, and what was refunded.
    payments: Vec<Moved>,
}

/// A change of payment that may be made.
#[derive(Debug)]
pub struct Plan {
    order: OrderRow,
    /// What paid so far; none where its charge was declined.
    old: Option<PaidRow>,
    new: Method,
    /// What the new method is charged.
    minor: i64,
}

impl WriteTool for OrderUpdatePayment {
    type Args = Args;
    type Intent = Intent;
    type Plan = Plan;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "order_update_payment",
        aliases: &[],
        version: 1,
        title: "Pay with something else",
        description: "Charge another payment method of the customer for a pending order and \
                      refund the one that paid.",
        scope: Some(scope::ORDERS_WRITE),
        toolsets: &[toolset::DESK],
        effect: Effect::Change,
        risk: Risk::Medium,
        approval: Approval::RequiresApproval,
    };

    async fn resolve(&self, ctx: &mut CallContext, args: Args) -> Result<Intent, ToolError> {
        let order = find::one(ctx, &args.order_id).await?;
        let method = money::method(ctx, &order.customer_id, &args.payment_method_id).await?;
        Ok(Intent { order_id: order.id, payment_method_id: method.id })
    }

    async fn plan(
        &self,
        ctx: &mut CallContext,
        intent: Intent,
    ) -> Result<Planned<Plan>, ToolError> {
        let plan = plan(ctx, &intent).await?;
        let Plan { order, old, new, minor } = &plan;
        let name = find::owner(ctx, order).await?;
        let amount = ctx.money(*minor);
        let charged = refunds::to_method(Some(&new.kind), &amount.to_string());
        let id = &order.id;
        let summary = match old {
            None => text!("Order {id} of {name}: charge {charged}", id, name, charged),
            Some(old) => {
                let refunded = refunds::to_method(old.kind.as_deref(), &amount.to_string());
                text!(
                    "Order {id} of {name}: charge {charged}, refund {refunded}",
                    id,
                    name,
                    charged,
                    refunded
                )
            }
        };
        let preview = Preview {
            amount: Some(amount),
            details: json!({
                "order_id": order.id,
                "customer_id": order.customer_id,
                "amount": amount,
                "from": old.as_ref().map(|old| &old.payment_method_id),
                "to": new.id,
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
        let Plan { order, old, new, minor } = plan;
        let status = find::status(&order.status)?;
        find::hold(ctx, &order, status).await?;
        let transfer = Transfer {
            order_id: &order.id,
            customer_id: &order.customer_id,
            method: &new,
            minor,
            reason: REASON,
            waits: false,
        };
        money::settle(ctx, transfer).await?;
        refunds::pay(ctx, &order, old.as_slice(), REASON).await?;
        let (number, charged) =
            (phrases::order_id(&order.id), money::words(ctx, minor, &new, false));
        let say = match refunds::sentence(ctx, old.as_slice()) {
            None => {
                text!("The payment of your order {number} is changed. {charged}.", number, charged)
            }
            Some(refunded) => text!(
                "The payment of your order {number} is changed. {charged}, and {refunded}.",
                number,
                charged,
                refunded
            ),
        };
        let charge = Moved::of(ctx, minor, &new.id);
        let refund = old.and_then(|old| Moved::of(ctx, -minor, &old.payment_method_id));
        let payments = charge.into_iter().chain(refund).collect();
        Ok(Answer::ok(say, Output { order_id: order.id, status, payments }))
    }

    /// What was declined since is charged anew.
    async fn still_holds(
        &self,
        ctx: &mut CallContext,
        intent: &Intent,
        _answer: &Value,
    ) -> Result<bool, ToolError> {
        let order = find::by_id(ctx, &intent.order_id).await?;
        let paid = refunds::paid(ctx, &order).await?;
        let pays = |part: &PaidRow| part.payment_method_id == intent.payment_method_id;
        // Of an order that was cancelled everything went back, and there is nothing to do again.
        let pending = find::status(&order.status)?.may_change_payment();
        Ok(!pending || paid.iter().any(|part| pays(part) && part.paid_minor > 0))
    }

    fn names_a_record(_intent: &Self::Intent) -> bool {
        true
    }
}

/// The change, if it may be made: one charge so far, and another method that can pay it. Where the
/// provider has declined that charge, the order is charged anew, also to the same method.
async fn plan(ctx: &mut CallContext, intent: &Intent) -> Result<Plan, ToolError> {
    let order = find::by_id(ctx, &intent.order_id).await?;
    let status = find::status(&order.status)?;
    let id = &order.id;
    if !status.may_change_payment() {
        let stands = find::stands(ctx, &order, status).await?;
        return Err(ToolError::invalid_state(text!(
            "Order {id} {stands}. Its payment can only be changed while it is pending.",
            id,
            stands
        )));
    }
    let ledger = payments::of_order(&mut ctx.tx, &order.id).await?;
    let paid = refunds::paid(ctx, &order).await?;
    let is_declined = |row: &PaymentRow| row.state == "declined";
    let old = if !ledger.is_empty() && ledger.iter().all(is_declined) {
        None
    } else if let (1, Some(old)) = (ledger.len(), paid.into_iter().find(|part| part.paid_minor > 0))
    {
        Some(old)
    } else {
        return Err(ToolError::invalid_state(text!(
            "Order {id} was not paid by one single charge, so its payment cannot be changed. \
             Please offer a person.",
            id
        )));
    };
    let new = money::method_by_id(ctx, &order.customer_id, &intent.payment_method_id).await?;
    if old.as_ref().is_some_and(|old| old.payment_method_id == new.id) {
        return Err(ToolError::invalid(text!(
            "Order {id} is paid with that already. Please ask for another payment method.",
            id
        )));
    }
    let minor = old.as_ref().map_or(order.total_minor, |old| old.paid_minor);
    money::check_balance(ctx, &new, minor)?;
    Ok(Plan { order, old, new, minor })
}

#[cfg(test)]
#[path = "order_update_payment_tests.rs"]
mod tests;
