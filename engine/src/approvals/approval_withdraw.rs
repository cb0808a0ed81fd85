//! Taking a request back before anyone has decided about it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use validator::Validate;

use super::own;
use crate::{
    db::approvals::{self, Approval as Request, Decided},
    text,
    tool::{
        Answer, Approval, CallContext, Effect, Planned, Risk, Spec, ToolError, Toolset, WriteTool,
    },
};

/// Takes a request back.
pub struct ApprovalWithdraw;

/// Which request.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub struct Args {
    /// The id of your request.
    #[validate(length(min = 1, max = 64, message = "must be 1 to 64 characters"))]
    approval_id: String,
}

/// Which request, as it was understood.
#[derive(Debug, Serialize, Deserialize)]
pub struct Intent {
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

impl WriteTool for ApprovalWithdraw {
    type Args = Args;
    type Intent = Intent;
    type Plan = Intent;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "approval_withdraw",
        aliases: &[],
        version: 1,
        title: "Withdraw a request",
        description: "Take back a request of yours that still waits for approval, when the caller \
                      no longer wants it.",
        scope: None,
        toolsets: &[Toolset::EVERY_REQUESTER],
        effect: Effect::Change,
        risk: Risk::Low,
        approval: Approval::AutoApproved,
    };

    async fn resolve(&self, ctx: &mut CallContext, args: Args) -> Result<Intent, ToolError> {
        Ok(Intent { approval_id: made(ctx, &args.approval_id).await?.id })
    }

    async fn plan(
        &self,
        ctx: &mut CallContext,
        intent: Intent,
    ) -> Result<Planned<Intent>, ToolError> {
        let request = made(ctx, &intent.approval_id).await?;
        if request.status != "pending" || request.expires_at <= ctx.now {
            return Err(waits_no_longer());
        }
        Ok(Planned::new(Self::SPEC.title, intent))
    }

    async fn execute(
        &self,
        ctx: &mut CallContext,
        plan: Intent,
    ) -> Result<Answer<Output>, ToolError> {
        let (caller, id) = (ctx.caller.clone(), plan.approval_id);
        let by = Some(&*caller.subject);
        let decided = Decided { status: "withdrawn", by, at: ctx.now, reason: None };
        if !approvals::decide(&mut ctx.tx, &id, decided).await? {
            // Somebody decided after it was looked up.
            return Err(waits_no_longer());
        }
        if let Some(reservations) = ctx.reservations.clone() {
            reservations.release(&mut ctx.tx, &approvals::holder(&id)).await?;
        }
        ctx.set_audit_subject(&id);
        let output = Output { approval_id: id, status: "withdrawn" };
        Ok(Answer::ok(text!("The request is withdrawn, and nothing was changed."), output))
    }

    fn names_a_record(_intent: &Self::Intent) -> bool {
        true
    }
}

/// The request of that id, which this caller made.
async fn made(ctx: &mut CallContext, said: &str) -> Result<Request, ToolError> {
    let request = own::one(ctx, said).await?;
    if request.requester != *ctx.caller.subject {
        return Err(ToolError::not_found("request", said));
    }
    Ok(request)
}

fn waits_no_longer() -> ToolError {
    ToolError::invalid_state(text!(
        "That request no longer waits. Ask approval_status what became of it."
    ))
}
