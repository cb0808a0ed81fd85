//! The statements of this module, a file a table family.

pub(crate) mod import;
pub(crate) mod import_stock;
pub(crate) mod movements;
pub(crate) mod own_reservations;
pub(crate) mod product_search;
pub(crate) mod products;
pub(crate) mod reindex;
pub(crate) mod reservations;
pub(crate) mod stock;
pub(crate) mod variants;
