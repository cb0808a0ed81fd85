//! What a request looks like: to the agent that waits, and to the person who decides.

use serde::Serialize;
use serde_json::{Value, json};

use super::{Gate, Row};
use crate::{
    db::approvals,
    speech::phrases,
    text,
    tool::{
        Caller, ErrorCode, ToolError,
        answer::{ApprovalNotice, Envelope, Status, rfc3339},
        catalogue::Rendered,
        cursor,
    },
};

/// Every state of a request.
const STATUSES: [&str; 6] = ["pending", "executed", "denied", "expired", "failed", "withdrawn"];

/// A request as `/api/approvals` and the command line show it.
#[derive(Debug, Serialize)]
pub struct ApprovalView {
    /// Its id.
    pub approval_id: String,
    /// `pending`, `executed`, `denied`, `expired`, `failed` or `withdrawn`.
    pub status: String,
    /// The tool that runs when it is approved.
    pub tool: String,
    /// How much harm a wrong call does.
    pub risk: String,
    /// What it is about, in one sentence.
    pub summary: String,
    /// What it is worth, and more.
    pub preview: Value,
    /// Exactly what is executed.
    pub arguments: Value,
    /// Who asked.
    pub requester: String,
    /// In which conversation.
    pub conversation: Option<String>,
    /// When it was asked (RFC 3339, UTC).
    pub created_at: String,
    /// When no answer becomes a no.
    pub expires_at: String,
    /// Who decided.
    pub decided_by: Option<String>,
    /// When.
    pub decided_at: Option<String>,
    /// Why.
    pub decision_reason: Option<String>,
    /// The answer of the executed call, or the error of the failed one.
    pub result: Option<Value>,
}

impl From<Row> for ApprovalView {
    fn from(row: Row) -> Self {
        let json = |text: &str| serde_json::from_str(text).unwrap_or(Value::Null);
        Self {
            preview: json(&row.preview),
            arguments: json(&row.arguments),
            result: row.result.as_deref().map(json),
            created_at: rfc3339(row.created_at),
            expires_at: rfc3339(row.expires_at),
            decided_at: row.decided_at.map(rfc3339),
            approval_id: row.id,
            status: row.status,
            tool: row.tool,
            risk: row.risk,
            summary: row.summary,
            requester: row.requester,
            conversation: row.conversation,
            decided_by: row.decided_by,
            decision_reason: row.decision_reason,
        }
    }
}

impl Gate {
    /// A page of requests for whoever decides, newest first, and the cursor of the next page.
    ///
    /// # Errors
    /// `invalid_parameters` for an unknown status or cursor.
    pub async fn list(
        &self,
        decider: &Caller,
        status: Option<&str>,
        cursor: Option<&str>,
        limit: i64,
    ) -> Result<(Vec<ApprovalView>, Option<String>), ToolError> {
        if status.is_some_and(|status| !STATUSES.contains(&status)) {
            let known = STATUSES.join(", ");
            return Err(ToolError::invalid(text!("The status is one of: {known}.", known)));
        }
        let before = cursor.map(cursor::read).transpose()?;
        let before = before.as_ref().map(|(at, id)| (*at, id.as_str()));
        let mut tx = self.db.read().await?.of(decider.tenant.clone());
        let mut rows = approvals::list(&mut tx, status, before, limit + 1).await?;
        let page = usize::try_from(limit).unwrap_or_default();
        let more = rows.len() > page;
        rows.truncate(page);
        let last = rows.last().filter(|_| more);
        let next = last.map(|row| cursor::after(row.created_at, &row.id));
        Ok((rows.into_iter().map(ApprovalView::from).collect(), next))
    }

    /// One request, for whoever decides.
    ///
    /// # Errors
    /// `not_found`.
    pub async fn show(&self, decider: &Caller, id: &str) -> Result<ApprovalView, ToolError> {
        let mut tx = self.db.read().await?.of(decider.tenant.clone());
        let row = approvals::find(&mut tx, id).await?;
        row.map(ApprovalView::from).ok_or_else(|| ToolError::not_found("request", id))
    }
}

/// What the agent hears while a request waits: an ordinary answer that can be spoken.
pub(super) fn pending_answer(row: &Row) -> Result<Rendered, ToolError> {
    let summary = phrases::aloud(row.summary.trim_end_matches('.'));
    Rendered::of(&Envelope::<Value> {
        say: phrases::fit(text!(
            "A colleague has to approve this first: {summary}. Nothing has been changed yet.",
            summary
        )),
        status: Status::ApprovalPending,
        data: None,
        approval: Some(ApprovalNotice {
            approval_id: row.id.clone(),
            expires_at: rfc3339(row.expires_at),
            summary: row.summary.clone(),
        }),
        candidates: None,
        replayed: None,
    })
}

/// What the call that made a request hears when it is made again.
pub(super) fn answer_of(row: &Row) -> Result<Rendered, ToolError> {
    match (row.status.as_str(), &row.result) {
        ("pending", _) => pending_answer(row),
        ("executed", Some(result)) => Ok(Rendered::stored(result.clone())),
        ("failed", Some(result)) => Err(stored_failure(result)),
        ("denied", _) => {
            let because =
                row.decision_reason.as_deref().map(|reason| phrases::stored(reason, 120)).map(
                    |reason| {
                        text!(" The reason given: {reason}.", reason = reason.trim_end_matches('.'))
                    },
                );
            Err(ToolError::new(
                ErrorCode::ApprovalDenied,
                text!(
                    "This was not approved, and nothing was changed.{because}",
                    because = because.unwrap_or_default()
                ),
            ))
        }
        ("expired", _) => Err(expired()),
        ("withdrawn", _) => Err(ToolError::invalid_state(text!(
            "This request was withdrawn. Use a new idempotency_key to ask again."
        ))),
        // Another replica, of an earlier build, marks a read before it runs.
        ("executed", None) => Err(ToolError::new(
            ErrorCode::Conflict,
            text!(
                "This was approved and is being done at this moment. Please ask again in a second."
            ),
        )),
        _ => Err(ToolError::internal("a request is in a state that does not exist")),
    }
}

pub(super) fn expired() -> ToolError {
    ToolError::new(
        ErrorCode::ApprovalExpired,
        text!(
            "Nobody decided in time, so it was not done. Use a new idempotency_key to ask again."
        ),
    )
}

/// The error of a failed request, as it is stored.
pub(super) fn failure(error: &ToolError) -> String {
    let mut stored = json!({
        "code": error.code().as_str(),
        "message": error.to_string(),
        "details": error.details(),
    });
    if let (Some(stored), Some(incident)) = (stored.as_object_mut(), error.incident()) {
        stored.insert("incident".to_owned(), incident.into());
    }
    stored.to_string()
}

pub(super) fn stored_failure(result: &str) -> ToolError {
    let stored: Value = serde_json::from_str(result).unwrap_or(Value::Null);
    let message = stored.get("message").and_then(Value::as_str);
    let message = message.map_or_else(|| text!("It failed."), str::to_owned);
    let code = stored.get("code").and_then(Value::as_str).and_then(ErrorCode::parse);
    let sentence = text!("This was approved but could not be done. {message}", message);
    let error = ToolError::new(code.unwrap_or(ErrorCode::InternalError), sentence);
    let error = match stored.get("incident").and_then(Value::as_str) {
        Some(incident) => error.with_incident(incident),
        None => error,
    };
    match stored.get("details").filter(|details| !details.is_null()) {
        Some(details) => error.with_details(details.clone()),
        None => error,
    }
}
