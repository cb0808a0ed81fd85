//! What one measurement says.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{answer::Seen, tally::Counts};

/// Linux counts processor time in hundredths of a second, so less than this, shared out among the
/// calls, would be off by more than a twentieth: it is not reported.
const ENOUGH_CPU: Duration = Duration::from_millis(200);

/// One measurement of one workload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Its name on the command line.
    pub workload: String,
    /// Connections that were open.
    pub connections: usize,
    /// Requests a second that were due; none in a closed loop.
    pub rate: Option<f64>,
    /// How long the measurement lasted.
    pub seconds: f64,
    /// Right answers that were measured.
    pub measured: u64,
    /// Right answers in all, those of the warm-up included.
    pub right: u64,
    /// Wrong answers in all.
    pub wrong: u64,
    /// What was wrong first.
    pub first_wrong: Option<String>,
    /// Requests of an open loop that were sent more than a millisecond after they were due.
    pub sent_late: u64,
    /// Measured answers a second.
    pub per_second: f64,
    /// Processor time of the server for one call, in microseconds; none where it used too little
    /// to tell.
    pub cpu_micros: Option<f64>,
    /// Memory of the server at the end of the measurement, in megabytes.
    pub resident_mb: Option<f64>,
    /// Latencies in milliseconds; in an open loop from when each request was due.
    pub p50_ms: f64,
    /// The one that 1 in 100 exceeds.
    pub p99_ms: f64,
    /// The one that 1 in 1,000 exceeds.
    pub p999_ms: f64,
    /// The longest.
    pub max_ms: f64,
    /// How many bytes the longest text block had, where any tool's answers were looked at.
    #[serde(default)]
    pub longest_text: u64,
    /// How many of the calls now wait for somebody's decision.
    #[serde(default)]
    pub waiting: u64,
}

/// What was seen of the server's process over a measurement.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    /// Processor time used.
    pub cpu: Duration,
    /// Answers that were given meanwhile.
    pub answers: u64,
    /// Memory at the end, in bytes.
    pub resident: u64,
}

impl Report {
    /// Draws the report up.
    pub fn new(
        workload: String,
        connections: usize,
        rate: Option<f64>,
        lasted: Duration,
        counts: &Counts,
        usage: Option<Usage>,
    ) -> Self {
        let measured = counts.latencies.len();
        let quantile = |q| as_float(counts.latencies.value_at_quantile(q)) / 1e3;
        Self {
            workload,
            connections,
            rate,
            seconds: lasted.as_secs_f64(),
            measured,
            right: counts.right,
            wrong: counts.wrong,
            first_wrong: counts.first_wrong.clone(),
            sent_late: counts.sent_late,
            per_second: as_float(measured) / lasted.as_secs_f64().max(f64::EPSILON),
            cpu_micros: usage
                .filter(|usage| usage.answers > 0 && usage.cpu >= ENOUGH_CPU)
                .map(|usage| usage.cpu.as_secs_f64() * 1e6 / as_float(usage.answers)),
            resident_mb: usage.map(|usage| as_float(usage.resident) / (1024.0 * 1024.0)),
            p50_ms: quantile(0.5),
            p99_ms: quantile(0.99),
            p999_ms: quantile(0.999),
            max_ms: as_float(counts.latencies.max()) / 1e3,
            longest_text: 0,
            waiting: 0,
        }
    }

    /// The report with what the answers of any tools were like.
    #[must_use]
    pub fn with(self, seen: Seen) -> Self {
        Self { longest_text: seen.longest_text, waiting: seen.waiting, ..self }
    }

    /// Whether every answer was right, and there was one.
    pub fn all_right(&self) -> bool {
        self.wrong == 0 && self.measured > 0
    }
}

/// A count as a number to calculate with.
#[expect(clippy::cast_precision_loss, reason = "counts of a benchmark stay far below 2^53")]
pub fn as_float(count: u64) -> f64 {
    count as f64
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { workload, connections, measured, seconds, per_second, .. } = self;
        write!(f, "{workload}, {connections} connections")?;
        match self.rate {
            Some(rate) => writeln!(f, ", open loop at {rate:.0} a second")?,
            None => writeln!(f, ", closed loop")?,
        }
        writeln!(f, "  {measured} right in {seconds:.2} s: {per_second:.0} a second")?;
        let Self { p50_ms, p99_ms, p999_ms, max_ms, .. } = self;
        writeln!(
            f,
            "  p50 {p50_ms:.2} ms · p99 {p99_ms:.2} ms · p99.9 {p999_ms:.2} ms · longest {max_ms:.2} ms"
        )?;
        if let Some(cpu) = self.cpu_micros {
            writeln!(f, "  {cpu:.1} µs of processor a call")?;
        }
        if let Some(memory) = self.resident_mb {
            writeln!(f, "  {memory:.1} MB resident")?;
        }
        if self.rate.is_some() {
            writeln!(f, "  {} sent more than 1 ms late", self.sent_late)?;
        }
        if let Some(first) = &self.first_wrong {
            writeln!(f, "  {} WRONG, the first one: {first}", self.wrong)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tally::Tally;

    #[test]
    fn figures_follow_from_the_counts() {
        let tally = Tally::new(None).unwrap();
        for millis in 1..=1_000 {
            tally.record(Duration::from_millis(millis), Ok(()), Some(true));
        }
        let usage = Usage { cpu: Duration::from_millis(400), answers: 1_000, resident: 20 << 20 };
        let lasted = Duration::from_secs(2);
        let report = Report::new("lookup".into(), 16, None, lasted, &tally.counts(), Some(usage));
        assert!((report.per_second - 500.0).abs() < 0.01);
        assert!((report.cpu_micros.unwrap() - 400.0).abs() < 0.01);
        assert!((report.resident_mb.unwrap() - 20.0).abs() < 0.01);
        assert!((report.p50_ms - 500.0).abs() < 1.0);
        assert!((report.p99_ms - 990.0).abs() < 1.0);
        assert!((report.p999_ms - 999.0).abs() < 1.0);
        assert!(report.all_right());
    }

    #[test]
    fn too_little_processor_time_is_not_shared_out() {
        let tally = Tally::new(None).unwrap();
        let usage = Usage { cpu: Duration::from_millis(70), answers: 250, resident: 0 };
        let second = Duration::from_secs(1);
        let report = Report::new("lookup".into(), 1, None, second, &tally.counts(), Some(usage));
        assert_eq!(report.cpu_micros, None);
    }

    #[test]
    fn nothing_measured_is_not_all_right() {
        let tally = Tally::new(None).unwrap();
        let report =
            Report::new("lookup".into(), 1, None, Duration::from_secs(1), &tally.counts(), None);
        assert!(!report.all_right());
    }
}
