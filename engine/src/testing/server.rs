//! A real server on a free port, with signed tokens and a clock that moves.

use std::time::Duration;

use clap::Parser;

use super::{Client, TestDb};
use crate::{
    Application,
    auth::{AuthConfig, Grant, JwtSecret, MintRequest, mint},
    cli::start::{Running, Settings},
    config::{CallConfig, ListenConfig, TokenConfig},
    db::Db,
    tool::{Access, Clock, Role},
};

/// The tenant of every test that does not say otherwise.
pub const TENANT: &str = "demo";

/// A running server. It has no limits that a test would meet unless a flag sets them.
pub struct TestServer {
    /// Where it listens.
    pub url: String,
    /// Its database.
    pub db: Db,
    /// Its clock.
    pub clock: Clock,
    /// What its tokens are signed with.
    pub secret: JwtSecret,
    access: &'static Access,
    running: Option<Running>,
    _database: Option<TestDb>,
}

/// Settings as `serve` has them, as command line flags.
#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    tokens: TokenConfig,
    #[command(flatten)]
    listen: ListenConfig,
    #[command(flatten)]
    calls: CallConfig,
}

/// What a test's server has unless it says otherwise.
const USUAL: [[&str; 2]; 4] = [
    ["--port", "0"],
    ["--rate-limit-per-minute", "1000000"],
    ["--rate-limit-burst", "100000"],
    ["--tool-timeout", "20s"],
];

impl TestServer {
    /// Serves an application on a database with its schema, with these flags of `serve` (name and value in turn).
    pub async fn start(application: &Application, database: TestDb, flags: &[&str]) -> Self {
        let (clock, secret) = (Clock::movable(), JwtSecret::generate());
        let server = Self::start_with(application, database.db.clone(), clock, secret, flags).await;
        Self { _database: Some(database), ..server }
    }

    /// The same on an open database, at the time of this clock and with tokens of this secret, as a second replica
    /// has them.
    pub async fn start_with(
        application: &Application,
        db: Db,
        clock: Clock,
        secret: JwtSecret,
        flags: &[&str],
    ) -> Self {
        let usual = USUAL.iter().filter(|[name, _]| !flags.contains(name)).flatten();
        let given = ["test", "--jwt-secret", secret.expose()];
        let flags = Flags::parse_from(given.iter().chain(usual).chain(flags));
        let settings = Settings {
            application,
            tokens: &flags.tokens,
            listen: &flags.listen,
            calls: &flags.calls,
            clock: clock.clone(),
        };
        let running = Running::start(db.clone(), settings).await.unwrap();
        let url = format!("http://{}", running.address);
        Self {
            url,
            db,
            clock,
            secret,
            access: application.access(),
            running: Some(running),
            _database: None,
        }
    }

    /// Stops the server as SIGTERM would.
    pub async fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop().await.unwrap();
        }
    }

    /// Waits until every call that was refused or failed is in the audit log.
    pub async fn written_down(&self) {
        if let Some(running) = &self.running {
            running.written_down().await;
        }
    }

    /// A client with a token of this role, whose principal is the role's name.
    pub fn as_role(&self, role: &'static Role) -> Client {
        self.as_subject(role, role.name)
    }

    /// A client with a token of this role for this principal.
    pub fn as_subject(&self, role: &'static Role, subject: &str) -> Client {
        self.client(self.token(TENANT, subject, Grant::Role(role)))
    }

    /// A client whose token has the scopes of a role and no role, so that it is in no toolset.
    pub fn with_scopes_of(&self, role: &'static Role, subject: &str) -> Client {
        self.client(self.token(TENANT, subject, Grant::Scopes(role.scopes())))
    }

    /// A voice agent.
    pub fn agent(&self) -> Client {
        self.as_role(self.role("agent"))
    }

    /// Someone who decides.
    pub fn approver(&self) -> Client {
        self.as_role(self.role("approver"))
    }

    fn role(&self, name: &str) -> &'static Role {
        self.access.role(name).unwrap()
    }

    /// A client with this token.
    pub fn client(&self, token: String) -> Client {
        Client::new(self.url.clone(), token)
    }

    /// A token that counts for an hour.
    pub fn token(&self, tenant: &str, subject: &str, grant: Grant) -> String {
        let (ttl, now) = (Duration::from_hours(1), self.clock.now());
        let request = MintRequest { tenant, subject, grant, ttl, now };
        mint(&self.secret, &AuthConfig::new(self.access), &request).unwrap()
    }

    /// Moves the server's clock forward.
    pub fn advance(&self, minutes: i64) {
        self.clock.advance(chrono::TimeDelta::minutes(minutes));
    }
}
