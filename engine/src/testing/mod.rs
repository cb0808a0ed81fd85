//! What the tests of a business use: real databases, fresh for each test.

mod fixture;

pub use fixture::{Fixture, FixtureFacts, fixtures, request};

use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

use crate::db::{Db, DbOptions};

/// A fresh, migrated database: a file that goes away with the test, or a database of Postgres that
/// `scripts/test` drops when its run ends.
pub struct TestDb {
    /// The open database.
    pub db: Db,
    _folder: Option<tempfile::TempDir>,
}

/// A SQLite file, and a Postgres database where `TEST_DATABASE_URL` names a server.
pub async fn databases() -> Vec<TestDb> {
    let mut databases = vec![sqlite().await];
    if let Ok(admin) = std::env::var("TEST_DATABASE_URL") {
        let collation = std::env::var("TEST_COLLATION").unwrap_or_default();
        databases.push(open(&fresh_postgres(&admin, &collation).await.unwrap(), None).await);
    }
    databases
}

/// A SQLite file, and a Postgres database of each collation of a language, whatever that of the run is.
pub async fn collated_databases() -> Vec<TestDb> {
    let mut databases = vec![sqlite().await];
    let Ok(admin) = std::env::var("TEST_DATABASE_URL") else { return databases };
    for collation in ["en_US.UTF-8", "icu"] {
        match fresh_postgres(&admin, collation).await {
            Ok(url) => databases.push(open(&url, None).await),
            // `scripts/test` sees to it that the server knows the first.
            Err(error) => eprintln!("the server has no collation {collation}: {error}"),
        }
    }
    assert!(databases.len() > 1, "the server in TEST_DATABASE_URL has no collation of a language");
    databases
}

async fn sqlite() -> TestDb {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("test.db").display());
    open(&url, Some(folder)).await
}

async fn open(url: &str, folder: Option<tempfile::TempDir>) -> TestDb {
    let options = DbOptions { connections: 4, ..DbOptions::default() };
    let db = Db::open(url, &options).unwrap();
    db.migrate().await.unwrap();
    TestDb { db, _folder: folder }
}

/// Creates a database of its own beside the one that `admin` names, with a collation as
/// `TEST_COLLATION` has it: a locale such as `en_US.UTF-8`, `icu`, or nothing for the server's own.
async fn fresh_postgres(admin: &str, collation: &str) -> sqlx::Result<String> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    // By its run, so that `scripts/test` finds what to drop.
    let run = std::env::var("TEST_RUN").unwrap_or_default();
    let name = format!("business_unit_{run}_{}_{number}", std::process::id());
    let mut connection = PgConnection::connect(admin).await.unwrap();
    let like = match collation {
        "" => String::new(),
        "icu" => {
            " template template0 encoding 'UTF8' locale_provider icu icu_locale 'en-US'".into()
        }
        locale => format!(" template template0 encoding 'UTF8' locale '{locale}'"),
    };
    for sql in [
        format!("drop database if exists {name} with (force)"),
        format!("create database {name}{like}"),
    ] {
        connection.execute(AssertSqlSafe(sql)).await?;
    }
    let (server, _) = admin.rsplit_once('/').unwrap();
    Ok(format!("{server}/{name}"))
}
