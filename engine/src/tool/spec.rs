//! What a tool says about itself. Every field is required, so that nobody forgets the risk.

use serde::Serialize;

use super::access::{Scope, Toolset};

/// A tool's declaration, beside its behaviour in the tool's own file.
///
/// ```compile_fail,E0063
/// use business_mcp_engine::tool::{Approval, Effect, Scope, Spec};
///
/// // Nobody said how much harm a wrong call does, so this does not compile.
/// const SPEC: Spec = Spec {
///     name: "order_refund",
///     aliases: &[],
///     version: 1,
///     title: "Refund",
///     description: "Pays money back.",
///     scope: Some(Scope::new("orders:write")),
///     toolsets: &[],
///     effect: Effect::Change,
///     approval: Approval::RequiresApproval,
/// };
/// ```
#[derive(Debug)]
pub struct Spec {
    /// The name that agents call; `snake_case`, at most 48 characters.
    pub name: &'static str,
    /// Older names that still reach the tool; never listed.
    pub aliases: &'static [&'static str],
    /// Raised whenever the same arguments begin to mean something else, so that a request that
    /// waits for approval is not executed with another meaning.
    pub version: u32,
    /// The name that people read.
    pub title: &'static str,
    /// What the model reads to choose the tool. Clients pin it: change it on purpose only.
    pub description: &'static str,
    /// The scope a caller needs; `None` where any valid token will do.
    pub scope: Option<Scope>,
    /// The sets in which the tool is listed.
    pub toolsets: &'static [Toolset],
    /// What the tool does to the business's records.
    pub effect: Effect,
    /// How much harm a wrong call does.
    pub risk: Risk,
    /// Whether a person decides first, unless the policy is stricter.
    pub approval: Approval,
}

impl Spec {
    /// Whether the tool is in a toolset.
    pub fn is_in(&self, toolset: Toolset) -> bool {
        self.toolsets.iter().any(|own| own.covers(toolset))
    }
}

/// None of what guards a call may be left out. All of it compiles:
///
/// ```
/// # use business_mcp_engine::tool::{Approval, Effect, Risk, Scope, Spec};
/// const SPEC: Spec = Spec {
///     name: "order_refund",
///     aliases: &[],
///     version: 1,
///     title: "Refund",
///     description: "Pays money back.",
///     scope: Some(Scope::new("orders:write")),
///     toolsets: &[],
///     effect: Effect::Change,
///     risk: Risk::High,
///     approval: Approval::RequiresApproval,
/// };
/// ```
///
/// Nobody said what it does to records:
///
/// ```compile_fail,E0063
/// # use business_mcp_engine::tool::{Approval, Risk, Scope, Spec};
/// const SPEC: Spec = Spec {
///     name: "order_refund",
///     aliases: &[],
///     version: 1,
///     title: "Refund",
///     description: "Pays money back.",
///     scope: Some(Scope::new("orders:write")),
///     toolsets: &[],
///     risk: Risk::High,
///     approval: Approval::RequiresApproval,
/// };
/// ```
///
/// Nobody said whether a person decides:
///
/// ```compile_fail,E0063
/// # use business_mcp_engine::tool::{Effect, Risk, Scope, Spec};
/// const SPEC: Spec = Spec {
///     name: "order_refund",
///     aliases: &[],
///     version: 1,
///     title: "Refund",
///     description: "Pays money back.",
///     scope: Some(Scope::new("orders:write")),
///     toolsets: &[],
///     effect: Effect::Change,
///     risk: Risk::High,
/// };
/// ```
///
/// Nobody said who may call it:
///
/// ```compile_fail,E0063
/// # use business_mcp_engine::tool::{Approval, Effect, Risk, Spec};
/// const SPEC: Spec = Spec {
///     name: "order_refund",
///     aliases: &[],
///     version: 1,
///     title: "Refund",
///     description: "Pays money back.",
///     toolsets: &[],
///     effect: Effect::Change,
///     risk: Risk::High,
///     approval: Approval::RequiresApproval,
/// };
/// ```
#[cfg(doctest)]
struct NothingIsLeftOut;

/// What a tool does to the business's records; the database holds it to that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Reads only: it runs on a handle that the database keeps from writing.
    Read,
    /// Writes something new and leaves what is there as it is.
    Add,
    /// Changes or ends something that is there.
    Change,
}

impl Effect {
    /// Whether the tool writes at all.
    pub fn writes(self) -> bool {
        self != Self::Read
    }
}

/// How much harm a wrong call does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Risk {
    /// Nothing that a second call does not mend.
    Low,
    /// Money or goods of one order.
    Medium,
    /// Money or goods at large; always decided by someone other than who asked.
    High,
    /// Cannot be undone.
    Critical,
}

impl Risk {
    /// The word in `_meta`, in the policy file and in tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// Reads the word of [`Risk::as_str`].
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Low, Self::Medium, Self::High, Self::Critical]
            .into_iter()
            .find(|risk| risk.as_str() == word)
    }
}

/// Whether a person decides before a call takes effect; later ones are stricter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Approval {
    /// It takes effect at once.
    AutoApproved,
    /// Another principal with `approvals:decide` decides first.
    RequiresApproval,
    /// Not listed, and refused when called.
    Disabled,
}

impl Approval {
    /// The word in `_meta`, in the policy file and in tables.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AutoApproved => "auto_approved",
            Self::RequiresApproval => "requires_approval",
            Self::Disabled => "disabled",
        }
    }

    /// Reads the word of [`Approval::as_str`].
    pub fn parse(word: &str) -> Option<Self> {
        [Self::AutoApproved, Self::RequiresApproval, Self::Disabled]
            .into_iter()
            .find(|approval| approval.as_str() == word)
    }
}
