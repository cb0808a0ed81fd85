//! What was handed over to a person.

use chrono::{DateTime, Utc};
use futures::future::{self, BoxFuture, FutureExt as _};

use business_mcp_engine::db::{StoreResult, TENANT, Tx, params};

/// Something that a person has to see to.
#[derive(Debug, Clone, Copy)]
pub struct NewTicket<'a> {
    /// Its number.
    pub id: &'a str,
    /// Why a person is needed.
    pub reason: &'a str,
    /// What it is about.
    pub summary: &'a str,
    /// Whom it is about.
    pub customer_id: Option<&'a str>,
    /// Which order it is about.
    pub order_id: Option<&'a str>,
    /// When it was opened.
    pub at: DateTime<Utc>,
    /// Who opened it.
    pub by: &'a str,
    /// In which conversation.
    pub conversation: Option<&'a str>,
    /// When a colleague calls back.
    pub callback: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

/// Opens it.
pub async fn insert(tx: &mut Tx, new: NewTicket<'_>) -> StoreResult<()> {
    let (from, to) = new.callback.unzip();
    tx.execute(
        "insert into tickets
             (tenant_id, id, status, reason, summary, customer_id, order_id, created_at,
              created_by, conversation, callback_from, callback_to)
         values ($1, $2, 'open', $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        params![
            TENANT,
            new.id,
            new.reason,
            new.summary,
            new.customer_id,
            new.order_id,
            new.at,
            new.by,
            new.conversation,
            from,
            to
        ],
    )
    .await?;
    Ok(())
}

/// What a ticket says of a person who is erased.
pub(crate) const ERASURE: &str = "update tickets
    set reason = 'Erased', summary = 'Erased'
    where tenant_id = $1 and customer_id = $2";

/// Nothing sounds like a ticket: only the server numbers them.
pub fn sounds_like<'a>(_tx: &'a mut Tx, _number: &'a str) -> BoxFuture<'a, StoreResult<bool>> {
    future::ready(Ok(false)).boxed()
}
