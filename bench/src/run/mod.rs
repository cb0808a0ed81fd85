//! The whole benchmark: a database, the server on one core and the generator on another, then the
//! baseline on the same core, in rounds; medians go to `RESULTS.md`.
//!
//! * [`database`]: the data set, made once and copied for each round, and its ledger;
//! * [`server`]: what is measured, and what it is asked; [`child`]: its process;
//! * [`cases`]: what is measured;
//! * [`everyday`]: every tool, at an everyday pace;
//! * [`goals`]: the numbers that are wanted;
//! * [`results`]: medians and tables;
//! * [`machine`]: on what, when and with which command.

use std::{fs, path::PathBuf, process::ExitCode, time::Duration};

use anyhow::{Context as _, ensure};
use clap::Args;

mod cases;
mod child;
mod database;
mod everyday;
mod goals;
mod machine;
mod results;
mod server;

use cases::{CASES, Case};
use database::{Dataset, Hot};
use results::{Measurements, Side, Start};
use server::{Business, Raw};

use crate::{
    client::Connection,
    report::{self, Report},
    workload::Workload,
};

/// How to run the benchmark.
#[derive(Debug, Args)]
pub struct Options {
    /// The binary of the server
    #[arg(long, default_value = "target/dist/business-mcp")]
    pub server: PathBuf,
    /// Where the data set is kept between runs; on a disk, because commits are measured
    #[arg(long, default_value = "target/bench")]
    pub data: PathBuf,
    /// Where the results are written
    #[arg(long, default_value = "bench/RESULTS.md")]
    pub out: PathBuf,
    /// Rounds; the medians of their figures count
    #[arg(long, default_value_t = 3)]
    pub rounds: usize,
    /// Seconds of each measurement
    #[arg(long, default_value_t = 5.0)]
    pub seconds: f64,
    /// Seconds of load before each measurement
    #[arg(long, default_value_t = 1.0)]
    pub warmup: f64,
    /// The core of the server and of the baseline
    #[arg(long, default_value_t = 0)]
    pub server_core: usize,
    /// The core of the generator
    #[arg(long, default_value_t = 1)]
    pub load_core: usize,
    /// The server's port; the baseline and the metrics take the next two
    #[arg(long, default_value_t = 3900)]
    pub port: u16,
    /// The size of the data set, as `seed --size` knows it
    #[arg(long, default_value = "load")]
    pub size: String,
    /// The number of the first customer of the data set
    #[arg(long, default_value_t = 10_001)]
    pub first_customer: u32,
    /// The number of the last customer of the data set
    #[arg(long, default_value_t = 110_000)]
    pub last_customer: u32,
    /// A policy that lets orders take effect at once, in place of `bench/policy.toml`
    #[arg(long)]
    pub policy: Option<PathBuf>,
    /// The command to name in the results, where another one started this
    #[arg(long, hide = true)]
    pub made_by: Option<String>,
}

impl Options {
    fn raw_port(&self) -> u16 {
        self.port + 1
    }

    fn metrics_port(&self) -> u16 {
        self.port + 2
    }
}

/// Runs everything and writes the results; fails where an answer was wrong.
pub fn main(options: &Options) -> anyhow::Result<ExitCode> {
    // The measured servers and the generator are processes of their own; this one only asks them a
    // few questions between measurements.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (measurements, dataset) = runtime.block_on(measure(options))?;
    let machine = machine::describe(options)?;
    let text = results::render(&measurements, &dataset, &machine);
    println!("{text}");
    fs::write(&options.out, &text)
        .with_context(|| format!("{} cannot be written", options.out.display()))?;
    eprintln!("written to {}", options.out.display());
    let wrong = measurements.wrong();
    if wrong > 0 {
        eprintln!("{wrong} answers were wrong");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

async fn measure(options: &Options) -> anyhow::Result<(Measurements, Dataset)> {
    ensure!(options.rounds > 0, "--rounds must be at least 1");
    ensure!(
        options.server_core != options.load_core,
        "the server and the generator need a core each: --server-core and --load-core"
    );
    let dataset = database::prepare(options)?;
    let mut measurements = Measurements::default();
    for round in 1..=options.rounds {
        eprintln!("round {round} of {}", options.rounds);
        let database = dataset.copy()?;
        let hot = database::heat(&database)?;
        let every_tool = round == options.rounds;
        let list =
            measure_server(options, &dataset, hot.clone(), every_tool, &mut measurements).await?;
        measure_raw(options, &dataset, hot, &list, &mut measurements).await?;
    }
    Ok((measurements, dataset))
}

/// Measures the server, and returns its `tools/list` answer for the baseline to send.
async fn measure_server(
    options: &Options,
    dataset: &Dataset,
    mut hot: Hot,
    every_tool: bool,
    measurements: &mut Measurements,
) -> anyhow::Result<Vec<u8>> {
    let (server, first_answer) = Business::start(options, dataset).await?;
    // Memory of a server that is neither starting nor answering.
    std::thread::sleep(Duration::from_secs(1));
    measurements.starts.push(Start { first_answer, idle: server.process.resident()? });
    hot.total = server.quote(&hot).await?;
    let list = server.tools_list().await?;
    for case in &CASES {
        let Some(workload) = case.server else { continue };
        let rate = case.rate.map(|rate| rate.per_second(measurements.saturation()));
        let commits_before = commits(options).await?;
        let report = server.process.load(
            options,
            &server.url(),
            &server.tokens,
            case,
            workload,
            rate,
            &hot,
        )?;
        if case.label == cases::ORDERS {
            let commits = (commits(options).await? - commits_before).max(1.0);
            measurements.orders_a_commit.push(report::as_float(report.right) / commits);
        }
        measurements.add(case, Side::Server, audited(dataset, &mut hot, workload, report)?);
    }
    if every_tool {
        measurements.everyday = everyday::measure(options, dataset, &server)?;
    }
    server.process.stop()?;
    Ok(list)
}

/// How many commits the server has made, as its metrics say.
async fn commits(options: &Options) -> anyhow::Result<f64> {
    let authority = format!("127.0.0.1:{}", options.metrics_port());
    let request = format!("GET /metrics HTTP/1.1\r\nhost: {authority}\r\n\r\n");
    let mut connection = Connection::open(&authority).await?;
    let answer = connection.call(request.as_bytes()).await?;
    let metrics = String::from_utf8_lossy(answer.body);
    let count =
        |line: &str| line.strip_prefix("business_mcp_sqlite_commits_total")?.trim().parse().ok();
    Ok(metrics.lines().find_map(count).unwrap_or_default())
}

async fn measure_raw(
    options: &Options,
    dataset: &Dataset,
    mut hot: Hot,
    list: &[u8],
    measurements: &mut Measurements,
) -> anyhow::Result<()> {
    hot.refresh(&dataset.working())?;
    "0".clone_into(&mut hot.total);
    let raw = Raw::start(options, dataset, list).await?;
    for case in &CASES {
        // The same rate as the server's, so that their latencies can be compared.
        let rate = case.rate.map(|rate| rate.per_second(measurements.saturation()));
        let report = raw.process.load(options, &raw.url(), &[], case, case.raw, rate, &hot)?;
        measurements.add(case, Side::Raw, audited(dataset, &mut hot, case.raw, report)?);
    }
    raw.process.stop()
}

/// Prints a report; where orders were placed, first holds it against the database: as many orders,
/// as much stock and as many movements as there were answers.
fn audited(
    dataset: &Dataset,
    hot: &mut Hot,
    workload: Workload,
    mut report: Report,
) -> anyhow::Result<Report> {
    if matches!(workload, Workload::OrderCreate | Workload::RawOrderCreate) {
        let before = hot.ledger;
        hot.refresh(&dataset.working())?;
        if let Err(difference) = before.explains(&hot.ledger, report.right) {
            report.wrong += 1;
            report.first_wrong.get_or_insert(difference);
        }
    }
    eprint!("{report}");
    Ok(report)
}
