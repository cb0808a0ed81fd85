//! What a customer is verified by.

use business_mcp_engine::db::{StoreResult, TENANT, Tx, params, record};

record! {
    /// What a customer is verified by, as it is compared.
    #[derive(Debug, Clone)]
    pub(crate) struct VerificationKeys {
        /// The e-mail address.
        pub email: Option<String>,
        /// The digits of the phone number.
        pub phone: Option<String>,
        /// The postal code.
        pub postal_code: Option<String>,
    }
}

/// What a customer is verified by; `None` for one who is erased or unknown.
pub(crate) async fn keys_of(
    tx: &mut Tx,
    customer_id: &str,
) -> StoreResult<Option<VerificationKeys>> {
    tx.fetch_optional(
        "select email_key as email, phone_key as phone, postal_key as postal_code
         from customers
         where tenant_id = $1 and id = $2 and erased_at is null",
        params![TENANT, customer_id],
    )
    .await
}
