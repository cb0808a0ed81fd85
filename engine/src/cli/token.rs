//! `token`: a development token, alone on standard output.

use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::ArgGroup;

use super::output;
use crate::{
    application::Application,
    auth::{Grant, MintRequest, mint},
    config::{self, TokenConfig},
    tool::{Access, Clock},
};

/// What the token says.
#[derive(clap::Args)]
#[command(group = ArgGroup::new("grant").required(true))]
pub struct TokenArgs {
    #[command(flatten)]
    tokens: TokenConfig,
    /// Whose business it opens
    #[arg(long, default_value = "demo", value_parser = config::tenant)]
    tenant: String,
    /// Who it stands for
    #[arg(long, default_value = "developer")]
    subject: String,
    /// A bundle of scopes and toolsets
    #[arg(long, group = "grant")]
    role: Option<String>,
    /// Scopes, separated by spaces or commas
    #[arg(long, group = "grant")]
    scope: Option<String>,
    /// How long it counts
    #[arg(long, default_value = "12h", value_parser = config::some_time)]
    ttl: Duration,
}

/// What `--role` or `--scope` allows; the command line has checked both.
pub(super) fn grant(
    access: &Access,
    role: Option<String>,
    scope: Option<String>,
) -> anyhow::Result<Grant> {
    let role = role.and_then(|name| access.role(&name)).map(Grant::Role);
    let scopes = || scope.map(|list| access.scopes(&list.replace(',', " "))).map(Grant::Scopes);
    role.or_else(scopes).context("say what is allowed with --role or --scope")
}

pub(super) fn run(args: TokenArgs, application: &Application) -> anyhow::Result<()> {
    let Some(secret) = &args.tokens.jwt_secret else {
        bail!("JWT_SECRET is not set: it signs the token, and the server needs the same one");
    };
    let access = application.access();
    let grant = grant(access, args.role, args.scope)?;
    let request = MintRequest {
        tenant: &args.tenant,
        subject: &args.subject,
        grant,
        ttl: args.ttl,
        now: Clock::System.now(),
    };
    let token = mint(secret, &args.tokens.auth(access)?, &request).context("no token was made")?;
    output::line(format_args!("{token}"));
    Ok(())
}
