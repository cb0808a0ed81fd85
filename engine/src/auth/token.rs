//! One JWT: its form, its key, its signature, its claims, in this order.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, crypto};

use super::{
    Rejected,
    cache::Verified,
    claims::Expected,
    header::{Header, is_plausible_kid},
    jwks::KeySet,
    object::Object,
};

/// The longest token that is looked at.
const LONGEST_TOKEN: usize = 8 * 1024;

/// Judges tokens.
pub(super) struct Verifier {
    /// The key of HS256, and of nothing else.
    pub secret: Option<DecodingKey>,
    /// The issuer's public keys, each for one algorithm that is not HS256.
    pub keys: Option<Arc<KeySet>>,
    /// What every token must say.
    pub expected: Expected,
}

impl Verifier {
    /// Who sent the token, and how long that may be remembered.
    pub async fn verify(&self, token: &str, now: DateTime<Utc>) -> Result<Verified, Rejected> {
        if token.len() > LONGEST_TOKEN {
            return Err(Rejected::Malformed);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(Rejected::Malformed)?;
        let (header, payload) = message.split_once('.').ok_or(Rejected::Malformed)?;
        if payload.contains('.') {
            return Err(Rejected::Malformed);
        }
        let Header { algorithm, kid } = Header::from_part(header)?;
        let kid = kid.as_deref();
        let key_set = if algorithm == Algorithm::HS256 {
            check(message, signature, self.secret(kid)?, algorithm)?;
            None
        } else {
            let keys = self.keys.as_ref().ok_or(Rejected::Algorithm)?;
            let (key, epoch) = keys.find(kid, algorithm).await?;
            check(message, signature, &key.decoding, key.algorithm)?;
            Some(epoch)
        };
        let accepted = self.expected.check(&Object::from_part(payload)?, now)?;
        Ok(Verified {
            caller: Arc::new(accepted.caller),
            from: now,
            until: accepted.until,
            key_set,
        })
    }

    /// The secret. It has no name of its own, so a `kid` only has to look like a name.
    fn secret(&self, kid: Option<&str>) -> Result<&DecodingKey, Rejected> {
        if kid.is_some_and(|kid| !is_plausible_kid(kid)) {
            return Err(Rejected::UnknownKey);
        }
        self.secret.as_ref().ok_or(Rejected::Algorithm)
    }
}

fn check(
    message: &str,
    signature: &str,
    key: &DecodingKey,
    algorithm: Algorithm,
) -> Result<(), Rejected> {
    match crypto::verify(signature, message.as_bytes(), key, algorithm) {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(Rejected::Signature),
    }
}
