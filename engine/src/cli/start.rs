//! From settings to a running server; what `serve` and `demo` share, and what tests start.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context as _, anyhow};
use tokio::{
    net::TcpListener,
    task::{JoinHandle, JoinSet},
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};

use crate::{
    application::Application,
    auth::{Authenticator, stored::StoredKeys},
    config::{CallConfig, DatabaseConfig, ListenConfig, TokenConfig},
    db::{Db, DbOptions},
    gate::{Gate, GateOptions},
    http::{self, App, Parts, conversation::ConversationHeaders, limits::Limits, server},
    speech::words,
    tool::Clock,
};

/// How often requests that nobody decided are ended, and idle callers forgotten.
const SWEEP: Duration = Duration::from_secs(5);
/// How long the audit trail may still be written when the program stops.
const AUDIT: Duration = Duration::from_secs(3);

/// Opens the database that a setting names.
///
/// # Errors
/// The database's own reason, with the setting's name.
pub fn open(url: &str) -> anyhow::Result<Db> {
    Db::open(url, &DbOptions::default()).context("DATABASE_URL cannot be opened")
}

/// Opens the database that a setting names and brings its schema up to date.
///
/// # Errors
/// The database's own reason.
pub async fn open_migrated(
    database: &DatabaseConfig,
    application: &Application,
) -> anyhow::Result<Db> {
    let db = open(&database.database_url)?;
    migrate(&db, application).await?;
    Ok(db)
}

/// Brings the schema of an open database up to date.
///
/// # Errors
/// The database's own reason.
pub async fn migrate(db: &Db, application: &Application) -> anyhow::Result<()> {
    let migrated = db.migrate(&application.migrations()?).await;
    migrated.context("the schema could not be brought up to date")
}

/// A gate in front of the application's tools.
///
/// # Errors
/// Modules that do not fit together, a policy that cannot be read or does not fit the tools.
pub fn gate(
    db: Db,
    application: &Application,
    calls: &CallConfig,
    clock: Clock,
) -> anyhow::Result<Arc<Gate>> {
    application.check()?;
    let business_file = application.business_file(calls.business_file.as_deref())?;
    let language = business_file.facts().language();
    if !words::speak(language) {
        tracing::warn!(language, "it speaks English: it knows no such language");
    }
    let options = GateOptions {
        deadline: calls.tool_timeout,
        approval_ttl: calls.approval_ttl(),
        clock,
        policy: calls.policy().map_err(|why| anyhow!(why))?,
        business_file,
        reservations: application.reservations(),
        erasures: application.erasures(),
    };
    let tools = application.tools(calls.ignored_arguments.clone());
    Ok(Arc::new(Gate::new(db, tools, options).map_err(|why| anyhow!(why))?))
}

/// The background jobs of a running server.
pub struct Jobs {
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

/// Starts the gate's sweep and the jobs of every module; they end when `stop` is cancelled.
pub fn run_jobs(
    application: &Application,
    db: &Db,
    gate: &Arc<Gate>,
    stop: &CancellationToken,
) -> Jobs {
    let mut tasks = JoinSet::new();
    tasks.spawn(sweep(gate.clone(), stop.clone()));
    for job in application.jobs() {
        tasks.spawn((job.run)(db.clone(), gate.clock().clone(), stop.clone()));
    }
    Jobs { stop: stop.clone(), tasks }
}

impl Jobs {
    /// Stops the jobs and waits until they have finished what they had begun.
    pub async fn finish(mut self) {
        self.stop.cancel();
        let finished = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(server::DRAIN, finished).await.is_err() {
            tracing::warn!(
                "a background job was cut off; what it had begun is done again after the next start"
            );
        }
    }
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
    jobs: Jobs,
    _sweeper: AbortOnDropHandle<()>,
}

/// Everything a server is started with.
pub struct Settings<'a> {
    /// The business that it serves.
    pub application: &'a Application,
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
        let Settings { application, tokens, listen, calls, clock } = settings;
        listen.check().map_err(|why| anyhow!(why))?;
        let auth = tokens.auth(application.access())?;
        let gate = gate(db.clone(), application, calls, clock.clone())?;
        let listener = TcpListener::bind((listen.bind, listen.port))
            .await
            .with_context(|| format!("cannot listen on {}:{}", listen.bind, listen.port))?;
        let address = listener.local_addr()?;
        let headers = ConversationHeaders::parse(&listen.conversation_headers);
        let app = App::new(Parts {
            gate: gate.clone(),
            db: db.clone(),
            migrations: application.migrations()?,
            auth: Authenticator::new(
                &auth,
                Some(StoredKeys::new(db.clone(), application.access())),
            )?,
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
        let sweeper = tokio::spawn(forget_idle(app.clone()));
        let jobs = run_jobs(application, &db, &gate, &stop);
        let drain_delay = listen.drain_delay;
        Ok(Self {
            address,
            app,
            db,
            drain_delay,
            stop,
            served,
            jobs,
            _sweeper: AbortOnDropHandle::new(sweeper),
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
        let (served, ()) = tokio::join!(self.served, self.jobs.finish());
        if matches!(served, Ok(false)) {
            tracing::warn!("some requests did not end in time and were cut off");
        }
        self.app.dispatcher.stop();
        finish_audit(&self.app.gate).await;
        self.db.close().await;
        served.map(drop).context("the accept loop failed")
    }

    /// Waits until every call that was refused or failed is in the audit trail.
    pub async fn written_down(&self) {
        self.app.gate.written_down().await;
    }
}

async fn forget_idle(app: Arc<App>) {
    let mut ticks = tokio::time::interval(SWEEP);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    // The first tick is at once, when there is nothing to forget yet.
    ticks.tick().await;
    loop {
        ticks.tick().await;
        app.limits.forget_idle();
    }
}

/// Ends what nobody decided in time until `stop` is cancelled.
async fn sweep(gate: Arc<Gate>, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(SWEEP)).await.is_some() {
        gate.sweep().await;
    }
}
