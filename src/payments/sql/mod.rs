//! The statements of this module, a file a table family.

pub(crate) mod erasure;
pub(crate) mod gift_cards;
pub mod ledgers;
pub(crate) mod payments;
pub(crate) mod provider_calls;
