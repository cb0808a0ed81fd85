//! The command line, one file a command. Beside them: `start`, what a running server is made of, `output`,
//! `progress` and `warnings`.
//!
//! Exit codes: 0, 1 (it failed, one sentence on standard error), 2 (wrong usage).

mod approvals;
mod demo;
mod doctor;
mod healthcheck;
pub mod import;
mod key;
pub mod lock;
mod migrate;
mod output;
mod progress;
pub mod seed;
mod serve;
pub mod start;
mod stdio;
mod token;
pub mod tools;
mod warnings;

pub use self::warnings::IGNORED_VARIABLES;

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{
    Arg, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, builder::Resettable,
};

use crate::{config::DatabaseConfig, db::Db, tool::Clock};
use business_mcp::business::Business;

/// A business behind one MCP endpoint, for voice and chat agents
#[derive(Parser)]
#[command(name = "business-mcp", version, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve until SIGTERM or ctrl-c
    Serve(serve::ServeArgs),
    /// Serve a fresh SQLite database with demo data, and print what to try
    Demo(demo::DemoArgs),
    /// Serve one local client over standard input and output
    Stdio(stdio::StdioArgs),
    /// Bring the database's schema up to date
    Migrate(migrate::MigrateArgs),
    /// Fill the database with demo data, the same every time
    Seed(OnDatabase<seed::SeedArgs>),
    /// Import the business's own records
    Import(OnDatabase<import::ImportArgs>),
    /// Make a development token
    Token(token::TokenArgs),
    /// Create, list and revoke API keys
    Key(key::KeyArgs),
    /// List and decide what waits for approval
    Approvals(approvals::ApprovalsArgs),
    /// The tools, their risk and who may call them
    Tools(tools::ToolsArgs),
    /// What is wrong with this configuration, and how to mend it
    Doctor(doctor::DoctorArgs),
    /// Exit 0 if a running server is ready
    Healthcheck(healthcheck::HealthcheckArgs),
}

/// A command that writes into the database.
#[derive(clap::Args)]
struct OnDatabase<T: clap::Args> {
    #[command(flatten)]
    database: DatabaseConfig,
    #[command(flatten)]
    args: T,
}

/// Runs the command line.
pub fn main() -> ExitCode {
    let matches = without_empty_variables(Cli::command()).get_matches();
    let Cli { command } = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    let outcome = runtime.block_on(run(command));
    // What still sits in a thread of its own, such as a fetch of keys, is not waited for.
    runtime.shutdown_background();
    match outcome.and_then(|()| output::check()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve(args) => serve::run(args).await,
        Command::Demo(args) => demo::run(args).await,
        Command::Stdio(args) => stdio::run(args).await,
        Command::Migrate(args) => migrate::run(&args).await,
        Command::Seed(OnDatabase { database, args }) => {
            let db = migrated(&database).await?;
            let now = Clock::System.now();
            seed::run(&db, &args, &Business::shipped()?, now).await?;
            import::count_sales(&db, now).await;
            db.close().await;
            Ok(())
        }
        Command::Import(OnDatabase { database, args }) => {
            let db = migrated(&database).await?;
            let now = Clock::System.now();
            import::run(&db, &args, &Business::shipped()?, now).await?;
            import::count_sales(&db, now).await;
            db.close().await;
            Ok(())
        }
        Command::Token(args) => token::run(&args),
        Command::Key(args) => key::run(args).await,
        Command::Approvals(args) => approvals::run(args).await,
        Command::Tools(args) => tools::run(&args),
        Command::Doctor(args) => doctor::run(args).await,
        Command::Healthcheck(args) => healthcheck::run(&args).await,
    }
}

/// A variable that is empty is as one that is not set: that is how compose files and shells pass on
/// what nobody gave.
fn without_empty_variables(command: clap::Command) -> clap::Command {
    let is_empty = |argument: &Arg| {
        let value = argument.get_env().and_then(std::env::var_os);
        value.is_some_and(|value| value.to_string_lossy().trim().is_empty())
    };
    command
        .mut_args(
            |argument| {
                if is_empty(&argument) { argument.env(Resettable::Reset) } else { argument }
            },
        )
        .mut_subcommands(without_empty_variables)
}

/// The database, with its schema up to date.
async fn migrated(database: &DatabaseConfig) -> anyhow::Result<Db> {
    let db = start::open(&database.database_url)?;
    db.migrate().await.context("the schema could not be brought up to date")?;
    Ok(db)
}

/// One sentence on standard error, causes and all.
fn failed(error: &anyhow::Error) -> ExitCode {
    output::aside(format_args!("business-mcp: {}", sentence(error)));
    ExitCode::FAILURE
}

/// An error and its causes in one sentence, each of them said once: many repeat what caused them.
fn sentence(error: &anyhow::Error) -> String {
    let mut said = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if said.contains(&cause) {
            continue;
        }
        if !said.is_empty() {
            said.push_str(": ");
        }
        said.push_str(&cause);
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_said_once() {
        let missing = std::io::Error::from_raw_os_error(2);
        let file = anyhow::Error::new(missing).context("No such file or directory (os error 2)");
        let error = file.context("customers.jsonl cannot be read");
        assert_eq!(
            sentence(&error),
            "customers.jsonl cannot be read: No such file or directory (os error 2)"
        );
    }
}
