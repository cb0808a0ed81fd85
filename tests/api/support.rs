//! A real server for each test: port 0, a fresh database, signed tokens, a clock that moves.

use std::time::Duration;

use business_mcp::{application, seed::Size};
use business_mcp_engine::{
    Application, Module,
    auth::{AuthConfig, Grant, JwtSecret, MintRequest, mint},
    cli::start::{self, Running, Settings},
    config::{CallConfig, ListenConfig, TokenConfig},
    db::Db,
    tool::{Clock, Role},
};
use clap::Parser;
use reqwest::{RequestBuilder, StatusCode, header::HeaderMap};
use serde_json::{Value, json};

pub use crate::databases::fresh_postgres;
use crate::databases::{postgres_shop, sqlite_shop};

/// The tenant of every test that does not say otherwise.
pub const TENANT: &str = "demo";

/// A running server on a database of its own, with the small demo shop in it.
pub struct TestServer {
    pub url: String,
    pub database_url: String,
    pub db: Db,
    pub clock: Clock,
    pub secret: JwtSecret,
    running: Option<Running>,
    _folder: Option<tempfile::TempDir>,
}

/// Settings of a test's server beyond the usual ones, as command line flags.
#[derive(Parser)]
struct Flags {
    #[command(flatten)]
    tokens: TokenConfig,
    #[command(flatten)]
    listen: ListenConfig,
    #[command(flatten)]
    calls: CallConfig,
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
        let db = start::open(&database_url).unwrap();
        let secret = JwtSecret::generate();
        let running = listen(db.clone(), &clock, &secret, flags, application()).await;
        let url = format!("http://{}", running.address);
        Self { url, database_url, db, clock, secret, running: Some(running), _folder: folder }
    }

    /// A second server on the same database, as another replica would be.
    pub async fn replica(&self, flags: &[&str]) -> Self {
        let (clock, secret) = (self.clock.clone(), self.secret.clone());
        Self::beside(&self.database_url, clock, secret, flags).await
    }

    /// A second server on the same database, with one module more.
    pub async fn with_module(&self, module: fn() -> Module) -> Self {
        let (db, clock) = (self.db.clone(), self.clock.clone());
        let running =
            listen(db.clone(), &clock, &self.secret, &[], application().module(module())).await;
        let url = format!("http://{}", running.address);
        let (database_url, secret) = (self.database_url.clone(), self.secret.clone());
        Self { url, database_url, db, clock, secret, running: Some(running), _folder: None }
    }

    /// A server on a database that is there already, with what is in it.
    pub async fn on(database_url: &str) -> Self {
        Self::beside(database_url, Clock::movable(), JwtSecret::generate(), &[]).await
    }

    async fn beside(database_url: &str, clock: Clock, secret: JwtSecret, flags: &[&str]) -> Self {
        let db = start::open(database_url).unwrap();
        let running = listen(db.clone(), &clock, &secret, flags, application()).await;
        let url = format!("http://{}", running.address);
        let database_url = database_url.to_owned();
        Self { url, database_url, db, clock, secret, running: Some(running), _folder: None }
    }

    /// Stops the server as SIGTERM would.
    pub async fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop().await.unwrap();
        }
    }

    /// Waits until every call that was refused or failed is in the audit trail, which nobody who calls does.
    pub async fn written_down(&self) {
        if let Some(running) = &self.running {
            running.written_down().await;
        }
    }

    /// A client with a token of this role, whose principal is the role's name.
    pub fn as_role(&self, role: Role) -> Client {
        self.as_subject(role, role.as_str())
    }

    /// A client with a token of this role for this principal.
    pub fn as_subject(&self, role: Role, subject: &str) -> Client {
        self.client(self.token(TENANT, subject, Grant::Role(role)))
    }

    /// A client whose token has the scopes of a role and no role, so that it is in no toolset.
    pub fn with_scopes_of(&self, role: Role, subject: &str) -> Client {
        self.client(self.token(TENANT, subject, Grant::Scopes(role.scopes())))
    }

    /// A voice agent.
    pub fn agent(&self) -> Client {
        self.as_role(Role::Agent)
    }

    /// Someone who decides.
    pub fn approver(&self) -> Client {
        self.as_role(Role::Approver)
    }

    /// A client with this token.
    pub fn client(&self, token: String) -> Client {
        Client::new(self.url.clone(), token)
    }

    /// A token that counts for an hour.
    pub fn token(&self, tenant: &str, subject: &str, grant: Grant) -> String {
        let (ttl, now) = (Duration::from_hours(1), self.clock.now());
        let request = MintRequest { tenant, subject, grant, ttl, now };
        mint(&self.secret, &AuthConfig::default(), &request).unwrap()
    }

    /// Moves the server's clock forward.
    pub fn advance(&self, minutes: i64) {
        self.clock.advance(chrono::TimeDelta::minutes(minutes));
    }
}

async fn listen(
    db: Db,
    clock: &Clock,
    secret: &JwtSecret,
    flags: &[&str],
    application: Application,
) -> Running {
    let usual = [
        "test",
        "--port",
        "0",
        "--rate-limit-per-minute",
        "1000000",
        "--rate-limit-burst",
        "100000",
        "--tool-timeout",
        "20s",
        "--jwt-secret",
        secret.expose(),
    ];
    // What is given last counts.
    let mut given: Vec<&str> = usual.to_vec();
    for pair in flags.chunks(2) {
        if let Some(position) = given.iter().position(|flag| *flag == pair[0]) {
            given.drain(position..position + 2);
        }
        given.extend(pair);
    }
    let flags = Flags::parse_from(given);
    let settings = Settings {
        application: &application,
        tokens: &flags.tokens,
        listen: &flags.listen,
        calls: &flags.calls,
        clock: clock.clone(),
    };
    Running::start(db, settings).await.unwrap()
}

/// Speaks to a server as a voice platform's example does: one POST a call, no handshake.
#[derive(Clone)]
pub struct Client {
    pub url: String,
    pub token: String,
    pub http: reqwest::Client,
    headers: HeaderMap,
}

/// The answer to one tool call.
#[derive(Debug)]
pub struct Reply {
    pub http: StatusCode,
    pub body: Value,
}

impl Client {
    /// A client of the server at this address.
    pub fn new(url: String, token: String) -> Self {
        Self { url, token, http: reqwest::Client::new(), headers: HeaderMap::new() }
    }

    /// This client with one header more on each request.
    pub fn with_header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, value.parse().unwrap());
        self
    }

    /// A POST to `/mcp` with the token.
    pub fn post(&self) -> RequestBuilder {
        let request = self.http.post(format!("{}/mcp", self.url)).bearer_auth(&self.token);
        request.headers(self.headers.clone()).header("content-type", "application/json")
    }

    /// One JSON-RPC request.
    pub async fn rpc(&self, method: &str, params: Value) -> Reply {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let answer = self.post().body(body.to_string()).send().await.unwrap();
        let http = answer.status();
        Reply { http, body: answer.json().await.unwrap() }
    }

    /// One tool call.
    pub async fn call(&self, tool: &str, arguments: Value) -> Reply {
        self.rpc("tools/call", json!({ "name": tool, "arguments": arguments })).await
    }

    /// One tool call to a server that may go away before it answers.
    pub async fn try_call(&self, tool: &str, arguments: Value) -> Option<Reply> {
        let params = json!({ "name": tool, "arguments": arguments });
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        let answer = self.post().body(body.to_string()).send().await.ok()?;
        let http = answer.status();
        Some(Reply { http, body: answer.json().await.ok()? })
    }

    /// The tools this client is shown.
    pub async fn tools(&self) -> Vec<Value> {
        let reply = self.rpc("tools/list", json!({})).await;
        reply.body.pointer("/result/tools").unwrap().as_array().unwrap().clone()
    }

    /// A request to `/api/approvals`.
    pub async fn api(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        let method = method.parse().unwrap();
        let url = format!("{}/api/approvals{path}", self.url);
        let mut request = self.http.request(method, url).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let http = answer.status();
        Reply { http, body: answer.json().await.unwrap() }
    }

    /// Approves a request.
    pub async fn approve(&self, approval_id: &str) -> Reply {
        self.api("POST", &format!("/{approval_id}/approve"), None).await
    }
}

impl Reply {
    /// The envelope of a call that did not fail; the text block holds the same.
    #[track_caller]
    pub fn answer(&self) -> &Value {
        assert_ne!(self.body.pointer("/result/isError"), Some(&json!(true)), "{}", self.body);
        let structured = self.body.pointer("/result/structuredContent");
        let structured = structured.unwrap_or_else(|| panic!("no answer: {}", self.body));
        let text = self.body.pointer("/result/content/0/text").and_then(Value::as_str).unwrap();
        assert_eq!(structured, &serde_json::from_str::<Value>(text).unwrap());
        structured
    }

    /// The `data` of an answer that is `ok`.
    #[track_caller]
    pub fn data(&self) -> &Value {
        let answer = self.answer();
        assert_eq!(answer["status"], "ok", "{answer}");
        &answer["data"]
    }

    /// The id of the request that this call now waits for.
    #[track_caller]
    pub fn pending(&self) -> String {
        let answer = self.answer();
        assert_eq!(answer["status"], "approval_pending", "{answer}");
        answer["approval"]["approval_id"].as_str().unwrap().to_owned()
    }

    /// The code of a call that failed; the text block is one sentence.
    #[track_caller]
    pub fn error(&self) -> &str {
        assert_eq!(self.body.pointer("/result/isError"), Some(&json!(true)), "{}", self.body);
        self.body.pointer("/result/_meta/code").and_then(Value::as_str).unwrap()
    }

    /// Whether the call failed.
    pub fn is_error(&self) -> bool {
        self.body.pointer("/result/isError") == Some(&json!(true))
    }

    /// The sentence of a call that failed.
    #[track_caller]
    pub fn sentence(&self) -> &str {
        self.error();
        self.body.pointer("/result/content/0/text").and_then(Value::as_str).unwrap()
    }
}
