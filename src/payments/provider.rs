//! What a payment provider is to this server.

use business_mcp_engine::money::Money;

/// Charges cards and wallets, and pays back to them.
///
/// Each call may come more than once with the same key: after a lost answer, a dead process, a
/// deadline. The provider must then move nothing and say what it said first; every provider with
/// idempotency keys does so, when the key is passed on to it.
pub trait Provider: Send + Sync + 'static {
    /// Takes an amount from a method.
    fn charge(&self, request: &Request) -> impl Future<Output = Outcome> + Send;

    /// Pays an amount back to a method.
    fn refund(&self, request: &Request) -> impl Future<Output = Outcome> + Send;
}

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Makes the call safe to repeat: the payment's id in the ledger, a uuid, unique over all tenants.
    pub key: String,
    /// Whose business.
    pub tenant: String,
    /// The order that it is about.
    pub order_id: String,
    /// Whose method it is.
    pub customer_id: String,
    /// The card or wallet, by its id among the customer's payment methods.
    pub method: String,
    /// How much, above zero.
    pub amount: Money,
    /// What the provider calls the charges of this order on this method, oldest first, which is what
    /// a refund is made of. Empty for a charge, and for a refund of what was charged elsewhere.
    pub charges: Vec<String>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is done.
    Accepted {
        /// What the provider calls it.
        reference: String,
    },
    /// It is refused for good: another try would be refused, too.
    Declined {
        /// Why, in words that a colleague may read.
        reason: String,
    },
    /// Nobody knows: no answer, or one that says to try again. It is asked again with the same key.
    Unreachable {
        /// What went wrong, for the log.
        why: String,
    },
}
