//! `order_deliver`: an order is with the customer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use validator::Validate;

use super::find;
use crate::{
    access::{scope, toolset},
    orders::{order_state::OrderStatus, sql::orders::OrderRow},
};
use business_mcp_engine::{
    speech::phrases,
    text,
    tool::{
        Answer, Approval, CallContext, Effect, Planned, Preview, Risk, Spec, ToolError, WriteTool,
    },
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

/// Which order has arrived.
#[derive(Debug, Serialize, Deserialize)]
pub struct Intent {
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

impl WriteTool for OrderDeliver {
    type Args = Args;
    type Intent = Intent;
    type Plan = OrderRow;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "order_deliver",
        aliases: &[],
        version: 1,
        title: "Note a delivery",
        description: "Note that an order which was sent has arrived at the customer.",
        scope: Some(scope::ORDERS_WRITE),
        toolsets: &[toolset::DESK, toolset::STOCK],
        effect: Effect::Change,
        risk: Risk::Medium,
        approval: Approval::AutoApproved,
    };

    async fn resolve(&self, ctx: &mut CallContext, args: Args) -> Result<Intent, ToolError> {
        Ok(Intent { order_id: find::one(ctx, &args.order_id).await?.id })
    }

    async fn plan(
        &self,
        ctx: &mut CallContext,
        intent: Intent,
    ) -> Result<Planned<OrderRow>, ToolError> {
        let row = find::by_id(ctx, &intent.order_id).await?;
        let before = find::status(&row.status)?;
        if !before.may_become(OrderStatus::Delivered) {
            let (order, stands) = (&row.id, find::stands(ctx, &row, before).await?);
            let sentence = text!(
                "Order {order} {stands}. Only an order on its way can arrive.",
                order,
                stands
            );
            return Err(ToolError::invalid_state(sentence));
        }
        let (order, name) = (&row.id, find::owner(ctx, &row).await?);
        let summary = text!("Order {order} has arrived at {name}", order, name);
        let preview = Preview {
            details: json!({
                "order_id": row.id,
                "customer_id": row.customer_id,
                "status": { "from": before, "to": OrderStatus::Delivered },
            }),
            ..Preview::new(phrases::stored(&summary, 400))
        };
        Ok(Planned { preview, plan: row })
    }

    async fn execute(
        &self,
        ctx: &mut CallContext,
        row: OrderRow,
    ) -> Result<Answer<Output>, ToolError> {
        let status = OrderStatus::Delivered;
        find::hold(ctx, &row, status).await?;
        let order = phrases::order_id(&row.id);
        let say = text!("Order {order} has been delivered.", order);
        Ok(Answer::ok(say, Output { order_id: row.id, status }))
    }

    fn names_a_record(_intent: &Self::Intent) -> bool {
        true
    }
}
