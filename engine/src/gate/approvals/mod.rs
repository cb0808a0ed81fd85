//! Requests that wait for a person, and the decision that executes them.
//!
//! A gated call is priced and stored with everything it will need; it holds its stock. A different
//! principal decides. Approving runs the stored call once, in the transaction that moves the request
//! out of `pending`, with authority, policy and stock checked again, if it does what the approver was shown.
//!
//! * `decide`, `execute`: the decision, and the stored call that it runs;
//! * `changed`: what an approver sees where another thing would be done now than they were shown;
//! * `view`: how a request looks, to whoever decides and to whoever asked.

mod changed;
mod decide;
mod execute;
mod view;

use chrono::{DateTime, Utc};
use rand::RngCore as _;
use serde_json::json;

pub use self::{
    decide::{Decision, Outcome},
    view::ApprovalView,
};
use super::{
    CallRequest, Gate,
    claims::{self, Claim, Left, Trace},
    event,
};
use crate::{
    business::Reserved,
    db::{
        Tx,
        approvals::{self, Approval as Row},
        audit, idempotency, tenants, verifications,
    },
    text,
    tool::{Approval, CallContext, ErrorCode, Hold, Preview, Spec, ToolError, catalogue::Rendered},
};

/// How many requests of one principal may wait at once.
const MOST_OPEN: i64 = 20;
/// How much one sweep ends, so that it never holds the database for long.
const SWEPT_AT_ONCE: i64 = 500;

/// A call that waits for a person.
pub(super) struct Asked<'a> {
    pub(super) spec: &'static Spec,
    pub(super) request: &'a CallRequest,
    /// What was understood, as it will be executed.
    pub(super) intent: String,
    pub(super) claim: Option<Claim>,
    pub(super) trace: &'a Trace,
}

impl Gate {
    /// Whether this very call waits for a person.
    pub(super) async fn waits_for_approval(
        &self,
        spec: &Spec,
        preview: &Preview,
        ctx: &mut CallContext,
    ) -> Result<bool, ToolError> {
        let ruling = self.policy.ruling(spec);
        let too_many = match ruling.max_per_hour {
            None => false,
            Some(most) => {
                let subject = ctx.caller.subject.clone();
                let (tx, now) = (&mut ctx.tx, ctx.now);
                // Calls at the same time would otherwise all count the same past.
                let turn = format!("calls:{}:{subject}", spec.name);
                tenants::one_at_a_time(tx, &turn).await?;
                audit::executed_in_last_hour(tx, &subject, spec.name, now).await? >= most
            }
        };
        let asks = ruling.approval == Approval::RequiresApproval;
        Ok(too_many || (asks && !ruling.lets_pass(preview.amount)))
    }

    /// Stores a request, holds its stock, and tells the agent.
    pub(super) async fn ask(
        &self,
        asked: Asked<'_>,
        ctx: CallContext,
        preview: Preview,
    ) -> Result<Rendered, ToolError> {
        let Asked { spec, request, trace, .. } = asked;
        let about = whose(spec, &ctx);
        let (now, verified, mut tx) = (ctx.now, ctx.verified, ctx.tx);
        let turn = format!("requests:{}", request.caller.subject);
        tenants::one_at_a_time(&mut tx, &turn).await?;
        if approvals::count_open(&mut tx, &request.caller.subject).await? >= MOST_OPEN {
            return Err(ToolError::new(
                ErrorCode::RateLimitExceeded,
                text!(
                    "Too many requests wait for approval already. Please wait until some are decided."
                ),
            ));
        }
        let mut row = self.request_row(&asked, &preview, now);
        row.verified_subject = verified.as_deref().map(str::to_owned);
        row.subject_id = about;
        self.reserve(&mut tx, &row, &preview, now).await?;
        approvals::insert(&mut tx, &row).await?;
        if let Some(claim) = &asked.claim {
            claim.wait_for(&mut tx, &row.id, row.expires_at).await?;
        }
        let mut event = event(spec, request, now);
        event.action = "requested";
        event.approval_id = Some(&row.id);
        event.arguments_hash = Some(&row.arguments_hash);
        audit::append(&mut tx, &event).await?;
        trace.commit(tx).await?;
        metrics::counter!("approvals_total", "tool" => spec.name, "outcome" => "requested")
            .increment(1);
        view::pending_answer(&row)
    }

    /// Reserves what a request needs for as long as it waits.
    async fn reserve(
        &self,
        tx: &mut Tx,
        row: &Row,
        preview: &Preview,
        now: DateTime<Utc>,
    ) -> Result<(), ToolError> {
        let holder = approvals::holder(&row.id);
        for hold in sorted(preview) {
            let reserved = Reserved { holder: &holder, now, until: row.expires_at };
            self.reservations.reserve(tx, &hold, reserved).await?;
        }
        Ok(())
    }

    fn request_row(&self, asked: &Asked<'_>, preview: &Preview, now: DateTime<Utc>) -> Row {
        let Asked { spec, request, intent, claim, .. } = asked;
        let caller = &request.caller;
        // A call that is not recognised when it is repeated still has a key, which nobody else has.
        let none = || format!("none.{}", uuid::Uuid::now_v7());
        Row {
            id: new_id(),
            status: "pending".to_owned(),
            tool: spec.name.to_owned(),
            tool_version: spec.version.into(),
            policy_version: self.policy.version().to_owned(),
            risk: self.policy.ruling(spec).risk.as_str().to_owned(),
            requester: caller.subject.to_string(),
            requester_token: caller.token_id.as_deref().map(str::to_owned),
            requester_scopes: caller.scopes.to_string(),
            conversation: request.conversation.as_deref().map(str::to_owned),
            verified_subject: None,
            subject_id: None,
            arguments: intent.clone(),
            arguments_hash: claims::digest(intent),
            idempotency_key: claim.as_ref().map_or_else(none, |claim| claim.key.clone()),
            summary: preview.summary.clone(),
            preview: stored_preview(preview),
            created_at: now,
            expires_at: now + self.approval_ttl,
            decided_by: None,
            decided_at: None,
            decision_reason: None,
            result: None,
        }
    }

    /// What the same call hears again. The transaction is committed although it may have written
    /// nothing: what it read may belong to a commit that has not reached the disk yet.
    pub(super) async fn earlier_answer(
        &self,
        mut tx: Tx,
        trace: &Trace,
        earlier: Left,
        now: DateTime<Utc>,
    ) -> Result<Rendered, ToolError> {
        let approval_id = match earlier {
            Left::Answered(rendered) => {
                trace.commit(tx).await?;
                return Ok(rendered.replayed());
            }
            Left::Running => {
                return Err(ToolError::new(
                    ErrorCode::Conflict,
                    text!("The same call is running at this moment. Please ask again in a second."),
                ));
            }
            Left::Asked(approval_id) => approval_id,
        };
        self.expire(&mut tx, &approval_id, now).await?;
        let row = approvals::find(&mut tx, &approval_id).await?;
        trace.commit(tx).await?;
        match row {
            Some(row) => view::answer_of(&row).map(Rendered::replayed),
            None => Err(ToolError::not_found("request", &approval_id)),
        }
    }

    /// Ends a request whose time is over and lets its stock go. False when it was not so.
    pub(super) async fn expire(
        &self,
        tx: &mut Tx,
        id: &str,
        now: DateTime<Utc>,
    ) -> Result<bool, ToolError> {
        if !approvals::expire(tx, id, now).await? {
            return Ok(false);
        }
        self.reservations.release(tx, &approvals::holder(id)).await?;
        if let Some(row) = approvals::find(tx, id).await? {
            audit::append(tx, &row_event(&row, "expired", now)).await?;
            count(&row);
        }
        Ok(true)
    }

    /// Ends what nobody decided in time and forgets what is no longer needed; run every few seconds. What fails is
    /// logged, keeps nothing else from being done, and is tried again the next time.
    pub async fn sweep(&self) {
        let now = self.clock.now();
        let overdue = async {
            let mut tx = self.db.read().await?;
            Ok(approvals::overdue(&mut tx, now, SWEPT_AT_ONCE).await?)
        };
        for (tenant, id) in logged(overdue.await).unwrap_or_default() {
            let expired = async {
                let mut tx = self.db.write().await?.of(tenant);
                self.expire(&mut tx, &id, now).await?;
                Ok(tx.commit().await?)
            };
            logged(expired.await);
        }
        let forgotten = async {
            let mut tx = self.db.write().await?;
            idempotency::forget_ended(&mut tx, now).await?;
            verifications::forget_ended(&mut tx, now).await?;
            Ok(tx.commit().await?)
        };
        logged(forgotten.await);
    }
}

fn logged<T>(swept: Result<T, ToolError>) -> Option<T> {
    let error = match swept {
        Ok(swept) => return Some(swept),
        Err(error) => error,
    };
    let source = std::error::Error::source(&error).map(ToString::to_string);
    tracing::warn!(%error, source, "failed to expire approvals or to forget old keys");
    None
}

/// The person whom a request is about. Where the tool has looked at none yet and yet is for people's
/// affairs it is somebody, and nobody can say who.
fn whose(spec: &Spec, ctx: &CallContext) -> Option<String> {
    let unknown = spec
        .scope
        .is_none_or(|scope| ctx.caller.access.about_people.contains(&scope))
        .then_some("");
    ctx.subject().or(unknown).map(str::to_owned)
}

/// Holds in the order of their items, one an item and location.
fn sorted(preview: &Preview) -> Vec<Hold> {
    let mut holds = std::collections::BTreeMap::<(&str, Option<&str>), Hold>::new();
    for hold in &preview.holds {
        let key = (hold.item.as_str(), hold.location.as_deref());
        let same = holds.entry(key).or_insert_with(|| Hold { quantity: 0, ..hold.clone() });
        same.quantity += hold.quantity;
    }
    holds.into_values().collect()
}

/// A preview as it is stored.
fn stored_preview(preview: &Preview) -> String {
    let Preview { amount, details, context, .. } = preview;
    json!({ "amount": amount, "details": details, "context": context }).to_string()
}

/// 128 random bits: knowing one id says nothing about another.
fn new_id() -> String {
    let mut bits = [0_u8; 16];
    rand::rng().fill_bytes(&mut bits);
    format!("APR-{:032X}", u128::from_be_bytes(bits))
}

/// An event about a stored request, in the name of whoever asked.
fn row_event<'a>(row: &'a Row, action: &'a str, at: DateTime<Utc>) -> audit::Event<'a> {
    audit::Event {
        at,
        principal: &row.requester,
        token_id: row.requester_token.as_deref(),
        action,
        tool: &row.tool,
        outcome: "ok",
        approval_id: Some(&row.id),
        subject: None,
        arguments_hash: Some(&row.arguments_hash),
        conversation: row.conversation.as_deref(),
        request_id: None,
    }
}

fn count(row: &Row) {
    metrics::counter!(
        "approvals_total", "tool" => row.tool.clone(), "outcome" => row.status.clone()
    )
    .increment(1);
}
