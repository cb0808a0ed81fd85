//! The provider behind cards and wallets.
//!
//! A tool that moves money writes the ledger's row and, in the same transaction, a row of a queue. It
//! calls nobody. A worker takes rows from the queue and calls the provider outside of any
//! transaction, with the row's id as idempotency key, and writes down what came of it in a
//! transaction of its own. Whatever dies in between, the call is repeated with the same key.
//!
//! * [`provider`]: what a provider is. Another module brings one, as a job called [`WORKER`] that runs a [`Worker`];
//! * [`worker`]: takes what is due, calls, tries again;
//! * [`outcome`]: writes down what came of a call.

pub mod outcome;
pub mod provider;
pub(crate) mod sql;
pub mod worker;

pub use self::sql::ledgers;
pub use provider::{Outcome, Provider, Request};
pub use worker::Worker;

use business_mcp_engine::{Module, db::Tx};

/// The job that works off the queue, which a module with a provider brings.
pub const WORKER: &str = "payments";

/// The module: the ledgers and the queue. Without a provider nothing would ever be charged, so it is not started.
pub fn module() -> Module {
    Module::new("payments")
        .migration(1, "payments", include_str!("migrations/0001_payments.sql"))
        .holds_money(sql::ledgers::ENTRIES)
        .erases(sql::erasure::METHODS)
        .needs_job(WORKER, "no module brings a payment provider: see src/sandbox for one")
        .check("stock, gift cards, payments and sales add up", |tx| Box::pin(ledgers(tx)))
}

/// What does not add up.
async fn ledgers(tx: &mut Tx) -> business_mcp_engine::db::StoreResult<Vec<String>> {
    let differences = sql::ledgers::differences(tx).await?;
    Ok(if differences.none() {
        Vec::new()
    } else {
        vec![format!("the books do not add up: {differences:?}")]
    })
}
