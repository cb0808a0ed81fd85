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
pub mod worker;

pub use provider::{Outcome, Provider, Request};
pub use sandbox::Sandbox;
pub use worker::Worker;
