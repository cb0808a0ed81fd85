//! Forgetting a person: what is theirs is overwritten, what the books need stays.

use chrono::{DateTime, Utc};

use business_mcp_engine::db::{StoreResult, TENANT, Tx, params, record};

/// What stands in the place of a name, and of a text.
pub const ERASED_NAME: &str = "Erased customer";

record! {
    /// What an erasure would touch.
    #[derive(Debug, Clone)]
    pub struct Reach {
        /// Orders that are neither delivered nor cancelled.
        pub open_orders: i64,
        /// All orders.
        pub orders: i64,
        /// Notes, calls and e-mails.
        pub interactions: i64,
    }
}

/// Notes, calls and e-mails. The rows stay, so that importing the same file again does not bring the texts back.
pub(crate) const INTERACTIONS: &str = "update interactions
    set text = 'Erased'
    where tenant_id = $1 and customer_id = $2";

/// What an erasure of this customer would touch.
pub async fn reach(tx: &mut Tx, customer_id: &str) -> StoreResult<Reach> {
    tx.fetch_one(
        "select (select count(*)
                 from orders
                 where tenant_id = $1 and customer_id = $2
                   and status not in ('delivered', 'cancelled')) as open_orders,
                (select count(*)
                 from orders
                 where tenant_id = $1 and customer_id = $2) as orders,
                (select count(*)
                 from interactions
                 where tenant_id = $1 and customer_id = $2) as interactions",
        params![TENANT, customer_id],
    )
    .await
}

/// Overwrites everything personal. False when the customer is not there, is erased already, or has
/// an order that is neither delivered nor cancelled.
pub async fn erase(tx: &mut Tx, customer_id: &str, at: DateTime<Utc>) -> StoreResult<bool> {
    let changed = tx
        .execute(
            "update customers
             set name = $3, name_key = '', email = null, email_key = null, phone = null,
                 phone_key = null, company = null, address = null, postal_code = null,
                 postal_key = null, erased_at = $4, version = version + 1
             where tenant_id = $1 and id = $2 and erased_at is null
               and not exists (select 1
                               from orders
                               where tenant_id = $1 and customer_id = $2
                                 and status not in ('delivered', 'cancelled'))",
            params![TENANT, customer_id, ERASED_NAME, at],
        )
        .await?;
    if changed == 0 {
        return Ok(false);
    }
    tx.execute(
        "delete from search_terms
         where tenant_id = $1 and kind = 'customer' and ref_id = $2",
        params![TENANT, customer_id],
    )
    .await?;
    // An import has nothing to compare with any more, and leaves who was erased as they are.
    tx.execute(
        "delete from imported_records
         where tenant_id = $1
           and (kind = 'customers' and id = $2
                or kind = 'orders' and id in (select id
                                              from orders
                                              where tenant_id = $1 and customer_id = $2))",
        params![TENANT, customer_id],
    )
    .await?;
    Ok(true)
}
