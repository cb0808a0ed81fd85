//! What the unit tests share: a small shop, and one tool called as the gate would.

mod calls;
mod provider;
mod shop;
mod wordings;

pub(crate) use business_mcp_engine::testing::{TestDb, request};
pub(crate) use calls::{Shop, collated_shops, sequences, shops};
pub(crate) use provider::TestProvider;
pub(crate) use shop::*;
pub(crate) use wordings::{run, wordings};

use crate::{business::Business, seed::SeedFiles};
use business_mcp_engine::{db::Migrations, testing};

/// The demo data of the tests.
pub(crate) const SHOP: SeedFiles = crate::seed_files!("tests/shop");

/// The facts of the tests' business, in TOML.
pub(crate) const BUSINESS: &str = include_str!("../../tests/shop/business.toml");

/// The tests' business, which stays as it is when a fork edits `seed/`.
pub(crate) fn business() -> Business {
    Business::parse(BUSINESS).unwrap()
}

/// The schema of the whole application.
pub(crate) fn migrations() -> Migrations {
    crate::application().migrations().unwrap()
}

/// A SQLite file, and a Postgres database where `TEST_DATABASE_URL` names a server.
pub(crate) async fn databases() -> Vec<TestDb> {
    testing::databases_with(&migrations()).await
}

/// The same with a Postgres database of each collation of a language.
pub(crate) async fn collated_databases() -> Vec<TestDb> {
    testing::collated_databases_with(&migrations()).await
}
