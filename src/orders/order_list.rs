//! `order_list`: orders, newest first.

use chrono::{DateTime, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use validator::Validate;

use super::{bill, find};
use crate::{
    access::{scope, toolset},
    customers::known,
    orders::{
        order_state::OrderStatus,
        sql::order_lists::{self, Choice, ListedRow},
    },
};
use business_mcp_engine::{
    money::Money,
    period,
    speech::phrases,
    text,
    tool::{
        Answer, Approval, CallContext, Effect, ReadTool, Risk, Spec, ToolError, answer::rfc3339,
        cursor, fit,
    },
};

/// Lists orders.
pub struct OrderList;

/// Which orders, and how many.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub struct Args {
    /// Only this customer's.
    #[validate(length(max = 64, message = "must be a customer's id"))]
    customer_id: Option<String>,
    /// Only in this state.
    status: Option<OrderStatus>,
    /// Placed from this day (2026-11-30) or time (RFC 3339) on.
    #[validate(length(max = 40, message = "must be a day or an RFC 3339 time"))]
    from: Option<String>,
    /// Placed until this day or time, included.
    #[validate(length(max = 40, message = "must be a day or an RFC 3339 time"))]
    to: Option<String>,
    /// How many, 1 to 50; 10 if not given.
    #[validate(range(min = 1, max = 50, message = "must be from 1 to 50"))]
    limit: Option<i64>,
    /// The cursor of the page before.
    #[validate(length(max = 200, message = "must be one that the page before gave"))]
    cursor: Option<String>,
}

/// A page of orders.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output {
    /// The orders, newest first.
    orders: Vec<Listed>,
    /// How many more there are; 1000 stands for that many or more.
    more: i64,
    /// What to call again with for the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
}

/// An order in a list.
#[derive(Debug, Serialize, JsonSchema)]
struct Listed {
    /// Its number.
    order_id: String,
    /// Where it stands.
    status: OrderStatus,
    /// Whose it is.
    customer_id: String,
    /// When it was placed (RFC 3339, UTC).
    placed_at: String,
    /// What it costs.
    total: Money,
    /// How many pieces it has.
    items: i64,
}

impl ReadTool for OrderList {
    type Args = Args;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "order_list",
        aliases: &[],
        version: 1,
        title: "List orders",
        description: "List orders, newest first, by customer, status and time. Needs nothing; \
                      call again with the cursor for more.",
        scope: Some(scope::ORDERS_READ),
        toolsets: &[toolset::DESK],
        effect: Effect::Read,
        risk: Risk::Low,
        approval: Approval::AutoApproved,
    };

    async fn call(&self, ctx: &mut CallContext, args: Args) -> Result<Answer<Output>, ToolError> {
        let from = args.from.as_deref().map(|text| moment(ctx, "from", text)).transpose()?;
        let to = args.to.as_deref().map(|text| moment(ctx, "to", text)).transpose()?;
        let from = from.map_or(DateTime::UNIX_EPOCH, |(first, _)| first);
        let end = to.map_or(ctx.now + TimeDelta::days(366), |(_, end)| end);
        if end <= from {
            return Err(ToolError::invalid(text!("The argument to must not be before from.")));
        }
        let after = args.cursor.as_deref().map(cursor::read).transpose()?;
        let customer = match &args.customer_id {
            Some(said) => Some(known::id(ctx, said).await?),
            None => None,
        };
        let verified = ctx.verified.clone();
        let mut choice = Choice {
            customer_id: customer.as_deref().or(verified.as_deref()),
            status: args.status.map(OrderStatus::as_str),
            from,
            before: after.as_ref().map_or((end, ""), |(at, id)| (*at, id.as_str())),
        };
        let limit = args.limit.unwrap_or(10);
        let mut rows = order_lists::page(&mut ctx.tx, choice, limit + 1).await?;
        if let (true, Some(customer)) = (rows.is_empty(), choice.customer_id) {
            bill::buyer(ctx, customer).await?;
        }
        let there = rows.len();
        rows.truncate(usize::try_from(limit).unwrap_or_default());
        let mut orders: Vec<Listed> =
            rows.iter().map(|row| listed(ctx, row)).collect::<Result<_, _>>()?;
        // A page that would be too long is a shorter page.
        fit::cut(&mut orders, fit::DATA);
        rows.truncate(orders.len());
        let last = rows.last().filter(|_| there > rows.len());
        let (mut more, mut next) = (0, None);
        if let Some(last) = last {
            choice.before = (last.placed_at, &last.id);
            more = order_lists::count(&mut ctx.tx, choice).await?;
            next = Some(cursor::after(last.placed_at, &last.id));
        }
        let say = say(ctx, &rows, more);
        Ok(Answer::ok(say, Output { orders, more, cursor: next }))
    }
}

fn listed(ctx: &CallContext, row: &ListedRow) -> Result<Listed, ToolError> {
    Ok(Listed {
        order_id: row.id.clone(),
        status: find::status(&row.status)?,
        customer_id: row.customer_id.clone(),
        placed_at: rfc3339(row.placed_at),
        total: ctx.money(row.total_minor),
        items: row.pieces,
    })
}

fn say(ctx: &CallContext, rows: &[ListedRow], more: i64) -> String {
    let Some(newest) = rows.first() else { return text!("There are no such orders.") };
    let count = u64::try_from(rows.len()).unwrap_or_default();
    let orders = phrases::count(count, "order", "orders");
    let day = phrases::on(ctx.day_of(newest.placed_at), ctx.today());
    let number = phrases::order_id(&newest.id);
    let rest = match more {
        0 => String::new(),
        order_lists::MOST_COUNTED => text!(", and there are more than a thousand more"),
        more => text!(", and there are {more} more", more),
    };
    match count {
        1 if more == 0 => text!("There is one order, {number}, placed {day}.", number, day),
        _ => text!(
            "Here are {orders}{rest}. The newest is {number}, placed {day}.",
            orders,
            rest,
            number,
            day
        ),
    }
}

/// The first instant of a day or a time, and the first one after it.
fn moment(
    ctx: &CallContext,
    argument: &str,
    text: &str,
) -> Result<(DateTime<Utc>, DateTime<Utc>), ToolError> {
    if let Ok(at) = DateTime::parse_from_rfc3339(text) {
        return Ok((at.to_utc(), at.to_utc() + TimeDelta::milliseconds(1)));
    }
    period::parse(text, ctx.today()).map(|days| days.instants(ctx.tenant.time_zone)).map_err(|_| {
        ToolError::invalid(text!(
            "The argument {argument} must be a day such as 2026-11-30 or an RFC 3339 time.",
            argument
        ))
    })
}

#[cfg(test)]
#[path = "order_list_tests.rs"]
mod tests;
