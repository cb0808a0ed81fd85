//! What payments say of a person who is erased.

/// Which card it is.
pub(crate) const METHODS: &str = "update payment_methods
    set brand = null, last4 = null
    where tenant_id = $1 and customer_id = $2";
