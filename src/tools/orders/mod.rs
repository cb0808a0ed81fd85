//! Quoting, ordering, looking up, cancelling.
//!
//! * `items`, `bill`: what is asked for, and what it costs;
//! * `plan`, `place`: an order checked in every respect, and written down;
//! * `find`, `order_view`: orders as callers say their numbers, and in full;
//! * `money`, `refunds`: money that moves about an order, and all of it on its way back;
//! * `said`: the words of their answers.

mod bill;
mod calculate_discount;
pub(super) mod find;
mod get_order_status;
mod items;
mod money;
mod order_cancel;
mod order_create;
mod order_get;
mod order_list;
mod order_quote;
mod order_view;
mod place;
mod plan;
mod refunds;
mod said;

pub use calculate_discount::CalculateDiscount;
pub use get_order_status::GetOrderStatus;
pub use order_cancel::OrderCancel;
pub use order_create::OrderCreate;
pub use order_get::OrderGet;
pub use order_list::OrderList;
pub use order_quote::OrderQuote;
