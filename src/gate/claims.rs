//! Keys that make a repeated call harmless: the one the caller gives, or one derived from who calls,
//! in which conversation, which tool and with which arguments.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use chrono::{DateTime, TimeDelta, Utc};

use super::CallRequest;
pub(super) use crate::domain::digest::sha256 as digest;
use crate::{
    store::{
        StoreError, StoreResult, Tx,
        idempotency::{self, ClaimKey, Claimed},
    },
    text,
    toolkit::{
        ErrorCode, Spec, ToolError,
        catalogue::{PreparedCall, Rendered},
    },
};

/// How long answers are kept.
pub(super) struct Claims {
    /// Under a key that the caller gave.
    given: TimeDelta,
    /// Under a derived key: long enough for a hang-up and a call back.
    derived: TimeDelta,
}

impl Default for Claims {
    fn default() -> Self {
        Self { given: TimeDelta::hours(24), derived: TimeDelta::minutes(10) }
    }
}

/// The claim of one call.
pub(super) struct Claim {
    tenant: Arc<str>,
    principal: Arc<str>,
    tool: &'static str,
    pub(super) key: String,
    pub(super) fingerprint: String,
    window: TimeDelta,
    is_open: AtomicBool,
}

/// What an earlier, equal call left.
pub(super) enum Earlier {
    /// Its answer.
    Answered(Rendered),
    /// The request that it made.
    Asked(String),
    /// Nothing yet: it runs at this moment.
    Running,
}

impl Claims {
    /// The claim of a call.
    pub(super) fn of(&self, spec: &Spec, call: &PreparedCall, request: &CallRequest) -> Claim {
        let canonical = call.canonical();
        let fingerprint = digest(&canonical);
        let caller = &request.caller;
        let (key, window) = if let Some(given) = &call.idempotency_key {
            (given.clone(), self.given)
        } else {
            let conversation = request.conversation.as_deref().unwrap_or_default();
            // A given key has no dot, so a derived one can never be mistaken for it.
            let derived = digest(&format!("{conversation}\0{canonical}"));
            (format!("derived.{derived}"), self.derived)
        };
        Claim {
            tenant: caller.tenant.clone(),
            principal: caller.subject.clone(),
            tool: spec.name,
            key,
            fingerprint,
            window,
            is_open: AtomicBool::new(false),
        }
    }

    /// How long an answer that came by a decision is kept under its key.
    pub(super) fn window_of(&self, key: &str) -> TimeDelta {
        if key.starts_with("derived.") { self.derived } else { self.given }
    }
}

impl Claim {
    /// Whose business the call is about.
    pub(super) fn tenant(&self) -> &str {
        &self.tenant
    }

    /// Whether nobody but the database knows how the call ended: it is being committed, or was and the
    /// database did not say.
    pub(super) fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Relaxed)
    }

    /// Commits what was done under the claim.
    pub(super) async fn commit(&self, tx: Tx) -> StoreResult<()> {
        self.is_open.store(true, Ordering::Relaxed);
        let committed = tx.commit().await;
        let unknown = matches!(committed, Err(StoreError::Unknown(_)));
        self.is_open.store(unknown, Ordering::Relaxed);
        committed
    }

    fn key(&self) -> ClaimKey<'_> {
        ClaimKey {
            tenant: &self.tenant,
            principal: &self.principal,
            tool: self.tool,
            key: &self.key,
        }
    }

    /// Takes the key for this transaction. `None` when this is the first such call.
    ///
    /// # Errors
    /// `idempotency_conflict` when the key was used with other arguments.
    pub(super) async fn take(
        &self,
        tx: &mut Tx,
        now: DateTime<Utc>,
    ) -> Result<Option<Earlier>, ToolError> {
        let claimed =
            idempotency::claim(tx, self.key(), &self.fingerprint, now, now + self.window).await?;
        let Some(Claimed { fingerprint, response, approval_id }) = claimed else {
            return Ok(None);
        };
        if fingerprint != self.fingerprint {
            return Err(ToolError::new(
                ErrorCode::IdempotencyConflict,
                text!(
                    "This idempotency_key was used for a call with other arguments. \
                 Use a new key for a new request."
                ),
            ));
        }
        Ok(Some(match (response, approval_id) {
            (Some(response), _) => Earlier::Answered(Rendered(response).replayed()),
            (None, Some(approval_id)) => Earlier::Asked(approval_id),
            (None, None) => Earlier::Running,
        }))
    }

    /// Stores the answer under the key.
    pub(super) async fn answer(
        &self,
        tx: &mut Tx,
        answer: &Rendered,
        now: DateTime<Utc>,
    ) -> StoreResult<()> {
        idempotency::answer(tx, self.key(), &answer.0, now + self.window).await
    }

    /// Lets the key point to a request; it outlives the request by the key's own window.
    pub(super) async fn wait_for(
        &self,
        tx: &mut Tx,
        approval_id: &str,
        expires_at: DateTime<Utc>,
    ) -> StoreResult<()> {
        idempotency::wait_for_approval(tx, self.key(), approval_id, expires_at + self.window).await
    }
}
