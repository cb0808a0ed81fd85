//! Handing over to a person.

pub(crate) mod sql;
mod support_escalate;

pub use support_escalate::SupportEscalate;

use business_mcp_engine::Module;

/// The module: its tools, in listed order.
pub fn module() -> Module {
    Module::new("support")
        .migration(1, "support", include_str!("migrations/0001_support.sql"))
        .erases(sql::tickets::ERASURE)
        .tool(SupportEscalate)
}
