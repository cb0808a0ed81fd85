//! Postgres databases of a test's own.

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

/// An empty Postgres database of its own, with the collation that `TEST_COLLATION` names: a locale such as
/// `en_US.UTF-8`, `icu`, or nothing for the server's own.
pub async fn fresh_postgres() -> String {
    match std::env::var("TEST_COLLATION").unwrap_or_default().as_str() {
        "" => new_postgres("").await,
        "icu" => {
            new_postgres(
                " template template0 encoding 'UTF8' locale_provider icu icu_locale 'en-US'",
            )
            .await
        }
        locale => {
            new_postgres(&format!(" template template0 encoding 'UTF8' locale '{locale}'")).await
        }
    }
}

/// A Postgres database of its own that begins as a copy of this one, which nobody is using.
pub async fn copy_of_postgres(url: &str) -> String {
    new_postgres(&format!(" template {}", postgres_name(url))).await
}

/// Drops a database that [`fresh_postgres`] or [`copy_of_postgres`] made.
pub async fn drop_postgres(url: &str) {
    let admin = std::env::var("TEST_DATABASE_URL").unwrap();
    let mut connection = PgConnection::connect(&admin).await.unwrap();
    let sql = format!("drop database {} with (force)", postgres_name(url));
    connection.execute(AssertSqlSafe(sql)).await.unwrap();
}

fn postgres_name(url: &str) -> &str {
    let (_, rest) = url.rsplit_once('/').unwrap();
    rest.split('?').next().unwrap()
}

async fn new_postgres(like: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let admin = std::env::var("TEST_DATABASE_URL").expect(
        "TEST_DATABASE_URL is not set: these tests need a Postgres server, and scripts/test \
         finds or starts one",
    );
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    // By its run, so that `scripts/test` finds what to drop.
    let run = std::env::var("TEST_RUN").unwrap_or_default();
    let name = format!("business_api_{run}_{}_{number}", std::process::id());
    let mut connection = PgConnection::connect(&admin).await.unwrap();
    for sql in [
        format!("drop database if exists {name} with (force)"),
        format!("create database {name}{like}"),
    ] {
        connection.execute(AssertSqlSafe(sql)).await.unwrap();
    }
    let (server, rest) = admin.rsplit_once('/').unwrap();
    let query = rest.split_once('?').map(|(_, query)| format!("?{query}")).unwrap_or_default();
    format!("{server}/{name}{query}")
}
