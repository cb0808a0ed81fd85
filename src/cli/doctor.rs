//! `doctor`: what is wrong with this configuration, and how to mend it.

use anyhow::bail;

use super::{serve::ServeArgs, start};
use crate::{
    domain::business::Business,
    http::{
        self,
        auth::{Authenticator, KeySource},
    },
    store::{Db, ledgers},
    toolkit::Clock,
    tools,
};

/// The settings that `serve` would have.
#[derive(clap::Args)]
pub struct DoctorArgs {
    #[command(flatten)]
    settings: ServeArgs,
}

/// What was looked at, and how many things are wrong.
#[derive(Default)]
struct Findings {
    wrong: usize,
}

fn fine(what: &str) {
    println!("ok     {what}");
}

fn note(what: &str) {
    println!("note   {what}");
}

impl Findings {
    fn wrong(&mut self, what: &str, mend: &str) {
        self.wrong += 1;
        println!("wrong  {what}\n       {mend}");
    }
}

pub(super) async fn run(args: DoctorArgs) -> anyhow::Result<()> {
    let settings = args.settings;
    let mut findings = Findings::default();
    database(&settings, &mut findings).await;
    tokens(&settings, &mut findings).await;
    address(&settings, &mut findings);
    match settings.calls.policy() {
        Ok(policy) => fine(&format!("the policy is {}", policy.version())),
        Err(why) => findings.wrong(&why, "Mend the file, or leave POLICY_FILE unset."),
    }
    let headers = &settings.calls.conversation_headers;
    if let Err(why) = http::mcp::conversation_headers(headers) {
        findings.wrong(&why, "Name headers such as X-Call-Id, separated by commas.");
    }
    match findings.wrong {
        0 => Ok(()),
        1 => bail!("one thing is wrong"),
        more => bail!("{more} things are wrong"),
    }
}

async fn database(settings: &ServeArgs, findings: &mut Findings) {
    let db = match start::open(&settings.database.database_url) {
        Ok(db) => db,
        Err(error) => {
            let mend = "Set DATABASE_URL to sqlite://PATH or postgres://USER@HOST/NAME.";
            return findings.wrong(&format!("{error:#}"), mend);
        }
    };
    match db.check().await {
        Ok(()) => {
            fine(&format!("the {} database answers, its schema is current", db.kind()));
        }
        Err(error) => findings.wrong(
            &format!("the database is not ready: {error}"),
            "Run `business-mcp migrate`, or let `serve` do so.",
        ),
    }
    ledgers(&db, findings).await;
    if let Err(error) =
        start::gate(db, tools::catalogue(Vec::new()), &settings.calls, Clock::System)
    {
        findings.wrong(&format!("{error:#}"), "Mend the policy file.");
    }
    match Business::shipped() {
        Ok(business) => fine(&format!("the business is {}", business.name)),
        Err(error) => findings.wrong(&error.to_string(), "Mend seed/business.toml."),
    }
}

async fn ledgers(db: &Db, findings: &mut Findings) {
    let added_up = async { ledgers::differences(&mut db.read().await?).await };
    match added_up.await {
        Ok(differences) if differences.none() => fine("stock, gift cards and payments add up"),
        Ok(differences) => findings.wrong(
            &format!("the books do not add up: {differences:?}"),
            "Payments differ where a gift card was refunded for a charge that was declined after \
             that; see the order's notes. Otherwise something wrote past the server: compare with a \
             backup before you serve again.",
        ),
        // That the database is not ready has been said already.
        Err(error) => note(&format!("the books were not added up: {error}")),
    }
}

async fn tokens(settings: &ServeArgs, findings: &mut Findings) {
    let config = match settings.tokens.auth() {
        Ok(config) => config,
        Err(why) => return findings.wrong(&why.to_string(), "See `serve --help`."),
    };
    match (&config.secret, &config.key_source) {
        (None, None) => findings.wrong(
            "no token can be verified",
            "Set JWT_SECRET for development (openssl rand -hex 32), or JWT_JWKS_URL with \
             JWT_ISSUER and JWT_AUDIENCE. API keys work without either.",
        ),
        (Some(_), _) if !settings.listen.bind.is_loopback() => note(
            "HS256 tokens are accepted on a public address: whoever can verify them can make them. \
             JWT_JWKS_URL is safer",
        ),
        (Some(_), _) => fine("HS256 tokens are accepted (development)"),
        (None, Some(_)) => {}
    }
    let Some(source) = &config.key_source else { return };
    let name = match source {
        KeySource::Url(url) => url.clone(),
        KeySource::File(path) => path.display().to_string(),
    };
    let loaded = match Authenticator::new(&config, None) {
        Ok(authenticator) => authenticator.load_keys().await.map_err(|why| why.to_string()),
        Err(why) => Err(why.to_string()),
    };
    match loaded {
        Ok(keys) => fine(&format!("{} keys from {name}", keys.unwrap_or_default())),
        Err(why) => findings.wrong(&format!("{name}: {why}"), "Check JWT_JWKS_URL."),
    }
}

fn address(settings: &ServeArgs, findings: &mut Findings) {
    let listen = &settings.listen;
    let url = listen.public_url();
    if let Err(why) = listen.check() {
        return findings
            .wrong(&why, "See PUBLIC_URL, ALLOWED_HOSTS and ALLOWED_ORIGINS in `serve --help`.");
    }
    fine(&format!("clients reach it at {url}/mcp"));
    fine(&format!("it answers to {}", listen.hosts().join(", ")));
    let local = url.contains("://localhost") || url.contains("://127.0.0.1");
    if !listen.bind.is_loopback() && local {
        findings.wrong(
            "it listens on every interface, but answers to local names only",
            "Set PUBLIC_URL, or ALLOWED_HOSTS.",
        );
    }
    if !local && url.starts_with("http://") {
        findings.wrong("tokens would travel unencrypted", "Put TLS in front, PUBLIC_URL=https://…");
    }
}
