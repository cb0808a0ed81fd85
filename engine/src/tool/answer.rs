//! What a call answers: one envelope for every tool, `say` first.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use crate::speech::phrases;

/// How a call ended that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Status {
    /// Done, or read.
    Ok,
    /// A person decides first; nothing has been changed yet.
    ApprovalPending,
    /// Several things match; `candidates` tell them apart.
    Ambiguous,
    /// The caller must be verified first.
    VerificationRequired,
}

/// What a tool answers.
#[derive(Debug)]
pub struct Answer<T> {
    pub(super) say: String,
    pub(super) status: Status,
    pub(super) data: Option<T>,
    pub(super) candidates: Vec<Candidate>,
}

impl<T> Answer<T> {
    /// Done: what to say, and the typed data.
    pub fn ok(say: impl Into<String>, data: T) -> Self {
        Self { say: say.into(), status: Status::Ok, data: Some(data), candidates: Vec::new() }
    }

    /// Nothing matches, which is an answer and not a failure: say which identifier to try.
    pub fn nothing(say: impl Into<String>) -> Self {
        Self { say: say.into(), status: Status::Ok, data: None, candidates: Vec::new() }
    }

    /// The caller is not verified. An ordinary answer, because what was tried is kept.
    pub fn unverified(say: impl Into<String>, data: T) -> Self {
        let status = Status::VerificationRequired;
        Self { say: say.into(), status, data: Some(data), candidates: Vec::new() }
    }

    /// Several match: ask the question that tells them apart.
    pub fn ambiguous(say: impl Into<String>, candidates: Vec<Candidate>) -> Self {
        Self { say: say.into(), status: Status::Ambiguous, data: None, candidates }
    }
}

/// One of several things that match, with what tells it apart and nothing secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct Candidate {
    /// The id to call again with.
    pub id: String,
    /// What tells it apart, in words.
    pub hint: String,
}

/// The request that waits, for a caller who wants to ask for it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct ApprovalNotice {
    /// The id for `approval_status`.
    pub approval_id: String,
    /// When no answer becomes a no (RFC 3339, UTC).
    pub expires_at: String,
    /// What waits, in one sentence.
    pub summary: String,
}

/// The envelope of every answer. The order of its fields is the order on the wire.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Envelope<T> {
    /// What to tell the person, ready to be spoken: at most two sentences.
    pub say: String,
    /// How the call ended.
    pub status: Status,
    /// What the tool found or did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<T>,
    /// The request that waits for a person's decision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval: Option<ApprovalNotice>,
    /// Up to three things that match, where more than one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub candidates: Option<Vec<Candidate>>,
    /// True where this is the stored answer of an earlier, equal call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replayed: Option<bool>,
}

impl<T> From<Answer<T>> for Envelope<T> {
    fn from(answer: Answer<T>) -> Self {
        let Answer { say, status, data, candidates } = answer;
        Self {
            say: phrases::fit(say),
            status,
            data,
            approval: None,
            candidates: (!candidates.is_empty()).then_some(candidates),
            replayed: None,
        }
    }
}

/// A time as it stands in data: RFC 3339, UTC, to the second.
pub fn rfc3339(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
}
