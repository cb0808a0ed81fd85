//! What there is, what it costs, and how many.
//!
//! * `find`, `place`: articles and locations as callers name them;
//! * [`import`]: how files bring them;
//! * `numbers`: what reservations and transfers go by;
//! * `said`, `spelling`: the words that several tools say, and those that callers misspell.

mod find;
mod get_product_info;
pub mod import;
mod inventory_adjust;
mod inventory_check_stock;
mod inventory_low_stock;
mod inventory_release;
mod inventory_reserve;
mod inventory_transfer;
mod numbers;
mod place;
mod product_search;
mod product_update;
pub(crate) mod reorder;
mod said;
#[cfg(test)]
mod sequence_tests;
mod spelling;
pub(crate) mod sql;
mod stock_reservations;

pub use get_product_info::GetProductInfo;
pub use inventory_adjust::InventoryAdjust;
pub use inventory_check_stock::InventoryCheckStock;
pub use inventory_low_stock::InventoryLowStock;
pub use inventory_release::InventoryRelease;
pub use inventory_reserve::InventoryReserve;
pub use inventory_transfer::InventoryTransfer;
pub use product_search::ProductSearch;
pub use product_update::ProductUpdate;
pub use stock_reservations::reserver;

use std::sync::Arc;

use business_mcp_engine::Module;

use self::stock_reservations::StockReservations;

/// The module: its tools, in listed order.
pub fn module() -> Module {
    Module::new("catalog")
        .migration(1, "catalog", include_str!("migrations/0001_catalog.sql"))
        .holds_money(sql::variants::PRICES)
        .index(sql::reindex::PRODUCTS)
        .index(sql::reindex::SKUS)
        .importer(import::Products)
        .reserves(Arc::new(StockReservations))
        .job("reservations", |db, clock, stop| {
            Box::pin(stock_reservations::release_expired(db, clock, stop))
        })
        .tool(ProductSearch)
        .tool(GetProductInfo)
        .tool(InventoryCheckStock)
        .tool(InventoryReserve)
        .tool(InventoryRelease)
        .tool(InventoryAdjust)
        .tool(InventoryTransfer)
        .tool(InventoryLowStock)
        .tool(ProductUpdate)
}
