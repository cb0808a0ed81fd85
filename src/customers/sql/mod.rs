//! The statements of this module, a file a table family.

pub(crate) mod customer_changes;
pub(crate) mod customer_profile;
pub(crate) mod customer_search;
pub(crate) mod customers;
pub(crate) mod erasure;
pub(crate) mod import;
pub(crate) mod import_interactions;
pub(crate) mod import_methods;
pub(crate) mod interaction_lists;
pub(crate) mod interactions;
pub(crate) mod reindex;
pub(crate) mod verification;
