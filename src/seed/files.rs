//! The texts that a shop is made of.

/// What a shop sells, who buys and what is said about them, a file each.
#[derive(Debug, Clone, Copy)]
pub struct SeedFiles {
    /// Products: `catalogue.toml`.
    pub catalogue: &'static str,
    /// Names and places that customers are made of: `people.toml`.
    pub people: &'static str,
    /// What notes and calls are made of: `notes.toml`.
    pub notes: &'static str,
    /// Customers with a story of their own: `customers.jsonl`.
    pub customers: &'static str,
    /// Their orders: `orders.jsonl`.
    pub orders: &'static str,
    /// What was said to them: `interactions.jsonl`.
    pub interactions: &'static str,
}

/// The files of a folder of the repository, as part of the program.
#[macro_export]
macro_rules! seed_files {
    ($folder:literal) => {
        $crate::seed::SeedFiles {
            catalogue: $crate::seed_files!($folder, "catalogue.toml"),
            people: $crate::seed_files!($folder, "people.toml"),
            notes: $crate::seed_files!($folder, "notes.toml"),
            customers: $crate::seed_files!($folder, "customers.jsonl"),
            orders: $crate::seed_files!($folder, "orders.jsonl"),
            interactions: $crate::seed_files!($folder, "interactions.jsonl"),
        }
    };
    ($folder:literal, $file:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/", $folder, "/", $file))
    };
}

/// The demo data that ships with the server.
pub const SHIPPED: SeedFiles = seed_files!("seed");
