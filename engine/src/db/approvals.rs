//! Requests that wait for a person, and what became of them.

use chrono::{DateTime, Utc};

use super::{StoreResult, TENANT, Tx, params, record};

record! {
    /// A stored request.
    #[derive(Debug, Clone)]
    pub struct Approval {
        /// 128 random bits with a prefix.
        pub id: String,
        /// `pending`, `executed`, `denied`, `expired`, `failed` or `withdrawn`.
        pub status: String,
        /// The tool that will run.
        pub tool: String,
        /// Its version when the call was made.
        pub tool_version: i64,
        /// The policy's version when the call was made.
        pub policy_version: String,
        /// The risk under that policy.
        pub risk: String,
        /// The principal who asked.
        pub requester: String,
        /// The id of the token that asked.
        pub requester_token: Option<String>,
        /// What that token allowed.
        pub requester_scopes: String,
        /// The conversation in which it was asked.
        pub conversation: Option<String>,
        /// The person as whom the caller was verified.
        pub verified_subject: Option<String>,
        /// The person it is about: none if it is about nobody, empty if nobody knows who it is.
        pub subject_id: Option<String>,
        /// The canonical arguments, executed exactly.
        pub arguments: String,
        /// Their SHA-256.
        pub arguments_hash: String,
        /// The claim that answers the same call again.
        pub idempotency_key: String,
        /// The sentence the approver reads.
        pub summary: String,
        /// More for the approver, as JSON.
        pub preview: String,
        /// When it was asked.
        pub created_at: DateTime<Utc>,
        /// When no answer becomes a no.
        pub expires_at: DateTime<Utc>,
        /// Who decided.
        pub decided_by: Option<String>,
        /// When.
        pub decided_at: Option<DateTime<Utc>>,
        /// Why.
        pub decision_reason: Option<String>,
        /// The answer of the executed call, or the error of the failed one, as JSON.
        pub result: Option<String>,
    }
}

/// Who holds the stock of a request, as reservations name it.
pub fn holder(id: &str) -> String {
    format!("approval:{id}")
}

/// Stores a new pending request.
pub async fn insert(tx: &mut Tx, approval: &Approval) -> StoreResult<()> {
    let a = approval;
    tx.execute(
        "insert into approvals
             (tenant_id, id, status, tool, tool_version, policy_version, risk, requester,
              requester_token, requester_scopes, conversation, verified_subject, subject_id,
              arguments, arguments_hash, idempotency_key, summary, preview, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
                 $19, $20)",
        params![
            TENANT,
            &a.id,
            &a.status,
            &a.tool,
            a.tool_version,
            &a.policy_version,
            &a.risk,
            &a.requester,
            &a.requester_token,
            &a.requester_scopes,
            &a.conversation,
            &a.verified_subject,
            &a.subject_id,
            &a.arguments,
            &a.arguments_hash,
            &a.idempotency_key,
            &a.summary,
            &a.preview,
            a.created_at,
            a.expires_at
        ],
    )
    .await?;
    Ok(())
}

/// The request with this id.
pub async fn find(tx: &mut Tx, id: &str) -> StoreResult<Option<Approval>> {
    tx.fetch_optional(
        "select id, status, tool, tool_version, policy_version, risk, requester, requester_token,
                requester_scopes, conversation, verified_subject, subject_id, arguments,
                arguments_hash, idempotency_key, summary, preview, created_at, expires_at,
                decided_by, decided_at, decision_reason, result
         from approvals
         where tenant_id = $1 and id = $2",
        params![TENANT, id],
    )
    .await
}

/// The newest request of a principal.
pub async fn latest_of(tx: &mut Tx, requester: &str) -> StoreResult<Option<Approval>> {
    tx.fetch_optional(
        "select id, status, tool, tool_version, policy_version, risk, requester, requester_token,
                requester_scopes, conversation, verified_subject, subject_id, arguments,
                arguments_hash, idempotency_key, summary, preview, created_at, expires_at,
                decided_by, decided_at, decision_reason, result
         from approvals
         where tenant_id = $1 and requester = $2
         order by created_at desc, id desc
         limit 1",
        params![TENANT, requester],
    )
    .await
}

/// The newest request of a principal made since a time. Where a conversation is named it was made in
/// that one; where a person is named it is about them, or was made in that conversation and is about
/// nobody.
pub async fn latest_since(
    tx: &mut Tx,
    requester: &str,
    (conversation, subject_id): (Option<&str>, Option<&str>),
    since: DateTime<Utc>,
) -> StoreResult<Option<Approval>> {
    tx.fetch_optional(
        "select id, status, tool, tool_version, policy_version, risk, requester, requester_token,
                requester_scopes, conversation, verified_subject, subject_id, arguments,
                arguments_hash, idempotency_key, summary, preview, created_at, expires_at,
                decided_by, decided_at, decision_reason, result
         from approvals
         where tenant_id = $1 and requester = $2 and created_at >= $3
           and ($4 is null or conversation = $4)
           and ($5 is null or subject_id = $5 or (subject_id is null and conversation = $4))
         order by created_at desc, id desc
         limit 1",
        params![TENANT, requester, since, conversation, subject_id],
    )
    .await
}

/// A page of requests, newest first, of one status or of all; older than `before` where given.
pub async fn list(
    tx: &mut Tx,
    status: Option<&str>,
    before: Option<(DateTime<Utc>, &str)>,
    limit: i64,
) -> StoreResult<Vec<Approval>> {
    let (before_at, before_id) = before.unzip();
    tx.fetch_all(
        "select id, status, tool, tool_version, policy_version, risk, requester, requester_token,
                requester_scopes, conversation, verified_subject, subject_id, arguments,
                arguments_hash, idempotency_key, summary, preview, created_at, expires_at,
                decided_by, decided_at, decision_reason, result
         from approvals
         where tenant_id = $1
           and ($2 is null or status = $2)
           and ($3 is null or created_at < $3 or (created_at = $3 and id < $4))
         order by created_at desc, id desc
         limit $5",
        params![TENANT, status, before_at, before_id, limit],
    )
    .await
}

/// How many requests of a principal wait.
pub async fn count_open(tx: &mut Tx, requester: &str) -> StoreResult<i64> {
    let (open,): (i64,) = tx
        .fetch_one(
            "select count(*)
             from approvals
             where tenant_id = $1 and requester = $2 and status = 'pending'",
            params![TENANT, requester],
        )
        .await?;
    Ok(open)
}

/// A decision about a request.
#[derive(Debug, Clone, Copy)]
pub struct Decided<'a> {
    /// The state it leads to.
    pub status: &'a str,
    /// Who decided; none where time did.
    pub by: Option<&'a str>,
    /// When.
    pub at: DateTime<Utc>,
    /// Why.
    pub reason: Option<&'a str>,
}

/// Moves a pending request that has not expired to its last state. False when it is no longer
/// pending or time has decided already: whoever gets true is the only one.
pub async fn decide(tx: &mut Tx, id: &str, decided: Decided<'_>) -> StoreResult<bool> {
    let changed = tx
        .execute(
            "update approvals
             set status = $3, decided_by = $4, decided_at = $5, decision_reason = $6
             where tenant_id = $1 and id = $2 and status = 'pending' and expires_at > $5",
            params![TENANT, id, decided.status, decided.by, decided.at, decided.reason],
        )
        .await?;
    Ok(changed == 1)
}

/// Turns a pending request whose time is over into an expired one; false when it was not so.
pub async fn expire(tx: &mut Tx, id: &str, now: DateTime<Utc>) -> StoreResult<bool> {
    let changed = tx
        .execute(
            "update approvals
             set status = 'expired', decided_at = $3
             where tenant_id = $1 and id = $2 and status = 'pending' and expires_at <= $3",
            params![TENANT, id, now],
        )
        .await?;
    Ok(changed == 1)
}

/// Marks a request failed that was to be executed, with its reason. False when it was decided
/// meanwhile.
pub async fn fail(tx: &mut Tx, id: &str, decided: Decided<'_>, result: &str) -> StoreResult<bool> {
    let changed = tx
        .execute(
            "update approvals
             set status = $3, decided_by = $4, decided_at = $5, decision_reason = $6, result = $7
             where tenant_id = $1 and id = $2 and status = 'pending'",
            params![TENANT, id, decided.status, decided.by, decided.at, decided.reason, result],
        )
        .await?;
    Ok(changed == 1)
}

/// Lets a request that waits show something else than it does. False when it waits no longer, or shows something else
/// already.
pub async fn show(tx: &mut Tx, row: &Approval, summary: &str, preview: &str) -> StoreResult<bool> {
    let changed = tx
        .execute(
            "update approvals
             set summary = $3, preview = $4
             where tenant_id = $1 and id = $2 and status = 'pending' and preview = $5",
            params![TENANT, &row.id, summary, preview, &row.preview],
        )
        .await?;
    Ok(changed == 1)
}

/// Stores what came of an executed or failed request.
pub async fn save_result(tx: &mut Tx, id: &str, result: &str) -> StoreResult<()> {
    tx.execute(
        "update approvals set result = $3 where tenant_id = $1 and id = $2",
        params![TENANT, id, result],
    )
    .await?;
    Ok(())
}

/// Tells what a request is about in other words, such as without a name that was erased.
pub async fn retell(tx: &mut Tx, id: &str, summary: &str) -> StoreResult<()> {
    tx.execute(
        "update approvals
         set summary = $3
         where tenant_id = $1 and id = $2",
        params![TENANT, id, summary],
    )
    .await?;
    Ok(())
}

/// Pending requests of every tenant whose time is over: tenant and id.
pub async fn overdue(
    tx: &mut Tx,
    now: DateTime<Utc>,
    limit: i64,
) -> StoreResult<Vec<(String, String)>> {
    tx.fetch_all(
        "select tenant_id, id
         from approvals
         where status = 'pending' and expires_at <= $1
         order by expires_at
         limit $2",
        params![now, limit],
    )
    .await
}
