//! Who sees a tool, who may call it, and what a call changes: every tool, by every role, in every state of
//! its approval, with the whole database looked at before and after.
//!
//! Nothing here names a tool: the walk is made from the catalogue, the roles and the table in
//! [`samples`], where a new tool is one line.

pub mod dump;
pub mod samples;
pub mod walk;
