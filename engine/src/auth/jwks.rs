//! The issuer's keys as they are now: kept, renewed, and never fetched more often than agreed.
//!
//! A set is read when it is first needed, when it has reached its age, and when a token names a
//! key that is not in it. One read runs at a time and at most one a second, however many tokens
//! ask. When the issuer is down the known keys stay, and nobody waits for it a second time.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use jsonwebtoken::Algorithm;
use tokio::{sync::Mutex, time::Instant};

use super::{
    Rejected,
    header::is_plausible_kid,
    jwk::{Lookup, PublicKey, PublicKeys},
    source::{KeySource, Source, SourceError},
};

/// How often the source may be read, and how long an answer counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// The age at which a set is read again.
    pub max_age: Duration,
    /// The time between two reads at least.
    pub between_reads: Duration,
    /// The time after which a failed read is tried again without being asked for.
    pub retry: Duration,
    /// How long one read may take.
    pub timeout: Duration,
}

impl Pace {
    /// The pace for a source: a file costs nothing to look at, an issuer does.
    pub fn of(source: &KeySource, max_age: Duration) -> Self {
        let second = Duration::from_secs(1);
        let max_age = match source {
            KeySource::Url(_) => max_age.max(second),
            KeySource::File(_) => second,
        };
        let timeout = Duration::from_millis(1_500);
        Self { max_age, between_reads: second, retry: Duration::from_secs(5), timeout }
    }
}

/// A key set that keeps itself up to date.
pub(super) struct KeySet {
    source: Source,
    pace: Pace,
    state: RwLock<State>,
    /// When the last read began or ended; held while one runs.
    last_read: Arc<Mutex<Option<Instant>>>,
}

/// What is known now.
#[derive(Clone)]
struct State {
    keys: Arc<PublicKeys>,
    /// Counts the changes of the keys: what was verified under another count is verified again.
    epoch: u64,
    /// When the source is to be read again.
    due: Instant,
    /// Whether it was ever read.
    loaded: bool,
    /// Whether the last read failed.
    failing: bool,
}

impl KeySet {
    /// A set that is read when it is first needed.
    pub fn new(source: &KeySource, pace: Pace) -> Result<Self, SourceError> {
        let state = State {
            keys: Arc::default(),
            epoch: 0,
            due: Instant::now(),
            loaded: false,
            failing: false,
        };
        Ok(Self {
            source: Source::open(source, pace.timeout)?,
            pace,
            state: RwLock::new(state),
            last_read: Arc::default(),
        })
    }

    /// The key of a token, and the count of changes under which it was found.
    pub async fn find(
        self: &Arc<Self>,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<(Arc<PublicKey>, u64), Rejected> {
        let state = self.fresh().await;
        match state.keys.find(kid, algorithm) {
            Lookup::Found(key) => return Ok((key, state.epoch)),
            Lookup::OtherAlgorithm => return Err(Rejected::Algorithm),
            Lookup::Unknown if !kid.is_some_and(is_plausible_kid) => {}
            Lookup::Unknown => self.renew().await,
        }
        let state = self.state();
        match state.keys.find(kid, algorithm) {
            Lookup::Found(key) => Ok((key, state.epoch)),
            Lookup::OtherAlgorithm => Err(Rejected::Algorithm),
            Lookup::Unknown if !state.loaded => Err(Rejected::KeySetUnavailable),
            Lookup::Unknown => Err(Rejected::UnknownKey),
        }
    }

    /// The count of changes, after reading the source again if that is due.
    pub async fn epoch(self: &Arc<Self>) -> u64 {
        self.fresh().await.epoch
    }

    /// Reads the source now and says how many keys it holds, or what is wrong with it.
    pub async fn check(&self) -> Result<usize, SourceError> {
        let mut last_read = self.last_read.lock().await;
        self.read(&mut last_read).await?;
        Ok(self.state().keys.len())
    }

    /// What is known, not older than agreed unless the issuer is down.
    async fn fresh(self: &Arc<Self>) -> State {
        let state = self.state();
        if Instant::now() < state.due {
            return state;
        }
        if state.failing && !state.keys.is_empty() {
            self.renew_behind();
            return state;
        }
        self.renew().await;
        self.state()
    }

    /// Reads the source unless that was just done; whoever waits for another's read shares it.
    async fn renew(&self) {
        let mut last_read = self.last_read.lock().await;
        if last_read.is_some_and(|at| at.elapsed() < self.pace.between_reads) {
            return;
        }
        self.read_or_warn(&mut last_read).await;
    }

    /// The same without anyone waiting for it.
    fn renew_behind(self: &Arc<Self>) {
        let Ok(mut last_read) = Arc::clone(&self.last_read).try_lock_owned() else { return };
        if last_read.is_some_and(|at| at.elapsed() < self.pace.between_reads) {
            return;
        }
        let this = Arc::clone(self);
        tokio::spawn(async move { this.read_or_warn(&mut last_read).await });
    }

    async fn read_or_warn(&self, last_read: &mut Option<Instant>) {
        if let Err(error) = self.read(last_read).await {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::warn!(%error, cause, "the key set could not be read; the known keys stay");
        }
    }

    /// Reads the source and takes over what it says.
    async fn read(&self, last_read: &mut Option<Instant>) -> Result<(), SourceError> {
        // Noted before and after: the caller may go away in between, and a slow read is not to be
        // followed by another at once.
        *last_read = Some(Instant::now());
        let content = self.source.read().await;
        let now = Instant::now();
        *last_read = Some(now);
        let keys =
            content.and_then(|content| PublicKeys::parse(&content).ok_or(SourceError::NotAKeySet));
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        state.failing = keys.is_err();
        match keys {
            Ok(keys) => {
                state.due = now + self.pace.max_age;
                state.loaded = true;
                if !keys.same_as(&state.keys) {
                    state.keys = Arc::new(keys);
                    state.epoch += 1;
                }
                Ok(())
            }
            Err(error) => {
                state.due = now + self.pace.retry;
                Err(error)
            }
        }
    }

    fn state(&self) -> State {
        self.state.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
