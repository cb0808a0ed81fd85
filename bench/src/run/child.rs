//! A process on its core: started, loaded, stopped.

use std::{
    fs::File,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail, ensure};
use rand::{SeedableRng as _, rngs::StdRng};

use super::{Case, Options, database::Hot};
use crate::{
    answer::Checker,
    client::Connection,
    process,
    report::Report,
    workload::{Script, Workload},
};

const START_PATIENCE: Duration = Duration::from_secs(30);
const STOP_PATIENCE: Duration = Duration::from_secs(15);

/// A process on its core; killed when it is dropped without having been stopped.
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    pub fn start(mut command: Command, log: &Path) -> anyhow::Result<Self> {
        let output = File::create(log).with_context(|| log.display().to_string())?;
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .context("`taskset` (of util-linux) cannot be started")?;
        Ok(Self { child, log: log.to_owned() })
    }

    /// Memory it holds now, in bytes.
    pub fn resident(&self) -> anyhow::Result<u64> {
        process::resident(self.child.id())
    }

    pub async fn first_answer(
        &mut self,
        script: &Script,
        began: Instant,
    ) -> anyhow::Result<Duration> {
        let checker = Checker::new(None);
        let mut request = Vec::new();
        let (ask, id) = script.next(&mut StdRng::seed_from_u64(0));
        script.write(&ask, id, 0, &mut request)?;
        loop {
            if let Ok(mut connection) = Connection::open(script.authority()).await {
                let answer = connection.call(&request).await?;
                let took = began.elapsed();
                match checker.check(&ask, id, answer.status, answer.body) {
                    Ok(()) => return Ok(took),
                    Err(wrong) => bail!("the first answer is wrong: {wrong}"),
                }
            }
            if let Some(status) = self.child.try_wait()? {
                bail!("it ended at once ({status}): see {}", self.log.display());
            }
            ensure!(
                began.elapsed() < START_PATIENCE,
                "it does not listen: see {}",
                self.log.display()
            );
            std::thread::sleep(Duration::from_micros(200));
        }
    }

    /// Puts a load on it from the generator's core.
    #[expect(clippy::too_many_arguments, reason = "each is one flag of the generator")]
    pub fn load(
        &self,
        options: &Options,
        url: &str,
        tokens: &[String],
        case: &Case,
        workload: Workload,
        rate: Option<f64>,
        hot: &Hot,
    ) -> anyhow::Result<Report> {
        let mut generator = pinned(options.load_core, &this_program()?);
        generator
            .args(["load", "--json", "--url", url, "--workload", &workload.name()])
            .args(["--connections", &case.connections.to_string()])
            .args(["--duration", &options.seconds.to_string()])
            .args(["--warmup", &options.warmup.to_string()])
            .args(["--pid", &self.child.id().to_string()])
            .args(["--first-customer", &options.first_customer.to_string()])
            .args(["--last-customer", &options.last_customer.to_string()])
            .args(["--buyer", &hot.buyer, "--sku", &hot.sku, "--total", &hot.total]);
        for token in tokens {
            generator.args(["--token", token]);
        }
        if let Some(card) = &hot.card {
            generator.args(["--payment-method", card]);
        }
        if let Some(rate) = rate {
            generator.args(["--rate", &rate.to_string()]);
        }
        let output = generator.stderr(Stdio::inherit()).output()?;
        // It fails where an answer was wrong, and reports all the same.
        serde_json::from_slice(&output.stdout)
            .with_context(|| format!("{} was not measured", case.label))
    }

    /// Makes the calls of a file at a rate, from the generator's core.
    pub fn calls(
        &self,
        options: &Options,
        (url, tokens): (&str, &[String]),
        calls: &Path,
        (rate, seconds, warmup): (f64, f64, f64),
    ) -> anyhow::Result<Report> {
        let mut generator = pinned(options.load_core, &this_program()?);
        generator
            .args(["load", "--json", "--url", url, "--workload", &Workload::Calls.name()])
            .args(["--rate", &rate.to_string(), "--duration", &seconds.to_string()])
            .args(["--warmup", &warmup.to_string(), "--connections", "64"])
            .args(["--pid", &self.child.id().to_string()])
            .arg("--calls")
            .arg(calls);
        for token in tokens {
            generator.args(["--token", token]);
        }
        let output = generator.stderr(Stdio::inherit()).output()?;
        serde_json::from_slice(&output.stdout)
            .with_context(|| format!("the calls of {} were not measured", calls.display()))
    }

    /// Asks it to end, and waits for that.
    pub fn stop(mut self) -> anyhow::Result<()> {
        let pid = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &pid]).status().context("`kill` cannot be started")?;
        let asked = Instant::now();
        while self.child.try_wait()?.is_none() {
            ensure!(asked.elapsed() < STOP_PATIENCE, "process {pid} does not end when asked to");
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail where it has ended already, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A command on one core.
pub fn pinned(core: usize, program: &Path) -> Command {
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", &core.to_string()]).arg(program);
    command
}

/// Where the benchmark lies.
pub fn this_program() -> anyhow::Result<PathBuf> {
    std::env::current_exe().context("this program does not know where it lies")
}
