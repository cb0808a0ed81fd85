//! `seed`: a shop that looks like one, made up and always the same.
//!
//! What it sells, who buys and what is said about them stands in `seed/`; this module deals it out
//! with a fixed sequence of numbers. The records go the way that every import goes.
//!
//! * [`SeedFiles`]: the texts that it is made of;
//! * [`generate`]: the records of a day;
//! * [`Example`]: an order to try;
//! * `catalogue`, `people`, `history`, `notes`: a part of the shop each;
//! * `rng`: the sequence of numbers.

use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};

use crate::{
    business::{Business, TenantFacts as _},
    catalog::import::{ProductRecord, Products},
    customers::import::{CustomerRecord, Customers, InteractionRecord, Interactions},
    orders::import::{OrderRecord, Orders},
};
use business_mcp_engine::{
    Application,
    cli::{
        self,
        progress::Shown,
        start,
        tenant::{self, DefaultFile},
    },
    config::{self, DatabaseConfig},
    db::Db,
    import::{self, FieldError, Import, ImportError, ImportReport, Importer, Progress},
    period,
    tenants::TenantArgs,
    tool::{Clock, context::Tenant},
};

mod catalogue;
mod example;
mod files;
mod history;
mod notes;
mod people;
mod rng;
#[cfg(test)]
mod tests;

pub use self::{
    example::{Example, QUANTITY},
    files::{SHIPPED, SeedFiles},
};

/// How long the shop has had customers.
const CUSTOMER_DAYS: i64 = 912;
/// How long its orders go back: eighteen months.
const ORDER_DAYS: i64 = 548;

/// Fills a tenant with demo data.
#[derive(Debug, Clone, clap::Args)]
pub struct SeedArgs {
    /// How much of it: a shop to try things in, a smaller one, or enough to measure with.
    #[arg(long, value_enum, default_value_t = Size::Demo)]
    pub size: Size,
    /// Whose data it becomes.
    #[arg(long, default_value = "demo", value_parser = config::tenant)]
    pub tenant: String,
}

/// How much demo data there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Size {
    /// 200 customers, 41 products, 1,500 orders.
    Demo,
    /// 30 customers, 41 products, 150 orders.
    Small,
    /// 100,000 customers, 5,000 products, 300,000 orders.
    Load,
}

impl Size {
    const fn name(self) -> &'static str {
        match self {
            Self::Demo => "demo data",
            Self::Small => "small demo data",
            Self::Load => "load data",
        }
    }

    const fn customers(self) -> usize {
        match self {
            Self::Demo => 200,
            Self::Small => 30,
            Self::Load => 100_000,
        }
    }

    const fn products(self) -> Option<usize> {
        match self {
            Self::Demo | Self::Small => None,
            Self::Load => Some(5_000),
        }
    }

    const fn orders(self) -> usize {
        match self {
            Self::Demo => 1_500,
            Self::Small => 150,
            Self::Load => 300_000,
        }
    }

    const fn interactions(self) -> usize {
        match self {
            Self::Demo => 350,
            Self::Small => 40,
            Self::Load => 50_000,
        }
    }
}

/// Why there is no demo data.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// A file in `seed/` is not what is expected.
    #[error("a file of the demo data cannot be read: {0}")]
    Toml(#[from] toml::de::Error),
    /// A price in `seed/catalogue.toml` is no amount.
    #[error("a price of the demo data is no amount of the business's currency")]
    Price,
    /// Nobody in the demo data can order anything.
    #[error("the demo data has no order to try")]
    Example,
    /// A record with a story of its own is wrong.
    #[error("{file}:{line}: {error}")]
    Record {
        /// The file.
        file: &'static str,
        /// The line, counted from one.
        line: usize,
        /// The field, and why.
        error: FieldError,
    },
    /// The import.
    #[error(transparent)]
    Import(#[from] ImportError),
}

/// What the command does.
pub const ABOUT: &str = "Fill the database with demo data, the same every time";

/// What the command takes.
#[derive(Debug, Clone, clap::Args)]
pub struct CommandArgs {
    #[command(flatten)]
    database: DatabaseConfig,
    #[command(flatten)]
    default_file: DefaultFile,
    #[command(flatten)]
    settings: TenantArgs,
    #[command(flatten)]
    args: SeedArgs,
}

/// Runs the command.
///
/// # Errors
/// The database's own reason.
pub async fn command(command: CommandArgs, application: Arc<Application>) -> anyhow::Result<()> {
    let CommandArgs { database, default_file, settings, args } = command;
    let file = default_file.read(&application)?;
    let db = start::open_migrated(&database, &application).await?;
    let now = Clock::System.now();
    let tenant = tenant::set_up(&db, &application, &file, &args.tenant, &settings).await?;
    run(&db, tenant, args.size, now).await?;
    cli::import::finish(&db, &application, now).await;
    db.close().await;
    Ok(())
}

/// Seeds, and shows how far it is.
pub async fn run(db: &Db, tenant: Tenant, size: Size, now: DateTime<Utc>) -> Result<(), SeedError> {
    let mut shown = Shown::new();
    let mut progress = |step: import::Step<'_>| cli::import::show(&mut shown, step);
    seed(db, tenant, &SHIPPED, size, now, &mut progress).await?;
    Ok(())
}

/// Fills a tenant with demo data. Where it has been filled already, nothing changes.
pub async fn seed(
    db: &Db,
    tenant: Tenant,
    files: &SeedFiles,
    size: Size,
    now: DateTime<Utc>,
    progress: Progress<'_>,
) -> Result<ImportReport, SeedError> {
    let today = period::day_of(now, tenant.time_zone);
    let records = generate(files, size, &tenant.business_in_force(), today)?;
    let Records { customers, products, orders, interactions } = records;
    let called = size.name();
    let import = Import::begin(db, tenant, now).await?;
    let imported = vec![
        import.records(Customers, called, customers, progress).await?,
        import.records(Products, called, products, progress).await?,
        import.records(Orders, called, orders, progress).await?,
        import.records(Interactions, called, interactions, progress).await?,
    ];
    Ok(ImportReport { files: imported })
}

/// The records of a shop.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Records {
    /// Who buys.
    pub customers: Vec<CustomerRecord>,
    /// What is sold.
    pub products: Vec<ProductRecord>,
    /// What was bought.
    pub orders: Vec<OrderRecord>,
    /// What was said.
    pub interactions: Vec<InteractionRecord>,
}

/// The demo data as it is on a day. Its last orders were placed the day before.
pub fn generate(
    files: &SeedFiles,
    size: Size,
    business: &Business,
    today: NaiveDate,
) -> Result<Records, SeedError> {
    let (currency, zone) = (business.currency, business.time_zone);
    let yesterday = today.checked_sub_days(Days::new(1)).unwrap_or(today);
    let end = period::DayRange::new(yesterday, yesterday).map_or_else(
        |_| today.and_time(chrono::NaiveTime::MIN).and_utc(),
        |day| day.instants(zone).1,
    );
    let fixed = Fixed::read(files, business)?;
    let products = catalogue::products(files.catalogue, size.products(), business)?;
    let customers =
        people::customers(files.people, size.customers(), &fixed, currency, end, CUSTOMER_DAYS)?;
    let mut history = history::History::new(&customers, &products, zone);
    let count = size.orders().saturating_sub(fixed.orders.len());
    let mut orders = history.orders(count, &fixed.orders, end, ORDER_DAYS);
    let mut interactions =
        notes::interactions(files.notes, size.interactions(), &customers, &products, &orders, end)?;
    orders.extend((0_i64..).zip(fixed.orders).map(|(n, order)| {
        // Of the last days first, so that what is pending is new.
        let days = 1 + 3 * n + 10 * n * (n - 1);
        let placed_at = end - TimeDelta::days(days) - TimeDelta::minutes(437 + 61 * n);
        OrderRecord { placed_at: Some(placed_at), ..order }
    }));
    orders.sort_by_key(|order| order.placed_at);
    interactions.extend((0_i64..).zip(fixed.interactions).map(|(n, said)| {
        let at = end - TimeDelta::days(2 + 9 * n) - TimeDelta::minutes(380 + 47 * n);
        InteractionRecord { at: Some(at), ..said }
    }));
    let products = products.into_iter().map(|product| product.record).collect();
    Ok(Records { customers, products, orders, interactions })
}

/// Records with a story of their own, and those that examples use.
struct Fixed {
    customers: Vec<CustomerRecord>,
    orders: Vec<OrderRecord>,
    interactions: Vec<InteractionRecord>,
}

impl Fixed {
    fn read(files: &SeedFiles, business: &Business) -> Result<Self, SeedError> {
        let tenant = Tenant::new("".into(), Arc::new(business.clone()));
        let SeedFiles { customers, orders, interactions, .. } = files;
        Ok(Self {
            customers: lines::<Customers>("seed/customers.jsonl", customers, &tenant)?,
            orders: lines::<Orders>("seed/orders.jsonl", orders, &tenant)?,
            interactions: lines::<Interactions>("seed/interactions.jsonl", interactions, &tenant)?,
        })
    }
}

fn lines<I: Importer>(
    file: &'static str,
    text: &str,
    tenant: &Tenant,
) -> Result<Vec<I::Record>, SeedError> {
    let record = |(line, text): (usize, &str)| {
        let value = serde_json::from_str(text)
            .map_err(|error| FieldError::new("", error.to_string()))
            .and_then(|value| import::read::<I>(value, tenant));
        value.map_err(|error| SeedError::Record { file, line, error })
    };
    (1..).zip(text.lines()).map(record).collect()
}
