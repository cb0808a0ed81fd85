//! What customers are found by, written anew.

use super::customer_changes::{self, Keys, Written};
use crate::customers::import::address;
use business_mcp_engine::{
    application::{Index, Reindexed},
    db::{
        StoreResult, TENANT, Tx, params, record,
        search_terms::{self, Terms},
    },
};

/// How customers are found.
pub(crate) const CUSTOMERS: Index = Index {
    name: "customers",
    count: "select count(*)
            from customers
            where tenant_id = $1 and erased_at is null",
    reindex: |tx, after| Box::pin(customers(tx, after)),
};

record! {
    struct Row {
        id: String,
        name: String,
        email: Option<String>,
        phone: Option<String>,
        company: Option<String>,
        postal_code: Option<String>,
        name_key: String,
        email_key: Option<String>,
        phone_key: Option<String>,
        postal_key: Option<String>,
        version: i64,
    }
}

async fn customers(tx: &mut Tx, after: &str) -> StoreResult<Option<Reindexed>> {
    let rows: Vec<Row> = tx
        .fetch_all(
            "select id, name, email, phone, company, postal_code, name_key, email_key, phone_key,
                    postal_key, version
             from customers
             where tenant_id = $1 and id > $2 and erased_at is null
             order by id
             limit 200",
            params![TENANT, after],
        )
        .await?;
    let Some(last) = rows.last() else { return Ok(None) };
    let kept = Terms::between(tx, "customer", after, &last.id).await?;
    let mut changed = 0;
    for row in &rows {
        changed += usize::from(customer(tx, row, &kept).await?);
    }
    Ok(Some(Reindexed { last: last.id.clone(), records: rows.len(), changed }))
}

/// Says whether anything was to be changed.
async fn customer(tx: &mut Tx, row: &Row, kept: &Terms) -> StoreResult<bool> {
    let written = Written {
        name: &row.name,
        email: row.email.as_deref(),
        phone: row.phone.as_deref(),
        company: row.company.as_deref(),
        tier: None,
        address: None,
    };
    let keys = Keys::of(written)?;
    let postal = row.postal_code.as_deref().map(address::postal_key);
    let terms = customer_changes::terms(&row.id, written);
    let same = keys.name == row.name_key
        && row.email == row.email_key
        && keys.phone == row.phone_key
        && postal == row.postal_key
        && kept.are(&row.id, &terms);
    if same {
        return Ok(false);
    }
    // Every change of a customer raises the version, and writes what they are found by.
    let is_as_read = tx
        .execute(
            "update customers
             set name_key = $4, email_key = email, phone_key = $5, postal_key = $6
             where tenant_id = $1 and id = $2 and version = $3",
            params![TENANT, &row.id, row.version, &keys.name, &keys.phone, &postal],
        )
        .await?;
    if is_as_read == 1 {
        search_terms::replace(tx, "customer", &row.id, &terms).await?;
    }
    Ok(is_as_read == 1)
}
