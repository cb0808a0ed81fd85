//! What was sold, by the tenant's days on which orders were placed. Cancelled orders do not count.
//!
//! A day that is over hardly changes, so its figures are counted once and kept. What has changed
//! since then, and what is too new, is counted by each call that asks; so an answer is always what
//! the orders say, and only quicker for what was kept.
//!
//! * `statements`: figures counted from the orders;
//! * `kept`: figures that were counted before, and when they no longer hold.

use std::collections::{HashMap, hash_map::Entry};

use business_mcp_engine::{
    Module,
    db::{StoreResult, TENANT, Tx, params, record},
    period::DayRange,
};

mod counter;
mod kept;
mod statements;
#[cfg(test)]
mod tests;

pub(crate) use kept::{all_changed, tier_changes};
pub use kept::{count_some, last_to_count, order_changed, order_placed};

/// The module: the counter of days that are over.
pub fn module() -> Module {
    Module::new("sales")
        .migration(1, "sales", include_str!("migrations/0001_sales.sql"))
        .after_import("sales: adding up day by day", |db, now| {
            Box::pin(counter::count_all(db, now))
        })
        .job("sales", |db, clock, stop| Box::pin(counter::run(db, clock, stop)))
}

record! {
    /// What was sold on a day.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct DayRow {
        /// The day, as `2026-11-30`.
        pub day: String,
        /// Orders placed.
        pub orders: i64,
        /// What they brought: line totals less discounts.
        pub revenue_minor: i64,
        /// Pieces.
        pub units: i64,
        /// How many of them have come back, or are to.
        pub returns: i64,
    }
}

record! {
    /// What was sold under one heading.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct SalesRow {
        /// What tells it apart: a product's id, a category, a tier.
        pub key: Option<String>,
        /// What people call it.
        pub label: Option<String>,
        /// What it brought: line totals less discounts.
        pub revenue_minor: i64,
        /// Orders with it.
        pub orders: i64,
        /// Pieces.
        pub units: i64,
    }
}

record! {
    /// What else happened in a range of days.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub struct OtherTotals {
        /// What was paid back on orders that were not cancelled, and cost what they did before.
        pub refunds_minor: i64,
        /// Customers who were new.
        pub new_customers: i64,
    }
}

/// What sales are put together by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heading {
    /// The customers' tiers.
    Tier,
    /// The products' categories.
    Category,
    /// Products.
    Product,
}

/// Days from one to another, both included, as `2026-11-30`.
type Days<'a> = (&'a str, &'a str);

/// What was sold day by day, days without orders left out.
pub async fn by_day(tx: &mut Tx, range: DayRange) -> StoreResult<Vec<DayRow>> {
    let kept = kept::by_day(tx, range).await?;
    let gaps = kept::gaps(kept.iter().map(|day| (day.day.as_str(), day.holds)));
    let holds = kept.into_iter().filter(|day| day.holds && day.orders > 0);
    let mut rows: Vec<DayRow> = holds.map(DayRow::from).collect();
    for (from, to) in gaps {
        rows.extend(statements::by_day(tx, (&from, &to)).await?);
    }
    rows.sort_unstable_by(|one, other| one.day.cmp(&other.day));
    Ok(rows)
}

/// What was sold under each heading of a kind, the best first.
pub async fn by(tx: &mut Tx, range: DayRange, heading: Heading) -> StoreResult<Vec<SalesRow>> {
    let mut sums = HashMap::<Option<String>, SalesRow>::new();
    let mut add = |row: SalesRow| match sums.entry(row.key.clone()) {
        Entry::Vacant(place) => drop(place.insert(row)),
        Entry::Occupied(mut sum) => {
            let sum = sum.get_mut();
            sum.revenue_minor += row.revenue_minor;
            sum.orders += row.orders;
            sum.units += row.units;
        }
    };
    for (from, to) in kept::by(tx, range, heading, &mut add).await? {
        let rows = statements::by(tx, (&from, &to), heading).await?;
        rows.into_iter().for_each(&mut add);
    }
    let mut rows: Vec<_> = sums.into_values().collect();
    rows.sort_unstable_by(|one, other| {
        let best_first = other.revenue_minor.cmp(&one.revenue_minor);
        best_first.then_with(|| one.key.cmp(&other.key))
    });
    Ok(rows)
}

/// What was paid back and who was new.
pub async fn other_totals(tx: &mut Tx, range: DayRange) -> StoreResult<OtherTotals> {
    statements::other_totals(tx, (&range.from.to_string(), &range.to.to_string())).await
}
