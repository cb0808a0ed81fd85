//! `order_ship`: an order is with the carrier.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use validator::Validate;

use super::{
    find,
    lines::{self, Ordered},
};
use crate::{
    access::{scope, toolset},
    orders::{
        order_state::OrderStatus,
        sql::{
            order_items,
            orders::OrderRow,
            shipments::{self, ShipmentRow},
        },
    },
};
use business_mcp_engine::{
    speech::{name, phrases, reference},
    text,
    tool::{
        Answer, Approval, Aside, CallContext, Effect, Planned, Preview, Risk, Spec, ToolError,
        WriteTool,
    },
};

/// Notes that an order was sent.
pub struct OrderShip;

/// Which order, and the parcel.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub struct Args {
    /// The order number.
    #[validate(length(min = 1, max = 200, message = "must be an order number"))]
    order_id: String,
    /// Who carries it.
    #[validate(length(min = 1, max = 100, message = "must have 1 to 100 characters"))]
    carrier: String,
    /// The carrier's number of the parcel.
    #[validate(length(min = 1, max = 100, message = "must have 1 to 100 characters"))]
    tracking_number: String,
}

/// Which order was sent, and how.
#[derive(Debug, Serialize, Deserialize)]
pub struct Intent {
    order_id: String,
    /// The carrier and the number as two of them are compared.
    parcel: String,
    /// Both as they were said.
    carrier: Aside<String>,
    tracking_number: Aside<String>,
}

/// A parcel that may be sent.
#[derive(Debug)]
pub struct Plan {
    order: OrderRow,
    carrier: String,
    tracking_number: String,
}

/// The parcel.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output {
    /// The order.
    order_id: String,
    /// Where it stands now.
    status: OrderStatus,
    /// Who carries it.
    carrier: String,
    /// The carrier's number of the parcel.
    tracking_number: String,
    /// What is in it.
    skus: Vec<String>,
}

impl WriteTool for OrderShip {
    type Args = Args;
    type Intent = Intent;
    type Plan = Plan;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "order_ship",
        aliases: &[],
        version: 1,
        title: "Hand an order to the carrier",
        description: "Note that an order was handed to a carrier, with the tracking number of its \
                      parcel.",
        scope: Some(scope::ORDERS_WRITE),
        toolsets: &[toolset::DESK, toolset::STOCK],
        effect: Effect::Change,
        risk: Risk::Medium,
        approval: Approval::AutoApproved,
    };

    async fn resolve(&self, ctx: &mut CallContext, args: Args) -> Result<Intent, ToolError> {
        let order_id = find::one(ctx, &args.order_id).await?.id;
        let Args { carrier, tracking_number, .. } = args;
        let parcel = format!("{} {}", name::fold(&carrier), reference::key(&tracking_number));
        let (carrier, tracking_number) = (carrier.into(), tracking_number.into());
        Ok(Intent { order_id, parcel, carrier, tracking_number })
    }

    async fn plan(
        &self,
        ctx: &mut CallContext,
        intent: Intent,
    ) -> Result<Planned<Plan>, ToolError> {
        let Intent { order_id, carrier, tracking_number, .. } = intent;
        let (carrier, tracking_number) = (carrier.aside, tracking_number.aside);
        let row = find::by_id(ctx, &order_id).await?;
        let before = find::status(&row.status)?;
        if !before.may_be_shipped() {
            let (order, stands) = (&row.id, find::stands(ctx, &row, before).await?);
            let sentence =
                text!("Order {order} {stands}, so there is nothing to send.", order, stands);
            return Err(ToolError::invalid_state(sentence));
        }
        let parcels = shipments::of_order(&mut ctx.tx, &row.id).await?;
        if parcels.iter().any(|parcel| parcel.tracking_number == tracking_number) {
            return Err(same_number());
        }
        let ordered = Ordered::of(ctx, &row).await?;
        let (order, name) = (&row.id, find::owner(ctx, &row).await?);
        let pieces = lines::words(&ordered.all());
        let summary = text!(
            "Order {order} of {name} is with {carrier} as {tracking_number}: {pieces}",
            order,
            name,
            carrier,
            tracking_number,
            pieces
        );
        let address: Option<Value> =
            row.address.as_deref().and_then(|json| serde_json::from_str(json).ok());
        let preview = Preview {
            details: json!({
                "order_id": row.id,
                "customer_id": row.customer_id,
                "status": { "from": before, "to": OrderStatus::Shipped },
                "carrier": carrier,
                "tracking_number": tracking_number,
                "address": address,
            }),
            ..Preview::new(phrases::stored(&summary, 400))
        };
        Ok(Planned { preview, plan: Plan { order: row, carrier, tracking_number } })
    }

    async fn execute(
        &self,
        ctx: &mut CallContext,
        plan: Plan,
    ) -> Result<Answer<Output>, ToolError> {
        let Plan { order: row, carrier, tracking_number } = plan;
        let status = OrderStatus::Shipped;
        find::hold(ctx, &row, status).await?;
        let ordered = order_items::quantities(&mut ctx.tx, &row.id).await?;
        let skus: Vec<String> = ordered.into_iter().map(|(sku, _)| sku).collect();
        let parcel = ShipmentRow {
            tracking_number: tracking_number.clone(),
            carrier: Some(carrier.clone()),
            skus: serde_json::to_string(&skus).map_err(ToolError::internal)?,
            expected_on: None,
        };
        if !shipments::insert(&mut ctx.tx, &row.id, &parcel).await? {
            return Err(same_number());
        }
        let (order, spoken) = (phrases::order_id(&row.id), phrases::stored(&carrier, 40));
        let say = text!("Order {order} is on its way with {carrier}.", order, carrier = spoken);
        Ok(Answer::ok(say, Output { order_id: row.id, status, carrier, tracking_number, skus }))
    }

    fn names_a_record(_intent: &Self::Intent) -> bool {
        true
    }
}

fn same_number() -> ToolError {
    ToolError::invalid(text!("The order has a parcel with this tracking number. Please check it."))
}

#[cfg(test)]
#[path = "order_ship_tests.rs"]
mod tests;
