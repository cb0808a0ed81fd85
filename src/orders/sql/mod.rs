//! The statements of this module, a file a table family.

pub(crate) mod articles;
pub(crate) mod buyers;
pub(crate) mod erasure;
pub(crate) mod import;
pub(crate) mod order_items;
pub(crate) mod order_lists;
pub(crate) mod order_requests;
pub(crate) mod orders;
pub(crate) mod quotes;
pub(crate) mod reindex;
pub(crate) mod shipments;
