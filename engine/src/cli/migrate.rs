//! `migrate`: brings the schema up to date.

use anyhow::Context as _;

use super::{output, start};
use crate::config::DatabaseConfig;

/// Which database.
#[derive(clap::Args)]
pub struct MigrateArgs {
    #[command(flatten)]
    database: DatabaseConfig,
    /// Where migrations reach the database directly, when `DATABASE_URL` goes through a pooler
    #[arg(long, env = "DIRECT_DATABASE_URL", hide_env_values = true)]
    direct_database_url: Option<String>,
}

pub(super) async fn run(args: &MigrateArgs) -> anyhow::Result<()> {
    let url = args.direct_database_url.as_ref().unwrap_or(&args.database.database_url);
    let db = start::open(url)?;
    db.migrate().await.context("the schema could not be brought up to date")?;
    db.close().await;
    output::line(format_args!("The {} schema is up to date.", db.kind()));
    Ok(())
}
