//! How Postgres compares text. A key that is looked for by its beginning, by a range or in order has to be
//! compared by its bytes, whatever the collation of the database is; the migrations say so of each.

use std::fmt;

use super::{Db, StoreResult, record};

/// What a migration says of such a column.
pub(super) const BY_BYTES: &str = " collate \"C\"";

record! {
    /// A column of a key or an index.
    #[derive(Debug, Clone, PartialEq, Eq)]
    pub struct KeyColumn {
        /// Its table.
        pub table_name: String,
        /// Its name.
        pub column_name: String,
        /// How it is compared; `default` is the collation of the database.
        pub collation: String,
    }
}

impl fmt::Display for KeyColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{} (collation {})", self.table_name, self.column_name, self.collation)
    }
}

/// Columns of keys and indexes that Postgres does not compare by their bytes, such as those of a
/// database that an earlier build made. SQLite compares all of them so.
pub async fn unsuited(db: &Db) -> StoreResult<Vec<KeyColumn>> {
    if db.kind() != "postgres" {
        return Ok(Vec::new());
    }
    let mut tx = db.read().await?;
    tx.fetch_all(
        "select distinct cast(t.relname as text) as table_name,
                cast(a.attname as text) as column_name, cast(c.collname as text) as collation
         from pg_index i
         join pg_class t on t.oid = i.indrelid
         join pg_attribute a on a.attrelid = t.oid and a.attnum = any (i.indkey)
         join pg_collation c on c.oid = a.attcollation
         where t.relnamespace = to_regnamespace(current_schema()) and c.collname <> 'C'
         order by table_name, column_name",
        &[],
    )
    .await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{self, TestDb};

    /// What people read, and JSON. Nothing is looked for by how it begins, and nothing sorted by it.
    const PROSE: &str = "
        api_keys: name scopes
        approvals: arguments decision_reason preview requester_scopes result summary
        customers: address company email name phone postal_code tier
        gift_card_entries: reason
        idempotency_keys: response
        interactions: text
        orders: address cancel_reason note
        payment_methods: brand last4
        payments: reason
        products: category description image_url name
        provider_calls: last_error
        quotes: items priced
        sales_days: categories products tiers
        sandbox_calls: currency reason
        shipments: carrier skus
        stock_movements: reason
        tenants: currency language name time_zone
        tickets: reason summary
        variants: options";

    #[tokio::test]
    async fn every_text_column_but_prose_is_compared_by_its_bytes() {
        for TestDb { db, .. } in &testing::databases().await {
            assert_eq!(unsuited(db).await.unwrap(), []);
            if db.kind() == "sqlite" {
                continue;
            }
            let mut tx = db.read().await.unwrap();
            let tables: Vec<(String,)> = tx
                .fetch_all(
                    "select table_name || ': ' || string_agg(column_name, ' ' order by column_name)
                     from information_schema.columns
                     where table_schema = current_schema() and data_type = 'text'
                       and table_name <> '_sqlx_migrations'
                       and collation_name is distinct from 'C'
                     group by table_name
                     order by table_name",
                    &[],
                )
                .await
                .unwrap();
            let tables: Vec<String> = tables.into_iter().map(|(table,)| table).collect();
            let prose: Vec<&str> = PROSE.trim().lines().map(str::trim).collect();
            assert_eq!(
                tables, prose,
                "a column is `text collate \"C\"`, or prose that is named here"
            );
        }
    }
}
