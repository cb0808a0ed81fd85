//! Quoting, ordering, looking up, changing, sending, taking back.
//!
//! * `items`, `bill`: what is asked for, and what it costs;
//! * `plan`, `place`: an order checked in every respect, and written down;
//! * `find`, `lines`, `order_view`: orders as callers say their numbers, what they consist of, and in full;
//! * `swap`, `requests`, `settling`: pieces for other pieces, what waits until goods have arrived, and what
//!   is done then;
//! * `shelf`: pieces on their way back to stock, and others on their way out;
//! * `money`, `refunds`: money that moves about an order, and what goes back;
//! * [`import`]: how files bring them;
//! * `said`: the words of their answers.

mod bill;
mod calculate_discount;
pub(crate) mod find;
mod get_order_status;
pub mod import;
mod items;
#[cfg(test)]
mod life_tests;
mod lines;
mod money;
mod order_cancel;
mod order_create;
mod order_deliver;
mod order_exchange;
mod order_get;
pub mod order_lines;
mod order_list;
mod order_quote;
mod order_refund;
mod order_return;
mod order_settle_request;
mod order_ship;
mod order_update_address;
mod order_update_items;
mod order_update_payment;
mod order_view;
mod place;
mod plan;
mod refunds;
mod requests;
mod said;
pub mod settlement;

pub use crate::business::order_state;
mod settling;
mod shelf;
pub(crate) mod sql;
mod swap;
#[cfg(test)]
mod wording_tests;

pub use calculate_discount::CalculateDiscount;
pub use get_order_status::GetOrderStatus;
pub use order_cancel::OrderCancel;
pub use order_create::OrderCreate;
pub use order_deliver::OrderDeliver;
pub use order_exchange::OrderExchange;
pub use order_get::OrderGet;
pub use order_list::OrderList;
pub use order_quote::OrderQuote;
pub use order_refund::OrderRefund;
pub use order_return::OrderReturn;
pub use order_settle_request::OrderSettleRequest;
pub use order_ship::OrderShip;
pub use order_update_address::OrderUpdateAddress;
pub use order_update_items::OrderUpdateItems;
pub use order_update_payment::OrderUpdatePayment;

use business_mcp_engine::Module;

/// The module: its tools, in listed order.
pub fn module() -> Module {
    Module::new("orders")
        .migration(1, "orders", include_str!("migrations/0001_orders.sql"))
        .holds_money(sql::orders::TOTALS)
        .index(sql::reindex::ORDERS)
        .importer(import::Orders)
        .erases(sql::erasure::ORDERS)
        .tool(CalculateDiscount)
        .tool(OrderQuote)
        .tool(OrderCreate)
        .tool(GetOrderStatus)
        .tool(OrderGet)
        .tool(OrderList)
        .tool(OrderUpdateAddress)
        .tool(OrderUpdateItems)
        .tool(OrderUpdatePayment)
        .tool(OrderCancel)
        .tool(OrderReturn)
        .tool(OrderExchange)
        .tool(OrderSettleRequest)
        .tool(OrderRefund)
        .tool(OrderShip)
        .tool(OrderDeliver)
}
