//! `tenant`: whose businesses are served, and the facts in force for each.

use std::{path::PathBuf, sync::Arc};

use anyhow::{anyhow, bail};
use clap::Subcommand;

use super::{output, start};
use crate::{
    application::Application,
    config::{self, DatabaseConfig},
    db::{Db, tenants, tenants::TenantRow},
    tenants::{BusinessFile, TenantArgs},
    tool::{Clock, context::Tenant},
};

/// Which database, and what to do with its tenants.
#[derive(clap::Args)]
pub struct TenantCommand {
    #[command(flatten)]
    database: DatabaseConfig,
    #[command(flatten)]
    default_file: DefaultFile,
    #[command(subcommand)]
    action: Action,
}

/// The business file of the server, for commands whose `--business-file` is that of one tenant.
#[derive(Debug, Clone, clap::Args)]
pub struct DefaultFile {
    /// The business file of tenants that have none of their own [default: the shipped one]
    #[arg(long, global = true, env = "BUSINESS_FILE", value_name = "FILE")]
    default_business_file: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Action {
    /// List tenants
    List,
    /// Print the facts in force for a tenant, and where each comes from
    Show {
        /// The tenant
        #[arg(default_value = "demo", value_parser = config::tenant)]
        name: String,
    },
    /// Make a tenant
    Create(ChangeArgs),
    /// Change a tenant; running servers follow within seconds
    Update(ChangeArgs),
}

#[derive(clap::Args)]
struct ChangeArgs {
    /// The tenant
    #[arg(default_value = "demo", value_parser = config::tenant)]
    name: String,
    #[command(flatten)]
    settings: TenantArgs,
}

impl DefaultFile {
    /// Reads the file.
    ///
    /// # Errors
    /// A sentence that names the file, and the line and the setting that are wrong.
    pub fn read(&self, application: &Application) -> anyhow::Result<BusinessFile> {
        application.business_file(self.default_business_file.as_deref())
    }
}

pub(super) async fn run(command: TenantCommand, application: &Application) -> anyhow::Result<()> {
    let file = command.default_file.read(application)?;
    let db = start::open_migrated(&command.database, application).await?;
    match command.action {
        Action::List => list(&db, &file).await?,
        Action::Show { name } => show(&db, &file, &name).await?,
        Action::Create(ChangeArgs { name, settings }) => {
            if find(&db, &name).await?.is_some() {
                bail!("there is a tenant {name} already; `tenant update {name}` changes it");
            }
            set_up(&db, application, &file, &name, &settings).await?;
            show(&db, &file, &name).await?;
        }
        Action::Update(ChangeArgs { name, settings }) => {
            if find(&db, &name).await?.is_none() {
                bail!("there is no tenant {name}; `tenant create {name}` makes it");
            }
            if settings.is_empty() {
                bail!(
                    "say what to change with --currency, --time-zone, --language or --business-file"
                );
            }
            set_up(&db, application, &file, &name, &settings).await?;
            show(&db, &file, &name).await?;
        }
    }
    db.close().await;
    Ok(())
}

/// Makes a tenant where there is none, applies what is set, and returns the facts that are in force then.
///
/// # Errors
/// What [`TenantArgs::apply`] refuses.
pub async fn set_up(
    db: &Db,
    application: &Application,
    file: &BusinessFile,
    name: &str,
    settings: &TenantArgs,
) -> anyhow::Result<Tenant> {
    let mut tx = db.write().await?;
    let money = application.money();
    let tenant = settings.apply(&mut tx, file, name, &money, Clock::System.now()).await?;
    tx.commit().await?;
    Ok(tenant)
}

async fn find(db: &Db, name: &str) -> anyhow::Result<Option<TenantRow>> {
    Ok(tenants::find(&mut db.read().await?, name).await?)
}

async fn list(db: &Db, file: &BusinessFile) -> anyhow::Result<()> {
    let mut tx = db.read().await?;
    for id in tenants::ids(&mut tx).await? {
        let row = tenants::find(&mut tx, &id).await?;
        match file.tenant(&Arc::from(id.as_str()), row.as_ref()) {
            Ok(tenant) => output::line(format_args!(
                "{id:<20}  {}  {:<20}  {}",
                tenant.currency,
                tenant.time_zone,
                tenant.facts.name()
            )),
            Err(why) => output::line(format_args!("{id:<20}  {why}")),
        }
    }
    Ok(())
}

async fn show(db: &Db, file: &BusinessFile, name: &str) -> anyhow::Result<()> {
    let Some(row) = find(db, name).await? else { bail!("there is no tenant {name}") };
    let tenant =
        file.tenant(&Arc::from(name), Some(&row)).map_err(|why| anyhow!("{name}: {why}"))?;
    let facts = &tenant.facts;
    let origin =
        if row.business_file.is_some() { "the tenant's own business file" } else { file.name() };
    let set = "set for this tenant";
    let from = |own: bool| if own { set } else { origin };
    let recorded = match tenant.check_currency() {
        Ok(()) => from(row.own_currency).to_owned(),
        Err(_) => format!("on record; {origin} says {}, see `doctor`", facts.currency()),
    };
    let language = row.language.as_deref().unwrap_or(facts.language());
    output::line(format_args!("tenant     {name}"));
    for (what, value, origin) in [
        ("name", facts.name(), origin),
        ("currency", tenant.currency.code(), &recorded),
        ("time zone", tenant.time_zone.name(), from(row.time_zone.is_some())),
        ("language", language, from(row.language.is_some())),
    ] {
        output::line(format_args!("{what:<9}  {value:<24}  {origin}"));
    }
    output::line(format_args!("{:<9}  {:<24}  {origin}", "the rest", "hours, prices, places"));
    Ok(())
}
