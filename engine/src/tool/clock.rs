//! The one place where the time is read.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

/// Where the time comes from: the machine, or a test that moves it.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// The machine's clock, ahead by milliseconds that a test sets.
    Shifted(Arc<AtomicI64>),
    /// Milliseconds since 1970 that a test sets, so that answers are the same every day.
    Stopped(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that tests move forward with [`Clock::advance`].
    pub fn movable() -> Self {
        Self::Shifted(Arc::default())
    }

    /// A clock that stands still until it is moved with [`Clock::advance`].
    pub fn stopped(at: DateTime<Utc>) -> Self {
        Self::Stopped(Arc::new(AtomicI64::new(at.timestamp_millis())))
    }

    /// Now, in whole milliseconds: both databases keep those exactly.
    #[expect(clippy::disallowed_methods, reason = "this is where the time comes in")]
    pub fn now(&self) -> DateTime<Utc> {
        let now = Utc::now().trunc_subsecs(3);
        match self {
            Self::System => now,
            Self::Shifted(millis) => now + TimeDelta::milliseconds(millis.load(Ordering::Relaxed)),
            Self::Stopped(millis) => {
                DateTime::from_timestamp_millis(millis.load(Ordering::Relaxed)).unwrap_or(now)
            }
        }
    }

    /// Moves a test's clock forward; the machine's stays as it is.
    pub fn advance(&self, by: TimeDelta) {
        if let Self::Shifted(millis) | Self::Stopped(millis) = self {
            millis.fetch_add(by.num_milliseconds(), Ordering::Relaxed);
        }
    }
}
