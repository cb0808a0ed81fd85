//! The server from outside: real sockets, real databases, real clients.
//!
//! Every test runs on SQLite and on Postgres. `scripts/test` finds or starts a Postgres server and
//! names it in `TEST_DATABASE_URL`.

#![cfg(test)]

mod api_keys;
mod approvals;
mod approvals_alike;
mod approvals_changed;
mod approvals_cli;
mod approvals_cut_off;
mod approvals_failed;
mod approvals_killed;
mod audit;
mod books;
mod calls;
mod clients;
mod collation;
mod commands;
mod concurrency;
mod contention;
mod conversations;
mod cut_off;
mod databases;
mod demo;
mod deploy;
mod desk;
mod earlier_builds;
mod edge;
mod edge_bodies;
mod enforcement;
mod envelope;
mod erasure;
mod exact_ids;
mod faults;
mod forge;
mod idempotency;
mod identity;
mod imports;
mod issuer;
mod limits;
mod lints;
mod logs;
mod lost_commit;
mod modern;
mod module_boundaries;
mod new_tool;
mod numbers;
mod operation;
mod own_reservations;
mod payments;
mod policy;
mod process;
mod readme;
mod reindex;
mod retail;
mod retries;
mod retries_desk;
mod retries_undone;
mod roles;
mod scopes;
mod snippets;
mod starts;
mod stdio;
mod stock;
mod support;
mod tenants;
mod texts;
mod tokens;
mod tool_docs;
mod tools_list;
mod tools_lock;
mod tools_schemas;
mod undone_desk;
mod unread;
mod vendors;
mod verified_again;
mod ways;
mod wire;

// The tool in `new_tool` says `crate::access` and `crate::business`, as it would in `src`.
use business_mcp::{access, business};
