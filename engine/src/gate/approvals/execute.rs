//! What an approval executes: the stored call, looked at again.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{
    CallContext, Gate, Outcome, Row,
    decide::{Begun, Verdict},
    row_event, stored_preview,
};
use crate::{
    db::{
        Tx, approvals, audit,
        idempotency::{self, ClaimKey},
        keys,
    },
    gate::{claims, guard},
    text,
    tool::{
        Approval, Caller, ConversationId, ErrorCode, Preview, ToolError,
        catalogue::{Entry, Rendered, ResolvedCall},
    },
};

/// How a call ended that did not fail.
pub(super) enum Executed {
    /// Done, by this decision.
    Now,
    /// It cannot be run as this server is set up, and waits still.
    NotHere(ToolError),
    /// Not what the approver has seen: what would be done now.
    Changed(Box<Preview>),
    /// Somebody decided while it ran, and this is what the later decision hears.
    Meanwhile(Result<Box<Outcome>, ToolError>),
}

/// What came of the stored call.
enum Ran {
    Done(Rendered),
    /// It was not run: this is what it would do now.
    Changed(Box<Preview>),
}

impl Gate {
    /// Runs the stored call in the transaction that has marked it, and commits both at once.
    ///
    /// A read runs on a handle that cannot mark the request, so its mark is taken back and made again
    /// with the answer: a read that is cut off has changed nothing either, and two of them do no harm.
    pub(super) async fn execute(
        &self,
        mut tx: Tx,
        verdict: &Verdict<'_>,
        row: &Row,
    ) -> Result<Executed, ToolError> {
        let now = verdict.now;
        let caller = requester(row, verdict.decider, &mut tx, now).await?;
        let Some(entry) = self.runs_here(row) else { return Ok(Executed::NotHere(not_here())) };
        let call = self.stored_call(entry, row, &caller)?;
        if !entry.spec.effect.writes() {
            drop(tx);
            tx = self.db.read().await?.of(caller.tenant.clone());
        }
        let mut ctx = self.context(&caller, tx, now).await?;
        ctx.conversation =
            row.conversation.as_deref().and_then(|id| ConversationId::parse(id).ok());
        ctx.verified = row.verified_subject.as_deref().map(Arc::from);
        ctx.approval_id = Some(Arc::from(row.id.as_str()));
        if entry.writes_money() {
            ctx.tenant.check_currency()?;
        }
        let run = self.run_stored(row, call, &mut ctx);
        let ran = guard::guarded(self.deadline, &CancellationToken::new(), run).await;
        let ran = ran.map_err(|error| match error.code() {
            ErrorCode::Timeout if std::error::Error::source(&error).is_none() => too_long(),
            _ => error,
        })?;
        let rendered = match ran {
            Ran::Done(rendered) => rendered,
            // The transaction that has marked the request is rolled back with its context.
            Ran::Changed(preview) => return Ok(Executed::Changed(preview)),
        };
        let subject = ctx.take_audit_subject();
        let mut tx = ctx.tx;
        if !entry.spec.effect.writes() {
            drop(tx);
            tx = match self.begin(verdict, &row.id).await {
                Ok(Begun::Marked(tx, _)) => tx,
                Ok(Begun::Before(outcome)) => return Ok(Executed::Meanwhile(Ok(outcome))),
                Err(error) => return Ok(Executed::Meanwhile(Err(error))),
            };
        }
        self.save(&mut tx, row, &rendered, now).await?;
        let mut event = row_event(row, "executed", now);
        event.subject = subject.as_deref();
        audit::append(&mut tx, &event).await?;
        tx.commit().await?;
        Ok(Executed::Now)
    }

    /// The tool of a request, unless this server is too old for it or was started without it.
    fn runs_here(&self, row: &Row) -> Option<&Entry> {
        let entry = self.catalogue.find(&row.tool)?;
        (row.tool_version <= i64::from(entry.spec.version)).then_some(&**entry)
    }

    /// The stored call, if it still means what it meant and its requester may still make it.
    fn stored_call(
        &self,
        entry: &Entry,
        row: &Row,
        caller: &Caller,
    ) -> Result<ResolvedCall, ToolError> {
        if self.policy.ruling(entry.spec).approval == Approval::Disabled {
            return Err(ToolError::new(
                ErrorCode::Disabled,
                text!("The tool has been switched off."),
            ));
        }
        if i64::from(entry.spec.version) != row.tool_version {
            return Err(changed(&text!("The tool has changed")));
        }
        if claims::digest(&row.arguments) != row.arguments_hash {
            return Err(changed(&text!("The stored arguments have changed")));
        }
        if !caller.may(entry.spec.scope) {
            let sentence = text!("Whoever asked may no longer do this.");
            return Err(ToolError::new(ErrorCode::Forbidden, sentence));
        }
        entry.restore(&row.arguments)
    }

    /// Plans again, and runs the call if it is what the approver has seen.
    async fn run_stored(
        &self,
        row: &Row,
        call: ResolvedCall,
        ctx: &mut CallContext,
    ) -> Result<Ran, ToolError> {
        let outcome = async {
            let planned = call.plan(ctx).await?;
            if !is_as_shown(row, &planned.preview)? {
                return Ok(Ran::Changed(Box::new(planned.preview)));
            }
            planned.execute(ctx).await.map(Ran::Done)
        };
        outcome.await.map_err(|error| match error.code() {
            // To whoever approved a total, another total is a changed price.
            ErrorCode::TotalMismatch => error.with_code(ErrorCode::PriceChanged),
            _ => error,
        })
    }

    /// Stores the answer with the request and under the key of the call.
    async fn save(
        &self,
        tx: &mut Tx,
        row: &Row,
        rendered: &Rendered,
        now: DateTime<Utc>,
    ) -> Result<(), ToolError> {
        approvals::save_result(tx, &row.id, &rendered.json).await?;
        let key =
            ClaimKey { principal: &row.requester, tool: &row.tool, key: &row.idempotency_key };
        let kept_until = now + self.claims.window_of(&row.idempotency_key);
        let about = row.subject_id.as_deref();
        Ok(idempotency::answer(tx, key, &rendered.json, about, kept_until).await?)
    }
}

/// Whoever asked, with the scopes held when it was requested, unless their key has been revoked since. The role
/// is not looked at again: its toolsets had the tool when it was requested, and a person has approved the call.
async fn requester(
    row: &Row,
    decider: &Caller,
    tx: &mut Tx,
    now: DateTime<Utc>,
) -> Result<Arc<Caller>, ToolError> {
    if let Some(key) = row.requester.strip_prefix("key:")
        && !keys::is_active(tx, key, now).await?
    {
        let sentence = text!("The key that asked for this has been revoked.");
        return Err(ToolError::new(ErrorCode::Forbidden, sentence));
    }
    Ok(Arc::new(Caller {
        tenant: decider.tenant.clone(),
        subject: Arc::from(row.requester.as_str()),
        token_id: row.requester_token.as_deref().map(Arc::from),
        scopes: decider.access.scopes(&row.requester_scopes),
        role: None,
        expires_at: None,
        access: decider.access,
    }))
}

/// Whether what would be done now is what the approver has seen: the same amount and the same details.
fn is_as_shown(row: &Row, preview: &Preview) -> Result<bool, ToolError> {
    // Both were written in the same way, so that a number that is read back otherwise is so in both.
    let read = |stored: &str| serde_json::from_str::<Value>(stored).map_err(ToolError::internal);
    let (shown, now) = (read(&row.preview)?, read(&stored_preview(preview))?);
    Ok(["amount", "details"].iter().all(|part| shown.get(part) == now.get(part)))
}

/// Another server, or this one when it is set up otherwise, can do it.
fn not_here() -> ToolError {
    ToolError::new(
        ErrorCode::Conflict,
        text!(
            "This server does not have the tool in that version, so nothing was changed and the request still waits. \
             Please decide again when the server has been updated."
        ),
    )
}

/// The call ran into its deadline, and was rolled back.
fn too_long() -> ToolError {
    ToolError::new(
        ErrorCode::Timeout,
        text!("That took too long, and nothing was changed. Please decide again in a moment."),
    )
}

fn changed(what: &str) -> ToolError {
    ToolError::new(
        ErrorCode::Conflict,
        text!("{what} since this was asked for. Please ask for it again.", what),
    )
}
