//! One measurement: connections that ask, answers that are checked.
//!
//! In a **closed loop** each connection asks again as soon as it is answered, which shows how much
//! the server can do. In an **open loop** requests are due at a constant rate and are measured from
//! when they were due, which shows how long callers wait who do not wait for each other.

use std::{
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use clap::Args;
use rand::{SeedableRng as _, rngs::StdRng};
use tokio::task::JoinSet;

use crate::{
    answer::{Checker, Wrong},
    client::{Connection, Target},
    process,
    report::{Report, Usage},
    schedule::{Schedule, wait_until},
    tally::Tally,
    workload::{Ask, Script, Subjects, Workload},
};

/// A connection that broke is opened again after this time, so that a dead server is not hammered.
const RECONNECT_AFTER: Duration = Duration::from_millis(20);
const LATE: Duration = Duration::from_millis(1);

/// What to measure.
#[derive(Debug, Clone, Args)]
pub struct Options {
    /// The MCP endpoint, or the baseline's address: `http://127.0.0.1:3000/mcp`
    #[arg(long)]
    pub url: String,
    /// What to ask
    #[arg(long, value_enum)]
    pub workload: Workload,
    /// A bearer token; several are used in turn, because limits are per caller
    #[arg(long)]
    pub token: Vec<String>,
    /// Connections to keep open
    #[arg(long, default_value_t = 16)]
    pub connections: usize,
    /// Seconds to measure
    #[arg(long, default_value_t = 5.0)]
    pub duration: f64,
    /// Answers that are enough, even before the time is over (closed loop)
    #[arg(long, conflicts_with = "rate")]
    pub requests: Option<u64>,
    /// Requests a second: an open loop. Without it the loop is closed
    #[arg(long)]
    pub rate: Option<f64>,
    /// Seconds of the same load before the measurement
    #[arg(long, default_value_t = 1.0)]
    pub warmup: f64,
    /// The server's process, for its processor time and memory
    #[arg(long)]
    pub pid: Option<u32>,
    /// How many tools `tools/list` must have
    #[arg(long)]
    pub tools: Option<usize>,
    /// Where the random choices begin
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Print the report as JSON
    #[arg(long)]
    pub json: bool,
    /// Which customers and products the requests name
    #[command(flatten)]
    pub subjects: Subjects,
}

/// Measures, prints, and fails where an answer was wrong.
pub fn main(options: &Options) -> anyhow::Result<ExitCode> {
    // One thread: the generator has one core, and the server should have the other.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(measure(options))?;
    if options.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print!("{report}");
    }
    Ok(if report.all_right() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Measures.
pub async fn measure(options: &Options) -> anyhow::Result<Report> {
    ensure!(options.connections > 0, "--connections must be at least 1");
    ensure!(options.rate.is_none_or(|rate| rate > 0.0), "--rate must be positive");
    let warmup = Duration::try_from_secs_f64(options.warmup).context("--warmup")?;
    let duration = Duration::try_from_secs_f64(options.duration).context("--duration")?;
    let script = Script::new(
        options.workload,
        Target::parse(&options.url)?,
        options.token.clone(),
        options.subjects.clone(),
    )?;
    let load = Arc::new(Load {
        script,
        checker: Checker::new(options.tools),
        tally: Tally::new(options.requests)?,
        stop: AtomicBool::new(false),
        next: AtomicU64::new(0),
    });
    let mut callers = Vec::with_capacity(options.connections);
    for number in 0..options.connections {
        callers.push(Caller::open(load.clone(), number, options.seed).await?);
    }
    match options.rate {
        None => closed_loop(&load, callers, warmup, duration, options).await,
        Some(rate) => {
            let schedule = Schedule::new(Instant::now(), rate, warmup, duration);
            open_loop(&load, callers, schedule, options).await
        }
    }
}

async fn closed_loop(
    load: &Arc<Load>,
    callers: Vec<Caller>,
    warmup: Duration,
    duration: Duration,
    options: &Options,
) -> anyhow::Result<Report> {
    let mut tasks = JoinSet::new();
    for caller in callers {
        tasks.spawn(caller.ask_until_stopped());
    }
    tokio::time::sleep(warmup).await;
    let before = Snapshot::take(load, options.pid)?;
    load.tally.counts().measuring = true;
    tokio::select! {
        () = tokio::time::sleep(duration) => {}
        () = load.tally.enough.notified() => {}
    }
    let lasted = before.at.elapsed();
    let usage = before.usage_until_now(load)?;
    load.tally.counts().measuring = false;
    // Whoever has asked still gets an answer, and it is counted: an order that was placed and not
    // counted would look like one too many.
    load.stop.store(true, Ordering::Relaxed);
    finish(tasks).await?;
    let counts = load.tally.counts();
    let name = options.workload.name();
    let report = Report::new(name, options.connections, None, lasted, &counts, usage);
    Ok(report.with(load.checker.seen()))
}

async fn open_loop(
    load: &Arc<Load>,
    callers: Vec<Caller>,
    schedule: Schedule,
    options: &Options,
) -> anyhow::Result<Report> {
    let mut tasks = JoinSet::new();
    for caller in callers {
        tasks.spawn(caller.ask_by_schedule(schedule));
    }
    tokio::time::sleep_until(schedule.measured_from().into()).await;
    let before = Snapshot::take(load, options.pid)?;
    finish(tasks).await?;
    let lasted = before.at.elapsed();
    let usage = before.usage_until_now(load)?;
    let counts = load.tally.counts();
    let name = options.workload.name();
    let report = Report::new(name, options.connections, options.rate, lasted, &counts, usage);
    Ok(report.with(load.checker.seen()))
}

async fn finish(mut tasks: JoinSet<anyhow::Result<()>>) -> anyhow::Result<()> {
    while let Some(ended) = tasks.join_next().await {
        ended.context("a connection's task ended badly")??;
    }
    Ok(())
}

/// What all connections share.
struct Load {
    script: Script,
    checker: Checker,
    tally: Tally,
    stop: AtomicBool,
    /// The next number of an open loop's schedule.
    next: AtomicU64,
}

/// One connection and who asks on it.
struct Caller {
    load: Arc<Load>,
    number: usize,
    random: StdRng,
    connection: Connection,
    request: Vec<u8>,
}

impl Caller {
    async fn open(load: Arc<Load>, number: usize, seed: u64) -> anyhow::Result<Self> {
        let connection = Connection::open(load.script.authority()).await?;
        let random = StdRng::seed_from_u64(seed.wrapping_mul(1_000_003) ^ u64::try_from(number)?);
        Ok(Self { load, number, random, connection, request: Vec::with_capacity(1024) })
    }

    async fn ask_until_stopped(mut self) -> anyhow::Result<()> {
        while !self.load.stop.load(Ordering::Relaxed) {
            let (ask, id) = self.prepare()?;
            let asked = Instant::now();
            let (answered, outcome) = self.ask(&ask, id).await;
            self.load.tally.record(answered - asked, outcome, None);
        }
        Ok(())
    }

    async fn ask_by_schedule(mut self, schedule: Schedule) -> anyhow::Result<()> {
        loop {
            // Whichever connection is free takes the next number. Where none is, the number waits
            // and its latency grows.
            let number = self.load.next.fetch_add(1, Ordering::Relaxed);
            let Some(due) = schedule.due(number) else { return Ok(()) };
            let (ask, id) = self.prepare()?;
            wait_until(due).await;
            let measured = schedule.measured(number);
            if measured && due.elapsed() > LATE {
                self.load.tally.counts().sent_late += 1;
            }
            let (answered, outcome) = self.ask(&ask, id).await;
            self.load.tally.record(answered - due, outcome, Some(measured));
        }
    }

    fn prepare(&mut self) -> anyhow::Result<(Ask, u64)> {
        let (ask, id) = self.load.script.next(&mut self.random);
        self.load.script.write(&ask, id, self.number, &mut self.request)?;
        Ok((ask, id))
    }

    /// Sends the prepared request. The clock stops before the answer is checked.
    async fn ask(&mut self, ask: &Ask, id: u64) -> (Instant, Result<(), Wrong>) {
        let broken = match self.connection.call(&self.request).await {
            Ok(answer) => {
                let answered = Instant::now();
                let outcome = self.load.checker.check(ask, id, answer.status, answer.body);
                return (answered, outcome);
            }
            Err(error) => format!("{error:#}"),
        };
        let answered = Instant::now();
        tokio::time::sleep(RECONNECT_AFTER).await;
        if let Ok(connection) = Connection::open(self.load.script.authority()).await {
            self.connection = connection;
        }
        (answered, Err(broken))
    }
}

/// The server's process at one moment.
struct Snapshot {
    at: Instant,
    pid: Option<u32>,
    cpu: Duration,
    answers: u64,
}

impl Snapshot {
    fn take(load: &Load, pid: Option<u32>) -> anyhow::Result<Self> {
        let cpu = pid.map_or(Ok(Duration::ZERO), process::processor_time)?;
        Ok(Self { at: Instant::now(), pid, cpu, answers: answers(load) })
    }

    fn usage_until_now(&self, load: &Load) -> anyhow::Result<Option<Usage>> {
        let Some(pid) = self.pid else { return Ok(None) };
        Ok(Some(Usage {
            cpu: process::processor_time(pid)?.saturating_sub(self.cpu),
            answers: answers(load) - self.answers,
            resident: process::resident(pid)?,
        }))
    }
}

fn answers(load: &Load) -> u64 {
    let counts = load.tally.counts();
    counts.right + counts.wrong
}

#[cfg(test)]
mod tests;
