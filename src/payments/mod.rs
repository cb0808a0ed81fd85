//! The provider behind cards and wallets.
//!
//! A tool that moves money writes the ledger's row and, in the same transaction, a row of a queue. It
//! calls nobody. A worker takes rows from the queue and calls the provider outside of any
//! transaction, with the row's id as idempotency key, and writes down what came of it in a
//! transaction of its own. Whatever dies in between, the call is repeated with the same key.
//!
//! * [`provider`]: what a provider is: the trait that a real one stands behind;
//! * [`sandbox`]: the one that is shipped, which records what it was asked and moves no money;
//! * [`worker`]: takes what is due, calls, tries again;
//! * [`outcome`]: writes down what came of a call.

pub mod outcome;
pub mod provider;
pub mod sandbox;
pub(crate) mod sql;
pub mod worker;

pub use self::sql::ledgers;
pub use provider::{Outcome, Provider, Request};
pub use sandbox::Sandbox;
pub use worker::Worker;

use business_mcp_engine::{
    Module,
    db::{Db, Tx},
    tool::Clock,
};
use tokio_util::sync::CancellationToken;

/// The module: the worker behind the queue. A real provider takes the sandbox's place here.
pub fn module() -> Module {
    Module::new("payments")
        .migration(1, "payments", include_str!("migrations/0001_payments.sql"))
        .holds_money(sql::ledgers::ENTRIES)
        .job("payments", |db: Db, clock: Clock, stop: CancellationToken| {
            let provider = Sandbox::new(db.clone(), clock.clone());
            Box::pin(Worker::new(db, clock, provider).run(stop))
        })
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
