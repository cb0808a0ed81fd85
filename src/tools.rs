//! Every tool, in the order in which it is listed. A new tool is one file and one line here.
//!
//! * [`customers`]: who is calling, and what is known of them;
//! * [`products`]: what there is, and how many;
//! * [`orders`]: quoting, ordering, looking up, changing, sending, taking back;
//! * [`analytics`]: what the figures say;
//! * [`support`]: handing over to a person;
//! * [`approvals`]: what became of a request, and taking one back.

mod address;
pub mod analytics;
pub mod approvals;
#[cfg(test)]
mod collation_tests;
pub mod customers;
pub mod orders;
pub mod products;
pub mod support;

use business_mcp_engine::tool::Catalogue;

/// The catalogue of this server. `ignored` are argument names that platforms inject.
pub fn catalogue(ignored: Vec<String>) -> Catalogue {
    Catalogue::new(ignored)
        // Customers
        .with(customers::CustomerLookup)
        .with(customers::CustomerVerify)
        .with(customers::CrmSearchCustomers)
        .with(customers::CrmGetCustomer)
        .with(customers::CrmCreateCustomer)
        .with(customers::CrmUpdateCustomer)
        .with(customers::CrmGetInteractions)
        .with(customers::CrmCreateNote)
        .with(customers::CustomerDelete)
        // Products and stock
        .with(products::ProductSearch)
        .with(products::GetProductInfo)
        .with(products::InventoryCheckStock)
        .with(products::InventoryReserve)
        .with(products::InventoryRelease)
        .with(products::InventoryAdjust)
        .with(products::InventoryTransfer)
        .with(products::InventoryLowStock)
        .with(products::ProductUpdate)
        // Orders
        .with(orders::CalculateDiscount)
        .with(orders::OrderQuote)
        .with(orders::OrderCreate)
        .with(orders::GetOrderStatus)
        .with(orders::OrderGet)
        .with(orders::OrderList)
        .with(orders::OrderUpdateAddress)
        .with(orders::OrderUpdateItems)
        .with(orders::OrderUpdatePayment)
        .with(orders::OrderCancel)
        .with(orders::OrderReturn)
        .with(orders::OrderExchange)
        .with(orders::OrderSettleRequest)
        .with(orders::OrderRefund)
        .with(orders::OrderShip)
        .with(orders::OrderDeliver)
        // Analytics
        .with(analytics::AnalyticsKpis)
        .with(analytics::AnalyticsSales)
        // People
        .with(support::SupportEscalate)
        // Approvals
        .with(approvals::ApprovalStatus)
        .with(approvals::ApprovalWithdraw)
}
