//! What orders say of a person who is erased.

/// Where they went, and what was noted.
pub(crate) const ORDERS: &str = "update orders
    set address = null, note = null, cancel_reason = null
    where tenant_id = $1 and customer_id = $2";
