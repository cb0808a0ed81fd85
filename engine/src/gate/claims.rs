//! Keys that make a repeated call harmless: the one the caller gives, or one derived from who calls,
//! in which conversation, which tool and what for. A call that is repeated to the letter finds its answer before
//! anything is understood; one in other words finds it by its intent. What was answered to a verified person's
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
        Caller, ErrorCode, Spec, ToolError,
        catalogue::{PreparedCall, Rendered, ResolvedCall},
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

/// Whose call it is, and what it says to the letter.
pub(super) struct Letters {
    caller: Arc<Caller>,
    tool: &'static str,
    /// The digest of the given key, or of the conversation, and the canonical arguments.
    digest: String,
    /// The person as whom the caller is verified. What was answered then is for nobody else.
    verified: Option<Arc<str>>,
    /// For how long the call shows who calls, if it does.
    verifies_caller: Option<TimeDelta>,
}

/// The claim of one call that was understood.
pub(super) struct Claim {
    letters: Letters,
    pub(super) key: String,
    /// What identifies the wish.
    fingerprint: String,
    /// The scopes of its caller.
    scopes: String,
    window: TimeDelta,
}

/// An equal call that was made before.
pub(super) struct Earlier {
    /// What identified its wish.
    fingerprint: String,
    /// What it left.
    pub(super) left: Left,
}

/// What an earlier, equal call left.
pub(super) enum Left {
    /// Its answer.
    Answered(Rendered),
    /// The request that it made.
    Asked(String),
    /// Nothing yet: it runs at this moment.
    Running,
}

impl Earlier {
    /// Its answer, where a call was answered that wanted the same.
    pub(super) fn answer_to(
        &self,
        resolved: &ResolvedCall,
    ) -> Result<Option<&Rendered>, ToolError> {
        Ok(match &self.left {
            Left::Answered(answer) if resolved.fingerprint()? == self.fingerprint => Some(answer),
            _ => None,
        })
    }
}

impl Letters {
    /// The letters of a call whose caller is verified as this person, or as nobody.
    pub(super) fn of(
        spec: &Spec,
        call: &PreparedCall,
        request: &CallRequest,
        verified: Option<Arc<str>>,
    ) -> Self {
        let given = call.idempotency_key.as_deref();
        let verifies_caller = call.verifies_caller();
        let conversation = request.conversation.as_deref().unwrap_or_default();
        let key = match given {
            None => format!("derived\0{conversation}"),
            Some(key) if verifies_caller.is_some() => format!("given\0{key}\0{conversation}"),
            Some(key) => format!("given\0{key}"),
        };
        Self {
            caller: request.caller.clone(),
            tool: spec.name,
            digest: digest(&format!("{key}\0{}", call.canonical())),
            verified,
            verifies_caller,
        }
    }

    /// The letters of a call about this person. The answer to a call that verifies the caller is for that person.
    pub(super) fn about(mut self, subject: Option<&str>) -> Self {
        if self.verifies_caller.is_some() {
            self.verified = subject.map(Arc::from);
        }
        self
    }

    /// What the same call left that was made before, to the letter: nothing has to be understood again.
    ///
    /// # Errors
    /// `idempotency_conflict` where its caller was verified as another person.
    pub(super) async fn find(
        &self,
        tx: &mut Tx,
        now: DateTime<Utc>,
    ) -> Result<Option<Earlier>, ToolError> {
        let found =
            idempotency::by_arguments(tx, &self.caller.subject, self.tool, &self.digest, now)
                .await?;
        found.map(|found| self.earlier(found)).transpose()
    }

    fn earlier(&self, claimed: Claimed) -> Result<Earlier, ToolError> {
        // Neither told nor done again: a retry must not happen twice because a verification has begun
        // or ended meanwhile.
        let is_theirs = claimed.verified_subject.as_deref() == self.verified.as_deref();
        // Whoever shows again who they are may be nobody as yet.
        let shows_again = self.verifies_caller.is_some() && self.verified.is_none();
        if !is_theirs && !shows_again {
            return Err(ToolError::new(
                ErrorCode::IdempotencyConflict,
                text!(
                    "The same call was made when somebody else, or nobody, was verified. Verify the same \
                     caller again, or give a new idempotency_key to have it done once more."
                ),
            ));
        }
        // An answer may tell what a token with fewer scopes must not hear.
        if !self.caller.scopes.contains_all(&self.caller.access.scopes(&claimed.scopes)) {
            return Err(ToolError::new(
                ErrorCode::Forbidden,
                text!(
                    "The same call was made with a token that may do more than this one, and its answer is not \
                     for this one. Nothing was done again."
                ),
            ));
        }
        let left = match (claimed.response, claimed.approval_id) {
            (Some(response), _) => Left::Answered(Rendered::stored(response)),
            (None, Some(approval_id)) => Left::Asked(approval_id),
            (None, None) => Left::Running,
        };
        Ok(Earlier { fingerprint: claimed.fingerprint, left })
    }
}

impl Claims {
    /// The claim of a call that was understood. `None` where neither a key nor a conversation nor a record says
    /// that an equal call is the same call.
    pub(super) fn of(
        &self,
        letters: Letters,
        call: &PreparedCall,
        request: &CallRequest,
        resolved: &ResolvedCall,
    ) -> Result<Option<Claim>, ToolError> {
        let fingerprint = resolved.fingerprint()?;
        let conversation = request.conversation.as_deref().unwrap_or_default();
        let in_conversation = |text: &str| digest(&format!("{conversation}\0{text}"));
        let (key, fingerprint, window) = match &call.idempotency_key {
            // What verifies one conversation says nothing of another one.
            Some(given) if letters.verifies_caller.is_some() => {
                (given.clone(), in_conversation(&fingerprint), self.given)
            }
            Some(given) => (given.clone(), fingerprint, self.given),
            None if request.conversation.is_none() && !resolved.names_a_record() => {
                return Ok(None);
            }
            // A given key has no dot, so a derived one can never be mistaken for it.
            None => {
                (format!("derived.{}", in_conversation(&fingerprint)), fingerprint, self.derived)
            }
        };
        let window = letters.verifies_caller.map_or(window, |counts| counts.min(window));
        let scopes = letters.caller.scopes.to_string();
        Ok(Some(Claim { letters, key, fingerprint, scopes, window }))
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

    /// Commits what the call did.
    pub(super) async fn commit(&self, tx: Tx) -> StoreResult<()> {
        self.is_open.store(true, Ordering::Relaxed);
        let committed = tx.commit().await;
        let unknown = matches!(committed, Err(StoreError::Unknown(_)));
        self.is_open.store(unknown, Ordering::Relaxed);
        committed
    }
}

impl Claim {
    fn key(&self) -> ClaimKey<'_> {
        let Letters { caller, tool, .. } = &self.letters;
        ClaimKey { principal: &caller.subject, tool, key: &self.key }
    }

    /// Takes the key for this transaction. `None` when this is the first such call.
    ///
    /// # Errors
    /// `idempotency_conflict` when the key was used for another wish, or by a caller who was verified as another person.
    pub(super) async fn take(
        &self,
        tx: &mut Tx,
        now: DateTime<Utc>,
    ) -> Result<Option<Earlier>, ToolError> {
        let Some(claimed) = idempotency::claim(tx, self.key(), self.as_row(now)).await? else {
            return Ok(None);
        };
        if claimed.fingerprint != self.fingerprint {
            return Err(ToolError::new(
                ErrorCode::IdempotencyConflict,
                text!(
                    "This idempotency_key was used for a call with other arguments. \
                 Use a new key for a new request."
                ),
            ));
        }
        self.letters.earlier(claimed).map(Some)
    }

    /// Takes the key over from an earlier call whose effect has been undone. [`Claim::take`] has locked it.
    pub(super) async fn take_over(&self, tx: &mut Tx, now: DateTime<Utc>) -> StoreResult<()> {
        idempotency::take_over(tx, self.key(), self.as_row(now)).await
    }

    fn as_row(&self, now: DateTime<Utc>) -> NewClaim<'_> {
        NewClaim {
            fingerprint: &self.fingerprint,
            arguments_hash: &self.letters.digest,
            verified_subject: self.letters.verified.as_deref(),
            scopes: &self.scopes,
            at: now,
            expires_at: now + self.window,
        }
    }

    /// Stores the answer under the key.
    pub(super) async fn answer(
        &self,
        tx: &mut Tx,
        answer: &Rendered,
        subject: Option<&str>,
        now: DateTime<Utc>,
    ) -> StoreResult<()> {
        idempotency::answer(tx, self.key(), &answer.json, subject, now + self.window).await
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
