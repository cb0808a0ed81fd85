//! Who is calling, and what is known of them.
//!
//! One file a tool. `clues` turns what a caller says into customers who match, `matching` all of it into
//! those who may be meant, `known` an id into the one customer, and `ambiguous` asks which of several it is; `given` is what is written down of one, `change` what differs from
//! it, and `duplicates` who may be the same person; `shown`, `card` and `method` are how they look from outside.
//! [`import`] is how files bring them.

pub(crate) mod address;
mod ambiguous;
mod card;
mod change;
mod clues;
mod crm_create_customer;
mod crm_create_note;
mod crm_get_customer;
mod crm_get_interactions;
mod crm_search_customers;
mod crm_update_customer;
mod customer_delete;
mod customer_lookup;
mod customer_verify;
mod duplicates;
mod given;
pub mod import;
pub(crate) mod known;
mod matching;
mod method;
mod shown;
mod spoken_ids;
pub(crate) mod sql;

pub use crm_create_customer::CrmCreateCustomer;
pub use crm_create_note::CrmCreateNote;
pub use crm_get_customer::CrmGetCustomer;
pub use crm_get_interactions::CrmGetInteractions;
pub use crm_search_customers::CrmSearchCustomers;
pub use crm_update_customer::CrmUpdateCustomer;
pub use customer_delete::CustomerDelete;
pub use customer_lookup::CustomerLookup;
pub use customer_verify::CustomerVerify;

use business_mcp_engine::Module;

/// The module: its tools, in listed order.
pub fn module() -> Module {
    Module::new("customers")
        .migration(1, "customers", include_str!("migrations/0001_customers.sql"))
        .index(sql::reindex::CUSTOMERS)
        .importer(import::Customers)
        .importer(import::Interactions)
        .erases(sql::erasure::INTERACTIONS)
        .tool(CustomerLookup)
        .tool(CustomerVerify)
        .tool(CrmSearchCustomers)
        .tool(CrmGetCustomer)
        .tool(CrmCreateCustomer)
        .tool(CrmUpdateCustomer)
        .tool(CrmGetInteractions)
        .tool(CrmCreateNote)
        .tool(CustomerDelete)
}
