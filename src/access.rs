//! What tokens of this business can say: scopes, toolsets and roles.

use business_mcp_engine::tool::Access;

/// Permissions. Their names are the contract with whoever issues tokens.
pub mod scope {
    use business_mcp_engine::tool::Scope;

    /// Look customers up, personal data masked.
    pub const CRM_READ: Scope = Scope::new("crm:read");
    /// Write notes and customer data.
    pub const CRM_WRITE: Scope = Scope::new("crm:write");
    /// See personal data unmasked.
    pub const CRM_PII: Scope = Scope::new("crm:pii");
    /// Read orders.
    pub const ORDERS_READ: Scope = Scope::new("orders:read");
    /// Create and change orders.
    pub const ORDERS_WRITE: Scope = Scope::new("orders:write");
    /// Read products and stock.
    pub const INVENTORY_READ: Scope = Scope::new("inventory:read");
    /// Change stock and products.
    pub const INVENTORY_WRITE: Scope = Scope::new("inventory:write");
    /// Read figures.
    pub const ANALYTICS_READ: Scope = Scope::new("analytics:read");
    /// Run read-only SQL over the documented views.
    pub const WAREHOUSE_QUERY: Scope = Scope::new("warehouse:query");
    /// Start workflows.
    pub const WORKFLOWS_RUN: Scope = Scope::new("workflows:run");

    /// Every scope, those of the engine among them, in the order in which they are documented.
    pub const ALL: &[Scope] = &[
        CRM_READ,
        CRM_WRITE,
        CRM_PII,
        ORDERS_READ,
        ORDERS_WRITE,
        INVENTORY_READ,
        INVENTORY_WRITE,
        ANALYTICS_READ,
        WAREHOUSE_QUERY,
        WORKFLOWS_RUN,
        Scope::APPROVALS_DECIDE,
        Scope::KEYS_MANAGE,
        Scope::AUDIT_READ,
    ];
}

/// Choices of tools, one for each kind of client.
pub mod toolset {
    use business_mcp_engine::tool::Toolset;

    /// Agents on the phone.
    pub const VOICE: Toolset = Toolset::VOICE;
    /// The service desk.
    pub const DESK: Toolset = Toolset::new("desk");
    /// The warehouse.
    pub const STOCK: Toolset = Toolset::new("stock");
    /// Figures.
    pub const ANALYST: Toolset = Toolset::new("analyst");
    /// Those who decide.
    pub const APPROVER: Toolset = Toolset::APPROVER;
}

/// Bundles of scopes and of toolsets.
pub mod role {
    use business_mcp_engine::tool::{Role, Scope};

    use super::{
        scope::{
            self, ANALYTICS_READ, CRM_PII, CRM_READ, CRM_WRITE, INVENTORY_READ, INVENTORY_WRITE,
            ORDERS_READ, ORDERS_WRITE, WAREHOUSE_QUERY, WORKFLOWS_RUN,
        },
        toolset,
    };

    /// Voice and chat agents.
    pub const AGENT: &Role = &Role {
        name: "agent",
        scopes: &[CRM_READ, CRM_WRITE, ORDERS_READ, ORDERS_WRITE, INVENTORY_READ],
        toolsets: Some(&[toolset::VOICE]),
    };
    /// People at the service desk.
    pub const DESK: &Role = &Role {
        name: "desk",
        scopes: &[
            CRM_READ,
            CRM_WRITE,
            ORDERS_READ,
            ORDERS_WRITE,
            INVENTORY_READ,
            CRM_PII,
            ANALYTICS_READ,
            WORKFLOWS_RUN,
        ],
        toolsets: Some(&[toolset::DESK, toolset::VOICE]),
    };
    /// People in the warehouse.
    pub const STOCK: &Role = &Role {
        name: "stock",
        scopes: &[INVENTORY_READ, INVENTORY_WRITE, ORDERS_READ],
        toolsets: Some(&[toolset::STOCK]),
    };
    /// People who read figures.
    pub const ANALYST: &Role = &Role {
        name: "analyst",
        scopes: &[ANALYTICS_READ, WAREHOUSE_QUERY, INVENTORY_READ],
        toolsets: Some(&[toolset::ANALYST]),
    };
    /// People who decide what waits for approval.
    pub const APPROVER: &Role = &Role {
        name: "approver",
        scopes: &[
            Scope::APPROVALS_DECIDE,
            CRM_READ,
            CRM_PII,
            ORDERS_READ,
            INVENTORY_READ,
            ANALYTICS_READ,
        ],
        toolsets: Some(&[toolset::APPROVER]),
    };
    /// Everything.
    pub const ADMIN: &Role = &Role { name: "admin", scopes: scope::ALL, toolsets: None };
}

/// Everything that tokens can say.
pub const ACCESS: &Access = &Access {
    scopes: scope::ALL,
    toolsets: &[toolset::VOICE, toolset::DESK, toolset::STOCK, toolset::ANALYST, toolset::APPROVER],
    roles: &[role::AGENT, role::DESK, role::STOCK, role::ANALYST, role::APPROVER, role::ADMIN],
    personal_data: scope::CRM_PII,
    about_people: &[
        scope::CRM_READ,
        scope::CRM_WRITE,
        scope::CRM_PII,
        scope::ORDERS_READ,
        scope::ORDERS_WRITE,
    ],
};

#[cfg(test)]
mod tests {
    use business_mcp_engine::tool::Scope;

    use super::*;

    #[test]
    fn an_agent_neither_decides_nor_sees_personal_data() {
        let agent = role::AGENT.scopes();
        assert!(!agent.contains(Scope::APPROVALS_DECIDE));
        assert!(!agent.contains(scope::CRM_PII));
        assert!(role::ADMIN.scopes().contains_all(&agent));
    }
}
