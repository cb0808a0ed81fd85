//! Who calls: what a verified token says, and the conversation the call belongs to.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::scope::{Scope, Scopes};

/// A verified caller. Everything in it comes from the token; nothing from arguments or headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Whose business this is. Every statement is bound to it.
    pub tenant: Arc<str>,
    /// The principal: `sub` of a JWT, `key:ID` of an API key.
    pub subject: Arc<str>,
    /// `jti` of the token or the id of the key, for the audit trail.
    pub token_id: Option<Arc<str>>,
    /// What the token allows.
    pub scopes: Scopes,
    /// When the token ends; `None` for an API key without an end.
    pub expires_at: Option<DateTime<Utc>>,
}

impl Caller {
    /// Whether the caller holds a scope; a tool without one needs a valid token only.
    pub fn may(&self, scope: Option<Scope>) -> bool {
        scope.is_none_or(|scope| self.scopes.contains(scope))
    }
}
