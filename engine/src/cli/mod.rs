//! The command line, one file a command. Beside them: `start`, what a running server is made of, `output`,
//! `progress` and `warnings`.
//!
//! Exit codes: 0, 1 (it failed, one sentence on standard error), 2 (wrong usage).

mod approvals;
mod doctor;
mod healthcheck;
pub mod import;
mod key;
pub mod lock;
mod migrate;
pub mod output;
pub mod progress;
mod reindex;
pub mod serve;
pub mod start;
mod stdio;
pub mod tenant;
mod token;
pub mod tools;
mod warnings;

pub use self::warnings::IGNORED_VARIABLES;

use std::{process::ExitCode, sync::Arc};

use clap::{
    Arg, ArgMatches, CommandFactory as _, FromArgMatches as _, Parser, Subcommand,
    builder::{PossibleValuesParser, Resettable},
};

use crate::{application::Application, tool::Access};

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
    /// Serve one local client over standard input and output
    Stdio(stdio::StdioArgs),
    /// Bring the database's schema up to date
    Migrate(migrate::MigrateArgs),
    /// Write anew what records are found by, by the rules of this build; servers may run
    Reindex(reindex::ReindexArgs),
    /// List, show, make and change tenants
    Tenant(tenant::TenantCommand),
    /// Import the business's own records
    Import(import::ImportArgs),
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

/// Runs the command line of an application.
pub fn main(application: Application) -> ExitCode {
    let definition = application
        .commands()
        .iter()
        .fold(Cli::command(), |cli, command| cli.subcommand(command.definition()))
        .mut_subcommand("import", |command| import::with_files(command, &application));
    let definition = with_access(definition, application.access());
    let matches = without_empty_variables(definition).get_matches();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error.into()),
    };
    let outcome = runtime.block_on(run(&matches, Arc::new(application)));
    // What still sits in a thread of its own, such as a fetch of keys, is not waited for.
    runtime.shutdown_background();
    match outcome.and_then(|()| output::check()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

async fn run(matches: &ArgMatches, application: Arc<Application>) -> anyhow::Result<()> {
    if let Some((name, arguments)) = matches.subcommand()
        && let Some(own) = application.commands().iter().find(|own| own.name() == name)
    {
        return own.run(arguments, application.clone()).await;
    }
    let Cli { command } = match Cli::from_arg_matches(matches) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    match command {
        Command::Serve(args) => serve::run(args, &application).await,
        Command::Stdio(args) => stdio::run(args, &application).await,
        Command::Migrate(args) => migrate::run(&args, &application).await,
        Command::Reindex(args) => reindex::run(args, &application).await,
        Command::Tenant(args) => tenant::run(args, &application).await,
        Command::Import(args) => import::run(args, &application).await,
        Command::Token(args) => token::run(args, &application),
        Command::Key(args) => key::run(args, &application).await,
        Command::Approvals(args) => approvals::run(args).await,
        Command::Tools(args) => tools::run(&args, &application),
        Command::Doctor(args) => doctor::run(args, &application).await,
        Command::Healthcheck(args) => healthcheck::run(&args).await,
    }
}

/// `--role`, `--scope` and `--toolset` take what the business has, and their help lists it.
fn with_access(command: clap::Command, access: &'static Access) -> clap::Command {
    let scopes = move |list: &str| -> Result<String, String> {
        let unknown = |word: &&str| access.scope(word).is_none();
        match list.split([' ', ',']).filter(|word| !word.is_empty()).find(unknown) {
            Some(word) => {
                let known: Vec<&str> = access.scopes.iter().map(|scope| scope.as_str()).collect();
                Err(format!("there is no scope {word}; there are {}", known.join(", ")))
            }
            None => Ok(list.to_owned()),
        }
    };
    let roles = || PossibleValuesParser::new(access.roles.iter().map(|role| role.name));
    command
        .mut_args(|argument| match argument.get_id().as_str() {
            "role" => argument.value_parser(roles()),
            "toolset" => argument.value_parser(PossibleValuesParser::new(access.toolset_names())),
            "scope" => argument.value_parser(scopes),
            _ => argument,
        })
        .mut_subcommands(|command| with_access(command, access))
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
