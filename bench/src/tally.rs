//! Counting answers while a measurement runs.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use hdrhistogram::Histogram;
use tokio::sync::Notify;

use crate::answer::Wrong;

/// Latencies are kept in microseconds, up to a minute, to three digits.
const LONGEST: u64 = 60_000_000;
const DIGITS: u8 = 3;

/// What the connections report to.
pub struct Tally {
    counts: Mutex<Counts>,
    /// Rings when as many answers were measured as were wanted.
    pub enough: Notify,
    wanted: Option<u64>,
}

/// What was counted so far.
#[derive(Clone)]
pub struct Counts {
    /// Whether answers that come now are measured; a closed loop sets it.
    pub measuring: bool,
    /// Latencies of right answers that were measured.
    pub latencies: Histogram<u64>,
    /// Right answers, those of the warm-up and the last ones in flight included.
    pub right: u64,
    /// Wrong ones, at any time.
    pub wrong: u64,
    /// What was wrong first.
    pub first_wrong: Option<Wrong>,
    /// Requests that were sent more than a millisecond after they were due.
    pub sent_late: u64,
}

impl Tally {
    /// Nothing counted yet. `wanted` measured answers are enough.
    pub fn new(wanted: Option<u64>) -> anyhow::Result<Self> {
        let counts = Counts {
            measuring: false,
            latencies: Histogram::new_with_max(LONGEST, DIGITS)?,
            right: 0,
            wrong: 0,
            first_wrong: None,
            sent_late: 0,
        };
        Ok(Self { counts: Mutex::new(counts), enough: Notify::new(), wanted })
    }

    /// The counts, for a look or a change.
    pub fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one answer. `measured` says whether it belongs to the measurement; where it says
    /// nothing, every answer does that comes while one runs.
    pub fn record(&self, latency: Duration, outcome: Result<(), Wrong>, measured: Option<bool>) {
        let mut counts = self.counts();
        if let Err(wrong) = outcome {
            counts.wrong += 1;
            counts.first_wrong.get_or_insert(wrong);
            return;
        }
        counts.right += 1;
        if measured.unwrap_or(counts.measuring) {
            let micros = u64::try_from(latency.as_micros()).unwrap_or(LONGEST);
            counts.latencies.saturating_record(micros.max(1));
            if self.wanted == Some(counts.latencies.len()) {
                self.enough.notify_one();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    #[test]
    fn answers_outside_the_measurement_are_counted_and_not_measured() {
        let tally = Tally::new(None).unwrap();
        tally.record(MILLISECOND, Ok(()), None);
        tally.counts().measuring = true;
        tally.record(MILLISECOND, Ok(()), None);
        tally.record(MILLISECOND, Ok(()), Some(false));
        let counts = tally.counts();
        assert_eq!((counts.right, counts.latencies.len()), (3, 1));
    }

    #[test]
    fn wrong_answers_are_never_fast_ones() {
        let tally = Tally::new(None).unwrap();
        tally.record(MILLISECOND, Err("no".into()), Some(true));
        tally.record(MILLISECOND, Err("never".into()), Some(true));
        let counts = tally.counts();
        assert_eq!((counts.wrong, counts.latencies.len()), (2, 0));
        assert_eq!(counts.first_wrong.as_deref(), Some("no"));
    }
}
