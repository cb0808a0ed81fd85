//! `get_order_status`: where an order is.

use chrono::{DateTime, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use validator::Validate;

use super::{
    find::{self, Found},
    requests::{self, RequestBrief},
};
use crate::{
    access::{scope, toolset},
    orders::{
        order_state::OrderStatus,
        sql::shipments::{self, ShipmentRow},
    },
};
use business_mcp_engine::{
    speech::phrases,
    text,
    tool::{
        Answer, Approval, CallContext, Effect, ReadTool, Risk, Spec, ToolError, answer::rfc3339,
    },
};

/// How many parcels are listed.
const MOST_PARCELS: usize = 10;

/// Says where an order is.
pub struct GetOrderStatus;

/// Which order.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub struct Args {
    /// The order number as the caller says it, or its last 3 or more digits.
    #[validate(length(min = 1, max = 200, message = "must be an order number"))]
    order_id: String,
}

/// Where the order is.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output {
    /// Its number; no more of it than was given, until the caller is verified.
    order_id: String,
    /// Where it stands.
    status: OrderStatus,
    /// When it was placed (RFC 3339, UTC).
    placed_at: String,
    /// The carrier's number of the parcel.
    #[serde(skip_serializing_if = "Option::is_none")]
    tracking_number: Option<String>,
    /// Who carries it.
    #[serde(skip_serializing_if = "Option::is_none")]
    carrier: Option<String>,
    /// The day on which it should arrive.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected_date: Option<String>,
    /// The numbers of its other parcels.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    other_tracking_numbers: Vec<String>,
    /// Its return or exchange.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    requests: Vec<RequestBrief>,
}

impl ReadTool for GetOrderStatus {
    type Args = Args;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "get_order_status",
        aliases: &[],
        version: 1,
        title: "Where is an order",
        description: "Say where an order is: status, tracking, expected date. Takes an order \
                      number, also its last digits only.",
        scope: Some(scope::ORDERS_READ),
        toolsets: &[toolset::VOICE, toolset::DESK],
        effect: Effect::Read,
        risk: Risk::Low,
        approval: Approval::AutoApproved,
    };

    async fn call(&self, ctx: &mut CallContext, args: Args) -> Result<Answer<Output>, ToolError> {
        let row = match find::order(ctx, &args.order_id).await? {
            Found::One(row) => *row,
            Found::Several(rows) => return Ok(find::which(ctx, &rows, &args.order_id)),
        };
        let number = find::told(ctx, &row, &args.order_id);
        let status = find::status(&row.status)?;
        let parcels = shipments::of_order(&mut ctx.tx, &row.id).await?;
        let requests = requests::briefly(ctx, &row.id).await?;
        let settled = requests.iter().any(RequestBrief::is_settled);
        let stands = if settled { status.spoken_settled() } else { status.spoken() };
        let say = say(ctx, (&number, row.placed_at), (status, &stands), parcels.first());
        let mut parcels = parcels.into_iter().take(MOST_PARCELS);
        let first = parcels.next();
        let output = Output {
            order_id: number,
            status,
            placed_at: rfc3339(row.placed_at),
            tracking_number: first.as_ref().map(|parcel| parcel.tracking_number.clone()),
            carrier: first.as_ref().and_then(|parcel| parcel.carrier.clone()),
            expected_date: first.and_then(|parcel| parcel.expected_on),
            other_tracking_numbers: parcels.map(|parcel| parcel.tracking_number).collect(),
            requests,
        };
        Ok(Answer::ok(say, output))
    }
}

fn say(
    ctx: &CallContext,
    (number, placed_at): (&str, DateTime<Utc>),
    (status, stands): (OrderStatus, &str),
    parcel: Option<&ShipmentRow>,
) -> String {
    let today = ctx.today();
    let placed = phrases::on(ctx.day_of(placed_at), today);
    let under_way = status == OrderStatus::Shipped;
    let carrier = parcel.and_then(|parcel| parcel.carrier.as_deref()).filter(|_| under_way);
    let carrier =
        carrier.map(|carrier| text!(" with {carrier}", carrier = phrases::stored(carrier, 40)));
    let expected = parcel.and_then(|parcel| parcel.expected_on.as_deref()?.parse().ok());
    // A day that has passed is not promised again.
    let expected = expected.filter(|day: &NaiveDate| *day >= today);
    let expected = expected.filter(|_| under_way || status == OrderStatus::Processed);
    let expected =
        expected.map(|day| text!(" and should arrive {day}", day = phrases::on(day, today)));
    text!(
        "Your order {order}, placed {placed}, {stands}{carrier}{expected}.",
        placed,
        order = phrases::order_id(number),
        stands,
        carrier = carrier.unwrap_or_default(),
        expected = expected.unwrap_or_default()
    )
}

#[cfg(test)]
#[path = "get_order_status_tests.rs"]
mod tests;
