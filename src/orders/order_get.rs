//! `order_get`: everything about one order.

use schemars::JsonSchema;
use serde::Deserialize;
use validator::Validate;

use super::{
    find::{self, Found},
    order_view::{self, OrderView},
};
use crate::access::{scope, toolset};
use business_mcp_engine::{
    speech::phrases,
    text,
    tool::{Answer, Approval, CallContext, Effect, ReadTool, Risk, Spec, ToolError},
};

/// Shows one order.
pub struct OrderGet;

/// Which order.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub struct Args {
    /// The order number as the caller says it, or its last 3 or more digits.
    #[validate(length(min = 1, max = 200, message = "must be an order number"))]
    order_id: String,
}

impl ReadTool for OrderGet {
    type Args = Args;
    type Output = OrderView;
    const SPEC: Spec = Spec {
        name: "order_get",
        aliases: &[],
        version: 1,
        title: "Show an order",
        description: "Show one order in full: items, prices, address, payments, parcels and \
                      requests.",
        scope: Some(scope::ORDERS_READ),
        toolsets: &[toolset::DESK],
        effect: Effect::Read,
        risk: Risk::Low,
        approval: Approval::AutoApproved,
    };

    async fn call(
        &self,
        ctx: &mut CallContext,
        args: Args,
    ) -> Result<Answer<OrderView>, ToolError> {
        let row = match find::order(ctx, &args.order_id).await? {
            Found::One(row) => *row,
            Found::Several(rows) => return Ok(find::which(ctx, &rows, &args.order_id)),
        };
        let status = find::status(&row.status)?;
        let stands = find::stands(ctx, &row, status).await?;
        let say = text!(
            "Order {order} {stands}: {items} for {amount} in all.",
            order = phrases::order_id(&row.id),
            stands,
            items = phrases::count(u64::try_from(row.pieces).unwrap_or_default(), "item", "items"),
            amount = phrases::money(ctx.money(row.total_minor))
        );
        let view = order_view::of(ctx, row, status).await?;
        let say = if view.charge_declined {
            text!("{say} The charge for it was declined.", say)
        } else {
            say
        };
        Ok(Answer::ok(say, view))
    }
}

#[cfg(test)]
#[path = "order_get_tests.rs"]
mod tests;
