//! What became of a request, and taking one back; `own` says which requests a caller may hear of.

mod approval_status;
mod approval_withdraw;
mod own;

use std::sync::Arc;

use crate::{application::Module, business::Reservations};

/// The module of these tools. `reservations` are released when a request is withdrawn.
pub fn module(reservations: Arc<dyn Reservations>) -> Module {
    Module::new("approvals").tool(ApprovalStatus).tool(ApprovalWithdraw { reservations })
}

pub use approval_status::ApprovalStatus;
pub use approval_withdraw::ApprovalWithdraw;
