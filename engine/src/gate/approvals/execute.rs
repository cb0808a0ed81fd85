//! What an approval executes: the stored call, looked at again.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::{
    CallContext, Gate, Outcome, Row,
    decide::{Begun, Verdict},
    row_event,
};
use crate::{
    db::{
        Tx, approvals, audit,
        idempotency::{self, ClaimKey},
        keys,
    },
    gate::{claims, guard},
    money::Money,
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
    /// Somebody decided while it ran, and this is what the later decision hears.
    Meanwhile(Result<Box<Outcome>, ToolError>),
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
        let (entry, call) = self.stored_call(row, &caller)?;
        if !entry.spec.effect.writes() {
            drop(tx);
            tx = self.db.read().await?.of(caller.tenant.clone());
        }
        let mut ctx = self.context(&caller, tx, now).await?;
        ctx.conversation =
            row.conversation.as_deref().and_then(|id| ConversationId::parse(id).ok());
        ctx.verified = row.verified_customer.as_deref().map(Arc::from);
        ctx.approval_id = Some(Arc::from(row.id.as_str()));
        if entry.writes_money() {
            ctx.tenant.check_currency()?;
        }
        let run = self.run_stored(row, call, &mut ctx);
        let rendered = guard::guarded(self.deadline, &CancellationToken::new(), run).await;
        let rendered = rendered.map_err(|error| match error.code() {
            ErrorCode::Timeout if std::error::Error::source(&error).is_none() => too_long(),
            _ => error,
        })?;
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

    /// The stored call, if it still means what it meant and its requester may still make it.
    fn stored_call(&self, row: &Row, caller: &Caller) -> Result<(&Entry, ResolvedCall), ToolError> {
        let entry = self.catalogue.find(&row.tool);
        let entry = entry.ok_or_else(|| changed(&text!("The tool is gone")))?;
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
        Ok((entry, entry.restore(&row.arguments)?))
    }

    /// Looks at the price again, then runs the call.
    async fn run_stored(
        &self,
        row: &Row,
        call: ResolvedCall,
        ctx: &mut CallContext,
    ) -> Result<Rendered, ToolError> {
        let outcome = async {
            let planned = call.plan(ctx).await?;
            check_amount(row, &planned.preview)?;
            planned.execute(ctx).await
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
        approvals::save_result(tx, &row.id, &rendered.0).await?;
        let key =
            ClaimKey { principal: &row.requester, tool: &row.tool, key: &row.idempotency_key };
        let kept_until = now + self.claims.window_of(&row.idempotency_key);
        Ok(idempotency::answer(tx, key, &rendered.0, kept_until).await?)
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

/// What was approved is what will be charged.
fn check_amount(row: &Row, preview: &Preview) -> Result<(), ToolError> {
    let stored: Value = serde_json::from_str(&row.preview).map_err(ToolError::internal)?;
    let approved = stored.get("amount").filter(|amount| !amount.is_null());
    let approved: Option<Money> = approved
        .map(|amount| serde_json::from_value(amount.clone()))
        .transpose()
        .map_err(ToolError::internal)?;
    if approved == preview.amount {
        return Ok(());
    }
    let words = |amount: Option<Money>| amount.map_or_else(|| text!("nothing"), |a| a.to_string());
    Err(ToolError::new(
        ErrorCode::PriceChanged,
        text!(
            "The price has changed since this was asked for, from {approved} to {now}. Please quote it again.",
            approved = words(approved),
            now = words(preview.amount)
        ),
    ))
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
