//! API keys in the database.

use std::sync::Arc;

use futures::future::BoxFuture;

use super::api_key::{ApiKeys, KeyHash, LookupFailed, StoredKey};
use crate::{
    db::{Db, keys},
    tool::{Access, Role},
};

/// Looks API keys up in the database.
pub struct StoredKeys {
    db: Db,
    access: &'static Access,
}

impl StoredKeys {
    /// Keys in this database.
    pub fn new(db: Db, access: &'static Access) -> Arc<Self> {
        Arc::new(Self { db, access })
    }
}

impl ApiKeys for StoredKeys {
    fn find<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<StoredKey>, LookupFailed>> {
        Box::pin(async move {
            let found = async { keys::find(&mut self.db.read().await?, id).await };
            let row = found.await.map_err(|error| {
                tracing::error!(%error, "an API key could not be looked up");
                LookupFailed
            })?;
            Ok(row.and_then(|row| stored(row, self.access)))
        })
    }
}

/// A row with a digest or a role that cannot be read opens nothing. What a role allows is decided here, as it
/// is for a token, and not when the key was made.
fn stored(row: keys::KeyRow, access: &'static Access) -> Option<StoredKey> {
    let role = match &row.role {
        Some(name) => Some(access.role(name)?),
        None => None,
    };
    Some(StoredKey {
        subject: format!("key:{}", row.id),
        hash: digest(&row.secret_hash)?,
        id: row.id,
        tenant: row.tenant_id,
        scopes: role.map_or_else(|| access.scopes(&row.scopes), Role::scopes),
        role,
        expires_at: row.expires_at,
        revoked_at: row.revoked_at,
    })
}

fn digest(hex: &str) -> Option<KeyHash> {
    let mut digest = KeyHash::default();
    if hex.len() != digest.len() * 2 || !hex.is_ascii() {
        return None;
    }
    for (position, byte) in digest.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(position * 2..position * 2 + 2)?, 16).ok()?;
    }
    Some(digest)
}
