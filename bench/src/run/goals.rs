//! The numbers that are wanted, and how near the measured ones are.

use std::fmt;

use super::{
    cases,
    database::Dataset,
    results::{Measurements, Side},
};
use crate::report::Report;

/// Orders a second of the official TypeScript SDK's server, which does only the order; five times
/// as many are wanted. Measured on two shared cores.
const TYPESCRIPT_ORDERS: f64 = 1_671.0;

/// A number to reach.
pub struct Goal {
    what: &'static str,
    wanted: Bound,
    unit: &'static str,
    measured: Option<f64>,
}

enum Bound {
    AtMost(f64),
    AtLeast(f64),
}

/// Every number that this benchmark can measure.
pub fn goals(measurements: &Measurements, dataset: &Dataset) -> Vec<Goal> {
    use Bound::{AtLeast, AtMost};
    let server = |label, figure: fn(&Report) -> Option<f64>| {
        measurements.figure(label, Side::Server, figure)
    };
    let cpu = |report: &Report| report.cpu_micros;
    let p99 = |report: &Report| Some(report.p99_ms);
    let (first_answer, idle) = measurements.start();
    let goal = |what, wanted, unit, measured| Goal { what, wanted, unit, measured };
    vec![
        goal(
            "`customer_lookup` beside the bare route, first version",
            AtMost(2.0),
            "×",
            measurements.ratio(cases::LOOKUP),
        ),
        goal(
            "`customer_lookup` beside the bare route, in the end",
            AtMost(1.5),
            "×",
            measurements.ratio(cases::LOOKUP),
        ),
        goal("processor for a `customer_lookup`", AtMost(45.0), "µs", server(cases::LOOKUP, cpu)),
        goal(
            "`tools/list` beside stored bytes",
            AtMost(2.0),
            "×",
            measurements.ratio(cases::TOOLS_LIST),
        ),
        goal("p99 at half of saturation", AtMost(5.0), "ms", server(cases::HALF_LOAD, p99)),
        goal(
            "p99 of the slowest tool at 50 a second",
            AtMost(50.0),
            "ms",
            measurements.slowest_everyday(),
        ),
        goal("the longest text of any tool", AtMost(8.0), "KB", measurements.longest_text()),
        goal("p99 of reads at 50 a second", AtMost(10.0), "ms", server(cases::CALM_READS, p99)),
        goal("p99 of writes at 50 a second", AtMost(50.0), "ms", server(cases::CALM_WRITES, p99)),
        goal(
            "orders of one product, 64 callers",
            AtLeast(5.0 * TYPESCRIPT_ORDERS),
            "a second",
            server(cases::ORDERS, |report| Some(report.per_second)),
        ),
        goal("resident when idle", AtMost(40.0), "MB", idle),
        goal(
            "resident under 256 connections",
            AtMost(100.0),
            "MB",
            server(cases::CROWD, |report| report.resident_mb),
        ),
        goal("first answered call after the start", AtMost(25.0), "ms", first_answer),
        goal(
            "making the data set",
            AtMost(60.0),
            "s",
            dataset.made_in.map(|took| took.as_secs_f64()),
        ),
    ]
}

impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, wanted, unit, measured } = self;
        let (words, bound) = match wanted {
            Bound::AtMost(bound) => ("at most", bound),
            Bound::AtLeast(bound) => ("at least", bound),
        };
        write!(f, "| {what} | {words} {bound} {unit} ")?;
        let Some(measured) = measured else {
            return write!(f, "| not measured | |");
        };
        let digits = if *measured < 100.0 { 2 } else { 0 };
        let reached = match wanted {
            Bound::AtMost(bound) => measured <= bound,
            Bound::AtLeast(bound) => measured >= bound,
        };
        let verdict = if reached { "reached" } else { "**missed**" };
        write!(f, "| {measured:.digits$} {unit} | {verdict} |")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_says_whether_it_was_reached() {
        let goal = |wanted, measured| Goal { what: "p99", wanted, unit: "ms", measured };
        let reached = goal(Bound::AtMost(5.0), Some(4.25)).to_string();
        assert_eq!(reached, "| p99 | at most 5 ms | 4.25 ms | reached |");
        assert!(goal(Bound::AtLeast(5.0), Some(4.25)).to_string().contains("**missed**"));
        assert!(goal(Bound::AtMost(5.0), None).to_string().contains("not measured"));
    }
}
