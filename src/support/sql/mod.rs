//! The statements of this module, a file a table family.

pub(crate) mod tickets;
