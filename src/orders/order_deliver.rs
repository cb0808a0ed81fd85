//! `order_deliver`: an order is with the customer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use validator::Validate;

use super::find;
use crate::orders::order_state::OrderStatus;
use business_mcp_engine::{
    speech::phrases,
    text,
    tool::{Answer, Approval, CallContext, Effect, Risk, Scope, Spec, Tool, ToolError, Toolset},
};

/// Notes that an order has arrived.
pub struct OrderDeliver;

/// Which order.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub struct Args {
    /// The order number.
    #[validate(length(min = 1, max = 200, message = "must be an order number"))]
    order_id: String,
}

/// The order.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output {
    /// Its number.
    order_id: String,
    /// Where it stands now.
    status: OrderStatus,
}

impl Tool for OrderDeliver {
    type Args = Args;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "order_deliver",
        aliases: &[],
        version: 1,
        title: "Note a delivery",
        description: "Note that an order which was sent has arrived at the customer.",
        scope: Some(Scope::OrdersWrite),
        toolsets: &[Toolset::Desk, Toolset::Stock],
        effect: Effect::Change,
        risk: Risk::Medium,
        approval: Approval::AutoApproved,
    };

    async fn call(&self, ctx: &mut CallContext, args: Args) -> Result<Answer<Output>, ToolError> {
        let row = find::one(ctx, &args.order_id).await?;
        let (before, status) = (find::status(&row.status)?, OrderStatus::Delivered);
        if !before.may_become(status) {
            let (order, stands) = (&row.id, find::stands(ctx, &row, before).await?);
            let sentence = text!(
                "Order {order} {stands}. Only an order on its way can arrive.",
                order,
                stands
            );
            return Err(ToolError::invalid_state(sentence));
        }
        find::hold(ctx, &row, status).await?;
        let order = phrases::order_id(&row.id);
        let say = text!("Order {order} has been delivered.", order);
        Ok(Answer::ok(say, Output { order_id: row.id, status }))
    }
}
