//! Databases of a test's own.

use std::{path::Path, sync::Arc};

use business_mcp::{
    application,
    business::Business,
    seed::{self, SeedFiles, Size},
};
use business_mcp_engine::{
    period,
    testing::template::{self, Place},
    tool::context::Tenant,
};
use chrono::{DateTime, Utc};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use crate::support::TENANT;

/// The demo data of the tests, which stays as it is when a fork edits `seed/`.
pub const SHOP: SeedFiles = business_mcp::seed_files!("tests/shop");

/// The file of the tests' business.
pub const BUSINESS_FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/shop/business.toml");

/// The tests' business.
pub fn business() -> Business {
    Business::parse(include_str!("../shop/business.toml")).unwrap()
}

/// The collation of every Postgres database that does not say otherwise.
fn collation() -> String {
    std::env::var("TEST_COLLATION").unwrap_or_default()
}

/// An empty Postgres database of its own, with the collation that `TEST_COLLATION` names.
pub async fn fresh_postgres() -> String {
    template::empty_postgres(&collation()).await.unwrap()
}

/// A Postgres database of its own that begins as a copy of this one, which nobody is using.
pub async fn copy_of_postgres(url: &str) -> String {
    template::copy_of_postgres(url).await.unwrap()
}

/// A Postgres database of its own with the demo shop in it, as it is at a time.
pub async fn postgres_shop(size: Size, now: DateTime<Utc>) -> String {
    shop(Place::Postgres(&collation()), size, now).await
}

/// A SQLite file with the demo shop in it, as it is at a time.
pub async fn sqlite_shop(file: &Path, size: Size, now: DateTime<Utc>) -> String {
    shop(Place::Sqlite(file), size, now).await
}

/// The small shop is the same all day, but for when it was written down. Whoever has the large one stops the clock.
async fn shop(place: Place<'_>, size: Size, now: DateTime<Utc>) -> String {
    let tenant = Tenant::new(TENANT.into(), Arc::new(business()));
    let made = match size {
        Size::Small => period::day_of(now, tenant.time_zone).to_string(),
        _ => now.to_string(),
    };
    let schema = application().migrations().unwrap();
    let name = format!("{size:?} {made}");
    let filled = template::filled(place, &schema, &name, async |db| {
        seed::seed(db, tenant.clone(), &SHOP, size, now, &mut |_| {}).await.unwrap();
    });
    filled.await.unwrap()
}

/// Drops a database that [`fresh_postgres`] or [`copy_of_postgres`] made.
pub async fn drop_postgres(url: &str) {
    let admin = std::env::var("TEST_DATABASE_URL").unwrap();
    let mut connection = PgConnection::connect(&admin).await.unwrap();
    let sql = format!("drop database {} with (force)", template::postgres_name(url));
    connection.execute(AssertSqlSafe(sql)).await.unwrap();
}
