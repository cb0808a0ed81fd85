//! What was said with a customer, newest first, page by page along its index.

use chrono::{DateTime, Utc};

use business_mcp_engine::db::{StoreResult, TENANT, Tx, params, record};

/// How many of them beyond a page are counted.
pub const MOST_COUNTED: i64 = 1_000;

record! {
    /// Something that was said or written down.
    #[derive(Debug, Clone)]
    pub struct ListedRow {
        /// Its id.
        pub id: String,
        /// What it was, such as `note` or `call`.
        pub kind: String,
        /// What was said.
        pub text: String,
        /// When.
        pub at: DateTime<Utc>,
        /// Who wrote it down.
        pub author: Option<String>,
        /// The order it was about.
        pub order_id: Option<String>,
    }
}

/// Which of them, and from where on.
#[derive(Debug, Clone, Copy)]
pub struct Choice<'a> {
    /// Whose.
    pub customer_id: &'a str,
    /// Of one of these kinds only.
    pub kinds: Option<[&'a str; 2]>,
    /// Before this one: when it was, and its id.
    pub before: (DateTime<Utc>, &'a str),
}

/// A page of them.
pub async fn page(tx: &mut Tx, choice: Choice<'_>, limit: i64) -> StoreResult<Vec<ListedRow>> {
    let (at, id) = choice.before;
    let (kind, other) = choice.kinds.map(|[kind, other]| (kind, other)).unzip();
    tx.fetch_all(
        "select id, kind, text, at, author, order_id
         from interactions
         where tenant_id = $1 and customer_id = $2 and (at, id) < ($3, $4)
           and ($5 is null or kind in ($5, $6))
         order by at desc, id desc
         limit $7",
        params![TENANT, choice.customer_id, at, id, kind, other, limit],
    )
    .await
}

/// How many there are, up to [`MOST_COUNTED`].
pub async fn count(tx: &mut Tx, choice: Choice<'_>) -> StoreResult<i64> {
    let (at, id) = choice.before;
    let (kind, other) = choice.kinds.map(|[kind, other]| (kind, other)).unzip();
    let (count,): (i64,) = tx
        .fetch_one(
            "select count(*)
             from (select id
                   from interactions
                   where tenant_id = $1 and customer_id = $2 and (at, id) < ($3, $4)
                     and ($5 is null or kind in ($5, $6))
                   limit $7) as counted",
            params![TENANT, choice.customer_id, at, id, kind, other, MOST_COUNTED],
        )
        .await?;
    Ok(count)
}
