//! What a token allows: scopes, and roles as bundles of scopes and of toolsets.

use std::fmt;

use super::spec::Toolset;

/// One permission. Its text form is the contract with whoever issues tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Look customers up, personal data masked.
    CrmRead,
    /// Write notes and customer data.
    CrmWrite,
    /// See personal data unmasked.
    CrmPii,
    /// Read orders.
    OrdersRead,
    /// Create and change orders.
    OrdersWrite,
    /// Read products and stock.
    InventoryRead,
    /// Change stock and products.
    InventoryWrite,
    /// Read figures.
    AnalyticsRead,
    /// Run read-only SQL over the documented views.
    WarehouseQuery,
    /// Start workflows.
    WorkflowsRun,
    /// Decide what waits for approval.
    ApprovalsDecide,
    /// Create and revoke API keys.
    KeysManage,
    /// Read the audit trail.
    AuditRead,
}

impl Scope {
    /// Every scope, in the order in which they are documented.
    pub const ALL: [Self; 13] = [
        Self::CrmRead,
        Self::CrmWrite,
        Self::CrmPii,
        Self::OrdersRead,
        Self::OrdersWrite,
        Self::InventoryRead,
        Self::InventoryWrite,
        Self::AnalyticsRead,
        Self::WarehouseQuery,
        Self::WorkflowsRun,
        Self::ApprovalsDecide,
        Self::KeysManage,
        Self::AuditRead,
    ];

    /// The scope as it stands in a token.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CrmRead => "crm:read",
            Self::CrmWrite => "crm:write",
            Self::CrmPii => "crm:pii",
            Self::OrdersRead => "orders:read",
            Self::OrdersWrite => "orders:write",
            Self::InventoryRead => "inventory:read",
            Self::InventoryWrite => "inventory:write",
            Self::AnalyticsRead => "analytics:read",
            Self::WarehouseQuery => "warehouse:query",
            Self::WorkflowsRun => "workflows:run",
            Self::ApprovalsDecide => "approvals:decide",
            Self::KeysManage => "keys:manage",
            Self::AuditRead => "audit:read",
        }
    }

    /// Whether what it opens belongs to customers, and not to the business alone.
    pub const fn is_about_customers(self) -> bool {
        matches!(
            self,
            Self::CrmRead | Self::CrmWrite | Self::CrmPii | Self::OrdersRead | Self::OrdersWrite
        )
    }

    /// Reads one whole scope word; exact, because `orders:read` must never match `orders:readall`.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of scopes, cheap to copy and to use as a cache key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Scopes(u16);

impl Scopes {
    /// No permission at all.
    pub const NONE: Self = Self(0);

    /// The set of these scopes.
    pub fn of(scopes: &[Scope]) -> Self {
        scopes.iter().fold(Self::NONE, |set, scope| set.with(*scope))
    }

    /// Reads a space-separated `scope` claim (RFC 8693); words this server does not know grant
    /// nothing and are passed over.
    pub fn parse(claim: &str) -> Self {
        claim.split_ascii_whitespace().filter_map(Scope::parse).fold(Self::NONE, Self::with)
    }

    /// This set and one scope more.
    #[must_use]
    pub fn with(self, scope: Scope) -> Self {
        Self(self.0 | (1 << scope as u16))
    }

    /// Whether the set holds a scope.
    pub fn contains(self, scope: Scope) -> bool {
        self.0 & (1 << scope as u16) != 0
    }

    /// Whether every scope of `other` is in this set.
    pub fn contains_all(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The scopes in the set, in documented order.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.contains(*scope))
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, scope) in self.iter().enumerate() {
            write!(f, "{}{scope}", if position == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{self}}}")
    }
}

/// A bundle of scopes and of toolsets with a name, for tokens that carry `role` in place of `scope`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Voice and chat agents.
    Agent,
    /// People at the service desk.
    Desk,
    /// People in the warehouse.
    Stock,
    /// People who read figures.
    Analyst,
    /// People who decide what waits for approval.
    Approver,
    /// Everything.
    Admin,
}

impl Role {
    /// Every role, in the order in which they are documented.
    pub const ALL: [Self; 6] =
        [Self::Agent, Self::Desk, Self::Stock, Self::Analyst, Self::Approver, Self::Admin];

    /// The role as it stands in a token.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Desk => "desk",
            Self::Stock => "stock",
            Self::Analyst => "analyst",
            Self::Approver => "approver",
            Self::Admin => "admin",
        }
    }

    /// Reads a role's name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// The toolsets that the role reaches; `None` for every tool there is.
    pub const fn toolsets(self) -> Option<&'static [Toolset]> {
        match self {
            Self::Agent => Some(&[Toolset::Voice]),
            Self::Desk => Some(&[Toolset::Desk, Toolset::Voice]),
            Self::Stock => Some(&[Toolset::Stock]),
            Self::Analyst => Some(&[Toolset::Analyst]),
            Self::Approver => Some(&[Toolset::Approver]),
            Self::Admin => None,
        }
    }

    /// Whether a toolset is one of the role's.
    pub fn has(self, toolset: Toolset) -> bool {
        self.toolsets().is_none_or(|sets| sets.contains(&toolset))
    }

    /// What the role allows.
    pub fn scopes(self) -> Scopes {
        use Scope::{
            AnalyticsRead, ApprovalsDecide, CrmPii, CrmRead, CrmWrite, InventoryRead,
            InventoryWrite, OrdersRead, OrdersWrite, WarehouseQuery, WorkflowsRun,
        };
        let agent = [CrmRead, CrmWrite, OrdersRead, OrdersWrite, InventoryRead];
        match self {
            Self::Agent => Scopes::of(&agent),
            Self::Desk => Scopes::of(&agent).with(CrmPii).with(AnalyticsRead).with(WorkflowsRun),
            Self::Stock => Scopes::of(&[InventoryRead, InventoryWrite, OrdersRead]),
            Self::Analyst => Scopes::of(&[AnalyticsRead, WarehouseQuery, InventoryRead]),
            Self::Approver => Scopes::of(&[
                ApprovalsDecide,
                CrmRead,
                CrmPii,
                OrdersRead,
                InventoryRead,
                AnalyticsRead,
            ]),
            Self::Admin => Scopes::of(&Scope::ALL),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_match_whole_words_only() {
        let scopes = Scopes::parse("orders:readall orders:read  ORDERS:WRITE *");
        assert_eq!(scopes, Scopes::of(&[Scope::OrdersRead]));
        assert_eq!(scopes.to_string(), "orders:read");
    }

    #[test]
    fn an_agent_neither_decides_nor_sees_personal_data() {
        let scopes = Role::Agent.scopes();
        assert!(!scopes.contains(Scope::ApprovalsDecide));
        assert!(!scopes.contains(Scope::CrmPii));
        assert!(Role::Admin.scopes().contains_all(scopes));
    }
}
