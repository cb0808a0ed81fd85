//! Keys that make a repeated call harmless: the one the caller gives, or one derived from who calls,
//! in which conversation, which tool and with which arguments. What was answered to a verified customer's
//! call is for nobody else.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use chrono::{DateTime, TimeDelta, Utc};

use super::CallRequest;
pub(super) use crate::digest::sha256 as digest;
use crate::{
    db::{
        StoreError, StoreResult, Tx,
        idempotency::{self, ClaimKey, Claimed, NewClaim},
    },
    text,
    tool::{
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

/// What is left of a call that is cut off.
pub(super) struct Trace {
    /// The digest of its canonical arguments.
    pub(super) fingerprint: String,
    is_open: AtomicBool,
}

/// The claim of one call.
pub(super) struct Claim<'a> {
    trace: &'a Trace,
    tenant: Arc<str>,
    principal: Arc<str>,
    tool: &'static str,
    pub(super) key: String,
    /// The customer as whom the call is made. What was answered then is for nobody else.
    customer: Option<Arc<str>>,
    window: TimeDelta,
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
    /// The claim of a call that is made as a customer, or as nobody.
    pub(super) fn of<'a>(
        &self,
        spec: &Spec,
        call: &PreparedCall,
        request: &CallRequest,
        customer: Option<Arc<str>>,
        trace: &'a Trace,
    ) -> Claim<'a> {
        let caller = &request.caller;
        let (key, window) = if let Some(given) = &call.idempotency_key {
            (given.clone(), self.given)
        } else {
            let conversation = request.conversation.as_deref().unwrap_or_default();
            // A given key has no dot, so a derived one can never be mistaken for it.
            let canonical = call.canonical();
            let derived = digest(&format!("{conversation}\0{canonical}"));
            (format!("derived.{derived}"), self.derived)
        };
        Claim {
            trace,
            tenant: caller.tenant.clone(),
            principal: caller.subject.clone(),
            tool: spec.name,
            key,
            customer,
            window,
        }
    }

    /// How long an answer that came by a decision is kept under its key.
    pub(super) fn window_of(&self, key: &str) -> TimeDelta {
        if key.starts_with("derived.") { self.derived } else { self.given }
    }
}

impl Trace {
    /// Of a call with these arguments.
    pub(super) fn of(call: &PreparedCall) -> Self {
        Self { fingerprint: digest(&call.canonical()), is_open: AtomicBool::new(false) }
    }

    /// Whether nobody but the database knows how the call ended: it is being committed, or was and the
    /// database did not say.
    pub(super) fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Relaxed)
    }
}

impl Claim<'_> {
    /// Whose business the call is about.
    pub(super) fn tenant(&self) -> &str {
        &self.tenant
    }

    /// The digest of the call's canonical arguments.
    pub(super) fn fingerprint(&self) -> &str {
        &self.trace.fingerprint
    }

    /// Commits what was done under the claim.
    pub(super) async fn commit(&self, tx: Tx) -> StoreResult<()> {
        let is_open = &self.trace.is_open;
        is_open.store(true, Ordering::Relaxed);
        let committed = tx.commit().await;
        let unknown = matches!(committed, Err(StoreError::Unknown(_)));
        is_open.store(unknown, Ordering::Relaxed);
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
    /// `idempotency_conflict` when the key was used with other arguments, or as another customer.
    pub(super) async fn take(
        &self,
        tx: &mut Tx,
        now: DateTime<Utc>,
    ) -> Result<Option<Earlier>, ToolError> {
        let new = NewClaim {
            fingerprint: self.fingerprint(),
            customer_id: self.customer.as_deref(),
            at: now,
            expires_at: now + self.window,
        };
        let claimed = idempotency::claim(tx, self.key(), new).await?;
        let Some(Claimed { fingerprint, customer_id, response, approval_id }) = claimed else {
            return Ok(None);
        };
        if fingerprint != self.fingerprint() {
            return Err(ToolError::new(
                ErrorCode::IdempotencyConflict,
                text!(
                    "This idempotency_key was used for a call with other arguments. \
                 Use a new key for a new request."
                ),
            ));
        }
        // Neither told nor done again: a retry must not happen twice because a verification has begun
        // or ended meanwhile.
        if customer_id.as_deref() != self.customer.as_deref() {
            return Err(ToolError::new(
                ErrorCode::IdempotencyConflict,
                text!(
                    "The same call was made when somebody else, or nobody, was verified. Verify the same \
                     caller again, or give a new idempotency_key to have it done once more."
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
