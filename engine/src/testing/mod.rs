//! What the tests of a business use: real databases, fresh for each test, and a real server.
//!
//! * [`databases_with`]: a database of each kind with a schema. Nobody migrates for each test: [`template`] has one
//!   of each, and a test has a copy of it;
//! * [`TestServer`]: an application behind a socket, with tokens and a clock that moves; [`Client`] calls it, and
//!   [`Reply`] reads the answer;
//! * [`fixtures`]: one tool run as the gate would run it, without a server.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "this is for tests, which end where something goes wrong"
)]

pub mod access;
mod client;
mod fixture;
mod server;
pub mod template;

pub use client::{Client, Reply};
pub use fixture::{FIXTURE_FACTS, Fixture, business_file, fixtures, request};
pub use server::{TENANT, TestServer};

use self::template::Place;
use crate::db::{Db, DbOptions, Migrations};

/// A fresh, migrated database: a file that goes away with the test, or a database of Postgres that
/// `scripts/test` drops when its run ends.
pub struct TestDb {
    /// The open database.
    pub db: Db,
    _folder: Option<tempfile::TempDir>,
}

/// The schema of the engine alone.
pub fn migrations() -> Migrations {
    Migrations::new([]).unwrap()
}

/// A SQLite file, and a Postgres database where `TEST_DATABASE_URL` names a server, with the schema of the engine alone.
pub async fn databases() -> Vec<TestDb> {
    databases_with(&migrations()).await
}

/// The same with this schema.
pub async fn databases_with(schema: &Migrations) -> Vec<TestDb> {
    let mut databases = vec![sqlite(schema).await];
    if std::env::var("TEST_DATABASE_URL").is_ok() {
        let collation = std::env::var("TEST_COLLATION").unwrap_or_default();
        databases.push(postgres(schema, &collation).await.unwrap());
    }
    databases
}

/// A SQLite file, and a Postgres database of each collation of a language, whatever that of the run is.
pub async fn collated_databases_with(schema: &Migrations) -> Vec<TestDb> {
    let mut databases = vec![sqlite(schema).await];
    if std::env::var("TEST_DATABASE_URL").is_err() {
        return databases;
    }
    for collation in ["en_US.UTF-8", "icu"] {
        match postgres(schema, collation).await {
            Ok(database) => databases.push(database),
            // `scripts/test` sees to it that the server knows the first.
            Err(error) => eprintln!("the server has no collation {collation}: {error}"),
        }
    }
    assert!(databases.len() > 1, "the server in TEST_DATABASE_URL has no collation of a language");
    databases
}

async fn sqlite(schema: &Migrations) -> TestDb {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("test.db");
    let url = template::filled(Place::Sqlite(&file), schema, "empty", async |_| {}).await.unwrap();
    TestDb { db: open(&url), _folder: Some(folder) }
}

async fn postgres(schema: &Migrations, collation: &str) -> sqlx::Result<TestDb> {
    let place = Place::Postgres(collation);
    let url = template::filled(place, schema, "empty", async |_| {}).await?;
    Ok(TestDb { db: open(&url), _folder: None })
}

fn open(url: &str) -> Db {
    Db::open(url, &DbOptions { connections: 4, ..DbOptions::default() }).unwrap()
}
