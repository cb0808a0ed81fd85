//! When the requests of an open loop are due.
//!
//! The schedule is fixed before the first request and does not wait for answers. A request that is
//! sent late, because the server was busy with earlier ones, is still measured from the moment at
//! which it was due: a caller who had to wait for a free line has waited.

use std::time::{Duration, Instant};

/// How long before its time a sender stops sleeping: timers are good to a millisecond only.
const WAKE_EARLY: Duration = Duration::from_micros(1_500);

/// A constant rate, from a start to an end.
#[derive(Debug, Clone, Copy)]
pub struct Schedule {
    start: Instant,
    interval_nanos: f64,
    warmup: u64,
    total: u64,
}

impl Schedule {
    /// `rate` requests a second, of which those of the first `warmup` are not measured.
    pub fn new(start: Instant, rate: f64, warmup: Duration, duration: Duration) -> Self {
        Self {
            start,
            interval_nanos: 1e9 / rate,
            warmup: slots(warmup, rate),
            total: slots(warmup + duration, rate),
        }
    }

    /// When the request with this number is due; `None` behind the end.
    pub fn due(&self, number: u64) -> Option<Instant> {
        (number < self.total).then(|| self.start + self.offset(number))
    }

    /// Whether the request with this number belongs to the measurement.
    pub fn measured(&self, number: u64) -> bool {
        number >= self.warmup
    }

    /// When the measurement begins.
    pub fn measured_from(&self) -> Instant {
        self.start + self.offset(self.warmup)
    }

    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a benchmark ends long before 2^53 nanoseconds"
    )]
    fn offset(&self, number: u64) -> Duration {
        Duration::from_nanos((number as f64 * self.interval_nanos) as u64)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count of requests, checked to be positive by the command line"
)]
fn slots(time: Duration, rate: f64) -> u64 {
    (time.as_secs_f64() * rate).round() as u64
}

/// Waits for a moment, and is there on time: sleeps first, then looks after every other task's
/// turn.
pub async fn wait_until(moment: Instant) {
    let asleep = moment.saturating_duration_since(Instant::now()).saturating_sub(WAKE_EARLY);
    if !asleep.is_zero() {
        tokio::time::sleep(asleep).await;
    }
    while Instant::now() < moment {
        tokio::task::yield_now().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(rate: f64) -> (Instant, Schedule) {
        let start = Instant::now();
        (start, Schedule::new(start, rate, Duration::from_secs(1), Duration::from_secs(2)))
    }

    #[test]
    fn requests_are_due_at_even_distances() {
        let (start, schedule) = schedule(50.0);
        assert_eq!(schedule.due(0), Some(start));
        assert_eq!(schedule.due(1), Some(start + Duration::from_millis(20)));
        assert_eq!(schedule.due(149), Some(start + Duration::from_millis(2_980)));
    }

    #[test]
    fn the_schedule_ends_after_warmup_and_duration() {
        let (_, schedule) = schedule(50.0);
        assert!(schedule.due(149).is_some());
        assert!(schedule.due(150).is_none());
    }

    #[test]
    fn requests_of_the_warmup_are_not_measured() {
        let (start, schedule) = schedule(50.0);
        assert!(!schedule.measured(49));
        assert!(schedule.measured(50));
        assert_eq!(schedule.measured_from(), start + Duration::from_secs(1));
    }

    #[test]
    fn odd_rates_do_not_drift() {
        let (start, schedule) = schedule(30_000.0);
        let last = schedule.due(89_999).unwrap() - start;
        let expected = Duration::from_secs_f64(89_999.0 / 30_000.0);
        assert!(last.abs_diff(expected) < Duration::from_micros(1));
    }

    #[tokio::test]
    async fn waiting_ends_on_time() {
        let moment = Instant::now() + Duration::from_millis(20);
        wait_until(moment).await;
        assert!(Instant::now() >= moment);
    }
}
