//! Budgets: one a caller, and a small one for failed authentication by address.
//!
//! They count in this process. With several replicas a caller has several budgets.

use std::{net::IpAddr, num::NonZeroU32, sync::Arc, time::Duration};

use axum::http::{StatusCode, header};
use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
};

use super::problem::Problem;
use crate::toolkit::Caller;

/// Failed authentications of one address at once. Clients that probe make up to four requests with
/// one bad token.
const FAILURES_AT_ONCE: NonZeroU32 = NonZeroU32::new(20).expect("not zero");
/// Failed authentications of one address a minute.
const FAILURES_PER_MINUTE: NonZeroU32 = NonZeroU32::new(30).expect("not zero");

/// Every budget of this process.
pub struct Limits {
    callers: DefaultKeyedRateLimiter<(Arc<str>, Arc<str>)>,
    failures: DefaultKeyedRateLimiter<IpAddr>,
    clock: DefaultClock,
}

impl Limits {
    /// So many requests a minute, and so many at once, of each caller.
    pub fn new(per_minute: NonZeroU32, burst: NonZeroU32) -> Self {
        let failures = Quota::per_minute(FAILURES_PER_MINUTE).allow_burst(FAILURES_AT_ONCE);
        Self {
            callers: RateLimiter::keyed(Quota::per_minute(per_minute).allow_burst(burst)),
            failures: RateLimiter::keyed(failures),
            clock: DefaultClock::default(),
        }
    }

    /// Takes one request from a caller's budget. The tenant and the principal of the verified token
    /// are the key, so that new tokens and headers change nothing.
    ///
    /// # Errors
    /// 429 with the true `Retry-After`.
    pub fn take(&self, caller: &Caller) -> Result<(), Problem> {
        let key = (caller.tenant.clone(), caller.subject.clone());
        let outcome = self.callers.check_key(&key);
        outcome.map_err(|until| too_many(until.wait_time_from(self.clock.now())))
    }

    /// Takes one failure from an address's budget.
    ///
    /// # Errors
    /// 429 with the true `Retry-After`.
    pub fn take_failure(&self, address: IpAddr) -> Result<(), Problem> {
        let outcome = self.failures.check_key(&address);
        outcome.map_err(|until| too_many(until.wait_time_from(self.clock.now())))
    }

    /// Forgets callers whose budget is full again; without it the maps would grow for ever.
    pub fn forget_idle(&self) {
        self.callers.retain_recent();
        self.callers.shrink_to_fit();
        self.failures.retain_recent();
        self.failures.shrink_to_fit();
    }
}

fn too_many(wait: Duration) -> Problem {
    // Rounded up, so that whoever waits that long is let in.
    let seconds = wait.as_millis().div_ceil(1_000).max(1);
    metrics::counter!("rate_limited_total").increment(1);
    let unit = if seconds == 1 { "second" } else { "seconds" };
    let message = format!("Too many requests. Please wait {seconds} {unit} and try again.");
    Problem::new(StatusCode::TOO_MANY_REQUESTS, -32600, "rate_limit_exceeded", message)
        .with_header(header::RETRY_AFTER, &seconds.to_string())
}
