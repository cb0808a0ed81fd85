//! A business behind one MCP endpoint.
//!
//! A call comes in at the edge and passes every room in one direction. In reading order:
//!
//! * [`cli`]: the command line, one file a command;
//! * [`config`]: every setting, its variable, its default, its check;
//! * [`telemetry`]: logs and metrics;
//! * [`http`]: the edge: routes, layer order, tokens, limits, the JSON-RPC envelope, health;
//! * [`mcp`]: rmcp's `ServerHandler`, which translates and decides nothing;
//! * [`gate`]: the steps that every call passes, in order: policy, approvals, idempotency, audit;
//! * [`toolkit`]: what a tool is, what it may use and what it may answer;
//! * [`tools`]: one folder a domain, one file a tool, one list;
//! * [`payments`]: the provider behind cards, called outside of calls, from a queue;
//! * [`store`]: the one door to the database, and all SQL;
//! * [`domain`]: pure rules, without I/O and without a clock.
//!
//! Imports run one way, `cli → http → mcp → gate → toolkit → store → domain`, and tools and payments
//! use `toolkit`, `store` and `domain` only. A test reads the imports and keeps it so.

pub mod cli;
pub mod config;
pub mod domain;
pub mod gate;
pub mod http;
pub mod mcp;
pub mod payments;
pub mod store;
pub mod telemetry;
pub mod toolkit;
pub mod tools;
