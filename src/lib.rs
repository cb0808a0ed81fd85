//! A business behind one MCP endpoint: what a fork owns and replaces.
//!
//! Each module is one area of the business in one folder: its tools, one file each; its rules, which do no I/O; its
//! statements in `sql/`. A module may use those above it in the list of [`application`], never those below. Everything
//! else, from the HTTP request to the commit, is the engine.
//!
//! * [`business`]: the facts of the business: name, hours, prices, promises;
//! * [`sales`]: what was sold, day by day;
//! * [`customers`]: who is calling, and what is known of them;
//! * [`catalog`]: what there is, what it costs, and how many;
//! * [`payments`]: the ledgers, and the queue from which a provider behind cards and wallets is called;
//! * [`sandbox`]: the provider that is shipped, which moves no money;
//! * [`orders`]: quoting, ordering, looking up, changing, sending, taking back;
//! * [`analytics`]: what the figures say;
//! * [`support`]: handing over to a person;
//! * [`seed`], [`demo`]: made-up records, and a server to try.

pub mod access;
pub mod analytics;
pub mod business;
pub mod catalog;
#[cfg(test)]
mod collation_tests;
pub mod customers;
pub mod demo;
#[cfg(test)]
mod import_tests;
pub mod orders;
pub mod payments;
pub mod sales;
pub mod sandbox;
pub mod seed;
pub mod support;
#[cfg(test)]
pub(crate) mod testing;

use business_mcp_engine::{Application, application::Command, approvals};

/// This server: its facts, its modules in listed order, its own commands. A new module is one line.
pub fn application() -> Application {
    Application::new(access::ACCESS, business::SHIPPED, business::read)
        .instructions(business::INSTRUCTIONS)
        .module(sales::module())
        .module(customers::module())
        .module(catalog::module())
        .module(payments::module())
        .module(sandbox::module())
        .module(orders::module())
        .module(analytics::module())
        .module(support::module())
        .module(approvals::module())
        .command(Command::new("demo", demo::ABOUT, demo::run))
        .command(Command::new("seed", seed::ABOUT, seed::command))
}
