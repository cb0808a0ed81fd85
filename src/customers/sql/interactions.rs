//! What was said with customers, and what was written down about them.

use chrono::{DateTime, Utc};

use business_mcp_engine::db::{StoreResult, TENANT, Tx, params};

/// Something to keep: a note, a call, an e-mail.
#[derive(Debug, Clone, Copy)]
pub struct NewInteraction<'a> {
    /// Its id.
    pub id: &'a str,
    /// With or about whom.
    pub customer_id: &'a str,
    /// What it was, such as `note` or `call`.
    pub kind: &'a str,
    /// What was said.
    pub text: &'a str,
    /// When.
    pub at: DateTime<Utc>,
    /// Who wrote it down.
    pub author: &'a str,
    /// The order it was about.
    pub order_id: Option<&'a str>,
}

/// Keeps it.
pub async fn insert(tx: &mut Tx, new: NewInteraction<'_>) -> StoreResult<()> {
    tx.execute(
        "insert into interactions (tenant_id, id, customer_id, kind, text, at, author, order_id)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        params![
            TENANT,
            new.id,
            new.customer_id,
            new.kind,
            new.text,
            new.at,
            new.author,
            new.order_id
        ],
    )
    .await?;
    Ok(())
}
