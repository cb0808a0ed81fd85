//! Tokens that were verified before, so that a call costs one look-up in place of a signature.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use chrono::{DateTime, Utc};

use crate::tool::caller::Caller;

/// A longer token is verified every time: the cache is bounded in bytes, too.
const LONGEST_CACHED: usize = 2 * 1024;

/// A caller whose token was good, and for how long that may be believed without looking again.
#[derive(Debug, Clone)]
pub(super) struct Verified {
    /// Who calls.
    pub caller: Arc<Caller>,
    /// When it was verified. A clock that is set back must not make an entry live longer.
    pub from: DateTime<Utc>,
    /// The first moment at which the entry no longer counts.
    pub until: DateTime<Utc>,
    /// The state of the key set that the token was verified against; `None` for tokens that do
    /// not depend on one.
    pub key_set: Option<u64>,
}

/// A bounded map from whole tokens to what they said.
///
/// The key is the token itself, compared byte for byte: no digest, no collision, and the map's
/// hash is seeded, so nobody can choose tokens that meet in one bucket. Two generations stand in
/// for an order of use: when the young one is full it becomes the old one, and what is not asked
/// for again is gone with the next turn.
pub(super) struct TokenCache {
    generations: RwLock<Generations>,
    /// How many entries one generation holds.
    size: usize,
}

#[derive(Default)]
struct Generations {
    young: HashMap<Box<str>, Verified>,
    old: HashMap<Box<str>, Verified>,
}

impl TokenCache {
    /// A cache of at most so many tokens; 0 remembers nothing.
    pub fn new(capacity: usize) -> Self {
        Self { generations: RwLock::default(), size: capacity / 2 }
    }

    /// What is known of a token, if it still counts.
    pub fn get(&self, token: &str, now: DateTime<Utc>) -> Option<Verified> {
        let generations = self.generations.read().unwrap_or_else(PoisonError::into_inner);
        let young = generations.young.get(token);
        let is_old = young.is_none();
        let verified = young.or_else(|| generations.old.get(token))?;
        if now < verified.from || now >= verified.until {
            return None;
        }
        let verified = verified.clone();
        drop(generations);
        if is_old {
            self.insert(token, verified.clone());
        }
        Some(verified)
    }

    /// Whether a token was good at some time, as far back as the cache goes.
    pub fn has_seen(&self, token: &str) -> bool {
        let generations = self.generations.read().unwrap_or_else(PoisonError::into_inner);
        generations.young.contains_key(token) || generations.old.contains_key(token)
    }

    /// Remembers a verified token.
    pub fn insert(&self, token: &str, verified: Verified) {
        if self.size == 0 || token.len() > LONGEST_CACHED {
            return;
        }
        let mut generations = self.generations.write().unwrap_or_else(PoisonError::into_inner);
        if generations.young.len() >= self.size && !generations.young.contains_key(token) {
            generations.old = std::mem::take(&mut generations.young);
        }
        generations.old.remove(token);
        generations.young.insert(token.into(), verified);
    }

    /// Forgets every token with this id.
    pub fn forget(&self, token_id: &str) {
        let mut generations = self.generations.write().unwrap_or_else(PoisonError::into_inner);
        let keep = |verified: &Verified| verified.caller.token_id.as_deref() != Some(token_id);
        generations.young.retain(|_, verified| keep(verified));
        generations.old.retain(|_, verified| keep(verified));
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::{testing::access::ACCESS, tool::Scopes};

    fn verified(id: &str) -> Verified {
        let caller = Caller {
            tenant: "demo".into(),
            subject: "anna".into(),
            token_id: Some(id.into()),
            scopes: Scopes::NONE,
            role: None,
            expires_at: None,
            access: &ACCESS,
        };
        let from = DateTime::UNIX_EPOCH;
        let until = from + TimeDelta::seconds(5);
        Verified { caller: Arc::new(caller), from, until, key_set: None }
    }

    #[test]
    fn holds_no_more_than_its_capacity_and_keeps_what_is_used() {
        let cache = TokenCache::new(10);
        cache.insert("used", verified("used"));
        for n in 0..1_000 {
            cache.insert(&format!("token {n}"), verified("other"));
            assert!(cache.get("used", DateTime::UNIX_EPOCH).is_some(), "{n}");
        }
        let generations = cache.generations.read().unwrap();
        assert!(generations.young.len() + generations.old.len() <= 10);
    }

    #[test]
    fn an_entry_counts_only_within_its_time() {
        let cache = TokenCache::new(10);
        cache.insert("token", verified("id"));
        let at = |millis| DateTime::UNIX_EPOCH + TimeDelta::milliseconds(millis);
        assert!(cache.get("token", at(4_999)).is_some());
        assert!(cache.get("token", at(5_000)).is_none());
        assert!(cache.get("token", at(-1)).is_none());
    }

    #[test]
    fn forgets_by_token_id() {
        let cache = TokenCache::new(10);
        cache.insert("a", verified("first"));
        cache.insert("b", verified("second"));
        cache.forget("first");
        assert!(cache.get("a", DateTime::UNIX_EPOCH).is_none());
        assert!(cache.get("b", DateTime::UNIX_EPOCH).is_some());
    }
}
