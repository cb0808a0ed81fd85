//! Something that was said or written down: a note, a call, an e-mail. They have no id of their own.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::super::sql::{import, import_interactions as sql};
use business_mcp_engine::{
    db::StoreResult,
    import::{
        FieldError, Fields, ImportContext, Importer,
        fields::{ID, LONG, SHORT},
    },
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

/// What was said.
#[derive(Debug, Clone, Copy)]
pub struct Interactions;

impl Importer for Interactions {
    type Record = InteractionRecord;
    /// Every customer.
    type References = HashSet<String>;
    type Stored = ();
    const KIND: &'static str = "interactions";
    const AFTER: &'static [&'static str] = &["customers", "orders"];

    fn read(fields: &mut Fields<'_>) -> Result<InteractionRecord, FieldError> {
        let customer_id = fields.required("customer_id", ID)?;
        let kind = fields.required("kind", 40)?.to_lowercase();
        let text = fields.optional_lines("text", LONG)?;
        Ok(InteractionRecord {
            customer_id,
            kind,
            text: fields.present("text", text)?,
            at: fields.time("at")?,
            author: fields.optional("author", SHORT)?,
            order_id: fields.optional("order_id", ID)?,
        })
    }

    fn id(_record: &InteractionRecord) -> Option<&str> {
        None
    }

    async fn references(ctx: &mut ImportContext) -> StoreResult<HashSet<String>> {
        import::ids(&mut ctx.tx).await
    }

    async fn ids(ctx: &mut ImportContext) -> StoreResult<HashSet<String>> {
        sql::ids(&mut ctx.tx).await
    }

    async fn check(
        ctx: &mut ImportContext,
        customers: &mut HashSet<String>,
        record: &InteractionRecord,
    ) -> StoreResult<Vec<FieldError>> {
        let customer = &record.customer_id;
        if !customers.contains(customer) {
            let problem = format!("{customer} is no customer");
            return Ok(vec![FieldError::new("customer_id", problem)]);
        }
        let Some(order) = &record.order_id else { return Ok(Vec::new()) };
        let owner = sql::owner_of_order(&mut ctx.tx, order).await?;
        if owner.as_ref() == Some(customer) {
            return Ok(Vec::new());
        }
        let problem = format!("{order} is no order of {customer}");
        Ok(vec![FieldError::new("order_id", problem)])
    }

    async fn insert(
        ctx: &mut ImportContext,
        records: &[(&str, &InteractionRecord)],
    ) -> StoreResult<()> {
        sql::insert(&mut ctx.tx, records, ctx.now).await
    }
}
