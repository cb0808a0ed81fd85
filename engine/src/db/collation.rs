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
