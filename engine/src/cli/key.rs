//! `key`: API keys, shown once and stored as digests.

use std::time::Duration;

use anyhow::bail;
use chrono::TimeDelta;
use clap::{ArgGroup, Subcommand};

use super::{output, start, token::grant};
use crate::{
    application::Application,
    auth::api_key,
    config::{self, DatabaseConfig},
    db::keys::{self, KeyRow},
    speech::text,
    tool::{Clock, answer::rfc3339},
};

/// What to do with keys.
#[derive(clap::Args)]
pub struct KeyArgs {
    #[command(flatten)]
    database: DatabaseConfig,
    /// Whose keys
    #[arg(long, global = true, default_value = "demo", value_parser = config::tenant)]
    tenant: String,
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Make a key and print it, once
    Create(CreateArgs),
    /// List keys
    List,
    /// Revoke a key; running servers refuse it within seconds
    Revoke {
        /// The key's id
        id: String,
    },
}

#[derive(clap::Args)]
#[command(group = ArgGroup::new("grant").required(true))]
struct CreateArgs {
    /// What people call it
    #[arg(long)]
    name: String,
    /// A bundle of scopes and toolsets
    #[arg(long, group = "grant")]
    role: Option<String>,
    /// Scopes, separated by spaces or commas
    #[arg(long, group = "grant")]
    scope: Option<String>,
    /// How long it counts, such as 90d [default: until it is revoked]
    #[arg(long, value_parser = config::some_time)]
    ttl: Option<Duration>,
}

pub(super) async fn run(args: KeyArgs, application: &Application) -> anyhow::Result<()> {
    let db = start::open_migrated(&args.database, application).await?;
    let now = Clock::System.now();
    match args.action {
        Action::Create(create) => {
            let grant = grant(application.access(), create.role, create.scope)?;
            let key = api_key::generate();
            let row = KeyRow {
                id: key.id,
                tenant_id: args.tenant,
                name: text::check(&create.name, 100)?,
                scopes: grant.scopes().to_string(),
                role: grant.role().map(|role| role.name.to_owned()),
                secret_hash: api_key::hex(&key.hash),
                created_at: now,
                expires_at: create.ttl.map(TimeDelta::from_std).transpose()?.map(|ttl| now + ttl),
                revoked_at: None,
            };
            let mut tx = db.write().await?;
            keys::insert(&mut tx, &row).await?;
            tx.commit().await?;
            output::aside(format_args!("Key {} for {}. It is shown once:", row.id, row.tenant_id));
            output::line(format_args!("{}", key.plaintext));
        }
        Action::List => {
            let mut tx = db.read().await?.of(args.tenant.as_str());
            for key in keys::list(&mut tx).await? {
                let state = match (key.revoked_at, key.expires_at) {
                    (Some(at), _) => format!("revoked {}", rfc3339(at)),
                    (None, Some(at)) if at <= now => format!("expired {}", rfc3339(at)),
                    (None, Some(at)) => format!("until {}", rfc3339(at)),
                    (None, None) => "active".to_owned(),
                };
                let allows = key.role.unwrap_or(key.scopes);
                output::line(format_args!("{}  {state:<30}  {}  [{allows}]", key.id, key.name));
            }
        }
        Action::Revoke { id } => {
            let mut tx = db.write().await?.of(args.tenant.as_str());
            if !keys::revoke(&mut tx, &id, now).await? {
                bail!("tenant {} has no active key {id}", args.tenant);
            }
            tx.commit().await?;
            output::line(format_args!("Revoked {id}. Running servers refuse it within 5 seconds."));
        }
    }
    db.close().await;
    Ok(())
}
