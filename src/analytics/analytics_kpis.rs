//! `analytics_kpis`: how a period went, and how that compares to the one before.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use validator::Validate;

use super::range;
use crate::{
    access::{scope, toolset},
    sales::{self, DayRow},
};
use business_mcp_engine::{
    money::Money,
    period::DayRange,
    speech::phrases,
    text,
    tool::{Answer, Approval, CallContext, Effect, ReadTool, Risk, Spec, ToolError},
};

/// Says how a period went.
pub struct AnalyticsKpis;

/// Which period.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub struct Args {
    /// 2026, 2026-Q3, 2026-11, 2026-11-30, 2026-11-01..2026-11-30, or in words: today, last week,
    /// this month, last 90 days. At most 366 days.
    #[validate(length(min = 1, max = 60, message = "must be a period such as 2026-11"))]
    period: String,
    /// False to leave out the comparison with the period before.
    compare: Option<bool>,
}

/// How the period went.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output {
    /// Its first day.
    from: String,
    /// Its last day.
    to: String,
    #[serde(flatten)]
    figures: Figures,
    /// The period before.
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<Previous>,
    /// By how many percent each figure has changed since then, such as "-3.5".
    #[serde(skip_serializing_if = "Option::is_none")]
    change: Option<Change>,
}

/// The figures of a period.
#[derive(Debug, Serialize, JsonSchema)]
struct Figures {
    /// Line totals less discounts of orders that were not cancelled.
    revenue: Money,
    /// How many orders that are.
    orders: i64,
    /// Revenue by order.
    average_order_value: Money,
    /// Customers who were new.
    new_customers: i64,
    /// Orders of the period whose goods come back.
    returns: i64,
    /// What was paid back in the period, cancelled orders aside.
    refunds: Money,
    /// Revenue less refunds.
    net_revenue: Money,
}

/// The period before.
#[derive(Debug, Serialize, JsonSchema)]
struct Previous {
    /// Its first day.
    from: String,
    /// Its last day.
    to: String,
    #[serde(flatten)]
    figures: Figures,
}

/// Changes in percent; absent where there was nothing before.
#[derive(Debug, Serialize, JsonSchema)]
struct Change {
    /// Of revenue.
    #[serde(skip_serializing_if = "Option::is_none")]
    revenue: Option<String>,
    /// Of orders.
    #[serde(skip_serializing_if = "Option::is_none")]
    orders: Option<String>,
    /// Of the average order value.
    #[serde(skip_serializing_if = "Option::is_none")]
    average_order_value: Option<String>,
    /// Of new customers.
    #[serde(skip_serializing_if = "Option::is_none")]
    new_customers: Option<String>,
    /// Of returns.
    #[serde(skip_serializing_if = "Option::is_none")]
    returns: Option<String>,
    /// Of refunds.
    #[serde(skip_serializing_if = "Option::is_none")]
    refunds: Option<String>,
    /// Of net revenue.
    #[serde(skip_serializing_if = "Option::is_none")]
    net_revenue: Option<String>,
}

impl ReadTool for AnalyticsKpis {
    type Args = Args;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "analytics_kpis",
        aliases: &[],
        version: 1,
        title: "Key figures",
        description: "Get revenue, orders, average order value, new customers, returns and \
                      refunds of a period, compared with the period before.",
        scope: Some(scope::ANALYTICS_READ),
        toolsets: &[toolset::ANALYST, toolset::DESK, toolset::APPROVER],
        effect: Effect::Read,
        risk: Risk::Low,
        approval: Approval::AutoApproved,
    };

    async fn call(&self, ctx: &mut CallContext, args: Args) -> Result<Answer<Output>, ToolError> {
        let range = range::period(ctx, &args.period)?;
        let mut output = Output {
            from: range.from.to_string(),
            to: range.to.to_string(),
            figures: figures(ctx, range).await?,
            previous: None,
            change: None,
        };
        if args.compare.unwrap_or(true) {
            let range = range.previous();
            let before = figures(ctx, range).await?;
            output.change = Some(changes(&output.figures, &before));
            let (from, to) = (range.from.to_string(), range.to.to_string());
            output.previous = Some(Previous { from, to, figures: before });
        }
        let say = say(&output, &range.spoken(ctx.today()));
        Ok(Answer::ok(say, output))
    }
}

async fn figures(ctx: &mut CallContext, range: DayRange) -> Result<Figures, ToolError> {
    let days = sales::by_day(&mut ctx.tx, range).await?;
    let other = sales::other_totals(&mut ctx.tx, range).await?;
    let sum = |of: fn(&DayRow) -> i64| days.iter().map(of).sum::<i64>();
    let (orders, revenue) = (sum(|day| day.orders), sum(|day| day.revenue_minor));
    // Halves are rounded up, as prices are.
    let average = if orders == 0 { 0 } else { (revenue + orders / 2) / orders };
    Ok(Figures {
        revenue: ctx.money(revenue),
        orders,
        average_order_value: ctx.money(average),
        new_customers: other.new_customers,
        returns: sum(|day| day.returns),
        refunds: ctx.money(other.refunds_minor),
        net_revenue: ctx.money(revenue - other.refunds_minor),
    })
}

fn changes(now: &Figures, before: &Figures) -> Change {
    let money = |of: fn(&Figures) -> Money| percent(of(now).minor, of(before).minor);
    let count = |of: fn(&Figures) -> i64| percent(of(now), of(before));
    Change {
        revenue: money(|figures| figures.revenue),
        orders: count(|figures| figures.orders),
        average_order_value: money(|figures| figures.average_order_value),
        new_customers: count(|figures| figures.new_customers),
        returns: count(|figures| figures.returns),
        refunds: money(|figures| figures.refunds),
        net_revenue: money(|figures| figures.net_revenue),
    }
}

/// The change in percent with one decimal; none where there was nothing before.
fn percent(now: i64, before: i64) -> Option<String> {
    let (now, before) = (i128::from(now), i128::from(before));
    let base = before.abs();
    let tenths = ((now - before).abs() * 1000 + base / 2).checked_div(base)?;
    let sign = if now < before && tenths > 0 { "-" } else { "" };
    Some(format!("{sign}{}.{}", tenths / 10, tenths % 10))
}

fn say(output: &Output, period: &str) -> String {
    let Figures { revenue, orders, average_order_value, .. } = &output.figures;
    if *orders == 0 {
        return text!("There are no orders for {period}.", period);
    }
    let count = phrases::count(orders.unsigned_abs(), "order", "orders");
    let change = output.change.as_ref().and_then(|change| change.revenue.as_deref());
    let change = match change.map(|percent| (percent, percent.strip_prefix('-'))) {
        None => String::new(),
        Some(("0.0", _)) => ", as much as the period before".to_owned(),
        Some((_, Some(percent))) => text!(", down {percent} percent", percent),
        Some((percent, None)) => text!(", up {percent} percent", percent),
    };
    let (revenue, average) = (phrases::money(*revenue), phrases::money(*average_order_value));
    text!(
        "Revenue for {period} is {revenue} from {count}{change}. The average order is {average}.",
        period,
        revenue,
        count,
        change,
        average
    )
}

#[cfg(test)]
#[path = "analytics_kpis_tests.rs"]
mod tests;
