//! Taking a request back before anyone has decided about it.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use validator::Validate;

use super::own;
use crate::{
    business::Reservations,
    db::approvals::{self, Decided},
    text,
    tool::{Answer, Approval, CallContext, Effect, Risk, Spec, Tool, ToolError, Toolset},
};

/// Takes a request back.
pub struct ApprovalWithdraw {
    /// What is released with it.
    pub reservations: Arc<dyn Reservations>,
}

/// Which request.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub struct Args {
    /// The id of your request.
    #[validate(length(min = 1, max = 64, message = "must be 1 to 64 characters"))]
    approval_id: String,
}

/// The request that no longer waits.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output {
    /// The request's id.
    approval_id: String,
    /// Always `withdrawn`.
    status: &'static str,
}

impl Tool for ApprovalWithdraw {
    type Args = Args;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "approval_withdraw",
        aliases: &[],
        version: 1,
        title: "Withdraw a request",
        description: "Take back a request of yours that still waits for approval, when the caller \
                      no longer wants it.",
        scope: None,
        toolsets: &[Toolset::Voice, Toolset::Desk, Toolset::Stock, Toolset::Analyst],
        effect: Effect::Change,
        risk: Risk::Low,
        approval: Approval::AutoApproved,
    };

    async fn call(&self, ctx: &mut CallContext, args: Args) -> Result<Answer<Output>, ToolError> {
        let tenant = ctx.tenant_id();
        let caller = ctx.caller.clone();
        let request = own::one(ctx, &args.approval_id).await?;
        if request.requester != *caller.subject {
            return Err(ToolError::not_found("request", &args.approval_id));
        }
        let by = Some(&*caller.subject);
        let decided = Decided { status: "withdrawn", by, at: ctx.now, reason: None };
        if !approvals::decide(&mut ctx.tx, &tenant, &request.id, decided).await? {
            return Err(ToolError::invalid_state(text!(
                "That request no longer waits. Ask approval_status what became of it."
            )));
        }
        self.reservations.release(&mut ctx.tx, &tenant, &approvals::holder(&request.id)).await?;
        ctx.concerns(&request.id);
        let output = Output { approval_id: request.id, status: "withdrawn" };
        Ok(Answer::ok(text!("The request is withdrawn, and nothing was changed."), output))
    }
}
