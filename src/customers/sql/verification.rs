//! What a customer is verified by.

use business_mcp_engine::db::{StoreResult, Tx, params, record};

record! {
    /// What a customer is verified by, as it is compared.
    #[derive(Debug, Clone)]
    pub(crate) struct VerificationKeys {
        /// The e-mail address.
        pub email_key: Option<String>,
        /// The digits of the phone number.
        pub phone_key: Option<String>,
        /// The postal code.
        pub postal_key: Option<String>,
    }
}

/// What a customer is verified by; `None` for one who is erased or unknown.
pub(crate) async fn keys_of(
    tx: &mut Tx,
    tenant: &str,
    customer_id: &str,
) -> StoreResult<Option<VerificationKeys>> {
    tx.fetch_optional(
        "select email_key, phone_key, postal_key
         from customers
         where tenant_id = $1 and id = $2 and erased_at is null",
        params![tenant, customer_id],
    )
    .await
}
