//! From settings to a running server; what `serve` and `demo` share, and what tests start.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context as _, anyhow};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use crate::{
    auth::{Authenticator, stored::StoredKeys},
    config::{CallConfig, ListenConfig, TokenConfig},
    db::{Db, DbOptions},
    gate::{Gate, GateOptions},
    http::{self, App, Parts, conversation::ConversationHeaders, limits::Limits, server},
    speech::words,
    tool::{Catalogue, Clock},
};
use business_mcp::{
    business::Business,
    payments::{Sandbox, Worker},
    sales,
};

/// How often requests that nobody decided are ended, and idle callers forgotten.
const SWEEP: Duration = Duration::from_secs(5);
/// How long the audit trail may still be written when the program stops.
const AUDIT: Duration = Duration::from_secs(3);
/// How often days that are over are counted.
const COUNT: Duration = Duration::from_secs(30);
/// The pause after each day, so that it hinders nobody.
const COUNT_PAUSE: Duration = Duration::from_millis(100);

/// Opens the database that a setting names.
///
/// # Errors
/// The database's own reason, with the setting's name.
pub fn open(url: &str) -> anyhow::Result<Db> {
    Db::open(url, &DbOptions::default()).context("DATABASE_URL cannot be opened")
}

/// A gate with these tools behind it.
///
/// # Errors
/// A policy that cannot be read or does not fit the tools.
pub fn gate(
    db: Db,
    tools: Catalogue,
    calls: &CallConfig,
    clock: Clock,
) -> anyhow::Result<Arc<Gate>> {
    let business = Business::shipped()?;
    if !words::speak(&business.language) {
        tracing::warn!(
            language = business.language,
            "it speaks English: it knows no such language"
        );
    }
    let options = GateOptions {
        deadline: calls.tool_timeout,
        approval_ttl: calls.approval_ttl(),
        clock,
        policy: calls.policy().map_err(|why| anyhow!(why))?,
        business: Arc::new(business),
    };
    Ok(Arc::new(Gate::new(db, tools, options).map_err(|why| anyhow!(why))?))
}

/// Whoever works off what cards and wallets are to be charged. A real provider takes the sandbox's
/// place here.
pub fn pay(db: Db, clock: Clock) -> Worker<Sandbox> {
    let provider = Sandbox::new(db.clone(), clock.clone());
    Worker::new(db, clock, provider)
}

/// Lets the audit trail catch up before the database is closed.
pub async fn finish_audit(gate: &Gate) {
    if tokio::time::timeout(AUDIT, gate.written_down()).await.is_err() {
        tracing::warn!("some calls that failed are not in the audit trail");
    }
}

/// A server that listens.
pub struct Running {
    /// Where.
    pub address: SocketAddr,
    app: Arc<App>,
    db: Db,
    drain_delay: Duration,
    stop: CancellationToken,
    served: JoinHandle<bool>,
    payments: AbortOnDropHandle<()>,
    _sweeper: AbortOnDropHandle<()>,
    _counter: AbortOnDropHandle<()>,
}

/// Everything a server is started with.
pub struct Settings<'a> {
    /// What it can do; [`tools::catalogue`](business_mcp::catalogue) is all there is.
    pub tools: Catalogue,
    /// How tokens are verified.
    pub tokens: &'a TokenConfig,
    /// Where it listens, and how much it takes.
    pub listen: &'a ListenConfig,
    /// How calls are carried out and decided.
    pub calls: &'a CallConfig,
    /// Where the time comes from.
    pub clock: Clock,
}

impl Running {
    /// Starts a server on an open database.
    ///
    /// # Errors
    /// An unsafe or impossible setting, or a port that is taken.
    pub async fn start(db: Db, settings: Settings<'_>) -> anyhow::Result<Self> {
        let Settings { tools, tokens, listen, calls, clock } = settings;
        listen.check().map_err(|why| anyhow!(why))?;
        let auth = tokens.auth()?;
        let payments = pay(db.clone(), clock.clone());
        let counter = count_sales(db.clone(), clock.clone());
        let gate = gate(db.clone(), tools, calls, clock)?;
        let listener = TcpListener::bind((listen.bind, listen.port))
            .await
            .with_context(|| format!("cannot listen on {}:{}", listen.bind, listen.port))?;
        let address = listener.local_addr()?;
        let headers = ConversationHeaders::parse(&listen.conversation_headers);
        let app = App::new(Parts {
            gate: gate.clone(),
            db: db.clone(),
            auth: Authenticator::new(&auth, Some(StoredKeys::new(db.clone())))?,
            limits: Limits::new(
                listen.rate_limit_per_minute,
                listen.rate_limit_burst,
                listen.max_in_flight,
            ),
            hosts: listen.hosts(),
            origins: listen.origins(),
            conversation_headers: headers.map_err(|why| anyhow!(why))?,
            public_url: listen.public_url(),
            issuer: auth.key_source.as_ref().map(|_| auth.issuer().to_owned()),
        });
        let stop = CancellationToken::new();
        let served = tokio::spawn(server::serve(listener, http::router(app.clone()), stop.clone()));
        let sweeper = tokio::spawn(sweep(app.clone(), gate));
        let payments = tokio::spawn(payments.run(stop.clone()));
        let drain_delay = listen.drain_delay;
        Ok(Self {
            address,
            app,
            db,
            drain_delay,
            stop,
            served,
            payments: AbortOnDropHandle::new(payments),
            _sweeper: AbortOnDropHandle::new(sweeper),
            _counter: AbortOnDropHandle::new(tokio::spawn(counter)),
        })
    }

    /// Stops: not ready while balancers look elsewhere, no new traffic, then what runs may finish, then the database is closed.
    ///
    /// # Errors
    /// When the accept loop itself failed.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.app.drain();
        tokio::time::sleep(self.drain_delay).await;
        self.stop.cancel();
        let payments = tokio::time::timeout(server::DRAIN, self.payments);
        let (served, payments) = tokio::join!(self.served, payments);
        if matches!(served, Ok(false)) {
            tracing::warn!("some requests did not end in time and were cut off");
        }
        if payments.is_err() {
            tracing::warn!(
                "a call to the payment provider was cut off; it is repeated with its key"
            );
        }
        self.app.transport.stop();
        finish_audit(&self.app.gate).await;
        self.db.close().await;
        served.map(drop).context("the accept loop failed")
    }

    /// Waits until every call that was refused or failed is in the audit trail.
    pub async fn written_down(&self) {
        self.app.gate.written_down().await;
    }
}

async fn sweep(app: Arc<App>, gate: Arc<Gate>) {
    let mut ticks = tokio::time::interval(SWEEP);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // The first tick is at once, when there is nothing to sweep yet.
    ticks.tick().await;
    loop {
        ticks.tick().await;
        app.limits.forget_idle();
        if let Err(error) = gate.sweep().await {
            let source = std::error::Error::source(&error).map(ToString::to_string);
            tracing::warn!(source, "requests that nobody decided could not be ended");
        }
    }
}

/// Counts what was sold on days that are over.
async fn count_sales(db: Db, clock: Clock) {
    // A server that has just started has better things to do.
    let mut pause = SWEEP;
    loop {
        tokio::time::sleep(pause).await;
        let until = sales::last_to_count(clock.now());
        pause = match sales::count_some(&db, &until, 1).await {
            Ok(0) => COUNT,
            Ok(_) => COUNT_PAUSE,
            Err(error) => {
                let source = std::error::Error::source(&error).map(ToString::to_string);
                tracing::warn!(%error, source, "what was sold could not be counted");
                COUNT
            }
        };
    }
}
