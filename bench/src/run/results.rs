//! Medians and the tables of `RESULTS.md`.

use std::{fmt::Write as _, time::Duration};

use super::{
    cases::{self, CASES, Case},
    database::Dataset,
    everyday::Everyday,
    goals,
    machine::Machine,
};
use crate::report::Report;

/// Whose figure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The server's.
    Server,
    /// The baseline's.
    Raw,
}

/// One start of the server.
#[derive(Debug, Clone, Copy)]
pub struct Start {
    /// From the start of the process to the first right answer.
    pub first_answer: Duration,
    /// Memory a second later, in bytes.
    pub idle: u64,
}

/// Everything that was measured.
#[derive(Default)]
pub struct Measurements {
    reports: Vec<(&'static str, Side, Report)>,
    /// One for each round.
    pub starts: Vec<Start>,
    /// How many orders of one product shared a commit, one for each round.
    pub orders_a_commit: Vec<f64>,
    /// Every tool at an everyday pace, in the last round.
    pub everyday: Vec<Everyday>,
}

impl Measurements {
    /// Adds a report.
    pub fn add(&mut self, case: &Case, side: Side, report: Report) {
        self.reports.push((case.label, side, report));
    }

    /// What the server answered a second when it was kept busy, in the latest round.
    pub fn saturation(&self) -> f64 {
        self.of(cases::SATURATION, Side::Server).last().map_or(0.0, |report| report.per_second)
    }

    /// Wrong answers in all.
    pub fn wrong(&self) -> u64 {
        let everyday = self.everyday.iter().map(|tool| tool.report.wrong);
        self.reports.iter().map(|(_, _, report)| report.wrong).chain(everyday).sum()
    }

    /// The slowest tool at an everyday pace: what 1 in 100 of its calls exceeds, in milliseconds.
    pub fn slowest_everyday(&self) -> Option<f64> {
        self.everyday.iter().map(|tool| tool.report.p99_ms).max_by(f64::total_cmp)
    }

    /// The longest text that any tool answered, in kilobytes.
    pub fn longest_text(&self) -> Option<f64> {
        self.everyday.iter().map(|tool| kilobytes(tool.report.longest_text)).max_by(f64::total_cmp)
    }

    fn of(&self, label: &str, side: Side) -> impl Iterator<Item = &Report> {
        self.reports
            .iter()
            .filter(move |(of, on, _)| *of == label && *on == side)
            .map(|(_, _, report)| report)
    }

    /// The median of one figure over the rounds.
    pub fn figure(
        &self,
        label: &str,
        side: Side,
        figure: impl Fn(&Report) -> Option<f64>,
    ) -> Option<f64> {
        median(self.of(label, side).filter_map(figure).collect())
    }

    /// How many times the baseline's processor time the server uses.
    pub fn ratio(&self, label: &str) -> Option<f64> {
        let cpu = |side| self.figure(label, side, |report| report.cpu_micros);
        Some(cpu(Side::Server)? / cpu(Side::Raw)?)
    }

    /// Milliseconds to the first answer, and idle megabytes.
    pub fn start(&self) -> (Option<f64>, Option<f64>) {
        let first = self.starts.iter().map(|start| start.first_answer.as_secs_f64() * 1e3);
        let idle = self.starts.iter().map(|start| megabytes(start.idle));
        (median(first.collect()), median(idle.collect()))
    }
}

#[expect(clippy::cast_precision_loss, reason = "memory of one process")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / (1024.0 * 1024.0)
}

#[expect(clippy::cast_precision_loss, reason = "the length of a text")]
fn kilobytes(bytes: u64) -> f64 {
    bytes as f64 / 1024.0
}

fn median(mut figures: Vec<f64>) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    let upper = figures.get(middle).copied()?;
    if figures.len() % 2 == 1 {
        return Some(upper);
    }
    Some(f64::midpoint(figures.get(middle - 1).copied()?, upper))
}

/// The whole file.
pub fn render(measurements: &Measurements, dataset: &Dataset, machine: &Machine) -> String {
    let mut text = String::from("# Results\n\n");
    for (name, value) in &machine.facts {
        line(&mut text, format_args!("* {name}: {value}"));
    }
    let [customers, products, orders] = dataset.counts;
    line(
        &mut text,
        format_args!("* Data set: {customers} customers, {products} products, {orders} orders"),
    );
    if let Some(orders) = median(measurements.orders_a_commit.clone()) {
        line(&mut text, format_args!("* Orders a commit, one product, 64 callers: {orders:.1}"));
    }
    match measurements.wrong() {
        0 => line(&mut text, format_args!("* Every answer was checked, and every one was right.")),
        wrong => line(&mut text, format_args!("* **{wrong} answers were wrong.**")),
    }
    text.push_str("\n## Beside the numbers that are wanted\n\n");
    text.push_str("| what | wanted | measured | |\n|---|---|---|---|\n");
    for goal in goals::goals(measurements, dataset) {
        line(&mut text, format_args!("{goal}"));
    }
    text.push_str(
        "\n## Every measurement\n\n\
         `server` is business-mcp with every layer on; `baseline` is a bare axum route with the \
         same statements. The ratio is that of their processor times. Latencies of open loops \
         (\"a second\", \"of saturation\") count from when each request was due.\n\n",
    );
    text.push_str(
        "| what | side | requests/s | µs of processor a call | ratio | p50 ms | p99 ms | p99.9 ms \
         | MB resident |\n|---|---|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    for case in &CASES {
        for (side, name) in [(Side::Server, "server"), (Side::Raw, "baseline")] {
            row(&mut text, measurements, case.label, side, name);
        }
    }
    text.push_str(
        "\n## Every tool, 50 calls a second\n\n\
         Each call is about another customer, order or product of the data set. What waits for a \
         person was priced, checked and stored; the others took effect. Latencies count from when \
         each call was due, and the text is all that a client without structured content reads.\n\n\
         | tool | p50 ms | p99 ms | longest text KB | |\n|---|---:|---:|---:|---|\n",
    );
    for Everyday { tool, report } in &measurements.everyday {
        let waits = if report.waiting > 0 { "waits for approval" } else { "" };
        line(
            &mut text,
            format_args!(
                "| `{tool}` | {:.2} | {:.2} | {:.1} | {waits} |",
                report.p50_ms,
                report.p99_ms,
                kilobytes(report.longest_text),
            ),
        );
    }
    text
}

fn row(text: &mut String, measurements: &Measurements, label: &str, side: Side, name: &str) {
    let figure = |figure: fn(&Report) -> Option<f64>| measurements.figure(label, side, figure);
    let Some(per_second) = figure(|report| Some(report.per_second)) else { return };
    let shown = |figure: Option<f64>, digits: usize| {
        figure.map_or_else(|| "–".to_owned(), |figure| format!("{figure:.digits$}"))
    };
    let ratio = measurements.ratio(label).filter(|_| side == Side::Server);
    line(
        text,
        format_args!(
            "| {label} | {name} | {per_second:.0} | {} | {} | {} | {} | {} | {} |",
            shown(figure(|report| report.cpu_micros), 1),
            shown(ratio, 2),
            shown(figure(|report| Some(report.p50_ms)), 2),
            shown(figure(|report| Some(report.p99_ms)), 2),
            shown(figure(|report| Some(report.p999_ms)), 2),
            shown(figure(|report| report.resident_mb), 1),
        ),
    );
}

fn line(text: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{what}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3.0]), Some(3.0));
        assert_eq!(median(vec![9.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 9.0]), Some(3.0));
    }
}
