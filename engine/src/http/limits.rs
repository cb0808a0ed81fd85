//! Budgets: one a caller, a small one for failed authentication by address, and a number of requests
//! at once for everyone together.
//!
//! They count in this process. With several replicas a caller has several budgets.

use std::{
    collections::HashMap,
    net::IpAddr,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::http::{StatusCode, header};
use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::Instant,
};

use super::problem::Problem;
use crate::tool::Caller;

/// Failed authentications of one address at once. Clients that probe make up to four requests with
/// one bad token.
const FAILURES_AT_ONCE: NonZeroU32 = NonZeroU32::new(20).expect("not zero");
/// Failed authentications of one address a minute.
const FAILURES_PER_MINUTE: NonZeroU32 = NonZeroU32::new(30).expect("not zero");

/// Every budget of this process.
pub struct Limits {
    callers: DefaultKeyedRateLimiter<(Arc<str>, Arc<str>)>,
    failures: DefaultKeyedRateLimiter<IpAddr>,
    /// Addresses whose budget of failures is spent, and until when.
    spent: Mutex<HashMap<IpAddr, Instant>>,
    places: Semaphore,
    clock: DefaultClock,
}

impl Limits {
    /// So many requests a minute, and so many at once, of each caller; and so many at once of all.
    pub fn new(per_minute: NonZeroU32, burst: NonZeroU32, at_once: NonZeroU32) -> Self {
        let failures = Quota::per_minute(FAILURES_PER_MINUTE).allow_burst(FAILURES_AT_ONCE);
        Self {
            callers: RateLimiter::keyed(Quota::per_minute(per_minute).allow_burst(burst)),
            failures: RateLimiter::keyed(failures),
            spent: Mutex::default(),
            places: Semaphore::new(usize::try_from(at_once.get()).unwrap_or(usize::MAX >> 3)),
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
        outcome.map_err(|until| {
            let wait = until.wait_time_from(self.clock.now());
            self.spent_addresses().insert(address, Instant::now() + wait);
            too_many(wait)
        })
    }

    /// Whether an address may fail once more, without counting that it does.
    ///
    /// # Errors
    /// 429 with the true `Retry-After`.
    pub fn may_fail(&self, address: IpAddr) -> Result<(), Problem> {
        let until = self.spent_addresses().get(&address).copied();
        match until.map(|until| until.saturating_duration_since(Instant::now())) {
            None | Some(Duration::ZERO) => Ok(()),
            Some(wait) => Err(too_many(wait)),
        }
    }

    /// A place among the requests that are worked on, given back when it is dropped.
    ///
    /// # Errors
    /// 503 with `Retry-After` when all are taken: what waits longer than a call may take is better
    /// told at once.
    pub fn enter(&self) -> Result<SemaphorePermit<'_>, Problem> {
        self.places.try_acquire().map_err(|_| {
            metrics::counter!("overloaded_total").increment(1);
            let message = "The server has too much to do at the moment. Please try again.";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, -32603, "overloaded", message)
                .with_header(header::RETRY_AFTER, "1")
        })
    }

    fn spent_addresses(&self) -> std::sync::MutexGuard<'_, HashMap<IpAddr, Instant>> {
        self.spent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets callers whose budget is full again; without it the maps would grow for ever.
    pub fn forget_idle(&self) {
        self.callers.retain_recent();
        self.callers.shrink_to_fit();
        self.failures.retain_recent();
        self.failures.shrink_to_fit();
        let now = Instant::now();
        self.spent_addresses().retain(|_, until| *until > now);
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
