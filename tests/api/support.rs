//! A real server for each test: port 0, a fresh database, signed tokens, a clock that moves.

use std::ops::{Deref, DerefMut};

use business_mcp::{application, seed::Size};
pub use business_mcp_engine::testing::{Client, Reply, TENANT};
use business_mcp_engine::{Module, auth::JwtSecret, cli::start, testing, tool::Clock};

pub use crate::databases::fresh_postgres;
use crate::databases::{BUSINESS_FILE, postgres_shop, sqlite_shop};

/// A server on a database of its own, with the small demo shop in it.
pub struct TestServer {
    server: testing::TestServer,
    pub database_url: String,
    _folder: Option<tempfile::TempDir>,
}

impl Deref for TestServer {
    type Target = testing::TestServer;

    fn deref(&self) -> &Self::Target {
        &self.server
    }
}

impl DerefMut for TestServer {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.server
    }
}

/// A server on each database.
pub async fn servers() -> Vec<TestServer> {
    servers_with(&[]).await
}

/// A server on each database, with more flags.
pub async fn servers_with(flags: &[&str]) -> Vec<TestServer> {
    start_both(Size::Small, Clock::movable, flags).await
}

/// A server on each database with the whole demo shop, as it is at the time of this clock.
pub async fn demo_servers(clock: impl Fn() -> Clock) -> Vec<TestServer> {
    start_both(Size::Demo, clock, &[]).await
}

async fn start_both(size: Size, clock: impl Fn() -> Clock, flags: &[&str]) -> Vec<TestServer> {
    let postgres_clock = clock();
    let postgres = postgres_shop(size, postgres_clock.now()).await;
    vec![
        TestServer::on_sqlite(size, clock(), flags).await,
        TestServer::start(postgres_clock, postgres, None, flags).await,
    ]
}

/// One server on SQLite, where no database matters.
pub async fn server_with(flags: &[&str]) -> TestServer {
    TestServer::on_sqlite(Size::Small, Clock::movable(), flags).await
}

impl TestServer {
    async fn on_sqlite(size: Size, clock: Clock, flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = sqlite_shop(&folder.path().join("test.db"), size, clock.now()).await;
        Self::start(clock, url, Some(folder), flags).await
    }

    async fn start(
        clock: Clock,
        database_url: String,
        folder: Option<tempfile::TempDir>,
        flags: &[&str],
    ) -> Self {
        let secret = JwtSecret::generate();
        let server = Self::beside(&database_url, clock, secret, flags).await;
        Self { _folder: folder, ..server }
    }

    /// A second server on the same database, as another replica would be.
    pub async fn replica(&self, flags: &[&str]) -> Self {
        let (clock, secret) = (self.clock.clone(), self.secret.clone());
        Self::beside(&self.database_url, clock, secret, flags).await
    }

    /// A second server on the same database, with one module more.
    pub async fn with_module(&self, module: fn() -> Module) -> Self {
        let (db, clock, secret) = (self.db.clone(), self.clock.clone(), self.secret.clone());
        let application = application().module(module());
        let server =
            testing::TestServer::start_with(&application, db, clock, secret, &with_business(&[]))
                .await;
        Self { server, database_url: self.database_url.clone(), _folder: None }
    }

    /// A server on a database that is there already, with what is in it.
    pub async fn on(database_url: &str) -> Self {
        Self::on_with(database_url, &[]).await
    }

    /// The same with more flags.
    pub async fn on_with(database_url: &str, flags: &[&str]) -> Self {
        Self::beside(database_url, Clock::movable(), JwtSecret::generate(), flags).await
    }

    async fn beside(database_url: &str, clock: Clock, secret: JwtSecret, flags: &[&str]) -> Self {
        let db = start::open(database_url).unwrap();
        let flags = with_business(flags);
        let server =
            testing::TestServer::start_with(&application(), db, clock, secret, &flags).await;
        Self { server, database_url: database_url.to_owned(), _folder: None }
    }
}

/// The tests' business, unless a flag names another.
fn with_business<'a>(flags: &[&'a str]) -> Vec<&'a str> {
    let mut flags = flags.to_vec();
    if !flags.contains(&"--business-file") {
        flags.extend(["--business-file", BUSINESS_FILE]);
    }
    flags
}
