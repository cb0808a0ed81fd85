//! `stdio`: the same tools for a desktop client that starts this program.

use std::sync::Arc;

use anyhow::Context as _;
use tokio_util::sync::CancellationToken;

use super::start;
use crate::{
    application::Application,
    config::{self, CallConfig, DatabaseConfig},
    mcp::Dispatcher,
    telemetry::{self, LogConfig},
    tool::{Caller, Clock},
};

/// Settings of a local server. Whoever starts it is trusted with the role.
#[derive(clap::Args)]
pub struct StdioArgs {
    #[command(flatten)]
    database: DatabaseConfig,
    #[command(flatten)]
    calls: CallConfig,
    #[command(flatten)]
    log: LogConfig,
    /// Whose business
    #[arg(long, default_value = "demo", value_parser = config::tenant)]
    tenant: String,
    /// Who calls, for the audit trail
    #[arg(long, default_value = "local")]
    subject: String,
    /// What the client may do
    #[arg(long, default_value = "agent")]
    role: String,
}

pub(super) async fn run(args: StdioArgs, application: &Application) -> anyhow::Result<()> {
    telemetry::start_logging(args.log);
    let db = start::open_migrated(&args.database, application).await?;
    let gate = start::gate(db.clone(), application, &args.calls, Clock::System)?;
    let access = application.access();
    let role = access.role(&args.role).context("there is no such role")?;
    let caller = Caller {
        tenant: args.tenant.into(),
        subject: args.subject.into(),
        token_id: None,
        scopes: role.scopes(),
        role: Some(role),
        expires_at: None,
        access,
    };
    let stop = CancellationToken::new();
    let jobs = start::run_jobs(application, &db, &gate, &stop);
    let served = Dispatcher::new(gate.clone()).serve_stdio(Arc::new(caller)).await;
    stop.cancel();
    jobs.finish().await;
    start::finish_audit(&gate).await;
    db.close().await;
    served
}
