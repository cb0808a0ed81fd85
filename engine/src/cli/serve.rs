//! `serve`: until SIGTERM or ctrl-c.

use anyhow::Context as _;
use tokio::{net::TcpListener, signal::unix};
use tokio_util::task::AbortOnDropHandle;

use super::{
    start::{self, Running, Settings},
    warnings,
};
use crate::{
    application::Application,
    config::{CallConfig, DatabaseConfig, ListenConfig, TokenConfig},
    db::StoreError,
    http,
    telemetry::{self, LogConfig},
    tool::Clock,
};

/// Settings of a server; each is an environment variable too.
#[derive(clap::Args)]
pub struct ServeArgs {
    #[command(flatten)]
    pub(super) database: DatabaseConfig,
    #[command(flatten)]
    pub(super) tokens: TokenConfig,
    #[command(flatten)]
    pub(super) listen: ListenConfig,
    #[command(flatten)]
    pub(super) calls: CallConfig,
    #[command(flatten)]
    pub(super) log: LogConfig,
    /// Do not bring the schema up to date first
    #[arg(long)]
    no_migrate: bool,
}

pub(super) async fn run(args: ServeArgs, application: &Application) -> anyhow::Result<()> {
    telemetry::start_logging(args.log);
    if args.tokens.jwt_secret.is_none()
        && args.tokens.jwt_jwks_url.is_none()
        && args.tokens.jwt_jwks_file.is_none()
    {
        tracing::warn!(
            "neither JWT_SECRET nor JWT_JWKS_URL is set, so only API keys are let in; \
             `business-mcp key create` makes one"
        );
    }
    for warning in warnings::of(&args.tokens, &args.listen) {
        tracing::warn!("{warning}");
    }
    let db = start::open(&args.database.database_url)?;
    if !args.no_migrate {
        start::migrate(&db, application).await?;
    } else if let Err(error @ StoreError::OtherBuild(_)) =
        db.check(&application.migrations()?).await
    {
        // Whoever migrates this database would not make it ready either.
        return Err(error.into());
    }
    let _metrics = serve_metrics(&args.listen).await?;
    let settings = Settings {
        application,
        tokens: &args.tokens,
        listen: &args.listen,
        calls: &args.calls,
        clock: Clock::System,
    };
    let told_to_stop = ToldToStop::listen()?;
    let running = Running::start(db, settings).await?;
    tracing::info!(
        address = %running.address,
        url = args.listen.public_url(),
        version = env!("CARGO_PKG_VERSION"),
        "serving"
    );
    told_to_stop.wait().await;
    tracing::info!("stopping: what runs may finish first");
    running.stop().await
}

/// Serves `/metrics` on its own port; port 0 is none.
pub async fn serve_metrics(listen: &ListenConfig) -> anyhow::Result<Option<AbortOnDropHandle<()>>> {
    if listen.metrics_port == 0 {
        return Ok(None);
    }
    let address = (listen.bind, listen.metrics_port);
    let listener = TcpListener::bind(address).await.with_context(|| {
        format!("METRICS_PORT {} is taken; 0 serves no metrics", listen.metrics_port)
    })?;
    let figures = telemetry::start_metrics()?;
    let router = http::metrics::router(figures.clone());
    let served = tokio::spawn(async move {
        let _upkeep = AbortOnDropHandle::new(tokio::spawn(telemetry::keep_up(figures)));
        if let Err(error) = axum::serve(listener, router).await {
            tracing::error!(%error, "metrics are no longer served");
        }
    });
    Ok(Some(AbortOnDropHandle::new(served)))
}

/// SIGTERM and ctrl-c, heard from the moment this is made: whoever sees that the server is ready may
/// stop it at once.
pub struct ToldToStop {
    terminate: unix::Signal,
    interrupt: unix::Signal,
}

impl ToldToStop {
    /// Begins to listen; from now on neither ends the process by itself.
    pub fn listen() -> anyhow::Result<Self> {
        let hear = |kind| unix::signal(kind).context("the signals to stop cannot be heard");
        let terminate = hear(unix::SignalKind::terminate())?;
        Ok(Self { terminate, interrupt: hear(unix::SignalKind::interrupt())? })
    }

    /// Waits for one of them.
    pub async fn wait(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
