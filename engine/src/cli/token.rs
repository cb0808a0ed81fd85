//! `token`: a development token, alone on standard output.

use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::ArgGroup;

use super::output;
use crate::{
    auth::{Grant, MintRequest, mint},
    config::{self, TokenConfig},
    tool::{Clock, Role, Scope, Scopes},
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
    /// A bundle of scopes and toolsets: agent, desk, stock, analyst, approver, admin
    #[arg(long, group = "grant", value_parser = role)]
    role: Option<Role>,
    /// Scopes, separated by spaces or commas
    #[arg(long, group = "grant", value_parser = scopes)]
    scope: Option<Scopes>,
    /// How long it counts
    #[arg(long, default_value = "12h", value_parser = config::some_time)]
    ttl: Duration,
}

/// Reads a role's name.
pub(super) fn role(name: &str) -> Result<Role, String> {
    Role::parse(name).ok_or_else(|| {
        format!("there is no such role; there are {}", Role::ALL.map(Role::as_str).join(", "))
    })
}

/// Reads scopes; a misspelt one is refused rather than passed over.
pub(super) fn scopes(list: &str) -> Result<Scopes, String> {
    let words = list.split([' ', ',']).filter(|word| !word.is_empty());
    words.into_iter().try_fold(Scopes::NONE, |set, word| {
        let known = || Scope::ALL.map(Scope::as_str).join(", ");
        let scope = Scope::parse(word);
        scope
            .map(|scope| set.with(scope))
            .ok_or_else(|| format!("there is no scope {word}; there are {}", known()))
    })
}

pub(super) fn run(args: &TokenArgs) -> anyhow::Result<()> {
    let Some(secret) = &args.tokens.jwt_secret else {
        bail!("JWT_SECRET is not set: it signs the token, and the server needs the same one");
    };
    let grant = match (args.role, args.scope) {
        (Some(role), _) => Grant::Role(role),
        (None, Some(scopes)) => Grant::Scopes(scopes),
        (None, None) => bail!("say what the token allows with --role or --scope"),
    };
    let request = MintRequest {
        tenant: &args.tenant,
        subject: &args.subject,
        grant,
        ttl: args.ttl,
        now: Clock::System.now(),
    };
    let token = mint(secret, &args.tokens.auth()?, &request).context("no token was made")?;
    output::line(format_args!("{token}"));
    Ok(())
}
