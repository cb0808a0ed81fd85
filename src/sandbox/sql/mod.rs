//! The statements of this module.

pub(super) mod calls;
