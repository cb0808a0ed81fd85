//! What the token room is told when it opens.

use std::time::Duration;

use chrono::TimeDelta;

use super::{
    claims::Expected,
    secret::{JwtSecret, WeakSecret},
    source::{KeySource, SourceError},
};
use crate::tool::Access;

/// The issuer and the audience of development tokens when none are configured.
const OURSELVES: &str = "business-mcp";
/// The most that an issuer's clock may be off.
const LARGEST_LEEWAY: Duration = Duration::from_mins(1);
/// Claims with a meaning of their own, none of which can name the tenant.
const TAKEN_CLAIMS: [&str; 10] =
    ["aud", "exp", "iat", "iss", "jti", "nbf", "role", "scope", "sub", ""];

/// How tokens are judged.
#[derive(Debug, Clone)]
pub struct AuthConfig {
    /// `JWT_SECRET`: accepts HS256, for development.
    pub secret: Option<JwtSecret>,
    /// `JWT_JWKS_URL` or `JWT_JWKS_FILE`: accepts RS256, ES256 and `EdDSA`.
    pub key_source: Option<KeySource>,
    /// `JWT_ISSUER`: the exact `iss`. Required with a key source.
    pub issuer: Option<String>,
    /// `JWT_AUDIENCE`: what `aud` must hold. Required with a key source.
    pub audience: Option<String>,
    /// The claim that names the tenant.
    pub tenant_claim: String,
    /// How far the issuer's clock may be off, 60 s at most.
    pub leeway: Duration,
    /// The age at which a fetched key set is fetched again, and so how long a withdrawn key counts.
    pub jwks_max_age: Duration,
    /// How long an API key counts without being looked up again, and so how long a revoked one
    /// still opens the door of another process.
    pub api_key_cache: Duration,
    /// How many verified tokens are remembered.
    pub cached_tokens: usize,
    /// What scopes and roles mean.
    pub access: &'static Access,
}

/// Why the configuration is refused.
#[derive(Debug, thiserror::Error)]
pub enum AuthConfigError {
    /// A secret that can be guessed.
    #[error("JWT_SECRET {0}")]
    Secret(#[from] WeakSecret),
    /// An issuer's tokens are only ours if they say so.
    #[error("JWT_JWKS_URL and JWT_JWKS_FILE need JWT_ISSUER and JWT_AUDIENCE beside them")]
    IssuerOrAudienceMissing,
    /// More than a clock may be off.
    #[error("the clock leeway must be 60 seconds at most")]
    Leeway,
    /// A claim that means something else.
    #[error("the tenant claim must not be empty or one of the registered claims")]
    TenantClaim,
    /// The key set cannot be read.
    #[error(transparent)]
    KeySource(#[from] SourceError),
}

impl AuthConfig {
    /// A configuration that accepts nothing yet.
    pub fn new(access: &'static Access) -> Self {
        Self {
            secret: None,
            key_source: None,
            issuer: None,
            audience: None,
            tenant_claim: "tenant".to_owned(),
            leeway: Duration::from_secs(30),
            jwks_max_age: Duration::from_mins(10),
            api_key_cache: Duration::from_secs(5),
            cached_tokens: 10_000,
            access,
        }
    }

    /// The `iss` of every accepted token.
    pub fn issuer(&self) -> &str {
        self.issuer.as_deref().unwrap_or(OURSELVES)
    }

    /// What the `aud` of every accepted token holds.
    pub fn audience(&self) -> &str {
        self.audience.as_deref().unwrap_or(OURSELVES)
    }

    /// Refuses what would be unsafe or can never work.
    ///
    /// # Errors
    /// [`AuthConfigError`] names the setting and what it should be.
    pub fn check(&self) -> Result<(), AuthConfigError> {
        let named = |text: &Option<String>| text.as_ref().is_some_and(|t| !t.trim().is_empty());
        if self.key_source.is_some() && !(named(&self.issuer) && named(&self.audience)) {
            return Err(AuthConfigError::IssuerOrAudienceMissing);
        }
        if self.leeway > LARGEST_LEEWAY {
            return Err(AuthConfigError::Leeway);
        }
        if TAKEN_CLAIMS.contains(&self.tenant_claim.trim()) {
            return Err(AuthConfigError::TenantClaim);
        }
        Ok(())
    }

    pub(super) fn expected(&self) -> Expected {
        Expected {
            issuer: self.issuer().to_owned(),
            audience: self.audience().to_owned(),
            tenant_claim: self.tenant_claim.clone(),
            leeway: TimeDelta::from_std(self.leeway.min(LARGEST_LEEWAY)).unwrap_or_default(),
            access: self.access,
        }
    }
}
