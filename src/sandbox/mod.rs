//! The payment provider that is shipped: it moves no money, and records what it was asked.
//!
//! Whoever has a real one writes a module like this, with a [`Provider`](crate::payments::Provider) of their own, puts
//! its line in `src/lib.rs` in the place of this one's, and deletes this folder.

mod provider;
mod sql;

pub use provider::{DECLINED, Sandbox};

use business_mcp_engine::{Module, db::Db, tool::Clock};
use tokio_util::sync::CancellationToken;

use crate::payments::{self, Worker};

/// The module: the sandbox behind the queue of payments.
pub fn module() -> Module {
    Module::new("sandbox").migration(1, "sandbox", include_str!("migrations/0001_sandbox.sql")).job(
        payments::WORKER,
        |db: Db, clock: Clock, stop: CancellationToken| {
            let provider = Sandbox::new(db.clone(), clock.clone());
            Box::pin(Worker::new(db, clock, provider).run(stop))
        },
    )
}
