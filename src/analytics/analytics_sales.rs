//! `analytics_sales`: what was sold, by day, week, month, category, product or tier.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use validator::Validate;

use super::range;
use crate::{
    access::{scope, toolset},
    sales::{self, DayRow, Heading, SalesRow},
};
use business_mcp_engine::{
    money::Money,
    period::{DayRange, Grouping},
    speech::{phrases, text},
    text,
    tool::{Answer, Approval, CallContext, Effect, ReadTool, Risk, Spec, ToolError, fit},
};

/// Reports sales.
pub struct AnalyticsSales;

/// Which days, and how they are told apart.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub struct Args {
    /// The first day, such as 2026-11-01.
    #[validate(length(min = 1, max = 40, message = "must be a day such as 2026-11-01"))]
    from: String,
    /// The last day, included; at most 366 days in all.
    #[validate(length(min = 1, max = 40, message = "must be a day such as 2026-11-30"))]
    to: String,
    /// What each row is about.
    group_by: GroupBy,
    /// How many rows, 1 to 50. If not given, 50 for days, weeks and months, 10 otherwise.
    #[validate(range(min = 1, max = 50, message = "must be from 1 to 50"))]
    limit: Option<i64>,
}

/// What a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum GroupBy {
    /// A day.
    Day,
    /// A week, which starts on Monday.
    Week,
    /// A calendar month.
    Month,
    /// A category of products.
    Category,
    /// A product.
    Product,
    /// A tier of customers.
    Tier,
}

/// What was sold.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output {
    /// The first day.
    from: String,
    /// The last day.
    to: String,
    /// What each row is about.
    group_by: GroupBy,
    /// Days, weeks and months in their order, those without orders left out; anything else the
    /// best first.
    rows: Vec<Row>,
    /// How many more rows there are.
    more: usize,
    /// The whole range, whatever the limit.
    total: Total,
}

/// What was sold under one heading.
#[derive(Debug, Serialize, JsonSchema)]
struct Row {
    /// The day, the week's Monday, the month, or the name; "none" where there is none.
    label: String,
    /// The product's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    product_id: Option<String>,
    /// Line totals less discounts.
    revenue: Money,
    /// Orders with it.
    orders: i64,
    /// Pieces.
    units: i64,
}

/// What was sold in the whole range.
#[derive(Debug, Serialize, JsonSchema)]
struct Total {
    /// Line totals less discounts of orders that were not cancelled.
    revenue: Money,
    /// How many orders that are.
    orders: i64,
    /// Pieces.
    units: i64,
    /// What was paid back in the range, cancelled orders aside.
    refunds: Money,
    /// Revenue less refunds.
    net_revenue: Money,
}

impl ReadTool for AnalyticsSales {
    type Args = Args;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "analytics_sales",
        aliases: &[],
        version: 1,
        title: "Sales report",
        description: "Report revenue, orders and units between two days by day, week, month, \
                      category, product or tier.",
        scope: Some(scope::ANALYTICS_READ),
        toolsets: &[toolset::ANALYST, toolset::DESK, toolset::APPROVER],
        effect: Effect::Read,
        risk: Risk::Low,
        approval: Approval::AutoApproved,
    };

    async fn call(&self, ctx: &mut CallContext, args: Args) -> Result<Answer<Output>, ToolError> {
        let range = range::from_to(ctx, &args.from, &args.to)?;
        let days = sales::by_day(&mut ctx.tx, range).await?;
        let total = total(ctx, range, &days).await?;
        let sold = match args.group_by.split() {
            Split::Days(grouping) => folded(days, grouping),
            Split::Heading(heading) => sales::by(&mut ctx.tx, range, heading).await?,
        };
        let say = say(ctx, range, args.group_by, &sold, &total);
        let calendar = matches!(args.group_by.split(), Split::Days(_));
        let limit = args.limit.unwrap_or(if calendar { 50 } else { 10 });
        let all = sold.len();
        let limit = usize::try_from(limit).unwrap_or_default();
        let row = |row| row_of(ctx, args.group_by, row);
        let mut rows: Vec<Row> = sold.into_iter().take(limit).map(row).collect();
        fit::cut(&mut rows, fit::DATA - 800);
        let output = Output {
            from: range.from.to_string(),
            to: range.to.to_string(),
            group_by: args.group_by,
            more: all - rows.len(),
            rows,
            total,
        };
        Ok(Answer::ok(say, output))
    }
}

/// How sales are told apart: by when, or by what.
enum Split {
    Days(Grouping),
    Heading(Heading),
}

impl GroupBy {
    fn split(self) -> Split {
        match self {
            Self::Day => Split::Days(Grouping::Day),
            Self::Week => Split::Days(Grouping::Week),
            Self::Month => Split::Days(Grouping::Month),
            Self::Category => Split::Heading(Heading::Category),
            Self::Product => Split::Heading(Heading::Product),
            Self::Tier => Split::Heading(Heading::Tier),
        }
    }
}

/// Days put together into weeks or months, under the first day of each.
fn folded(days: Vec<DayRow>, grouping: Grouping) -> Vec<SalesRow> {
    let mut groups = BTreeMap::<NaiveDate, SalesRow>::new();
    for row in days {
        let Ok(day) = row.day.parse() else { continue };
        let first = grouping.bucket(day);
        let group = groups.entry(first).or_insert_with(|| SalesRow {
            key: Some(first.to_string()),
            label: Some(match grouping {
                Grouping::Month => first.format("%Y-%m").to_string(),
                Grouping::Day | Grouping::Week => first.to_string(),
            }),
            revenue_minor: 0,
            orders: 0,
            units: 0,
        });
        group.revenue_minor += row.revenue_minor;
        group.orders += row.orders;
        group.units += row.units;
    }
    groups.into_values().collect()
}

async fn total(
    ctx: &mut CallContext,
    range: DayRange,
    days: &[DayRow],
) -> Result<Total, ToolError> {
    let other = sales::other_totals(&mut ctx.tx, range).await?;
    let sum = |of: fn(&DayRow) -> i64| days.iter().map(of).sum::<i64>();
    let revenue = sum(|day| day.revenue_minor);
    Ok(Total {
        revenue: ctx.money(revenue),
        orders: sum(|day| day.orders),
        units: sum(|day| day.units),
        refunds: ctx.money(other.refunds_minor),
        net_revenue: ctx.money(revenue - other.refunds_minor),
    })
}

fn row_of(ctx: &CallContext, group_by: GroupBy, row: SalesRow) -> Row {
    let label = row.label.unwrap_or_else(|| "none".to_owned());
    Row {
        label: text::display(&label, 80),
        product_id: row.key.filter(|_| group_by == GroupBy::Product),
        revenue: ctx.money(row.revenue_minor),
        orders: row.orders,
        units: row.units,
    }
}

fn say(
    ctx: &CallContext,
    range: DayRange,
    group_by: GroupBy,
    sold: &[SalesRow],
    total: &Total,
) -> String {
    let period = range.spoken(ctx.today());
    let Some(best) = sold.iter().max_by_key(|row| row.revenue_minor) else {
        return text!("There are no orders for {period}.", period);
    };
    let day = best.key.as_deref().and_then(|day| day.parse::<NaiveDate>().ok());
    let most = phrases::money(ctx.money(best.revenue_minor));
    let date = day.map_or_else(String::new, |day| phrases::date(day, ctx.today()));
    let best = match group_by {
        GroupBy::Day => text!("The best day was {date}", date),
        GroupBy::Week => text!("The best week began on {date}", date),
        GroupBy::Month => {
            let month = day.map_or_else(String::new, |day| day.format("%B %Y").to_string());
            text!("The best month was {month}", month)
        }
        GroupBy::Tier => match &best.label {
            Some(tier) => text!("The best tier is {tier}", tier = phrases::stored(tier, 40)),
            None => "Customers without a tier brought the most".to_owned(),
        },
        GroupBy::Category | GroupBy::Product => match &best.label {
            Some(name) => text!("{name} sold best", name = phrases::stored(name, 60)),
            None => "What has no category sold best".to_owned(),
        },
    };
    let orders = phrases::count(total.orders.unsigned_abs(), "order", "orders");
    let revenue = phrases::money(total.revenue);
    text!(
        "Revenue for {period} is {revenue} from {orders}. {best}, with {most}.",
        period,
        revenue,
        orders,
        best,
        most
    )
}

#[cfg(test)]
#[path = "analytics_sales_tests.rs"]
mod tests;
