//! What there is, what it costs, and how many.
//!
//! * `find`, `place`: articles and locations as callers name them;
//! * `numbers`: what reservations and transfers go by;
//! * `said`, `spelling`: the words that several tools say, and those that callers misspell.

mod find;
mod get_product_info;
mod inventory_adjust;
mod inventory_check_stock;
mod inventory_release;
mod inventory_reserve;
mod numbers;
mod place;
mod product_search;
mod said;
mod spelling;

pub use get_product_info::GetProductInfo;
pub use inventory_adjust::InventoryAdjust;
pub use inventory_check_stock::InventoryCheckStock;
pub use inventory_release::InventoryRelease;
pub use inventory_reserve::InventoryReserve;
pub use product_search::ProductSearch;
