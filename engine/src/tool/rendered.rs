//! An answer as it goes to the agent.

use serde_json::{Map, Value};

use super::{
    answer::{Envelope, Status},
    error::ToolError,
};

/// An answer as it goes to the agent: the envelope as compact JSON, and what the gate needs to know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The envelope.
    pub json: String,
    /// Whether it says that a person decides first.
    pub is_pending: bool,
    /// Whether it is the stored answer of an earlier call.
    pub is_replayed: bool,
}

impl Rendered {
    /// Writes an envelope down.
    ///
    /// # Errors
    /// Data that serde cannot write, which is a defect of the tool.
    pub fn of<T: serde::Serialize>(envelope: &Envelope<T>) -> Result<Self, ToolError> {
        let is_pending = envelope.status == Status::ApprovalPending;
        let json = serde_json::to_string(envelope).map_err(ToolError::internal)?;
        Ok(Self { json, is_pending, is_replayed: false })
    }

    /// An answer that was stored. What is stored is an end, and waits for nobody.
    pub fn stored(json: String) -> Self {
        Self { json, is_pending: false, is_replayed: false }
    }

    /// What the tool found or did; null where it says so in words only.
    pub(super) fn data(&self) -> Value {
        let envelope = serde_json::from_str::<Map<String, Value>>(&self.json);
        envelope.ok().and_then(|mut envelope| envelope.remove("data")).unwrap_or_default()
    }

    /// The same answer, marked as stored: `replayed` is the last member of the envelope.
    #[must_use]
    pub fn replayed(mut self) -> Self {
        if !self.is_replayed && self.json.ends_with('}') {
            self.json.pop();
            self.json.push_str(",\"replayed\":true}");
            self.is_replayed = true;
        }
        self
    }
}
