//! What became of a request, and taking one back; `own` says which requests a caller may hear of.

mod approval_status;
mod approval_withdraw;
mod own;

pub use approval_status::ApprovalStatus;
pub use approval_withdraw::ApprovalWithdraw;
