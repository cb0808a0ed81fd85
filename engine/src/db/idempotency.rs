//! Claims: which call has been made already, and what it was answered.
//!
//! A claim is inserted in the transaction of the effect, so the row is the lock: an equal call at the
//! same time waits for the first one's commit and then finds its answer.

use chrono::{DateTime, Utc};

use super::{StoreResult, TENANT, Tx, params, record};

record! {
    /// What is stored under a key.
    #[derive(Debug)]
    pub struct Claimed {
        /// SHA-256 of the intent of the first call.
        pub fingerprint: String,
        /// The person as whom its caller was verified.
        pub verified_subject: Option<String>,
        /// The scopes that its caller held.
        pub scopes: String,
        /// Its answer; none while it waits for approval.
        pub response: Option<String>,
        /// The request it waits for.
        pub approval_id: Option<String>,
    }
}

/// Whose key it is: a key of one principal or tool says nothing about another's.
#[derive(Debug, Clone, Copy)]
pub struct ClaimKey<'a> {
    /// The principal who calls.
    pub principal: &'a str,
    /// The tool's name.
    pub tool: &'a str,
    /// The given or derived key.
    pub key: &'a str,
}

/// What is claimed: a call with its arguments, and as whom its caller was verified.
#[derive(Debug, Clone, Copy)]
pub struct NewClaim<'a> {
    /// SHA-256 of the intent.
    pub fingerprint: &'a str,
    /// SHA-256 of the arguments as they were sent, with the key or the conversation.
    pub arguments_hash: &'a str,
    /// The person as whom its caller is verified.
    pub verified_subject: Option<&'a str>,
    /// The scopes that its caller holds.
    pub scopes: &'a str,
    /// When it is made.
    pub at: DateTime<Utc>,
    /// Until when the key is kept.
    pub expires_at: DateTime<Utc>,
}

/// Claims a key. `None` when it is now this transaction's, else what an earlier call left. Either way the row is locked
/// until the transaction ends.
pub async fn claim(
    tx: &mut Tx,
    key: ClaimKey<'_>,
    new: NewClaim<'_>,
) -> StoreResult<Option<Claimed>> {
    let claimed = tx
        .execute(
            "insert into idempotency_keys
                 (tenant_id, principal, tool, key, fingerprint, arguments_hash, verified_subject, scopes,
                  created_at, expires_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
             on conflict (tenant_id, principal, tool, key) do update
             set fingerprint = excluded.fingerprint,
                 arguments_hash = excluded.arguments_hash,
                 verified_subject = excluded.verified_subject,
                 scopes = excluded.scopes,
                 subject_id = null,
                 response = null,
                 approval_id = null,
                 created_at = excluded.created_at,
                 expires_at = excluded.expires_at
             where idempotency_keys.expires_at <= excluded.created_at",
            params![
                TENANT,
                key.principal,
                key.tool,
                key.key,
                new.fingerprint,
                new.arguments_hash,
                new.verified_subject,
                new.scopes,
                new.at,
                new.expires_at
            ],
        )
        .await?;
    if claimed == 1 {
        return Ok(None);
    }
    tx.fetch_optional(
        "select fingerprint, verified_subject, scopes, response, approval_id
         from idempotency_keys
         where tenant_id = $1 and principal = $2 and tool = $3 and key = $4",
        params![TENANT, key.principal, key.tool, key.key],
    )
    .await
}

/// What a call left that was made before with the same arguments, while its key is kept.
pub async fn by_arguments(
    tx: &mut Tx,
    principal: &str,
    tool: &str,
    arguments_hash: &str,
    now: DateTime<Utc>,
) -> StoreResult<Option<Claimed>> {
    tx.fetch_optional(
        "select fingerprint, verified_subject, scopes, response, approval_id
         from idempotency_keys
         where tenant_id = $1 and principal = $2 and tool = $3 and arguments_hash = $4
           and expires_at > $5
         order by created_at desc
         limit 1",
        params![TENANT, principal, tool, arguments_hash, now],
    )
    .await
}

/// Gives a key that another call has claimed to this one, as if it were new.
pub async fn take_over(tx: &mut Tx, key: ClaimKey<'_>, new: NewClaim<'_>) -> StoreResult<()> {
    tx.execute(
        "update idempotency_keys
         set fingerprint = $5, arguments_hash = $6, verified_subject = $7, scopes = $8, created_at = $9,
             expires_at = $10, subject_id = null, response = null, approval_id = null
         where tenant_id = $1 and principal = $2 and tool = $3 and key = $4",
        params![
            TENANT,
            key.principal,
            key.tool,
            key.key,
            new.fingerprint,
            new.arguments_hash,
            new.verified_subject,
            new.scopes,
            new.at,
            new.expires_at
        ],
    )
    .await?;
    Ok(())
}

/// Stores the answer of the call that holds the claim, and the person it is about: none if it is about nobody, empty if
/// nobody knows who it is.
pub async fn answer(
    tx: &mut Tx,
    key: ClaimKey<'_>,
    response: &str,
    subject: Option<&str>,
    expires_at: DateTime<Utc>,
) -> StoreResult<()> {
    tx.execute(
        "update idempotency_keys
         set response = $5, subject_id = $6, expires_at = $7
         where tenant_id = $1 and principal = $2 and tool = $3 and key = $4",
        params![TENANT, key.principal, key.tool, key.key, response, subject, expires_at],
    )
    .await?;
    Ok(())
}

/// Lets the claim point to the request that waits for approval.
pub async fn wait_for_approval(
    tx: &mut Tx,
    key: ClaimKey<'_>,
    approval_id: &str,
    expires_at: DateTime<Utc>,
) -> StoreResult<()> {
    tx.execute(
        "update idempotency_keys
         set approval_id = $5, expires_at = $6
         where tenant_id = $1 and principal = $2 and tool = $3 and key = $4",
        params![TENANT, key.principal, key.tool, key.key, approval_id, expires_at],
    )
    .await?;
    Ok(())
}

/// Forgets claims that have ended, of every tenant.
pub async fn forget_ended(tx: &mut Tx, now: DateTime<Utc>) -> StoreResult<u64> {
    tx.execute("delete from idempotency_keys where expires_at <= $1", params![now]).await
}
