//! Makes development tokens: HS256, for `token` and `demo`.

use std::time::Duration;

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, Header, encode};
use serde_json::{Map, Value, json};
use uuid::{NoContext, Timestamp, Uuid};

use super::{AuthConfig, secret::JwtSecret};
use crate::tool::{Role, Scopes};

/// What a token is to allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grant {
    /// A named bundle of scopes; the server decides what is in it.
    Role(&'static Role),
    /// These scopes.
    Scopes(Scopes),
}

impl Grant {
    /// What it allows.
    pub fn scopes(&self) -> Scopes {
        match self {
            Self::Role(role) => role.scopes(),
            Self::Scopes(scopes) => scopes.clone(),
        }
    }

    /// The role, where it is one.
    pub fn role(&self) -> Option<&'static Role> {
        match self {
            Self::Role(role) => Some(role),
            Self::Scopes(_) => None,
        }
    }
}

/// The token that is wanted.
#[derive(Debug, Clone)]
pub struct MintRequest<'a> {
    /// Whose business it opens.
    pub tenant: &'a str,
    /// The principal.
    pub subject: &'a str,
    /// What it allows.
    pub grant: Grant,
    /// How long it counts.
    pub ttl: Duration,
    /// The time.
    pub now: DateTime<Utc>,
}

/// Why no token was made.
#[derive(Debug, thiserror::Error)]
pub enum MintError {
    /// The server that reads it would refuse it.
    #[error("a token for this tenant, subject or time to live would be refused by the server")]
    Unusable,
    /// The signature failed.
    #[error("the token could not be signed")]
    Signature(#[from] jsonwebtoken::errors::Error),
}

/// Makes a token that a server with the same secret and configuration accepts.
///
/// # Errors
/// [`MintError::Unusable`] if the server would refuse the token.
pub fn mint(
    secret: &JwtSecret,
    config: &AuthConfig,
    request: &MintRequest<'_>,
) -> Result<String, MintError> {
    let issued = request.now.timestamp();
    let ttl = i64::try_from(request.ttl.as_secs()).map_err(|_| MintError::Unusable)?;
    let expires = issued.checked_add(ttl).ok_or(MintError::Unusable)?;
    let (name, value) = match &request.grant {
        Grant::Role(role) => ("role", role.name.to_owned()),
        Grant::Scopes(scopes) => ("scope", scopes.to_string()),
    };
    let seconds = u64::try_from(issued).map_err(|_| MintError::Unusable)?;
    let nanos = request.now.timestamp_subsec_nanos();
    let id = Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, nanos));
    let claims = [
        ("iss", json!(config.issuer())),
        ("aud", json!(config.audience())),
        ("sub", json!(request.subject)),
        (config.tenant_claim.as_str(), json!(request.tenant)),
        (name, json!(value)),
        ("iat", json!(issued)),
        ("exp", json!(expires)),
        ("jti", json!(id.to_string())),
    ];
    let claims: Map<String, Value> =
        claims.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let object = super::object::Object::from(claims.clone());
    config.expected().check(&object, request.now).map_err(|_| MintError::Unusable)?;
    Ok(encode(&Header::new(Algorithm::HS256), &claims, &secret.encoding())?)
}
