//! Works off the queue: takes what is due, calls the provider outside of any transaction, and has
//! the outcome written down.
//!
//! Any number of workers may run over one database. A row is taken by a conditional update until its
//! lease ends; a worker that dies leaves its rows to whoever comes after that.

use std::{panic::AssertUnwindSafe, time::Duration};

use chrono::TimeDelta;
use futures::{FutureExt as _, future};
use tokio_util::sync::CancellationToken;

use super::{
    outcome,
    provider::{Outcome, Provider, Request},
};
use crate::payments::sql::provider_calls::{self, LeasedCall};
use business_mcp_engine::{
    db::{Db, StoreResult},
    money::{Currency, Money},
    tool::Clock,
};

/// How long it waits when nothing is due.
const PAUSE: Duration = Duration::from_millis(500);
/// How long it waits when the database does not answer.
const PAUSE_WITHOUT_DATABASE: Duration = Duration::from_secs(5);
/// How many calls it makes at once.
const AT_ONCE: i64 = 8;
/// How long the provider has to answer; less than what runs may still run when the server stops.
const DEADLINE: Duration = Duration::from_secs(8);
/// How long a row is a worker's own: the deadline, and ample time to write the outcome down.
const LEASE: TimeDelta = TimeDelta::seconds(60);

/// Whoever works off the queue.
pub struct Worker<P> {
    db: Db,
    clock: Clock,
    provider: P,
}

/// A call that is this worker's, and what the provider is asked.
struct Taken {
    call: LeasedCall,
    lease: String,
    next: Next,
}

/// What is to be done with a call.
enum Next {
    /// The provider is asked.
    Ask(Request),
    /// A gift card is this server's own ledger: nobody is asked.
    Book,
    /// Nothing is to be done, because what came of it is known.
    End(Outcome),
}

impl<P: Provider> Worker<P> {
    /// A worker that asks this provider.
    pub fn new(db: Db, clock: Clock, provider: P) -> Self {
        Self { db, clock, provider }
    }

    /// Works until `stop` fires: then it takes nothing more and finishes what it has in hand.
    pub async fn run(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let pause = match self.turn().await {
                Ok(0) => PAUSE,
                Ok(_) => continue,
                Err(error) => {
                    let source = std::error::Error::source(&error).map(ToString::to_string);
                    tracing::warn!(%error, source, "the queue of payments could not be worked off");
                    PAUSE_WITHOUT_DATABASE
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// Handles what is due, at most a few calls, and says how many; what fails is left to its lease.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn turn(&self) -> StoreResult<usize> {
        let now = self.clock.now();
        // Nothing is due most of the time, and looking costs no turn among the writers.
        let mut tx = self.db.read().await?;
        let due = provider_calls::due(&mut tx, now, AT_ONCE).await?;
        drop(tx);
        if due.is_empty() {
            return Ok(0);
        }
        let taken = self.take(&due).await?;
        let count = taken.len();
        future::join_all(taken.into_iter().map(|taken| self.handle(taken))).await;
        Ok(count)
    }

    /// Takes what nobody else has taken since it was seen, in one transaction.
    async fn take(&self, due: &[(String, String)]) -> StoreResult<Vec<Taken>> {
        let now = self.clock.now();
        let lease = uuid::Uuid::now_v7().to_string();
        let mut tx = self.db.write().await?;
        let mut taken = Vec::with_capacity(due.len());
        for (tenant, id) in due {
            tx.set_tenant(tenant.as_str());
            let until = now + LEASE;
            let leased = provider_calls::lease(&mut tx, id, &lease, now, until).await?;
            let Some(mut call) = leased else { continue };
            let mut charges = Vec::new();
            if call.kind == "refund" {
                // No more goes back than came in, whatever was promised while a charge was still
                // open. The first turn settles it: a key always comes with the same amount.
                let most = match call.attempts {
                    1 => provider_calls::brought(&mut tx, &call).await?.most(),
                    _ => call.amount_minor,
                };
                if most < call.amount_minor {
                    let (payment, promised) = (&call.id, call.amount_minor);
                    tracing::warn!(tenant, payment, promised, most, "less is paid back");
                    provider_calls::lower(&mut tx, id, most).await?;
                    call.amount_minor = most;
                }
                let (order, method) = (&call.order_id, &call.payment_method_id);
                charges = provider_calls::charges(&mut tx, order, method).await?;
            }
            let next = next(&call, charges);
            taken.push(Taken { call, lease: lease.clone(), next });
        }
        tx.commit().await?;
        Ok(taken)
    }

    /// One call from the question to its outcome on paper.
    async fn handle(&self, taken: Taken) {
        let Taken { call, lease, next } = taken;
        let outcome = match next {
            Next::Ask(request) => Some(self.ask(&call.kind, &request).await),
            Next::End(known) => Some(known),
            Next::Book => None,
        };
        let now = self.clock.now();
        let written = match outcome {
            Some(outcome) => outcome::write_down(&self.db, &call, &lease, &outcome, now).await,
            None => outcome::book(&self.db, &call, &lease, now).await,
        };
        if let Err(error) = written {
            let source = std::error::Error::source(&error).map(ToString::to_string);
            tracing::warn!(
                payment = call.id,
                %error,
                source,
                "what came of a payment was not written down; it is taken again when the lease ends"
            );
        }
    }

    /// Asks, under a deadline and behind a guard: whatever goes wrong in there, nobody knows whether
    /// it was done.
    async fn ask(&self, kind: &str, request: &Request) -> Outcome {
        let asked = async {
            match kind {
                "charge" => self.provider.charge(request).await,
                _ => self.provider.refund(request).await,
            }
        };
        let guarded = AssertUnwindSafe(asked).catch_unwind();
        match tokio::time::timeout(DEADLINE, guarded).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_panic)) => Outcome::Unreachable { why: "it panicked".to_owned() },
            Err(_elapsed) => Outcome::Unreachable { why: "no answer in time".to_owned() },
        }
    }
}

/// What is to be done, and what the provider is asked.
fn next(call: &LeasedCall, charges: Vec<String>) -> Next {
    if call.amount_minor == 0 {
        let reason = "the order's charges have brought nothing that could go back".to_owned();
        return Next::End(Outcome::Declined { reason });
    }
    if call.to_gift_card {
        return Next::Book;
    }
    // It has ended whoever took it, each time: somebody has to look before it is asked again.
    if call.attempts > outcome::MOST_ATTEMPTS {
        let why = "whoever took it has died".to_owned();
        return Next::End(Outcome::Unreachable { why });
    }
    let Some(currency) = Currency::parse(&call.currency) else {
        let why = "the tenant's currency is unknown".to_owned();
        return Next::End(Outcome::Unreachable { why });
    };
    Next::Ask(Request {
        key: call.id.clone(),
        tenant: call.tenant_id.clone(),
        order_id: call.order_id.clone(),
        customer_id: call.customer_id.clone(),
        method: call.payment_method_id.clone(),
        amount: Money::new(call.amount_minor, currency),
        charges,
    })
}

#[cfg(test)]
#[path = "worker_tests/mod.rs"]
mod tests;
