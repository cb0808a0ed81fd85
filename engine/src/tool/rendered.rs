//! An answer as it goes to the agent.

use serde_json::{Map, Value};

use super::{answer::Envelope, error::ToolError};

/// An answer as it goes to the agent: the envelope as compact JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered(pub String);

impl Rendered {
    /// Writes an envelope down.
    pub fn of<T: serde::Serialize>(envelope: &Envelope<T>) -> Result<Self, ToolError> {
        serde_json::to_string(envelope).map(Self).map_err(ToolError::internal)
    }

    /// Whether it is the stored answer of an earlier call.
    pub fn is_replayed(&self) -> bool {
        // The mark is the last member of the envelope; inside of `data` it would end otherwise.
        self.0.ends_with(",\"replayed\":true}")
    }

    /// Whether it says that a person decides first.
    pub fn is_pending(&self) -> bool {
        // Before the data, only a member of the envelope itself can read like this.
        let head = self.0.split_once(",\"data\":").map_or(self.0.as_str(), |(head, _)| head);
        head.contains("\",\"status\":\"approval_pending\"")
    }

    /// What the tool found or did; null where it says so in words only.
    pub(super) fn data(&self) -> Value {
        let envelope = serde_json::from_str::<Map<String, Value>>(&self.0);
        envelope.ok().and_then(|mut envelope| envelope.remove("data")).unwrap_or_default()
    }

    /// The same answer, marked as stored.
    #[must_use]
    pub fn replayed(self) -> Self {
        match serde_json::from_str::<Map<String, Value>>(&self.0) {
            Ok(mut object) => {
                object.insert("replayed".into(), Value::Bool(true));
                Self(Value::Object(object).to_string())
            }
            Err(_) => self,
        }
    }
}
