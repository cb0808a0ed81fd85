//! What the unit tests share: a small shop, and one tool called as the gate would.

mod calls;
mod shop;

pub(crate) use business_mcp_engine::testing::{TestDb, collated_databases, databases, request};
pub(crate) use calls::{Shop, collated_shops, sequences, shops};
pub(crate) use shop::*;
