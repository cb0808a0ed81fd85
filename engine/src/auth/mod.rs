//! Who calls: a bearer token becomes a [`Caller`], or is refused without a reason.
//!
//! In reading order:
//!
//! * `config`: what tokens must say and where keys come from;
//! * `rejected`: one word for the outside, the cause for the log;
//! * `token`: one JWT, from its form to its claims: `object` and `header` read its parts,
//!   `claims` checks what it says;
//! * `secret`: the HS256 secret of development, and [`mint`](mint()), which signs with it;
//! * `jwks`: the issuer's keys, kept up to date: `source` reads them, `jwk` understands them;
//! * [`api_key`]: keys that this server made itself, and [`stored`] in the database;
//! * `cache`: what was verified before.
//!
//! Nothing here reads the time: `now` is passed in, and only the age of a key set is measured.

pub mod api_key;
mod cache;
mod claims;
mod config;
mod header;
mod jwk;
mod jwks;
mod mint;
mod object;
mod rejected;
mod secret;
mod source;
pub mod stored;
#[cfg(test)]
mod tests;
mod token;

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use self::{
    api_key::ApiKeys,
    cache::{TokenCache, Verified},
    jwks::{KeySet, Pace},
    token::Verifier,
};
pub use self::{
    claims::is_tenant_id,
    config::{AuthConfig, AuthConfigError},
    mint::{Grant, MintError, MintRequest, mint},
    rejected::Rejected,
    secret::{JwtSecret, WeakSecret},
    source::{KeySource, SourceError},
};
use crate::tool::{Access, Caller};

/// Turns bearer tokens into callers.
pub struct Authenticator {
    verifier: Verifier,
    api_keys: Option<Arc<dyn ApiKeys>>,
    api_key_cache: TimeDelta,
    cache: TokenCache,
    access: &'static Access,
}

impl Authenticator {
    /// An authenticator that fetches nothing until the first token needs it.
    ///
    /// # Errors
    /// [`AuthConfigError`] if the configuration is unsafe.
    pub fn new(
        config: &AuthConfig,
        api_keys: Option<Arc<dyn ApiKeys>>,
    ) -> Result<Self, AuthConfigError> {
        let pace = |source| Pace::of(source, config.jwks_max_age);
        let keys = config.key_source.as_ref().map(|source| KeySet::new(source, pace(source)));
        Self::with_keys(config, keys.transpose()?, api_keys)
    }

    fn with_keys(
        config: &AuthConfig,
        keys: Option<KeySet>,
        api_keys: Option<Arc<dyn ApiKeys>>,
    ) -> Result<Self, AuthConfigError> {
        config.check()?;
        Ok(Self {
            verifier: Verifier {
                secret: config.secret.as_ref().map(JwtSecret::decoding),
                keys: keys.map(Arc::new),
                expected: config.expected(),
            },
            api_keys,
            api_key_cache: TimeDelta::from_std(config.api_key_cache).unwrap_or_default(),
            cache: TokenCache::new(config.cached_tokens),
            access: config.access,
        })
    }

    /// Who sent a bearer token.
    ///
    /// # Errors
    /// [`Rejected`], whose text is the same for every cause.
    pub async fn authenticate(
        &self,
        bearer: &str,
        now: DateTime<Utc>,
    ) -> Result<Arc<Caller>, Rejected> {
        if let Some(verified) = self.cache.get(bearer, now)
            && self.still_holds(&verified).await
        {
            return Ok(verified.caller);
        }
        let verified = if bearer.starts_with(api_key::PREFIX) {
            self.verify_api_key(bearer, now).await?
        } else {
            self.verifier.verify(bearer, now).await?
        };
        let caller = Arc::clone(&verified.caller);
        self.cache.insert(bearer, verified);
        Ok(caller)
    }

    /// Whether only a look in the database could tell who sent this: an API key that was not good
    /// lately. Whoever guesses sends nothing else, so that is what a budget can be asked for first.
    pub fn is_new_key(&self, bearer: &str) -> bool {
        bearer.starts_with(api_key::PREFIX) && !self.cache.has_seen(bearer)
    }

    /// What scopes, roles and toolsets there are.
    pub fn access(&self) -> &'static Access {
        self.access
    }

    /// Forgets an API key by its id, or a token by its `jti`, so that it is judged anew. Whoever
    /// revokes a key calls this; other processes notice within [`AuthConfig::api_key_cache`].
    pub fn forget(&self, token_id: &str) {
        self.cache.forget(token_id);
    }

    /// Reads the key set now: how many keys it holds, or `None` where no source is configured.
    /// `serve` calls this so that the first caller does not wait, `doctor` to say what is wrong.
    ///
    /// # Errors
    /// [`SourceError`] says why the set could not be read; a server may start nevertheless.
    pub async fn load_keys(&self) -> Result<Option<usize>, SourceError> {
        match &self.verifier.keys {
            Some(keys) => keys.check().await.map(Some),
            None => Ok(None),
        }
    }

    /// Whether the keys that a token was verified with are still the issuer's.
    async fn still_holds(&self, verified: &Verified) -> bool {
        match (verified.key_set, &self.verifier.keys) {
            (None, _) => true,
            (Some(epoch), Some(keys)) => keys.epoch().await == epoch,
            (Some(_), None) => false,
        }
    }

    async fn verify_api_key(&self, key: &str, now: DateTime<Utc>) -> Result<Verified, Rejected> {
        let keys = self.api_keys.as_deref().ok_or(Rejected::ApiKey)?;
        let caller = api_key::verify(keys, key, now, self.access).await?;
        let remembered = now + self.api_key_cache;
        let until = caller.expires_at.map_or(remembered, |end| end.min(remembered));
        Ok(Verified { caller: Arc::new(caller), from: now, until, key_set: None })
    }
}
