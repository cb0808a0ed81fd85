//! Which requests a caller may hear of.

use crate::{
    db::approvals::{self, Approval as Request},
    tool::{CallContext, Scope, ToolError},
};

/// The request of that id, which this caller made, or may decide about.
///
/// # Errors
/// `not_found`; `forbidden` where the caller is verified as somebody else than it is about.
pub async fn one(ctx: &mut CallContext, said: &str) -> Result<Request, ToolError> {
    let id = said.trim().to_uppercase();
    let row = approvals::find(&mut ctx.tx, &id).await?;
    let row = row.filter(|row| row.requester == *ctx.caller.subject || decides(ctx));
    let row = row.ok_or_else(|| ToolError::not_found("request", said))?;
    if let Some(subject_id) = &row.subject_id {
        ctx.authorize(subject_id)?;
    }
    Ok(row)
}

/// Whether the caller may hear what came of a request, beyond how it stands: whoever decides or sees
/// personal data, the person whom it is about, and before anybody is verified only where it was answered
/// to somebody who saw no more than this caller.
pub fn hears_result(ctx: &CallContext, request: &Request) -> bool {
    let plain = || {
        let access = ctx.caller.access;
        let seen = access.scopes(&request.requester_scopes).contains(access.personal_data);
        !seen && request.verified_subject.is_none()
    };
    let subject = request.subject_id.as_deref().unwrap_or_default();
    decides(ctx) || ctx.sees_personal(subject) || (ctx.verified.is_none() && plain())
}

fn decides(ctx: &CallContext) -> bool {
    ctx.caller.scopes.contains(Scope::APPROVALS_DECIDE)
}
