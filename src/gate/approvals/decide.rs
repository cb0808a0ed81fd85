//! The decision, which executes what it approves.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::{CallContext, Gate, Row, count, row_event, view};
use crate::{
    domain::{money::Money, words},
    gate::{ATTEMPTS, claims, guard},
    store::{
        Tx,
        approvals::{self, Decided},
        audit,
        idempotency::{self, ClaimKey},
        keys, reservations,
    },
    text,
    toolkit::{
        Approval, Caller, ErrorCode, Preview, Scope, Scopes, ToolError,
        catalogue::{Entry, PreparedCall, Rendered},
    },
};

/// What a person decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Execute it.
    Approve,
    /// Do not.
    Deny,
}

/// How a decision ended: the request as it stands now.
#[derive(Debug)]
pub struct Outcome {
    /// The request.
    pub approval: Row,
    /// Whether it had been decided in this way before.
    pub repeated: bool,
}

/// One decision about one request.
struct Verdict<'a> {
    decider: &'a Caller,
    decision: Decision,
    reason: Option<&'a str>,
    now: DateTime<Utc>,
}

impl Gate {
    /// Decides about a request and, when it is approved, executes it.
    ///
    /// # Errors
    /// `forbidden` without the scope or for one's own request, `not_found`, `approval_expired`, and
    /// `conflict` when it was decided otherwise. What the executed call itself fails with is no
    /// error of the decision: the request is then `failed`, with its reason.
    pub async fn decide(
        &self,
        decider: &Caller,
        id: &str,
        decision: Decision,
        reason: Option<&str>,
    ) -> Result<Outcome, ToolError> {
        let language = self.tenants.language(&decider.tenant, &self.db).await;
        words::speaking(language, self.decided(decider, id, decision, reason)).await
    }

    async fn decided(
        &self,
        decider: &Caller,
        id: &str,
        decision: Decision,
        reason: Option<&str>,
    ) -> Result<Outcome, ToolError> {
        if !decider.may(Some(Scope::ApprovalsDecide)) {
            return Err(ToolError::new(
                ErrorCode::Forbidden,
                text!("This token may not decide: it lacks the scope approvals:decide."),
            ));
        }
        let mut attempt = 1;
        loop {
            let verdict = Verdict { decider, decision, reason, now: self.clock.now() };
            match self.decide_once(&verdict, id).await {
                Err(error) if error.may_rerun() && attempt < ATTEMPTS => {
                    tokio::time::sleep(guard::pause(attempt)).await;
                    attempt += 1;
                }
                outcome => return outcome,
            }
        }
    }

    async fn decide_once(&self, verdict: &Verdict<'_>, id: &str) -> Result<Outcome, ToolError> {
        let (decider, now) = (verdict.decider, verdict.now);
        let tenant = &*decider.tenant;
        let mut tx = self.db.write().await?;
        if self.expire(&mut tx, tenant, id, now).await? {
            tx.commit().await?;
            return Err(view::expired());
        }
        let Some(row) = approvals::find(&mut tx, tenant, id).await? else {
            return Err(ToolError::not_found("request", id));
        };
        if row.requester == *decider.subject {
            return Err(ToolError::new(
                ErrorCode::Forbidden,
                text!("Nobody decides about their own request. Someone else has to."),
            ));
        }
        let status = match verdict.decision {
            Decision::Approve => "executed",
            Decision::Deny => "denied",
        };
        if !approvals::decide(&mut tx, tenant, id, verdict.as_row(status)).await? {
            // Whoever was quicker may have decided after the request was read above.
            let row = approvals::find(&mut tx, tenant, id).await?.unwrap_or(row);
            return already_decided(row, status);
        }
        reservations::release_holder(&mut tx, tenant, &approvals::holder(id)).await?;
        audit::append(&mut tx, &verdict.event(&row)).await?;
        let executed = match verdict.decision {
            Decision::Deny => tx.commit().await.map_err(ToolError::from),
            Decision::Approve => {
                let executed = self.execute(tx, decider, &row, now).await;
                // A read is marked in a commit of its own, after which the decision cannot be made
                // again; what goes wrong from then on is the end of it.
                let reads = self.catalogue.find(&row.tool).is_some_and(|e| !e.spec.effect.writes());
                if reads { executed.map_err(ToolError::for_good) } else { executed }
            }
        };
        match executed {
            Err(error) if !error.may_rerun() => self.fail(verdict, &row, &error).await?,
            executed => executed?,
        }
        let mut tx = self.db.read().await?;
        let approval = approvals::find(&mut tx, tenant, id).await?;
        let approval = approval.ok_or_else(|| ToolError::not_found("request", id))?;
        count(&approval);
        Ok(Outcome { approval, repeated: false })
    }

    /// Runs the stored call in the transaction that has marked it, and commits both at once.
    async fn execute(
        &self,
        mut tx: Tx,
        decider: &Caller,
        row: &Row,
        now: DateTime<Utc>,
    ) -> Result<(), ToolError> {
        let caller = requester(row, &decider.tenant, &mut tx, now).await?;
        let (entry, call) = self.stored_call(row, &caller)?;
        if !entry.spec.effect.writes() {
            // A handle that cannot write cannot mark the request either, so that comes first.
            tx.commit().await?;
            tx = self.db.read().await?;
        }
        let mut ctx = self.context(&caller, tx, now).await?;
        ctx.conversation = row.conversation.as_deref().map(Arc::from);
        ctx.verified = row.verified_customer.as_deref().map(Arc::from);
        ctx.approval_id = Some(Arc::from(row.id.as_str()));
        let run = self.run_stored(row, &call, &mut ctx);
        let rendered = guard::guarded(self.deadline, &CancellationToken::new(), run).await?;
        let subject = ctx.take_subject();
        let mut tx = if entry.spec.effect.writes() { ctx.tx } else { self.db.write().await? };
        self.save(&mut tx, &caller, row, &rendered, now).await?;
        let mut event = row_event(&caller.tenant, row, "executed", now);
        event.subject = subject.as_deref();
        audit::append(&mut tx, &event).await?;
        Ok(tx.commit().await?)
    }

    /// The stored call, if it still means what it meant and its requester may still make it.
    fn stored_call(&self, row: &Row, caller: &Caller) -> Result<(&Entry, PreparedCall), ToolError> {
        let entry = self.catalogue.find(&row.tool);
        let entry = entry.ok_or_else(|| changed("The tool is gone"))?;
        if self.policy.ruling(entry.spec).approval == Approval::Disabled {
            return Err(ToolError::new(
                ErrorCode::Disabled,
                text!("The tool has been switched off."),
            ));
        }
        if i64::from(entry.spec.version) != row.tool_version {
            return Err(changed("The tool has changed"));
        }
        if claims::digest(&row.arguments) != row.arguments_hash {
            return Err(changed("The stored arguments have changed"));
        }
        if !caller.may(entry.spec.scope) {
            let sentence = text!("Whoever asked may no longer do this.");
            return Err(ToolError::new(ErrorCode::Forbidden, sentence));
        }
        let arguments: Map<String, Value> =
            serde_json::from_str(&row.arguments).map_err(ToolError::internal)?;
        Ok((entry, entry.prepare(arguments)?))
    }

    /// Looks at the price again, then runs the call.
    async fn run_stored(
        &self,
        row: &Row,
        call: &PreparedCall,
        ctx: &mut CallContext,
    ) -> Result<Rendered, ToolError> {
        let outcome = async {
            check_amount(row, &call.preview(ctx).await?)?;
            call.run(ctx).await
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
        caller: &Caller,
        row: &Row,
        rendered: &Rendered,
        now: DateTime<Utc>,
    ) -> Result<(), ToolError> {
        let tenant = &*caller.tenant;
        approvals::save_result(tx, tenant, &row.id, &rendered.0).await?;
        let key = ClaimKey {
            tenant,
            principal: &row.requester,
            tool: &row.tool,
            key: &row.idempotency_key,
        };
        let kept_until = now + self.claims.window_of(&row.idempotency_key);
        Ok(idempotency::answer(tx, key, &rendered.0, kept_until).await?)
    }

    /// What was approved and could not be done: everything rolled back, and the reason kept.
    async fn fail(
        &self,
        verdict: &Verdict<'_>,
        row: &Row,
        error: &ToolError,
    ) -> Result<(), ToolError> {
        let tenant = &*verdict.decider.tenant;
        if error.code() == ErrorCode::InternalError {
            let source = std::error::Error::source(error).map(ToString::to_string);
            let incident = error.incident();
            tracing::error!(
                incident,
                source,
                tool = row.tool,
                "an approved call failed on our side"
            );
        }
        let mut tx = self.db.write().await?;
        let result = view::failure(error);
        if approvals::fail(&mut tx, tenant, &row.id, verdict.as_row("failed"), &result).await? {
            reservations::release_holder(&mut tx, tenant, &approvals::holder(&row.id)).await?;
            audit::append(&mut tx, &verdict.event(row)).await?;
            let mut event = row_event(tenant, row, "failed", verdict.now);
            event.outcome = error.code().as_str();
            audit::append(&mut tx, &event).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}

impl Verdict<'_> {
    fn as_row<'a>(&'a self, status: &'a str) -> Decided<'a> {
        let by = Some(&*self.decider.subject);
        Decided { status, by, at: self.now, reason: self.reason }
    }

    fn event<'a>(&'a self, row: &'a Row) -> audit::Event<'a> {
        let action = match self.decision {
            Decision::Approve => "approved",
            Decision::Deny => "denied",
        };
        let mut event = row_event(&self.decider.tenant, row, action, self.now);
        event.principal = &self.decider.subject;
        event.token_id = self.decider.token_id.as_deref();
        event
    }
}

/// Whoever asked, with the authority of then, unless their key has been revoked since.
async fn requester(
    row: &Row,
    tenant: &Arc<str>,
    tx: &mut Tx,
    now: DateTime<Utc>,
) -> Result<Arc<Caller>, ToolError> {
    if let Some(key) = row.requester.strip_prefix("key:")
        && !keys::is_active(tx, tenant, key, now).await?
    {
        let sentence = text!("The key that asked for this has been revoked.");
        return Err(ToolError::new(ErrorCode::Forbidden, sentence));
    }
    Ok(Arc::new(Caller {
        tenant: tenant.clone(),
        subject: Arc::from(row.requester.as_str()),
        token_id: row.requester_token.as_deref().map(Arc::from),
        scopes: Scopes::parse(&row.requester_scopes),
        expires_at: None,
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
    let words = |amount: Option<Money>| amount.map_or("nothing".to_owned(), |a| a.to_string());
    Err(ToolError::new(
        ErrorCode::PriceChanged,
        text!(
            "The price has changed since this was asked for, from {approved} to {now}. Please quote it again.",
            approved = words(approved),
            now = words(preview.amount)
        ),
    ))
}

fn changed(what: &str) -> ToolError {
    ToolError::new(
        ErrorCode::Conflict,
        text!("{what} since this was asked for. Please ask for it again.", what),
    )
}

/// The same decision twice is one decision; another one comes too late.
fn already_decided(row: Row, status: &str) -> Result<Outcome, ToolError> {
    let approved = |status: &str| matches!(status, "executed" | "failed");
    if row.status == status || (approved(&row.status) && approved(status)) {
        return Ok(Outcome { approval: row, repeated: true });
    }
    if row.status == "expired" {
        return Err(view::expired());
    }
    let sentence = text!("That request no longer waits: it is {status}.", status = row.status);
    Err(ToolError::new(ErrorCode::Conflict, sentence))
}
