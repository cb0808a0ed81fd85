//! What became of a request, and taking one back; `own` says which requests a caller may hear of.

mod approval_status;
mod approval_withdraw;
mod own;

use crate::application::Module;

/// The module of these tools.
pub fn module() -> Module {
    Module::new("approvals").tool(ApprovalStatus).tool(ApprovalWithdraw)
}

pub use approval_status::ApprovalStatus;
pub use approval_withdraw::ApprovalWithdraw;
