//! Who sees a tool, who may call it, and what a call changes: every tool, by every role, in every state of
//! its approval, with the whole database looked at before and after.
//!
//! * `walk`: what each role sees, reads and writes; `ends`: what waits for a person; `tenants`: another business;
//! * [`dump`]: the whole database, and what changed in it.
//!
//! Nothing here names a tool: the walk is made from the catalogue, the roles and the table in
//! [`samples`], where a new tool is one line.

pub mod dump;
mod ends;
pub mod samples;
mod tenants;
pub mod walk;
