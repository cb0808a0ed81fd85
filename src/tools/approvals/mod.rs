//! What became of a request, and taking one back.

mod approval_status;
mod approval_withdraw;
mod own;

pub use approval_status::ApprovalStatus;
pub use approval_withdraw::ApprovalWithdraw;
