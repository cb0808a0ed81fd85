//! `order_exchange`: pieces of a delivered order for other variants of the same products.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use validator::Validate;

use super::{
    find, money,
    requests::{self, ChangeView},
    swap::{self, Change, Intent, Plan},
};
use crate::{
    access::{scope, toolset},
    orders::{order_state::OrderStatus, sql::order_requests::NewRequestItem},
};
use business_mcp_engine::{
    money::Money,
    speech::phrases,
    text,
    tool::{
        Answer, Approval, CallContext, Effect, Planned, Preview, Risk, Spec, ToolError, WriteTool,
    },
};

/// Asks for an exchange.
pub struct OrderExchange;

/// Which order, and what for what.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub struct Args {
    /// The order number.
    #[validate(length(min = 1, max = 200, message = "must be an order number"))]
    order_id: String,
    /// What to swap, 1 to 50 changes. All at once: one return or exchange per order.
    #[validate(length(min = 1, max = 50, message = "must have 1 to 50 changes"), nested)]
    changes: Vec<Change>,
    /// What the difference is charged or refunded to.
    #[validate(length(min = 1, max = 64, message = "must be the id of a payment method"))]
    payment_method_id: String,
}

/// The exchange that was noted.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output {
    /// Its number.
    request_id: String,
    /// The order.
    order_id: String,
    /// Where it stands now.
    status: OrderStatus,
    /// What is swapped once the goods are back.
    changes: Vec<ChangeView>,
    /// What it costs more; below zero it costs less.
    price_difference: Money,
    /// What the difference is charged or refunded to.
    payment_method_id: String,
}

impl WriteTool for OrderExchange {
    type Args = Args;
    type Intent = Intent;
    type Plan = Plan;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "order_exchange",
        aliases: &[],
        version: 1,
        title: "Exchange items",
        description: "Note the exchange of items of a delivered order for other variants of the \
                      same product. The difference is settled when the goods have arrived. One \
                      return or exchange per order, so collect every item first.",
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
        let summary = text!(
            "Exchange in order {order} of {name}: {swaps}; {money} once they are back",
            order,
            name,
            swaps,
            money
        );
        let preview = Preview {
            amount: Some(ctx.money(plan.difference_minor.saturating_abs())),
            details: json!({
                "order_id": plan.order.id,
                "customer_id": plan.order.customer_id,
                "changes": plan.views(),
                "old_total": ctx.money(plan.order.total_minor),
                "price_difference": ctx.money(plan.difference_minor),
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
        let status = OrderStatus::ExchangeRequested;
        find::hold(ctx, &plan.order, status).await?;
        let item = |planned: &swap::Planned| (planned.piece.clone(), planned.new.article.clone());
        let items: Vec<_> = plan.changes.iter().map(item).collect();
        let items: Vec<NewRequestItem<'_>> = items
            .iter()
            .map(|(piece, new)| NewRequestItem {
                sku: &piece.sku,
                quantity: piece.quantity,
                new: Some((&new.sku, new.price_minor)),
            })
            .collect();
        let money = (Some(plan.method.id.as_str()), plan.difference_minor);
        let request_id =
            requests::record(ctx, ("exchange", "EXC"), &plan.order.id, money, &items).await?;
        let (number, swaps) = (phrases::order_id(&request_id), plan.words());
        let difference = phrases::money(ctx.money(plan.difference_minor.saturating_abs()));
        let then = match plan.difference_minor {
            0 => text!("It costs the same"),
            1.. => text!("It costs {difference} more, once the goods are here", difference),
            _ => text!("It costs {difference} less, once the goods are here", difference),
        };
        let say = text!(
            "Your exchange is noted, its number is {number}: {swaps}. {then}.",
            number,
            swaps,
            then
        );
        let output = Output {
            request_id,
            status,
            changes: plan.views(),
            price_difference: ctx.money(plan.difference_minor),
            payment_method_id: plan.method.id,
            order_id: plan.order.id,
        };
        Ok(Answer::ok(say, output))
    }

    fn names_a_record(_intent: &Self::Intent) -> bool {
        true
    }
}

/// The exchange, if it may be asked for.
async fn plan(ctx: &mut CallContext, intent: &Intent) -> Result<Plan, ToolError> {
    let order = find::delivered(ctx, &intent.order_id).await?;
    Plan::asked(ctx, order, intent).await
}

#[cfg(test)]
#[path = "order_exchange_tests.rs"]
mod tests;
