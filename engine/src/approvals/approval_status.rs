//! What became of a request that waits for a person.

use chrono::TimeDelta;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use validator::Validate;

use super::own;
use crate::{
    db::approvals::{self, Approval as Request},
    speech::phrases,
    text,
    tool::{
        Answer, Approval, CallContext, Effect, ReadTool, Risk, Spec, ToolError, Toolset,
        answer::rfc3339,
    },
};

/// How far back the latest request of a conversation is looked for.
const CONVERSATION: TimeDelta = TimeDelta::days(7);
/// The longest result that is told again, in bytes of JSON.
const LONGEST_RESULT: usize = 6_500;

/// Tells what became of a request.
pub struct ApprovalStatus;

/// Which request.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub struct Args {
    /// The request's id; your latest request if left out.
    #[validate(length(max = 64, message = "must be at most 64 characters"))]
    approval_id: Option<String>,
}

/// A request and what became of it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output {
    /// The request's id.
    approval_id: String,
    /// `pending`, `approved`, `executed`, `denied`, `expired`, `failed` or `withdrawn`.
    status: String,
    /// The tool that was called.
    tool: String,
    /// What it is about.
    summary: String,
    /// When no answer becomes a no (RFC 3339, UTC).
    expires_at: String,
    /// When it was decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_at: Option<String>,
    /// Why it was decided so.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// The data of the executed call, or the error of the failed one, for whoever may see them.
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Map<String, Value>>,
}

impl ReadTool for ApprovalStatus {
    type Args = Args;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "approval_status",
        aliases: &[],
        version: 1,
        title: "Status of an approval",
        description: "Find out whether a request that was waiting for approval has been decided, \
                      and what came of it. Without approval_id: your latest request.",
        scope: None,
        toolsets: &[Toolset::EVERY],
        effect: Effect::Read,
        risk: Risk::Low,
        approval: Approval::AutoApproved,
    };

    async fn call(&self, ctx: &mut CallContext, args: Args) -> Result<Answer<Output>, ToolError> {
        let request = match &args.approval_id {
            Some(said) => own::one(ctx, said).await?,
            None => match latest(ctx).await? {
                Some(request) => request,
                None => return Ok(Answer::nothing(none_known(ctx))),
            },
        };
        Ok(answer(ctx, request))
    }
}

/// The caller's latest request. Where a header names the conversation it is the latest of that one,
/// because many conversations may share a token. Whoever is verified hears only of what is about them, and
/// of what was asked in this conversation about nobody. Whoever was cut off and calls again is in another
/// conversation: there it is the latest about the same person.
async fn latest(ctx: &mut CallContext) -> Result<Option<Request>, ToolError> {
    let principal = ctx.caller.subject.clone();
    let (conversation, subject) = (ctx.conversation.as_deref(), ctx.verified.as_deref());
    let since = ctx.now - CONVERSATION;
    let tx = &mut ctx.tx;
    if conversation.is_none() && subject.is_none() {
        return Ok(approvals::latest_of(tx, &principal).await?);
    }
    let here = approvals::latest_since(tx, &principal, (conversation, subject), since).await?;
    match (here, conversation, subject) {
        (None, Some(_), Some(_)) => {
            Ok(approvals::latest_since(tx, &principal, (None, subject), since).await?)
        }
        (here, ..) => Ok(here),
    }
}

/// What is said where there is no request, without claiming more than this conversation may know.
fn none_known(ctx: &CallContext) -> String {
    match (&ctx.conversation, &ctx.verified) {
        (Some(_), None) => text!(
            "Nothing in this conversation waits for approval. If you asked in an earlier one, I have to \
             verify you first."
        ),
        (_, Some(_)) => {
            text!("No request of this caller waits for approval, and none has been decided lately.")
        }
        _ => text!("No request of yours waits for approval, and none has been decided."),
    }
}

fn answer(ctx: &CallContext, request: Request) -> Answer<Output> {
    let overdue = request.status == "pending" && request.expires_at <= ctx.now;
    let status = match (request.status.as_str(), &request.result) {
        _ if overdue => "expired",
        ("executed", None) => "approved",
        (status, _) => status,
    };
    let result = request.result.as_deref().filter(|_| own::hears_result(ctx, &request));
    let stored: Option<Map<String, Value>> =
        result.and_then(|json| serde_json::from_str(json).ok());
    let word = |name: &str| stored.as_ref()?.get(name)?.as_str().map(str::to_owned);
    let about = phrases::stored(&phrases::aloud(request.summary.trim_end_matches('.')), 120);
    let reason = request.decision_reason.as_deref();
    let because = reason
        .map(|reason| {
            text!(
                " The reason given: {reason}.",
                reason = phrases::stored(reason, 100).trim_end_matches('.')
            )
        })
        .unwrap_or_default();
    let mut say = match status {
        "pending" => {
            text!("This still waits for a colleague: {about}. Nothing has changed yet.", about)
        }
        "approved" => text!("This was approved and is being done now: {about}.", about),
        "executed" => {
            word("say").unwrap_or_else(|| text!("This was approved and done: {about}.", about))
        }
        "denied" => text!("This was not approved, and nothing was changed.{because}", because),
        "expired" => {
            text!("Nobody decided in time, so it was not done. It can be asked for again.")
        }
        "failed" => {
            let why = word("message").unwrap_or_default();
            let why = phrases::stored(&phrases::aloud(phrases::first_sentence(&why)), 160);
            text!("This was approved but could not be done. {why}", why).trim_end().to_owned()
        }
        _ => text!("This request was taken back, and nothing was changed."),
    };
    let (result, fits) = told(stored);
    if !fits {
        say = text!(
            "This was approved and done. Call {tool} again for the whole answer.",
            tool = request.tool
        )
        .replace('_', " ");
    }
    let output = Output {
        status: status.to_owned(),
        expires_at: rfc3339(request.expires_at),
        decided_at: request.decided_at.map(rfc3339),
        reason: reason.map(|reason| crate::speech::text::display(reason, 300)),
        approval_id: request.id,
        tool: request.tool,
        summary: request.summary,
        result,
    };
    Answer::ok(say, output)
}

/// The data of a stored answer, or the stored error, and whether it is short enough to be told.
fn told(stored: Option<Map<String, Value>>) -> (Option<Map<String, Value>>, bool) {
    let Some(mut stored) = stored else { return (None, true) };
    let told = if let Some(Value::Object(data)) = stored.shift_remove("data") {
        data
    } else {
        stored.shift_remove("say");
        stored
    };
    let fits = serde_json::to_string(&told).is_ok_and(|json| json.len() <= LONGEST_RESULT);
    (fits.then_some(told), fits)
}

#[cfg(test)]
#[path = "approval_status_tests.rs"]
mod tests;
