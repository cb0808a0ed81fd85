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
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("test.db").display());
    let mut databases = vec![open(&url, Some(folder)).await];
    if let Ok(admin) = std::env::var("TEST_DATABASE_URL") {
        databases.push(open(&fresh_postgres(&admin).await, None).await);
    }
    databases
}

async fn open(url: &str, folder: Option<tempfile::TempDir>) -> TestDb {
    let options = DbOptions { connections: 4, ..DbOptions::default() };
    let db = Db::open(url, &options).unwrap();
    db.migrate().await.unwrap();
    TestDb { db, _folder: folder }
}

/// Creates a database of its own beside the one that `admin` names.
async fn fresh_postgres(admin: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    // By its run, so that `scripts/test` finds what to drop.
    let run = std::env::var("TEST_RUN").unwrap_or_default();
    let name = format!("business_unit_{run}_{}_{number}", std::process::id());
    let mut connection = PgConnection::connect(admin).await.unwrap();
    for sql in
        [format!("drop database if exists {name} with (force)"), format!("create database {name}")]
    {
        connection.execute(AssertSqlSafe(sql)).await.unwrap();
    }
    let (server, _) = admin.rsplit_once('/').unwrap();
    format!("{server}/{name}")
}
