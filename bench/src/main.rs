//! The load generator and the benchmarks of business-mcp. In reading order:
//!
//! * [`run`]: the whole benchmark: database, server, baseline, rounds, `RESULTS.md`;
//! * [`load`]: one measurement, in a closed or an open loop;
//! * [`schedule`]: when an open loop's requests are due, whatever the server does;
//! * [`workload`]: what is asked, and the bytes of each request;
//! * [`answer`]: whether what came back is right;
//! * [`client`]: HTTP/1.1 on one connection, at little cost;
//! * [`tally`] and [`report`]: counting, and what a measurement says;
//! * [`process`]: processor time and memory of the measured process;
//! * [`raw`]: the baseline: bare axum routes that run the same statements.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod answer;
mod client;
mod load;
mod process;
mod raw;
mod report;
mod run;
mod schedule;
mod tally;
mod workload;

/// Measures business-mcp.
#[derive(Parser)]
#[command(name = "business-mcp-bench", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Puts one workload on one server and checks every answer.
    Load(load::Options),
    /// Serves the baseline: bare routes that run the same statements, without MCP.
    Raw(raw::Options),
    /// Runs the whole benchmark and writes its results down.
    Run(run::Options),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Load(options) => load::main(&options),
        Command::Raw(options) => raw::main(&options),
        Command::Run(options) => run::main(&options),
    };
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
