//! API keys: `bmk_ID_SECRET`, shown once, kept as a hash.

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::Rejected;
use crate::tool::{
    access::{Access, Role, Scopes},
    caller::Caller,
};

/// What every API key starts with, so that scanners and this server know one by its looks.
pub const PREFIX: &str = "bmk_";

/// The digits of an id: 48 random bits, enough to look a key up by.
const ID_DIGITS: usize = 12;
/// The digits of a secret: 256 random bits.
const SECRET_DIGITS: usize = 64;

/// The hash of a key's secret, which is all that is stored.
///
/// Plain SHA-256 is right here: the secret has 256 random bits, so there is nothing to guess and
/// a slow, salted hash would only slow the server down. Passwords would be another matter.
pub type KeyHash = [u8; 32];

/// A key that was just made. The plaintext is shown once and kept nowhere.
pub struct NewKey {
    /// The whole key, for its holder.
    pub plaintext: String,
    /// What the key is called, in lists and in the audit trail.
    pub id: String,
    /// What is stored.
    pub hash: KeyHash,
}

/// A key as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// What the key is called.
    pub id: String,
    /// Whose business it opens.
    pub tenant: String,
    /// The principal, `key:ID`.
    pub subject: String,
    /// What it allows.
    pub scopes: Scopes,
    /// The role that it was made with, if it was.
    pub role: Option<&'static Role>,
    /// The hash of its secret.
    pub hash: KeyHash,
    /// When it ends, if it does.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was revoked, if it was.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// The keys could not be read; why is for whoever keeps them to log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the API keys could not be read")]
pub struct LookupFailed;

/// Where API keys are kept.
pub trait ApiKeys: Send + Sync {
    /// Finds a key by its id, revoked and expired ones too.
    fn find<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<StoredKey>, LookupFailed>>;
}

/// Makes a key.
pub fn generate() -> NewKey {
    let id = hex(&rand::random::<[u8; ID_DIGITS / 2]>());
    let secret = hex(&rand::random::<[u8; SECRET_DIGITS / 2]>());
    let hash = hash(&secret);
    NewKey { plaintext: format!("{PREFIX}{id}_{secret}"), id, hash }
}

/// Splits a key into its id and its secret; `None` if it was not made by [`generate`].
pub fn parse(key: &str) -> Option<(&str, &str)> {
    let (id, secret) = key.strip_prefix(PREFIX)?.split_once('_')?;
    let digits = |text: &str| text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let well_formed = id.len() == ID_DIGITS && secret.len() == SECRET_DIGITS;
    (well_formed && digits(id) && digits(secret)).then_some((id, secret))
}

/// The hash of a secret.
pub fn hash(secret: &str) -> KeyHash {
    Sha256::digest(secret.as_bytes()).into()
}

/// Finds out who calls with an API key.
pub(super) async fn verify(
    keys: &dyn ApiKeys,
    key: &str,
    now: DateTime<Utc>,
    access: &'static Access,
) -> Result<Caller, Rejected> {
    let (id, secret) = parse(key).ok_or(Rejected::ApiKey)?;
    let stored = keys.find(id).await.map_err(|LookupFailed| Rejected::ApiKeysUnavailable)?;
    let stored = stored.ok_or(Rejected::ApiKey)?;
    // The secret comes first: what has become of a key is only for who holds it.
    if stored.id != id || !bool::from(hash(secret).ct_eq(&stored.hash)) {
        return Err(Rejected::ApiKey);
    }
    if stored.revoked_at.is_some() {
        return Err(Rejected::ApiKeyRevoked);
    }
    if stored.expires_at.is_some_and(|end| now >= end) {
        return Err(Rejected::ApiKeyExpired);
    }
    Ok(Caller {
        tenant: stored.tenant.into(),
        subject: stored.subject.into(),
        token_id: Some(stored.id.into()),
        scopes: stored.scopes,
        role: stored.role,
        expires_at: stored.expires_at,
        access,
    })
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_key_is_read_back() {
        let key = generate();
        let (id, secret) = parse(&key.plaintext).unwrap();
        assert_eq!((id, hash(secret)), (key.id.as_str(), key.hash));
        assert_ne!(generate().plaintext, key.plaintext);
    }

    #[test]
    fn refuses_what_was_not_made_here() {
        let key = generate().plaintext;
        for other in [
            "",
            "bmk_",
            "bmk__",
            &key[4..],
            &key[..key.len() - 1],
            &format!("{key}0"),
            &key.to_uppercase(),
            &key.replace("bmk_", "bmk_'"),
        ] {
            assert_eq!(parse(other), None, "{other}");
        }
    }
}
