//! The decision, which executes what it approves.

use chrono::{DateTime, Utc};
use tokio::time::{Instant, timeout, timeout_at};

use super::{Gate, Row, changed, count, execute::Executed, row_event, view};
use crate::{
    db::{
        Tx,
        approvals::{self, Decided},
        audit,
    },
    gate::{ATTEMPTS, guard},
    speech::words,
    text,
    tool::{Caller, ErrorCode, Scope, ToolError},
};

/// What a person decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Execute it.
    Approve,
    /// Do not.
    Deny,
}

impl Decision {
    /// The word that the log has for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Deny => "deny",
        }
    }
}

/// How a decision ended: the request as it stands now.
#[derive(Debug)]
pub struct Outcome {
    /// The request.
    pub approval: Row,
    /// Whether it had been decided in this way before.
    pub repeated: bool,
}

impl Outcome {
    /// Why the call could not be done that was approved.
    pub(in crate::gate) fn failure(&self) -> Option<ErrorCode> {
        let failed = self.approval.result.as_ref().filter(|_| self.approval.status == "failed")?;
        Some(view::stored_failure(failed).code())
    }
}

/// A decision that has begun.
pub(super) enum Begun {
    /// The request is marked, in this transaction.
    Marked(Tx, Box<Row>),
    /// It had been decided in the same way before.
    Before(Box<Outcome>),
}

/// One decision about one request.
pub(super) struct Verdict<'a> {
    pub(super) decider: &'a Caller,
    decision: Decision,
    reason: Option<&'a str>,
    pub(super) now: DateTime<Utc>,
}

impl Gate {
    /// Decides about a request and, when it is approved, executes it.
    ///
    /// # Errors
    /// `forbidden` without the scope or for one's own request, `not_found`, `approval_expired`, and
    /// `conflict` when it was decided otherwise, or when another thing would be done now than the request shows: it
    /// then shows that and waits still. What the executed call itself fails with is no
    /// error of the decision: the request is then `failed`, with its reason. `timeout` when the
    /// database lets nobody in or fails, and then the request waits still, or when it goes away while
    /// it commits and nobody can say. The same decision may then be made again.
    pub async fn decide(
        &self,
        decider: &Caller,
        id: &str,
        decision: Decision,
        reason: Option<&str>,
    ) -> Result<Outcome, ToolError> {
        let started = Instant::now();
        let language = self.tenants.language(&decider.tenant, &self.db).await;
        let deciding = self.decide_in_time(started, decider, id, decision, reason);
        let outcome = words::speaking(language, deciding).await;
        self.meters.decided(decider, decision, &outcome, started.elapsed());
        outcome
    }

    /// Decides, again while other transactions are in the way and there is time.
    async fn decide_in_time(
        &self,
        started: Instant,
        decider: &Caller,
        id: &str,
        decision: Decision,
        reason: Option<&str>,
    ) -> Result<Outcome, ToolError> {
        if !decider.may(Some(Scope::APPROVALS_DECIDE)) {
            return Err(ToolError::new(
                ErrorCode::Forbidden,
                text!("This token may not decide: it lacks the scope approvals:decide."),
            ));
        }
        let until = started + self.deadline;
        let mut attempt = 1;
        loop {
            let verdict = Verdict { decider, decision, reason, now: self.clock.now() };
            match self.decide_once(&verdict, id, until).await {
                Err(error) if error.may_rerun() && attempt < ATTEMPTS && Instant::now() < until => {
                    tokio::time::sleep(guard::pause(attempt)).await;
                    attempt += 1;
                }
                outcome => return outcome.map_err(again),
            }
        }
    }

    async fn decide_once(
        &self,
        verdict: &Verdict<'_>,
        id: &str,
        until: Instant,
    ) -> Result<Outcome, ToolError> {
        let begun = timeout_at(until, self.begin(verdict, id)).await;
        let (tx, row) = match begun.map_err(|_elapsed| busy())?? {
            Begun::Marked(tx, row) => (tx, *row),
            Begun::Before(outcome) => return Ok(*outcome),
        };
        match verdict.decision {
            Decision::Deny => {
                timeout(self.deadline, tx.commit()).await.map_err(|_elapsed| open())??;
            }
            Decision::Approve => {
                // The call has its own deadline; this one is for a database that says nothing more.
                let execute = timeout(self.deadline * 2, self.execute(tx, verdict, &row)).await;
                match execute.map_err(|_elapsed| open())? {
                    Ok(Executed::Now) => {}
                    Ok(Executed::Meanwhile(decided)) => return decided.map(|outcome| *outcome),
                    Err(error) if is_its_end(&error) => {
                        let failed = timeout(self.deadline, self.fail(verdict, &row, &error)).await;
                        failed.map_err(|_elapsed| busy())??;
                    }
                    Ok(Executed::Changed(preview)) => {
                        let shown = timeout(self.deadline, self.show_anew(verdict, &row, &preview));
                        shown.await.map_err(|_elapsed| busy())??;
                        return Err(changed::since_shown(&preview));
                    }
                    Ok(Executed::NotHere(error)) | Err(error) => return Err(error),
                }
            }
        }
        // It is decided. Whoever cannot be told so finds it when they decide again.
        let approval = self.stored(verdict, id).await.map_err(|error| {
            log(&error);
            open()
        })?;
        count(&approval);
        Ok(Outcome { approval, repeated: false })
    }

    /// The request as it stands.
    async fn stored(&self, verdict: &Verdict<'_>, id: &str) -> Result<Row, ToolError> {
        let mut tx = self.db.read().await?.of(verdict.decider.tenant.clone());
        let row = approvals::find(&mut tx, id).await?;
        row.ok_or_else(|| ToolError::not_found("request", id))
    }

    /// Begins a transaction and marks the request in it as decided, if it still waits.
    pub(super) async fn begin(&self, verdict: &Verdict<'_>, id: &str) -> Result<Begun, ToolError> {
        let mut tx = self.db.write().await?.of(verdict.decider.tenant.clone());
        if self.expire(&mut tx, id, verdict.now).await? {
            tx.commit().await?;
            return Err(view::expired());
        }
        let Some(row) = approvals::find(&mut tx, id).await? else {
            return Err(ToolError::not_found("request", id));
        };
        if row.requester == *verdict.decider.subject {
            return Err(ToolError::new(
                ErrorCode::Forbidden,
                text!("Nobody decides about their own request. Someone else has to."),
            ));
        }
        let status = match verdict.decision {
            Decision::Approve => "executed",
            Decision::Deny => "denied",
        };
        if !approvals::decide(&mut tx, id, verdict.as_row(status)).await? {
            // Whoever was quicker may have decided after the request was read above.
            let row = approvals::find(&mut tx, id).await?.unwrap_or(row);
            return already_decided(row, status).map(|outcome| Begun::Before(Box::new(outcome)));
        }
        self.reservations.release(&mut tx, &approvals::holder(id)).await?;
        audit::append(&mut tx, &verdict.event(&row)).await?;
        Ok(Begun::Marked(tx, Box::new(row)))
    }

    /// What was approved and could not be done: everything rolled back, and the reason kept.
    async fn fail(
        &self,
        verdict: &Verdict<'_>,
        row: &Row,
        error: &ToolError,
    ) -> Result<(), ToolError> {
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
        let mut tx = self.db.write().await?.of(verdict.decider.tenant.clone());
        let result = view::failure(error);
        if approvals::fail(&mut tx, &row.id, verdict.as_row("failed"), &result).await? {
            self.reservations.release(&mut tx, &approvals::holder(&row.id)).await?;
            audit::append(&mut tx, &verdict.event(row)).await?;
            let mut event = row_event(row, "failed", verdict.now);
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
        let mut event = row_event(row, action, self.now);
        event.principal = &self.decider.subject;
        event.token_id = self.decider.token_id.as_deref();
        event
    }
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

/// Whether a request ends with this failure of its call: a refusal or a defect, but nothing that the
/// database could not do this time.
fn is_its_end(error: &ToolError) -> bool {
    error.code() != ErrorCode::Timeout && !error.may_rerun() && !error.is_unavailable()
}

/// What whoever decides is told of trouble with the database.
fn again(error: ToolError) -> ToolError {
    if error.leaves_open() {
        return open();
    }
    if error.is_unavailable() {
        log(&error);
        return ToolError::new(
            ErrorCode::Timeout,
            text!("The database failed, and nothing was changed. Please decide again in a moment."),
        );
    }
    error
}

fn log(error: &ToolError) {
    let source = std::error::Error::source(error).and_then(std::error::Error::source);
    let cause = source.map(ToString::to_string);
    tracing::warn!(cause, "the database failed while a request was decided");
}

/// Nobody but the database knows how it ended.
fn open() -> ToolError {
    ToolError::new(
        ErrorCode::Timeout,
        text!(
            "The database went away, and I cannot say yet whether it was done. \
             Please decide again: nothing happens twice."
        ),
    )
}

/// The database let nobody in for as long as a call may take.
fn busy() -> ToolError {
    ToolError::new(
        ErrorCode::Timeout,
        text!("The database is busy, and nothing was changed. Please decide again in a moment."),
    )
}
