//! Who calls: what a verified token says, and the conversation the call belongs to.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::access::{Access, Role, Scope, Scopes, Toolset};

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
    /// The role that the token carries in place of scopes, or beside them.
    pub role: Option<&'static Role>,
    /// When the token ends; `None` for an API key without an end.
    pub expires_at: Option<DateTime<Utc>>,
    /// What the words of a token mean in this business.
    pub access: &'static Access,
}

impl Caller {
    /// Whether the caller holds a scope; a tool without one needs a valid token only.
    pub fn may(&self, scope: Option<Scope>) -> bool {
        scope.is_none_or(|scope| self.scopes.contains(scope))
    }

    /// Whether one of the toolsets of the caller's role has a tool. A token without a role is narrowed by its scopes
    /// alone.
    pub fn reaches(&self, has_the_tool: impl Fn(Toolset) -> bool) -> bool {
        let sets = self.role.and_then(|role| role.toolsets);
        sets.is_none_or(|sets| sets.iter().any(|set| has_the_tool(*set)))
    }

    /// Whether the caller sees everybody's personal data as they are.
    pub fn sees_personal_data(&self) -> bool {
        self.scopes.contains(self.access.personal_data)
    }
}
