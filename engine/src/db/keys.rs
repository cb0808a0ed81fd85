//! API keys: who they stand for, and the digest of their secret.

use chrono::{DateTime, Utc};

use super::{StoreResult, TENANT, Tx, params, record};

record! {
    /// A stored key. Its secret is not in it, only the secret's digest.
    #[derive(Debug, Clone)]
    pub struct KeyRow {
        /// The public part of the key.
        pub id: String,
        /// Whose business it opens.
        pub tenant_id: String,
        /// What people call it; the principal is `key:ID`.
        pub name: String,
        /// What it allows, space-separated.
        pub scopes: String,
        /// The role that it was made with, which says what it allows; none for a key with scopes.
        pub role: Option<String>,
        /// SHA-256 of the secret, in hexadecimal.
        pub secret_hash: String,
        /// When it was made.
        pub created_at: DateTime<Utc>,
        /// When it ends.
        pub expires_at: Option<DateTime<Utc>>,
        /// When it was revoked.
        pub revoked_at: Option<DateTime<Utc>>,
    }
}

/// Stores a new key.
pub async fn insert(tx: &mut Tx, key: &KeyRow) -> StoreResult<()> {
    tx.execute(
        "insert into api_keys
             (id, tenant_id, name, scopes, role, secret_hash, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            &key.id,
            &key.tenant_id,
            &key.name,
            &key.scopes,
            &key.role,
            &key.secret_hash,
            key.created_at,
            key.expires_at
        ],
    )
    .await?;
    Ok(())
}

/// The key with this id, of whatever tenant: the key itself says whose it is.
pub async fn find(tx: &mut Tx, id: &str) -> StoreResult<Option<KeyRow>> {
    tx.fetch_optional(
        "select id, tenant_id, name, scopes, role, secret_hash, created_at, expires_at, revoked_at
         from api_keys
         where id = $1",
        params![id],
    )
    .await
}

/// A tenant's keys, newest first.
pub async fn list(tx: &mut Tx) -> StoreResult<Vec<KeyRow>> {
    tx.fetch_all(
        "select id, tenant_id, name, scopes, role, secret_hash, created_at, expires_at, revoked_at
         from api_keys
         where tenant_id = $1
         order by created_at desc, id",
        params![TENANT],
    )
    .await
}

/// Revokes a key; false when there is no such key or it was revoked before.
pub async fn revoke(tx: &mut Tx, id: &str, now: DateTime<Utc>) -> StoreResult<bool> {
    let changed = tx
        .execute(
            "update api_keys
             set revoked_at = $3
             where tenant_id = $1 and id = $2 and revoked_at is null",
            params![TENANT, id, now],
        )
        .await?;
    Ok(changed == 1)
}

/// Whether a key still opens anything.
pub async fn is_active(tx: &mut Tx, id: &str, now: DateTime<Utc>) -> StoreResult<bool> {
    let found: Option<(String,)> = tx
        .fetch_optional(
            "select id
             from api_keys
             where tenant_id = $1 and id = $2 and revoked_at is null
               and (expires_at is null or expires_at > $3)",
            params![TENANT, id, now],
        )
        .await?;
    Ok(found.is_some())
}
