//! The engine of an MCP server with a business behind it.
//!
//! A business lists its modules in an [`Application`], and the engine does the rest: it serves MCP over HTTP and
//! stdio, verifies tokens, takes every call through the gate, and keeps approvals, idempotency keys and the audit log
//! in the business's own database. The engine knows no customer, order or product; what it needs to know of them it
//! asks through the traits of [`business`].
//!
//! In the order in which a call meets them:
//!
//! * [`application`]: what a business hands to the engine: facts, modules, commands;
//! * [`import`]: how the business's own records come in;
//! * [`cli`]: the command line, one file a command;
//! * [`config`]: every setting, its variable, its default, its check;
//! * [`telemetry`]: logs and metrics;
//! * [`http`]: routes, the order of the layers, limits, the JSON-RPC envelope, health;
//! * [`auth`]: who calls: tokens and API keys;
//! * [`mcp`]: the protocol, over HTTP and stdio;
//! * [`gate`]: the steps that every call passes: policy, approvals, idempotency, audit;
//! * [`approvals`]: the tools with which an agent asks about its own requests;
//! * [`tool`]: what a tool is, what it may use and what it may answer;
//! * [`business`]: what the engine asks of a business;
//! * [`tenants`]: the facts in force for each tenant, and how they change;
//! * [`db`]: the one door to the database;
//! * [`speech`]: what callers say, and what is said to them;
//! * [`money`], [`period`], [`digest`]: amounts, days, fingerprints.
//!
//! [`prelude`] has what nearly every tool names.
//!
//! With the feature `testing`, the module `testing` has what the tests of a business use.

pub mod application;
pub mod approvals;
pub mod auth;
pub mod business;
pub mod cli;
pub mod config;
pub mod db;
pub mod digest;
pub mod gate;
pub mod http;
pub mod import;
pub mod mcp;
pub mod money;
pub mod period;
pub mod prelude;
pub mod speech;
pub mod telemetry;
pub mod tenants;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod tool;

pub use application::{Application, Module};
