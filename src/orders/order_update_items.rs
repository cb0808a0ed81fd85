//! `order_update_items`: other variants in a pending order, once, and the difference settled.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use validator::Validate;

use super::{
    find,
    money::{self, Moved, Transfer},
    requests::ChangeView,
    shelf,
    swap::{Change, Intent, Plan},
};
use crate::{
    access::{scope, toolset},
    orders::{
        order_state::OrderStatus,
        sql::{
            order_items::{self, NewItem},
            orders,
        },
    },
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

/// Why stock and gift cards change.
const REASON: &str = "item change";

/// Swaps items of a pending order.
pub struct OrderUpdateItems;

/// Which order, and what for what.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub struct Args {
    /// The order number.
    #[validate(length(min = 1, max = 200, message = "must be an order number"))]
    order_id: String,
    /// What to swap, 1 to 50 changes. All at once: it can be done once per order.
    #[validate(length(min = 1, max = 50, message = "must have 1 to 50 changes"), nested)]
    changes: Vec<Change>,
    /// What the difference is charged or refunded to.
    #[validate(length(min = 1, max = 64, message = "must be the id of a payment method"))]
    payment_method_id: String,
}

/// The order afterwards.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output {
    /// The order.
    order_id: String,
    /// Where it stands now.
    status: OrderStatus,
    /// What was swapped.
    changes: Vec<ChangeView>,
    /// What it costs more; below zero it costs less.
    price_difference: Money,
    /// What it costs now.
    total: Money,
    /// What was charged or refunded; empty where the order is paid later, or costs the same.
    payments: Vec<Moved>,
}

impl WriteTool for OrderUpdateItems {
    type Args = Args;
    type Intent = Intent;
    type Plan = Plan;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "order_update_items",
        aliases: &[],
        version: 1,
        title: "Change the items of an order",
        description: "Swap items of a pending order for other variants of the same product; the \
                      difference is charged or refunded. Only once per order, so collect every \
                      change first.",
        scope: Some(scope::ORDERS_WRITE),
        toolsets: &[toolset::VOICE, toolset::DESK],
        effect: Effect::Change,
        risk: Risk::Medium,
        approval: Approval::RequiresApproval,
    };

    async fn resolve(&self, ctx: &mut CallContext, args: Args) -> Result<Intent, ToolError> {
        Intent::of(ctx, &args.order_id, &args.changes, &args.payment_method_id).await
    }

    async fn plan(
        &self,
        ctx: &mut CallContext,
        intent: Intent,
    ) -> Result<Planned<Plan>, ToolError> {
        let plan = plan(ctx, &intent).await?;
        let (order, name) = (&plan.order.id, find::owner(ctx, &plan.order).await?);
        let (swaps, money) = (plan.words(), money::due(ctx, plan.owed_minor, &plan.method));
        let summary =
            text!("Change order {order} of {name}: {swaps}; {money}", order, name, swaps, money);
        let preview = Preview {
            amount: Some(ctx.money(plan.difference_minor.saturating_abs())),
            details: json!({
                "order_id": plan.order.id,
                "customer_id": plan.order.customer_id,
                "changes": plan.views(),
                "old_total": ctx.money(plan.order.total_minor),
                "price_difference": ctx.money(plan.difference_minor),
                "total": ctx.money(plan.sums.total_minor),
                "payment_method_id": plan.method.id,
            }),
            holds: plan.holds(),
            ..Preview::new(phrases::stored(&summary, 400))
        };
        Ok(Planned { preview, plan })
    }

    async fn execute(
        &self,
        ctx: &mut CallContext,
        plan: Plan,
    ) -> Result<Answer<Output>, ToolError> {
        let status = OrderStatus::PendingModified;
        find::hold(ctx, &plan.order, status).await?;
        make(ctx, &plan, REASON).await?;
        let (order, swaps) = (phrases::order_id(&plan.order.id), plan.words());
        let money = money::words(ctx, plan.owed_minor, &plan.method, plan.waits);
        let say = text!("Your order {order} is changed: {swaps}. {money}.", order, swaps, money);
        let output = Output {
            status,
            changes: plan.views(),
            price_difference: ctx.money(plan.difference_minor),
            total: ctx.money(plan.sums.total_minor),
            payments: Moved::of(ctx, plan.owed_minor, &plan.method.id).into_iter().collect(),
            order_id: plan.order.id,
        };
        Ok(Answer::ok(say, output))
    }

    fn names_a_record(_intent: &Self::Intent) -> bool {
        true
    }
}

/// Makes the swaps of a plan: stock, lines, sums and money. The caller holds the order's row.
///
/// # Errors
/// `out_of_stock` and `insufficient_balance`, where somebody else was quicker.
pub async fn make(ctx: &mut CallContext, plan: &Plan, reason: &str) -> Result<(), ToolError> {
    let order = &plan.order;
    let mut back = BTreeMap::<String, i64>::new();
    for planned in &plan.changes {
        *back.entry(planned.piece.sku.clone()).or_default() += planned.piece.quantity;
    }
    shelf::swap(ctx, &order.id, reason, &back, &plan.new_pieces()).await?;
    for line in plan.after.lines() {
        let item = NewItem {
            line: line.line,
            sku: &line.sku,
            quantity: line.quantity,
            unit_price_minor: line.unit_price_minor,
            discount_minor: line.discount_minor,
        };
        order_items::write(&mut ctx.tx, &order.id, item).await?;
    }
    orders::set_sums(&mut ctx.tx, &order.id, plan.sums).await?;
    let transfer = Transfer {
        order_id: &order.id,
        customer_id: &order.customer_id,
        method: &plan.method,
        minor: plan.owed_minor,
        reason,
        waits: plan.waits,
    };
    money::settle(ctx, transfer).await?;
    Ok(sales::order_changed(&mut ctx.tx, &order.id).await?)
}

/// The swaps, if the order may be changed.
async fn plan(ctx: &mut CallContext, intent: &Intent) -> Result<Plan, ToolError> {
    let row = find::by_id(ctx, &intent.order_id).await?;
    let status = find::status(&row.status)?;
    if status.may_change_items() {
        return Plan::asked(ctx, row, intent).await;
    }
    let (order, stands) = (&row.id, find::stands(ctx, &row, status).await?);
    let sentence = match status {
        OrderStatus::PendingModified => {
            text!("The items of order {order} were changed before, which can be done once.", order)
        }
        OrderStatus::Delivered => {
            text!("Order {order} {stands}. Please offer an exchange.", order, stands)
        }
        _ => text!(
            "Order {order} {stands}. Its items can only be changed while it is pending.",
            order,
            stands
        ),
    };
    Err(ToolError::invalid_state(sentence))
}

#[cfg(test)]
#[path = "order_update_items_tests.rs"]
mod tests;
