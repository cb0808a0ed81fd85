//! What an order needs to know of its customer, and of what the customer pays with.

use business_mcp_engine::db::{StoreResult, TENANT, Tx, params, record};
use business_mcp_engine::tool::Unauthorized;

record! {
    /// A customer who may order.
    #[derive(Debug, Clone)]
    pub struct Buyer {
        /// The customer's id.
        pub id: String,
        /// The name.
        pub name: String,
        /// The tier that prices depend on.
        pub tier: Option<String>,
        /// The address that an order goes to, as JSON.
        pub address: Option<String>,
    }
}

record! {
    /// What a customer pays with.
    #[derive(Debug, Clone)]
    pub struct Method {
        /// Its id.
        pub id: String,
        /// `card`, `wallet` or `gift_card`.
        pub kind: String,
        /// What is on a gift card.
        pub balance_minor: Option<i64>,
    }
}

/// The customer with this id, unless their data were erased.
pub async fn find(tx: &mut Tx, id: &str) -> StoreResult<Option<Unauthorized<Buyer>>> {
    let found: Option<Buyer> = tx
        .fetch_optional(
            "select id, name, tier, address
         from customers
         where tenant_id = $1 and id = $2 and erased_at is null",
            params![TENANT, id],
        )
        .await?;
    Ok(found.map(|row| Unauthorized::new(id, row)))
}

/// One of a customer's payment methods.
pub async fn method(tx: &mut Tx, customer_id: &str, id: &str) -> StoreResult<Option<Method>> {
    tx.fetch_optional(
        "select id, kind, balance_minor
         from payment_methods
         where tenant_id = $1 and customer_id = $2 and id = $3",
        params![TENANT, customer_id, id],
    )
    .await
}

/// A customer's payment methods.
pub async fn methods(tx: &mut Tx, customer_id: &str) -> StoreResult<Vec<Method>> {
    tx.fetch_all(
        "select id, kind, balance_minor
         from payment_methods
         where tenant_id = $1 and customer_id = $2
         order by id",
        params![TENANT, customer_id],
    )
    .await
}
