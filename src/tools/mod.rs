//! Every tool, in the order in which it is listed. A new tool is one file and one line here.
//!
//! * [`customers`]: who is calling, and what is known of them;
//! * [`products`]: what there is, and how many;
//! * [`orders`]: quoting, ordering, looking up, cancelling;
//! * [`analytics`]: what the figures say;
//! * [`approvals`]: what became of a request, and taking one back.

pub mod analytics;
pub mod approvals;
pub mod customers;
pub mod orders;
pub mod products;

use crate::toolkit::Catalogue;

/// The catalogue of this server. `ignored` are argument names that platforms inject.
pub fn catalogue(ignored: Vec<String>) -> Catalogue {
    Catalogue::new(ignored)
        // Customers
        .with(customers::CustomerLookup)
        .with(customers::CustomerVerify)
        .with(customers::CrmSearchCustomers)
        .with(customers::CrmGetCustomer)
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
        .with(orders::OrderCancel)
        // Analytics
        .with(analytics::AnalyticsKpis)
        .with(analytics::AnalyticsSales)
        // Approvals
        .with(approvals::ApprovalStatus)
        .with(approvals::ApprovalWithdraw)
}
