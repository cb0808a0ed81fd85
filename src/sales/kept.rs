//! Figures of days that were counted before.
//!
//! Each day with orders has a row. Its figures hold while `counted` is its `version`, and whatever
//! changes a figure raises the version in its own transaction. Whoever counts notes the version
//! first, reads the orders then, and writes the figures down only if the version is still that one:
//! so what was changed meanwhile, or is about to be committed, is never overlooked. New orders are left
//! aside in that, because no day is counted on which any are still placed.

use chrono::{DateTime, Days, Utc};

use super::{DayRow, Heading, SalesRow, StoreResult, TENANT, Tx, params, record, statements};
use business_mcp_engine::{
    db::{Db, StoreError},
    period::DayRange,
};

/// How many days' lists are read at once, so that a year of a large shop need not fit into memory.
const READ_AT_ONCE: usize = 8;

record! {
    /// A day, and whether its figures hold.
    pub(super) struct KeptDay {
        pub(super) day: String,
        pub(super) holds: bool,
        pub(super) orders: i64,
        revenue_minor: i64,
        units: i64,
        returns: i64,
    }
}

impl From<KeptDay> for DayRow {
    fn from(kept: KeptDay) -> Self {
        let KeptDay { day, holds: _, orders, revenue_minor, units, returns } = kept;
        Self { day, orders, revenue_minor, units, returns }
    }
}

record! {
    /// A day's rows of one kind of heading, empty where they do not hold.
    struct KeptList {
        day: String,
        holds: bool,
        list: String,
    }
}

/// A row of sales as it is kept: key, label, revenue, orders, units.
type Kept = (Option<String>, Option<String>, i64, i64, i64);

/// Every day with orders, whether its figures hold or not.
pub(super) async fn by_day(tx: &mut Tx, range: DayRange) -> StoreResult<Vec<KeptDay>> {
    tx.fetch_all(
        "select day, counted = version as holds, orders, revenue_minor, units, returns
         from sales_days
         where tenant_id = $1 and day >= $2 and day <= $3
         order by day",
        params![TENANT, &range.from.to_string(), &range.to.to_string()],
    )
    .await
}

/// Shows `each` row that holds, and answers with the days where none do, like [`gaps`].
pub(super) async fn by(
    tx: &mut Tx,
    range: DayRange,
    heading: Heading,
    each: &mut impl FnMut(SalesRow),
) -> StoreResult<Vec<(String, String)>> {
    let sql = "select day, counted = version as holds,
                      case when counted <> version then '[]'
                           when $4 = 'tier' then tiers
                           when $4 = 'category' then categories
                           else products end as list
               from sales_days
               where tenant_id = $1 and day >= $2 and day <= $3
               order by day";
    let kind = match heading {
        Heading::Tier => "tier",
        Heading::Category => "category",
        Heading::Product => "product",
    };
    let mut states = Vec::new();
    let mut days = range.from.iter_days().take_while(|day| *day <= range.to).step_by(READ_AT_ONCE);
    let mut next = days.next();
    while let Some(first) = next {
        next = days.next();
        let last = next.and_then(|next| next.pred_opt()).unwrap_or(range.to);
        let (first, last) = (first.to_string(), last.to_string());
        let lists: Vec<KeptList> =
            tx.fetch_all_long(sql, params![TENANT, &first, &last, kind]).await?;
        for KeptList { day, holds, list } in lists {
            let rows: Vec<Kept> = serde_json::from_str(&list).map_err(other)?;
            for (key, label, revenue_minor, orders, units) in rows {
                each(SalesRow { key, label, revenue_minor, orders, units });
            }
            states.push((day, holds));
        }
    }
    Ok(gaps(states.iter().map(|(day, holds)| (day.as_str(), *holds))))
}

/// The days whose figures do not hold, in ranges from one to another.
pub(super) fn gaps<'a>(days: impl Iterator<Item = (&'a str, bool)>) -> Vec<(String, String)> {
    let days: Vec<_> = days.collect();
    let runs = days.chunk_by(|(_, one), (_, next)| one == next);
    let ends = runs.filter_map(|run| match (run.first()?, run.last()?) {
        ((from, false), (to, _)) => Some(((*from).to_owned(), (*to).to_owned())),
        _ => None,
    });
    ends.collect()
}

/// To be called when an order is placed, with its day.
pub async fn order_placed(tx: &mut Tx, day: &str) -> StoreResult<()> {
    // Today's row is nearly always there and not counted, and then nobody waits for it. It is not
    // raised then, which is right because nobody counts the last two days ([`last_to_count`]).
    tx.execute(
        "insert into sales_days
         select $1, $2, 1, 0, 0, 0, 0, 0, '[]', '[]', '[]'
         where not exists (select 1
                           from sales_days
                           where tenant_id = $1 and day = $2 and counted <> version)
         on conflict (tenant_id, day) do update
         set version = sales_days.version + 1",
        params![TENANT, day],
    )
    .await?;
    Ok(())
}

/// To be called when an order was cancelled, came back, or has other lines or another price. It is a
/// transaction's last lock, after stock and gift cards, so that nobody waits in a circle.
pub async fn order_changed(tx: &mut Tx, order_id: &str) -> StoreResult<()> {
    tx.execute(
        "update sales_days
         set version = version + 1
         where tenant_id = $1
           and day = (select placed_on from orders where tenant_id = $1 and id = $2)",
        params![TENANT, order_id],
    )
    .await?;
    Ok(())
}

/// To be called before a customer is put into a tier.
pub(crate) async fn tier_changes(
    tx: &mut Tx,
    customer_id: &str,
    tier: Option<&str>,
) -> StoreResult<()> {
    tx.execute(
        "update sales_days
         set version = version + 1
         where tenant_id = $1
           and day in (select o.placed_on
                       from customers c
                       cross join orders o
                       where c.tenant_id = $1 and c.id = $2 and c.tier is distinct from $3
                         and o.tenant_id = c.tenant_id and o.customer_id = c.id)",
        params![TENANT, customer_id, tier],
    )
    .await?;
    Ok(())
}

/// To be called when many orders, customers or products were written past the functions here.
pub(crate) async fn all_changed(tx: &mut Tx) -> StoreResult<()> {
    tx.execute(
        // In the order of the days, so that two imports lock them in the same one.
        "insert into sales_days
         select distinct tenant_id, placed_on, 1, 0, 0, 0, 0, 0, '[]', '[]', '[]'
         from orders
         where tenant_id = $1
         order by placed_on
         on conflict (tenant_id, day) do update
         set version = sales_days.version + 1",
        params![TENANT],
    )
    .await?;
    Ok(())
}

record! {
    /// A day that is to be counted, in this version.
    pub(super) struct DueDay {
        tenant_id: String,
        day: String,
        version: i64,
    }
}

/// A day that was counted.
pub(super) struct CountedDay {
    due: DueDay,
    totals: DayRow,
    /// By tier, category and product.
    lists: [String; 3],
}

/// The last day that is counted: over in every time zone, and by a day, so that no transaction that
/// places an order on it is still open. [`order_placed`] relies on that.
pub fn last_to_count(now: DateTime<Utc>) -> String {
    (now.date_naive() - Days::new(2)).to_string()
}

/// Counts days that have no figures, the latest first, and says how many it has looked at. Days
/// after `until` still change with each order and are left out.
pub async fn count_some(db: &Db, until: &str, limit: i64) -> StoreResult<usize> {
    let mut tx = db.read().await?;
    let mut counted = Vec::new();
    for due in due(&mut tx, until, limit).await? {
        tx.set_tenant(due.tenant_id.as_str());
        counted.push(count(&mut tx, due).await?);
    }
    drop(tx);
    for day in &counted {
        // One row a transaction, so that an import, which changes many, never waits in a circle.
        let mut tx = db.write().await?.of(day.due.tenant_id.as_str());
        keep(&mut tx, day).await?;
        tx.commit().await?;
    }
    Ok(counted.len())
}

pub(super) async fn due(tx: &mut Tx, until: &str, limit: i64) -> StoreResult<Vec<DueDay>> {
    tx.fetch_all(
        "select tenant_id, day, version
         from sales_days
         where counted <> version and day <= $1
         order by day desc, tenant_id
         limit $2",
        params![until, limit],
    )
    .await
}

pub(super) async fn count(tx: &mut Tx, due: DueDay) -> StoreResult<CountedDay> {
    let day = (due.day.as_str(), due.day.as_str());
    let totals = statements::by_day(tx, day).await?.pop();
    let totals = totals.unwrap_or_else(|| DayRow {
        day: due.day.clone(),
        orders: 0,
        revenue_minor: 0,
        units: 0,
        returns: 0,
    });
    let mut lists = [const { String::new() }; 3];
    let headings = [Heading::Tier, Heading::Category, Heading::Product];
    for (list, heading) in lists.iter_mut().zip(headings) {
        let rows = statements::by(tx, day, heading).await?;
        let kept = |row: SalesRow| (row.key, row.label, row.revenue_minor, row.orders, row.units);
        let rows: Vec<Kept> = rows.into_iter().map(kept).collect();
        *list = serde_json::to_string(&rows).map_err(other)?;
    }
    Ok(CountedDay { due, totals, lists })
}

/// Keeps what was counted, unless it holds no more.
pub(super) async fn keep(tx: &mut Tx, counted: &CountedDay) -> StoreResult<()> {
    let CountedDay { due, totals, lists: [tiers, categories, products] } = counted;
    tx.execute(
        "update sales_days
         set counted = $3, orders = $4, revenue_minor = $5, units = $6, returns = $7,
             tiers = $8, categories = $9, products = $10
         where tenant_id = $1 and day = $2 and version = $3 and counted <> $3",
        params![
            TENANT,
            &due.day,
            due.version,
            totals.orders,
            totals.revenue_minor,
            totals.units,
            totals.returns,
            tiers,
            categories,
            products
        ],
    )
    .await?;
    Ok(())
}

fn other(error: serde_json::Error) -> StoreError {
    StoreError::Other(error.into())
}
