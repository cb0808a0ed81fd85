//! `import`: the business's own records.

use std::path::PathBuf;

use chrono::{DateTime, Utc};

use super::{
    output,
    progress::Shown,
    start,
    tenant::{self, DefaultFile},
};
use crate::{
    application::Application,
    config::{self, DatabaseConfig},
    db::Db,
    import::{Import, Step},
    tenants::TenantArgs,
    tool::Clock,
};

/// What is imported, and where it goes.
#[derive(clap::Args)]
pub struct ImportArgs {
    #[command(flatten)]
    database: DatabaseConfig,
    #[command(flatten)]
    default_file: DefaultFile,
    #[command(flatten)]
    settings: TenantArgs,
    /// A folder with files of records, or one of them
    path: PathBuf,
    /// Whose data it becomes
    #[arg(long, default_value = "demo", value_parser = config::tenant)]
    tenant: String,
}

/// The command with the names of the files that the application's modules import.
pub(super) fn with_files(command: clap::Command, application: &Application) -> clap::Command {
    // What is wrong with the list is said when the command runs.
    let Ok(importers) = application.importers() else { return command };
    let files: Vec<String> = importers.kinds().map(|kind| format!("{kind}.jsonl")).collect();
    let help = format!("A folder with {} (or .csv), or one of these files", files.join(", "));
    command.mut_arg("path", |path| path.help(help))
}

pub(super) async fn run(args: ImportArgs, application: &Application) -> anyhow::Result<()> {
    let ImportArgs { database, default_file, settings, path, tenant } = args;
    let importers = application.importers()?;
    let file = default_file.read(application)?;
    let db = start::open_migrated(&database, application).await?;
    let now = Clock::System.now();
    let tenant = tenant::set_up(&db, application, &file, &tenant, &settings).await?;
    let import = Import::begin(&db, tenant, now).await?;
    let mut shown = Shown::new();
    import.path(&importers, &path, &mut |step| show(&mut shown, step)).await?;
    drop(shown);
    finish(&db, application, now).await;
    db.close().await;
    Ok(())
}

/// Shows a step of an import.
pub fn show(shown: &mut Shown, step: Step<'_>) {
    match step {
        Step::Reading { file } => shown.reading(file),
        Step::Writing { file, done, of } => shown.writing(file, done, of),
        Step::Finished(file) => shown.finished(format_args!("{file}")),
    }
}

/// What the modules do when records have been imported.
pub async fn finish(db: &Db, application: &Application, now: DateTime<Utc>) {
    for after in application.after_import() {
        output::line(format_args!("{}", after.name));
        if let Err(error) = (after.run)(db, now).await {
            // All of it is imported, and the server does it, too.
            tracing::warn!(%error, "{} failed", after.name);
        }
    }
}
