//! Tenants: whose business a call is about, and the facts that are in force for it.
//!
//! * [`business_file`]: the facts that every tenant shares, and those of one tenant;
//! * [`cache`]: what is known of each tenant, read again every few seconds;
//! * [`change`]: making and changing a tenant.
//!
//! What a call carries of it is a [`Tenant`](crate::tool::context::Tenant).

pub mod business_file;
pub mod cache;
pub mod change;

pub use business_file::{BusinessFile, ReadFacts};
pub use cache::Tenants;
pub use change::TenantArgs;
