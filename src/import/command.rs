//! `import`: the business's own records.

use std::{path::PathBuf, sync::Arc};

use chrono::{DateTime, Utc};

use business_mcp_engine::{
    Application,
    cli::{
        output,
        progress::Shown,
        start,
        tenant::{self, DefaultFile},
    },
    config::{self, DatabaseConfig},
    db::Db,
    tenants::TenantArgs,
    tool::Clock,
};

use super::progress;
use crate::{
    business::{Business, TenantFacts as _},
    import::{self, ImportError},
    sales,
};

/// Imports the business's own records: customers, products, orders, interactions.
///
/// Each file is JSON Lines or CSV. It is imported as a whole or not at all, and can be imported
/// again without doubling anything.
#[derive(Debug, Clone, clap::Args)]
pub struct ImportArgs {
    /// A folder with customers.jsonl, products.jsonl, orders.jsonl, interactions.jsonl (or .csv),
    /// or one of these files.
    pub path: PathBuf,
    /// Whose data it becomes.
    #[arg(long, default_value = "demo", value_parser = config::tenant)]
    pub tenant: String,
}

/// What the command takes.
#[derive(Debug, Clone, clap::Args)]
pub struct CommandArgs {
    #[command(flatten)]
    database: DatabaseConfig,
    #[command(flatten)]
    default_file: DefaultFile,
    #[command(flatten)]
    settings: TenantArgs,
    #[command(flatten)]
    args: ImportArgs,
}

/// Runs the command.
///
/// # Errors
/// What is wrong with the records, or the database's own reason.
pub async fn run_command(
    command: CommandArgs,
    application: Arc<Application>,
) -> anyhow::Result<()> {
    let CommandArgs { database, default_file, settings, args } = command;
    let file = default_file.read(&application)?;
    let db = start::open_migrated(&database, &application).await?;
    let now = Clock::System.now();
    let tenant = tenant::set_up(&db, &application, &file, &args.tenant, &settings).await?;
    run(&db, &args, &tenant.business_in_force(), now).await?;
    count_sales(&db, now).await;
    db.close().await;
    Ok(())
}

/// Imports, and shows how far it is.
pub async fn run(
    db: &Db,
    args: &ImportArgs,
    business: &Business,
    now: DateTime<Utc>,
) -> Result<(), ImportError> {
    let mut shown = Shown::new();
    let mut progress = |step: import::Step<'_>| progress::show(&mut shown, step);
    import::import(db, &args.tenant, business, &args.path, now, &mut progress).await?;
    Ok(())
}

/// Counts what was sold on days that are over, so that a server which starts on it need not.
pub(crate) async fn count_sales(db: &Db, now: DateTime<Utc>) {
    output::line(format_args!("sales: adding up day by day"));
    let until = sales::last_to_count(now);
    loop {
        match sales::count_some(db, &until, 50).await {
            Ok(0) => return,
            Ok(_) => {}
            // All of it is imported, and the server counts it too.
            Err(error) => return tracing::warn!(%error, "what was sold could not be counted"),
        }
    }
}
