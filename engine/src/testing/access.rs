//! Scopes, toolsets and roles of the engine's own tests.

use crate::tool::{Access, Role, Scope, Toolset};

/// Reads notes.
pub const READ: Scope = Scope::new("notes:read");
/// Writes notes.
pub const WRITE: Scope = Scope::new("notes:write");
/// Shows whose they are.
pub const PERSONAL: Scope = Scope::new("notes:pii");

/// Agents on the phone.
pub const VOICE: Toolset = Toolset::VOICE;
/// People at a desk.
pub const DESK: Toolset = Toolset::new("desk");

/// Agents.
pub const AGENT: &Role = &Role { name: "agent", scopes: &[READ, WRITE], toolsets: Some(&[VOICE]) };
/// People who see more than agents.
pub const CLERK: &Role =
    &Role { name: "clerk", scopes: &[READ, WRITE, PERSONAL], toolsets: Some(&[VOICE, DESK]) };
/// People who decide.
pub const APPROVER: &Role = &Role {
    name: "approver",
    scopes: &[Scope::APPROVALS_DECIDE, READ],
    toolsets: Some(&[Toolset::APPROVER]),
};

/// People who read and do nothing else.
pub const READER: &Role = &Role { name: "reader", scopes: &[READ], toolsets: Some(&[VOICE]) };
/// Everything.
pub const ADMIN: &Role = &Role { name: "admin", scopes: SCOPES, toolsets: None };

const SCOPES: &[Scope] =
    &[READ, WRITE, PERSONAL, Scope::APPROVALS_DECIDE, Scope::KEYS_MANAGE, Scope::AUDIT_READ];

/// All of it.
pub static ACCESS: Access = Access {
    scopes: SCOPES,
    toolsets: &[VOICE, DESK, Toolset::APPROVER],
    roles: &[AGENT, CLERK, APPROVER, READER, ADMIN],
    personal_data: PERSONAL,
    about_people: &[READ, WRITE, PERSONAL],
};
