//! `doctor`: what is wrong with this configuration, and how to mend it.

mod tenants;

use std::path::Path;

use anyhow::bail;

use super::{output, sentence, serve::ServeArgs, start, warnings};
use crate::{
    application::Application,
    auth::{Authenticator, KeySource},
    db::{Db, StoreError, collation},
    gate::policy::Policy,
    http::conversation::ConversationHeaders,
    tenants::BusinessFile,
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
    output::line(format_args!("ok     {what}"));
}

fn note(what: &str) {
    output::line(format_args!("note   {what}"));
}

impl Findings {
    fn wrong(&mut self, what: &str, mend: &str) {
        self.wrong += 1;
        output::line(format_args!("wrong  {what}\n       {mend}"));
    }
}

pub(super) async fn run(args: DoctorArgs, application: &Application) -> anyhow::Result<()> {
    let settings = args.settings;
    let mut findings = Findings::default();
    let file = business_file(&settings, application, &mut findings);
    database(&settings, application, file.as_ref(), &mut findings).await;
    tokens(&settings, application, &mut findings).await;
    address(&settings, &mut findings);
    if let Err(error) = application.check() {
        findings.wrong(&error.to_string(), "Mend the list of modules, and build again.");
    }
    let fits = |policy: Policy| {
        let tools = application.tools(Vec::new());
        policy.check(&tools)?;
        if let Some(crowded) = policy.crowded_voice(&tools) {
            note(&crowded);
        }
        Ok(policy.version().to_owned())
    };
    match settings.calls.policy().and_then(fits) {
        Ok(version) => fine(&format!("the policy is {version}")),
        Err(why) => findings.wrong(&why, "Mend the file, or leave POLICY_FILE unset."),
    }
    for warning in warnings::of(&settings.tokens, &settings.listen) {
        note(&warning);
    }
    let headers = &settings.listen.conversation_headers;
    if let Err(why) = ConversationHeaders::parse(headers) {
        findings.wrong(&why, "Name headers such as X-Call-Id, separated by commas.");
    }
    match findings.wrong {
        0 => Ok(()),
        1 => bail!("one thing is wrong"),
        more => bail!("{more} things are wrong"),
    }
}

fn business_file(
    settings: &ServeArgs,
    application: &Application,
    findings: &mut Findings,
) -> Option<BusinessFile> {
    match application.business_file(settings.calls.business_file.as_deref()) {
        Ok(file) => {
            fine(&format!("the business is {}, by {}", file.facts().name(), file.name()));
            Some(file)
        }
        Err(error) => {
            findings.wrong(&error.to_string(), "Mend the file, or leave BUSINESS_FILE unset.");
            None
        }
    }
}

async fn database(
    settings: &ServeArgs,
    application: &Application,
    business: Option<&BusinessFile>,
    findings: &mut Findings,
) {
    let url = &settings.database.database_url;
    // To open a file would make it, and whoever asks what is wrong wants nothing changed.
    let file = url.strip_prefix("sqlite://").and_then(|rest| rest.split('?').next());
    if let Some(file) = file.filter(|file| !Path::new(file).exists()) {
        let mend = "Run `business-mcp migrate`, or let `serve` do so; DATABASE_URL says where.";
        return findings.wrong(&format!("there is no database {file} yet"), mend);
    }
    let db = match start::open(url) {
        Ok(db) => db,
        Err(error) => {
            let mend = "Set DATABASE_URL to sqlite://PATH or postgres://USER@HOST/NAME.";
            return findings.wrong(&sentence(&error), mend);
        }
    };
    // A password that is wrong and a server that is down both end here, before any statement.
    if let Err(error) = db.read().await
        && db.kind() == "postgres"
    {
        return findings.wrong(
            &format!("Postgres cannot be reached: {}", sentence(&error.into())),
            "Start it, and compare host, port, user, password and database with DATABASE_URL.",
        );
    }
    let migrations = match application.migrations() {
        Ok(migrations) => migrations,
        Err(error) => {
            return findings.wrong(&error.to_string(), "Give each migration a version of its own.");
        }
    };
    match db.check(&migrations).await {
        Ok(()) => {
            fine(&format!("the {} database answers, its schema is current", db.kind()));
            collations(&db, findings).await;
            records(&db, application, findings).await;
            if let Some(business) = business {
                tenants::compare(&db, application, business, findings).await;
            }
        }
        Err(StoreError::OtherBuild(why)) => findings.wrong(
            &format!("another build made this database: {why}"),
            "Let DATABASE_URL name an empty one, and fill that with `seed` or `import`.",
        ),
        Err(error) => findings.wrong(
            &format!("the database is not ready: {error}"),
            "Run `business-mcp migrate`, or let `serve` do so.",
        ),
    }
}

async fn collations(db: &Db, findings: &mut Findings) {
    match collation::unsuited(db).await {
        Ok(columns) if columns.is_empty() => fine("text is found by how it begins and ends"),
        Ok(columns) => findings.wrong(
            &format!(
                "text may not be found by how it begins or ends: {} of the key columns in Postgres are \
                 not collate \"C\", such as {}",
                columns.len(),
                columns.iter().take(3).map(ToString::to_string).collect::<Vec<_>>().join(", ")
            ),
            "Stop the server, create an empty database, run `business-mcp migrate` on it, copy the \
             rows (pg_dump --data-only --exclude-table=applied_migrations OLD | psql NEW), and let \
             DATABASE_URL name it.",
        ),
        Err(error) => note(&format!("the collations were not looked at: {error}")),
    }
}

/// What the modules find wrong with the records.
async fn records(db: &Db, application: &Application, findings: &mut Findings) {
    for check in application.checks() {
        let found = async { (check.run)(&mut db.read().await?).await };
        match found.await {
            Ok(wrong) if wrong.is_empty() => fine(check.name),
            Ok(wrong) => findings.wrong(
                &wrong.join("; "),
                "Something wrote past the server: compare with a backup before you serve again.",
            ),
            Err(error) => note(&format!("the records were not checked: {error}")),
        }
    }
}

async fn tokens(settings: &ServeArgs, application: &Application, findings: &mut Findings) {
    let config = match settings.tokens.auth(application.access()) {
        Ok(config) => config,
        Err(why) => return findings.wrong(&why.to_string(), "See `serve --help`."),
    };
    match (&config.secret, &config.key_source) {
        (None, None) => findings.wrong(
            "no token can be verified",
            "Set JWT_SECRET for development (openssl rand -hex 32), or JWT_JWKS_URL with \
             JWT_ISSUER and JWT_AUDIENCE. API keys work without either.",
        ),
        // That has been warned of.
        (Some(_), _) if settings.listen.is_public() => {}
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
