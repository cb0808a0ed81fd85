//! What a token allows: scopes, roles and toolsets. A business lists its own in one [`Access`]; the engine knows
//! only those that it needs itself.

use std::{collections::BTreeSet, fmt};

use super::Spec;

/// One permission, by its name in a token, such as `orders:read`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope(&'static str);

impl Scope {
    /// Decide pending approvals.
    pub const APPROVALS_DECIDE: Self = Self("approvals:decide");
    /// Create and revoke API keys.
    pub const KEYS_MANAGE: Self = Self("keys:manage");
    /// Read the audit log.
    pub const AUDIT_READ: Self = Self("audit:read");
    /// Use every tool: the scope of [`Access::BASIC`].
    pub const TOOLS_USE: Self = Self("tools:use");

    /// A scope of the business.
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// The scope as it stands in a token.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A set of scopes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// No permission at all.
    pub const NONE: Self = Self(BTreeSet::new());

    /// Whether the set holds a scope.
    pub fn contains(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// Whether every scope of `other` is in this set.
    pub fn contains_all(&self, other: &Self) -> bool {
        self.0.is_superset(&other.0)
    }

    /// The scopes that both sets hold.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        self.0.intersection(&other.0).copied().collect()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

/// Space-separated, as in a `scope` claim (RFC 8693).
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, scope) in self.0.iter().enumerate() {
            write!(f, "{}{scope}", if position == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

/// A named choice of tools for one kind of client. A role has some of them, and `?toolset=` on the URL asks for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Toolset(&'static str);

impl Toolset {
    /// Agents on the phone.
    pub const VOICE: Self = Self("voice");
    /// Those who decide.
    pub const APPROVER: Self = Self("approver");
    /// In a tool's list of toolsets: every one there is.
    pub const EVERY: Self = Self("*");
    /// In a tool's list of toolsets: every one but [`Toolset::APPROVER`].
    pub const EVERY_REQUESTER: Self = Self("requester");

    /// A toolset of the business, by its name on the URL.
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// The name on the URL.
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    /// Whether it stands for several toolsets.
    pub(super) fn is_many(self) -> bool {
        self == Self::EVERY || self == Self::EVERY_REQUESTER
    }

    /// Whether a tool that lists this one is in `other`.
    pub(super) fn covers(self, other: Self) -> bool {
        self == other
            || self == Self::EVERY
            || (self == Self::EVERY_REQUESTER && other != Self::APPROVER)
    }
}

/// A bundle of scopes and of toolsets with a name, for tokens that carry `role` in place of `scope`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Role {
    /// Its name in a token.
    pub name: &'static str,
    /// What it allows.
    pub scopes: &'static [Scope],
    /// The toolsets that it reaches; `None` for every tool there is.
    pub toolsets: Option<&'static [Toolset]>,
}

impl Role {
    /// Whether a toolset is one of the role's.
    pub fn has(&self, toolset: Toolset) -> bool {
        self.toolsets.is_none_or(|sets| sets.contains(&toolset))
    }

    /// What the role allows.
    pub fn scopes(&self) -> Scopes {
        self.scopes.iter().copied().collect()
    }
}

const BASIC_SCOPES: &[Scope] =
    &[Scope::TOOLS_USE, Scope::APPROVALS_DECIDE, Scope::KEYS_MANAGE, Scope::AUDIT_READ];

/// Everything that tokens of a business can say.
#[derive(Debug, PartialEq, Eq)]
pub struct Access {
    /// Every scope, the engine's own among them, in the order in which they are documented.
    pub scopes: &'static [Scope],
    /// Every toolset.
    pub toolsets: &'static [Toolset],
    /// Every role. The first one is that of agents: a client without a token is told to ask for its scopes.
    pub roles: &'static [&'static Role],
    /// Who holds it sees personal data as they are.
    pub personal_data: Scope,
    /// The scopes that open the records of people whom a caller can be verified as.
    pub about_people: &'static [Scope],
}

impl Access {
    /// For a business that needs no more: the roles `agent`, `approver` and `admin`, and one scope for its tools.
    pub const BASIC: &'static Self = &Self {
        scopes: BASIC_SCOPES,
        toolsets: &[Toolset::VOICE, Toolset::APPROVER],
        roles: &[
            &Role { name: "agent", scopes: &[Scope::TOOLS_USE], toolsets: Some(&[Toolset::VOICE]) },
            &Role {
                name: "approver",
                scopes: &[Scope::APPROVALS_DECIDE],
                toolsets: Some(&[Toolset::APPROVER]),
            },
            &Role { name: "admin", scopes: BASIC_SCOPES, toolsets: None },
        ],
        personal_data: Scope::APPROVALS_DECIDE,
        about_people: &[Scope::TOOLS_USE],
    };

    /// Reads a space-separated `scope` claim (RFC 8693). Words match whole and exactly, because `orders:read` must never
    /// match `orders:readall`; those that this server does not know grant nothing.
    pub fn scopes(&self, claim: &str) -> Scopes {
        claim.split_ascii_whitespace().filter_map(|word| self.scope(word)).collect()
    }

    /// The scope of a name.
    pub fn scope(&self, name: &str) -> Option<Scope> {
        self.scopes.iter().copied().find(|scope| scope.as_str() == name)
    }

    /// The toolset of a name.
    pub fn toolset(&self, name: &str) -> Option<Toolset> {
        self.toolsets.iter().copied().find(|toolset| toolset.as_str() == name)
    }

    /// The role of a name.
    pub fn role(&self, name: &str) -> Option<&'static Role> {
        self.roles.iter().copied().find(|role| role.name == name)
    }

    /// The toolsets' names.
    pub fn toolset_names(&self) -> Vec<&'static str> {
        self.toolsets.iter().map(|toolset| toolset.as_str()).collect()
    }

    /// The toolsets that a tool is in.
    pub fn toolsets_of(&self, spec: &Spec) -> Vec<Toolset> {
        self.toolsets.iter().copied().filter(|toolset| spec.is_in(*toolset)).collect()
    }

    /// What an agent's token allows.
    pub fn agent_scopes(&self) -> Scopes {
        self.roles.first().map(|role| role.scopes()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::access::{ACCESS, READ};

    #[test]
    fn scopes_match_whole_words_only() {
        let scopes = ACCESS.scopes("notes:readall notes:read  NOTES:WRITE *");
        assert_eq!(scopes, [READ].into_iter().collect());
        assert_eq!(scopes.to_string(), "notes:read");
    }
}
