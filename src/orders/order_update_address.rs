//! `order_update_address`: sends an order that is not packed yet somewhere else.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use validator::Validate;

use super::find;
use crate::{
    access::{scope, toolset},
    customers::address::Address,
    orders::{
        order_state::OrderStatus,
        sql::orders::{self, OrderRow},
    },
};
use business_mcp_engine::{
    speech::phrases,
    text,
    tool::{
        Answer, Approval, Aside, CallContext, Effect, Planned, Preview, Risk, Spec, ToolError,
        WriteTool,
    },
};

/// Changes where an order goes.
pub struct OrderUpdateAddress;

/// Which order, and where to.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub struct Args {
    /// The order number.
    #[validate(length(min = 1, max = 200, message = "must be an order number"))]
    order_id: String,
    /// The whole new address.
    #[validate(nested)]
    address: Address,
}

/// Which order is to go where.
#[derive(Debug, Serialize, Deserialize)]
pub struct Intent {
    order_id: String,
    /// The address as two of them are compared.
    folded: String,
    /// The address as it was said.
    address: Aside<Address>,
}

/// An order that may go elsewhere.
#[derive(Debug)]
pub struct Plan {
    order: OrderRow,
    status: OrderStatus,
    address: Address,
}

/// Where the order goes now.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output {
    /// The order.
    order_id: String,
    /// Where it stands.
    status: OrderStatus,
    /// Where it goes.
    address: Address,
}

impl WriteTool for OrderUpdateAddress {
    type Args = Args;
    type Intent = Intent;
    type Plan = Plan;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "order_update_address",
        aliases: &[],
        version: 1,
        title: "Send an order elsewhere",
        description: "Change the delivery address of an order that is not packed yet. Read the \
                      whole new address back to the caller first.",
        scope: Some(scope::ORDERS_WRITE),
        toolsets: &[toolset::VOICE, toolset::DESK],
        effect: Effect::Change,
        risk: Risk::Medium,
        approval: Approval::RequiresApproval,
    };

    async fn resolve(&self, ctx: &mut CallContext, args: Args) -> Result<Intent, ToolError> {
        let order_id = find::one(ctx, &args.order_id).await?.id;
        let folded = args.address.folded();
        Ok(Intent { order_id, folded, address: args.address.into() })
    }

    async fn plan(
        &self,
        ctx: &mut CallContext,
        intent: Intent,
    ) -> Result<Planned<Plan>, ToolError> {
        let Intent { order_id, address: Aside { aside: address }, .. } = intent;
        let (row, status) = addressable(ctx, &order_id).await?;
        let (order, name) = (&row.id, find::owner(ctx, &row).await?);
        let place = address.spoken();
        let old: Option<Value> =
            row.address.as_deref().and_then(|json| serde_json::from_str(json).ok());
        let summary = text!("Send order {order} of {name} to {place}", order, name, place);
        let preview = Preview {
            amount: Some(ctx.money(row.total_minor)),
            details: json!({
                "order_id": row.id,
                "customer_id": row.customer_id,
                "old_address": old,
                "address": address,
            }),
            ..Preview::new(phrases::stored(&summary, 400))
        };
        Ok(Planned { preview, plan: Plan { order: row, status, address } })
    }

    async fn execute(
        &self,
        ctx: &mut CallContext,
        plan: Plan,
    ) -> Result<Answer<Output>, ToolError> {
        let Plan { order: row, status, address } = plan;
        find::hold(ctx, &row, status).await?;
        let kept = serde_json::to_string(&address.kept()).map_err(ToolError::internal)?;
        orders::set_address(&mut ctx.tx, &row.id, &kept).await?;
        let (order, place) = (phrases::order_id(&row.id), address.spoken());
        let say = text!("Your order {order} now goes to {place}.", order, place);
        Ok(Answer::ok(say, Output { order_id: row.id, status, address }))
    }

    /// It goes elsewhere again once another address was given since.
    async fn still_holds(
        &self,
        ctx: &mut CallContext,
        intent: &Intent,
        _answer: &Value,
    ) -> Result<bool, ToolError> {
        let order = find::by_id(ctx, &intent.order_id).await?;
        let address = order.address.as_deref().and_then(|json| serde_json::from_str(json).ok());
        Ok(address.is_some_and(|address: Address| address.folded() == intent.folded))
    }

    fn names_a_record(_intent: &Self::Intent) -> bool {
        true
    }
}

/// The order, if it may still go elsewhere.
async fn addressable(
    ctx: &mut CallContext,
    order_id: &str,
) -> Result<(OrderRow, OrderStatus), ToolError> {
    let row = find::by_id(ctx, order_id).await?;
    let status = find::status(&row.status)?;
    if status.may_change_address() {
        return Ok((row, status));
    }
    let (order, stands) = (&row.id, find::stands(ctx, &row, status).await?);
    Err(ToolError::invalid_state(text!(
        "Order {order} {stands}. Its address can only be changed before it is packed.",
        order,
        stands
    )))
}

#[cfg(test)]
#[path = "order_update_address_tests.rs"]
mod tests;
