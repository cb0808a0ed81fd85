//! The audit trail: appended to, never changed. Ids and digests only; no names, no e-mail, no text.

use chrono::{DateTime, TimeDelta, Utc};

use super::{StoreResult, TENANT, Tx, params};

/// One event.
#[derive(Debug)]
pub struct Event<'a> {
    /// When.
    pub at: DateTime<Utc>,
    /// Who did it.
    pub principal: &'a str,
    /// With which token or key.
    pub token_id: Option<&'a str>,
    /// `requested`, `approved`, `denied`, `executed`, `failed`, `refused`, `expired`, `withdrawn`.
    pub action: &'a str,
    /// The tool.
    pub tool: &'a str,
    /// `ok`, or the error's code.
    pub outcome: &'a str,
    /// The request it belongs to.
    pub approval_id: Option<&'a str>,
    /// The business id of what was touched.
    pub subject: Option<&'a str>,
    /// SHA-256 of the canonical arguments.
    pub arguments_hash: Option<&'a str>,
    /// The conversation.
    pub conversation: Option<&'a str>,
    /// The HTTP request.
    pub request_id: Option<&'a str>,
}

/// Appends an event.
pub async fn append(tx: &mut Tx, event: &Event<'_>) -> StoreResult<()> {
    append_once(tx, &new_id(), event).await
}

/// An id for an event. Version 7 ids sort by time, so the trail reads in the order in which they were
/// made.
pub fn new_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// Appends an event that may have been appended before, under an id of its own.
pub async fn append_once(tx: &mut Tx, id: &str, event: &Event<'_>) -> StoreResult<()> {
    tx.execute(
        "insert into audit
             (tenant_id, id, at, principal, token_id, action, tool, outcome, approval_id, subject,
              arguments_hash, conversation, request_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         on conflict (tenant_id, id) do nothing",
        params![
            TENANT,
            id,
            event.at,
            event.principal,
            event.token_id,
            event.action,
            event.tool,
            event.outcome,
            event.approval_id,
            event.subject,
            event.arguments_hash,
            event.conversation,
            event.request_id
        ],
    )
    .await?;
    Ok(())
}

/// How often a principal's calls of a tool took effect in the last hour.
pub async fn executed_in_last_hour(
    tx: &mut Tx,
    principal: &str,
    tool: &str,
    now: DateTime<Utc>,
) -> StoreResult<i64> {
    let (count,): (i64,) = tx
        .fetch_one(
            "select count(*)
             from audit
             where tenant_id = $1 and principal = $2 and tool = $3 and at > $4
               and action = 'executed'",
            params![TENANT, principal, tool, now - TimeDelta::hours(1)],
        )
        .await?;
    Ok(count)
}
