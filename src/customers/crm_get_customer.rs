//! All that is known of one customer.

use chrono::Months;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use validator::Validate;

use super::{card::Card, known, method::Method, shown};
use crate::{
    access::{scope, toolset},
    customers::sql::{
        customer_changes::Stored,
        customer_profile::{self, MethodRow, OrderLine, Worth},
    },
};
use business_mcp_engine::{
    money::Money,
    speech::phrases,
    text,
    tool::{
        Answer, Approval, CallContext, Effect, ReadTool, Risk, Spec, ToolError, answer::rfc3339,
    },
};

/// How many orders are read, of which as many ids are told as there is room for.
const MOST_ORDERS: i64 = 500;
/// How many orders are told with their status.
const NEWEST: usize = 20;
/// How many bytes the newest orders, all order ids and the payment methods may take each.
const ROOM: usize = 1_800;

/// Tells all that is known of a customer.
pub struct CrmGetCustomer;

/// Whose profile.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub struct Args {
    /// The customer's id.
    #[validate(length(max = 64, message = "must be at most 64 characters"))]
    customer_id: String,
}

/// A customer's profile.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output {
    #[serde(flatten)]
    card: Card,
    /// All orders that are not cancelled, less refunds.
    lifetime_value: Money,
    /// The same per month, over the last twelve months.
    mrr: Money,
    /// What they pay with.
    payment_methods: Vec<Method>,
    /// The newest orders.
    orders: Vec<OrderSummary>,
    /// The number of every order, the newest first.
    order_ids: Vec<String>,
    /// How many orders there are.
    order_count: i64,
}

/// An order, in short.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct OrderSummary {
    /// The order's number.
    order_id: String,
    /// Where it stands.
    status: String,
    /// When it was placed (RFC 3339, UTC).
    placed_at: String,
}

impl ReadTool for CrmGetCustomer {
    type Args = Args;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "crm_get_customer",
        aliases: &["get_customer_data"],
        version: 1,
        title: "Get a customer's profile",
        description: "Get a customer's full profile: contacts, address, tier, value, payment \
                      methods and orders. Needs the customer_id.",
        scope: Some(scope::CRM_READ),
        toolsets: &[toolset::DESK, toolset::APPROVER],
        effect: Effect::Read,
        risk: Risk::Low,
        approval: Approval::AutoApproved,
    };

    async fn call(&self, ctx: &mut CallContext, args: Args) -> Result<Answer<Output>, ToolError> {
        let today = ctx.today();
        let year_ago = today.checked_sub_months(Months::new(12)).unwrap_or(today);
        let known = known::one(ctx, &args.customer_id).await?;
        // The day a year ago belongs to the year before.
        let since = year_ago.succ_opt().unwrap_or(year_ago).to_string();
        let stored = known::stored(ctx, &known.id).await?;
        let tx = &mut ctx.tx;
        let worth = customer_profile::worth(tx, &known.id, &since).await?;
        let methods = customer_profile::payment_methods(tx, &known.id).await?;
        let orders = customer_profile::orders(tx, &known.id, MOST_ORDERS).await?;
        let say = say(ctx, &stored, worth);
        let card = Card::of(ctx, known.id, stored);
        Ok(Answer::ok(say, output(ctx, card, worth, methods, &orders)))
    }
}

fn say(ctx: &CallContext, stored: &Stored, worth: Worth) -> String {
    let name = shown::said(&stored.name);
    let since = phrases::date(ctx.day_of(stored.created_at), ctx.today());
    let count = u64::try_from(worth.order_count).unwrap_or_default();
    let orders = phrases::count(count, "order", "orders");
    let worth = phrases::money(ctx.money(worth.lifetime_minor));
    let tier = stored.tier.as_ref().map(|tier| format!(" {tier}")).unwrap_or_default();
    text!(
        "{name} is a{tier} customer since {since}, with {orders} worth {worth}.",
        name,
        tier,
        since,
        orders,
        worth
    )
    .replacen("is a enterprise", "is an enterprise", 1)
}

fn output(
    ctx: &CallContext,
    card: Card,
    worth: Worth,
    methods: Vec<MethodRow>,
    orders: &[OrderLine],
) -> Output {
    let methods = methods.into_iter().map(|method| Method::of(ctx, method));
    let newest = orders.iter().take(NEWEST).map(|order| OrderSummary {
        order_id: order.id.clone(),
        status: order.status.clone(),
        placed_at: rfc3339(order.placed_at),
    });
    let ids = orders.iter().map(|order| order.id.clone());
    Output {
        card,
        lifetime_value: ctx.money(worth.lifetime_minor),
        mrr: ctx.money(worth.recent_minor / 12),
        payment_methods: fitting(methods, ROOM),
        orders: fitting(newest, ROOM),
        order_ids: fitting(ids, ROOM),
        order_count: worth.order_count,
    }
}

/// As many items as their JSON has room.
fn fitting<T: Serialize>(items: impl Iterator<Item = T>, room: usize) -> Vec<T> {
    let mut left = room;
    items
        .map_while(|item| {
            let size = serde_json::to_string(&item).map_or(usize::MAX, |json| json.len() + 1);
            left = left.checked_sub(size)?;
            Some(item)
        })
        .collect()
}

#[cfg(test)]
#[path = "crm_get_customer_tests.rs"]
mod tests;
