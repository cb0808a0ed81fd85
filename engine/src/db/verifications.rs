//! Verified callers: as whom, for how long, and how often somebody has guessed.

use chrono::{DateTime, Utc};

use super::{StoreResult, TENANT, Tx, params, record};

/// A verified caller.
#[derive(Debug, Clone, Copy)]
pub struct NewVerification<'a> {
    /// SHA-256 of the handle.
    pub id: &'a str,
    /// Who calls; the handle is worth nothing to anybody else.
    pub principal: &'a str,
    /// The conversation, where a header names it.
    pub conversation: Option<&'a str>,
    /// Who they are.
    pub subject_id: &'a str,
    /// When it was shown.
    pub created_at: DateTime<Utc>,
    /// Until when it counts.
    pub expires_at: DateTime<Utc>,
}

/// Writes a verification down.
pub async fn insert(tx: &mut Tx, new: NewVerification<'_>) -> StoreResult<()> {
    let n = new;
    tx.execute(
        "insert into verifications
             (tenant_id, id, principal, conversation, subject_id, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7)",
        params![
            TENANT,
            n.id,
            n.principal,
            n.conversation,
            n.subject_id,
            n.created_at,
            n.expires_at
        ],
    )
    .await?;
    Ok(())
}

/// The person whom a principal's handle stands for, until it expires.
pub async fn by_handle(
    tx: &mut Tx,
    principal: &str,
    id: &str,
    now: DateTime<Utc>,
) -> StoreResult<Option<(String,)>> {
    tx.fetch_optional(
        "select subject_id
         from verifications
         where tenant_id = $1 and id = $2 and principal = $3 and expires_at > $4",
        params![TENANT, id, principal, now],
    )
    .await
}

/// The person as whom a principal was verified last in a conversation, until that expires.
pub async fn by_conversation(
    tx: &mut Tx,
    principal: &str,
    conversation: &str,
    now: DateTime<Utc>,
) -> StoreResult<Option<(String,)>> {
    tx.fetch_optional(
        "select subject_id
         from verifications
         where tenant_id = $1 and principal = $2 and conversation = $3 and expires_at > $4
         order by expires_at desc
         limit 1",
        params![TENANT, principal, conversation, now],
    )
    .await
}

/// Forgets what no longer counts, of every tenant.
pub async fn forget_ended(tx: &mut Tx, now: DateTime<Utc>) -> StoreResult<u64> {
    tx.execute("delete from verifications where expires_at <= $1", params![now]).await
}

record! {
    /// How a try stands.
    #[derive(Debug, Clone)]
    pub struct Try {
        /// The failed ones since the last success, with this one.
        pub failures: i64,
        /// Until when no try counts.
        pub locked_until: Option<DateTime<Utc>>,
    }
}

/// Counts a try before it is looked at, so that guesses at the same time are counted one by one.
/// A lock that has ended begins the count anew.
pub async fn take_try(
    tx: &mut Tx,
    principal: &str,
    subject_id: &str,
    now: DateTime<Utc>,
) -> StoreResult<Try> {
    tx.fetch_one(
        "insert into verification_tries (tenant_id, principal, subject_id, failures, locked_until)
         values ($1, $2, $3, 1, null)
         on conflict (tenant_id, principal, subject_id) do update
         set failures = case when verification_tries.locked_until <= $4 then 1
                             else verification_tries.failures + 1 end,
             locked_until = case when verification_tries.locked_until <= $4 then null
                                 else verification_tries.locked_until end
         returning failures, locked_until",
        params![TENANT, principal, subject_id, now],
    )
    .await
}

/// Lets no try count until a moment.
pub async fn lock(
    tx: &mut Tx,
    principal: &str,
    subject_id: &str,
    until: DateTime<Utc>,
) -> StoreResult<()> {
    tx.execute(
        "update verification_tries
         set locked_until = $4
         where tenant_id = $1 and principal = $2 and subject_id = $3",
        params![TENANT, principal, subject_id, until],
    )
    .await?;
    Ok(())
}

/// Forgets the failed tries of a caller who is verified now.
pub async fn forget_tries(tx: &mut Tx, principal: &str, subject_id: &str) -> StoreResult<()> {
    tx.execute(
        "delete from verification_tries
         where tenant_id = $1 and principal = $2 and subject_id = $3",
        params![TENANT, principal, subject_id],
    )
    .await?;
    Ok(())
}
