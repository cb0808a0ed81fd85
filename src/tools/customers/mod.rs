//! Who is calling, and what is known of them.
//!
//! One file a tool. `clues` turns what a caller says into customers who match, and `known` an id into
//! the one customer; `shown` is how contacts and addresses look from outside.

mod clues;
mod crm_create_note;
mod crm_get_customer;
mod crm_search_customers;
mod customer_delete;
mod customer_lookup;
mod customer_verify;
pub(super) mod known;
mod shown;

pub use crm_create_note::CrmCreateNote;
pub use crm_get_customer::CrmGetCustomer;
pub use crm_search_customers::CrmSearchCustomers;
pub use customer_delete::CustomerDelete;
pub use customer_lookup::CustomerLookup;
pub use customer_verify::CustomerVerify;
