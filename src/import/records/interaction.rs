//! Something that was said or written down: a note, a call, an e-mail.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{
    FieldError, Fields, Kind, Record,
    fields::{ID, LONG, SHORT},
};

/// One line of `interactions.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InteractionRecord {
    /// With or about whom.
    pub customer_id: String,
    /// What it was, such as `note` or `call`.
    pub kind: String,
    /// What was said.
    pub text: String,
    /// When; the time of the import where that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
    /// Who wrote it down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// The order it was about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<String>,
}

impl Record for InteractionRecord {
    const KIND: Kind = Kind::Interactions;

    fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let customer_id = fields.required("customer_id", ID)?;
        let kind = fields.required("kind", 40)?.to_lowercase();
        let text = fields.optional_lines("text", LONG)?;
        Ok(Self {
            customer_id,
            kind,
            text: fields.present("text", text)?,
            at: fields.time("at")?,
            author: fields.optional("author", SHORT)?,
            order_id: fields.optional("order_id", ID)?,
        })
    }

    fn id(&self) -> Option<&str> {
        None
    }
}
