//! `migrate`: brings the schema up to date.

use super::{output, start};
use crate::{application::Application, config::DatabaseConfig};

/// Which database.
#[derive(clap::Args)]
pub struct MigrateArgs {
    #[command(flatten)]
    database: DatabaseConfig,
    /// Where migrations reach the database directly, when `DATABASE_URL` goes through a pooler
    #[arg(long, env = "DIRECT_DATABASE_URL", hide_env_values = true)]
    direct_database_url: Option<String>,
}

pub(super) async fn run(args: &MigrateArgs, application: &Application) -> anyhow::Result<()> {
    let url = args.direct_database_url.as_ref().unwrap_or(&args.database.database_url);
    let db = start::open(url)?;
    start::migrate(&db, application).await?;
    db.close().await;
    output::line(format_args!("The {} schema is up to date.", db.kind()));
    Ok(())
}
