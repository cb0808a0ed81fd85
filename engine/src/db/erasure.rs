//! What the engine keeps of a person who is erased: requests and stored answers.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::{StoreResult, TENANT, Tx, params, text_range::containing};

/// Placeholder for a stored answer about somebody who was erased.
const ERASED_ANSWER: &str =
    r#"{"say":"This was done, and their data have been erased since.","status":"ok"}"#;
/// Placeholder for the error of a failed request about somebody who was erased.
const ERASED_FAILURE: &str =
    r#"{"code":"not_found","message":"Their data have been erased since."}"#;

/// Who is erased.
#[derive(Debug, Clone, Copy)]
pub struct Erased<'a> {
    /// Their id.
    pub id: &'a str,
    /// Their name as it was.
    pub name: &'a str,
    /// Placeholder for the summary of a request about them.
    pub placeholder: &'a str,
}

/// Erases a person from every request and every stored answer that is about them or contains their id. Their name alone
/// counts only in a request that was not executed and is about somebody without an id, because others may have the same
/// name. A request that waits cannot be decided any more, and ends as expired.
pub async fn erase(tx: &mut Tx, erased: Erased<'_>, now: DateTime<Utc>) -> StoreResult<()> {
    // As a whole value in JSON, because a short id or name is a part of other words.
    let [id, name] = [erased.id, erased.name].map(|value| containing(&json!(value).to_string()));
    tx.execute(
        "update approvals
         set summary = $5, preview = '{}', arguments = '{}', decision_reason = null,
             result = case status when 'executed' then $6 when 'failed' then $7 end,
             expires_at = case status when 'pending' then $8 else expires_at end
         where tenant_id = $1
           and (subject_id = $2 or arguments like $3 escape '\\' or preview like $3 escape '\\'
                or result like $3 escape '\\'
                or subject_id = '' and status <> 'executed'
                   and (arguments like $4 escape '\\' or preview like $4 escape '\\'))",
        params![
            TENANT,
            erased.id,
            &id,
            &name,
            erased.placeholder,
            ERASED_ANSWER,
            ERASED_FAILURE,
            now
        ],
    )
    .await?;
    tx.execute(
        "update idempotency_keys
         set response = $4
         where tenant_id = $1 and response is not null
           and (subject_id = $2 or verified_subject = $2 or response like $3 escape '\\')",
        params![TENANT, erased.id, &id, ERASED_ANSWER],
    )
    .await?;
    Ok(())
}
