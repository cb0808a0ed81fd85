//! Why a call did not succeed, in words for the agent and in a code for programs.

use std::{error::Error as StdError, fmt};

use serde::Serialize;
use serde_json::Value;

use super::{
    answer::{Answer, Candidate, Envelope},
    catalogue::Rendered,
    incident,
};
use crate::{
    db::StoreError,
    speech::{phrases, words::word},
    text,
};

/// A stable word for a kind of failure; part of the public contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each code's word is what it says, and CATALOGUE lists them")]
pub enum ErrorCode {
    InvalidParameters,
    NotFound,
    Forbidden,
    Disabled,
    OutOfStock,
    TotalMismatch,
    PriceChanged,
    InvalidState,
    InsufficientBalance,
    Conflict,
    IdempotencyConflict,
    ApprovalDenied,
    ApprovalExpired,
    RateLimitExceeded,
    Timeout,
    ToolNotFound,
    InternalError,
}

impl ErrorCode {
    /// Every code.
    pub const ALL: [Self; 17] = [
        Self::InvalidParameters,
        Self::NotFound,
        Self::Forbidden,
        Self::Disabled,
        Self::OutOfStock,
        Self::TotalMismatch,
        Self::PriceChanged,
        Self::InvalidState,
        Self::InsufficientBalance,
        Self::Conflict,
        Self::IdempotencyConflict,
        Self::ApprovalDenied,
        Self::ApprovalExpired,
        Self::RateLimitExceeded,
        Self::Timeout,
        Self::ToolNotFound,
        Self::InternalError,
    ];

    /// Reads a word of [`ErrorCode::as_str`].
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == word)
    }

    /// The word that programs compare.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidParameters => "invalid_parameters",
            Self::NotFound => "not_found",
            Self::Forbidden => "forbidden",
            Self::Disabled => "disabled",
            Self::OutOfStock => "out_of_stock",
            Self::TotalMismatch => "total_mismatch",
            Self::PriceChanged => "price_changed",
            Self::InvalidState => "invalid_state",
            Self::InsufficientBalance => "insufficient_balance",
            Self::Conflict => "conflict",
            Self::IdempotencyConflict => "idempotency_conflict",
            Self::ApprovalDenied => "approval_denied",
            Self::ApprovalExpired => "approval_expired",
            Self::RateLimitExceeded => "rate_limit_exceeded",
            Self::Timeout => "timeout",
            Self::ToolNotFound => "tool_not_found",
            Self::InternalError => "internal_error",
        }
    }
}

/// A failed call. `Display` is the one plain sentence that the agent reads: it names the thing and
/// the next step, and never holds what a driver or a library said.
#[derive(Debug)]
pub struct ToolError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    code: ErrorCode,
    sentence: String,
    /// What to do, where that depends on who was refused.
    next: Option<String>,
    retryable: bool,
    details: Option<Value>,
    /// What fits, where it takes a question to know what was meant.
    candidates: Option<Vec<Candidate>>,
    /// Only a defect of the server has one.
    incident: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl ToolError {
    /// A failure with its sentence.
    pub fn new(code: ErrorCode, sentence: impl Into<String>) -> Self {
        let retryable =
            matches!(code, ErrorCode::RateLimitExceeded | ErrorCode::Timeout | ErrorCode::Conflict);
        let sentence = sentence.into();
        let incident = (code == ErrorCode::InternalError).then(incident::new_id);
        Self(Box::new(Inner {
            code,
            sentence,
            next: None,
            retryable,
            details: None,
            candidates: None,
            incident,
            source: None,
        }))
    }

    /// What was said fits several things, and the question tells them apart. Nothing is done before
    /// it is answered: the gate makes this the answer of the call.
    pub fn ambiguous<T>(question: Answer<T>) -> Self {
        let mut error = Self::invalid(question.say);
        error.0.candidates = Some(question.candidates);
        error
    }

    /// What fits, where it is a question about which of several things is meant.
    pub fn candidates(&self) -> Option<&[Candidate]> {
        self.0.candidates.as_deref()
    }

    /// A question as an answer, and any other failure as it is.
    pub(crate) fn answered(mut self) -> Result<Rendered, Self> {
        match self.0.candidates.take() {
            None => Err(self),
            Some(candidates) => {
                let question = Answer::<()>::ambiguous(self.to_string(), candidates);
                Rendered::of(&Envelope::from(question))
            }
        }
    }

    /// An argument is wrong; the sentence names it and says what is expected.
    pub fn invalid(sentence: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidParameters, sentence)
    }

    /// Something does not exist, or belongs to another tenant, which is told in the same words.
    pub fn not_found(what: &str, id: &str) -> Self {
        Self::new(
            ErrorCode::NotFound,
            text!(
                "I found no {what} {id}. Please check it and try again.",
                what = word(what),
                id = shown(id)
            ),
        )
    }

    /// The thing is in a state that does not allow this.
    pub fn invalid_state(sentence: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidState, sentence)
    }

    /// A defect of the server. The source goes to the log, a fixed sentence to the agent.
    pub fn internal(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let mut error = Self::new(
            ErrorCode::InternalError,
            text!(
                "Something went wrong on our side and nothing was changed. Please try again shortly."
            ),
        );
        error.0.source = Some(source.into());
        error.0.retryable = true;
        error
    }

    /// The same failure as it is said to a caller: order numbers are read out and amounts are words.
    #[must_use]
    pub fn aloud(mut self) -> Self {
        self.0.sentence = phrases::aloud(&self.0.sentence);
        self.0.next = self.0.next.map(|next| phrases::aloud(&next));
        self
    }

    /// Facts for programs, such as the right quote beside a wrong total.
    #[must_use]
    pub fn with_details(mut self, details: Value) -> Self {
        self.0.details = Some(details);
        self
    }

    /// The same failure with another next step, in a sentence of its own: what can be done about it
    /// differs from tool to tool.
    #[must_use]
    pub fn with_next(mut self, next: impl Into<String>) -> Self {
        self.0.next = Some(next.into());
        self
    }

    /// The same failure under another code.
    #[must_use]
    pub fn with_code(mut self, code: ErrorCode) -> Self {
        self.0.code = code;
        if code == ErrorCode::InternalError {
            self.0.incident.get_or_insert_with(incident::new_id);
        }
        self
    }

    /// The same failure under the id that it was logged with before.
    #[must_use]
    pub fn with_incident(mut self, id: &str) -> Self {
        self.0.incident = Some(id.to_owned());
        self
    }

    /// The id of a failure on our side; whoever logs the failure names it.
    pub fn incident(&self) -> Option<&str> {
        self.0.incident.as_deref().filter(|_| self.0.code == ErrorCode::InternalError)
    }

    /// The stable word for this kind of failure.
    pub fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// Whether the same call may succeed later.
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// Facts for programs.
    pub fn details(&self) -> Option<&Value> {
        self.0.details.as_ref()
    }

    /// Whether the whole transaction may be run again at once.
    pub fn may_rerun(&self) -> bool {
        self.of_store().is_some_and(StoreError::is_retryable)
    }

    /// Whether the tool has said no, and nothing has gone wrong.
    pub(crate) fn is_refusal(&self) -> bool {
        self.0.source.is_none() && self.0.code != ErrorCode::InternalError
    }

    /// Whether it may have been done all the same.
    pub(crate) fn leaves_open(&self) -> bool {
        matches!(self.of_store(), Some(StoreError::Unknown(_)))
    }

    /// Whether the database could not do it, and has not.
    pub(crate) fn is_unavailable(&self) -> bool {
        matches!(self.of_store(), Some(StoreError::Unavailable(_)))
    }

    fn of_store(&self) -> Option<&StoreError> {
        self.0.source.as_ref()?.downcast_ref()
    }
}

/// An id as it is repeated in a sentence: short, and without anything that is not printable.
fn shown(id: &str) -> String {
    id.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(40).collect()
}

impl fmt::Display for ToolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.sentence)?;
        self.0.next.as_ref().map_or(Ok(()), |next| write!(f, " {next}"))
    }
}

impl StdError for ToolError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| &**source as &(dyn StdError + 'static))
    }
}

impl From<StoreError> for ToolError {
    fn from(error: StoreError) -> Self {
        if error.is_retryable() {
            let mut busy = Self::new(
                ErrorCode::Conflict,
                text!("Someone else was changing the same thing. Please try again."),
            );
            busy.0.source = Some(error.into());
            return busy;
        }
        if let StoreError::Unknown(cause) = &error {
            tracing::warn!(%cause, "the database did not say whether it committed");
            let mut open = Self::new(
                ErrorCode::Timeout,
                text!(
                    "The database went away, and I cannot say yet whether it was done. \
                 Please call again with the same arguments: nothing happens twice."
                ),
            );
            open.0.source = Some(error.into());
            return open;
        }
        Self::internal(error)
    }
}
