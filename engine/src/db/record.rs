//! What comes out of a statement: a struct or a tuple that both databases can fill.

use chrono::{DateTime, Utc};
use rusqlite::types::FromSql;
use sqlx::{Decode, Postgres, Row, Type, postgres::PgRow};

/// A row of a statement, filled column by column in the order of its fields.
///
/// Reading by position is what a hot path wants, and is safe here: debug builds, and with them the
/// whole test suite, check that each column has its field's name.
pub trait Record: Sized + Send + Unpin {
    /// Reads the row from SQLite.
    fn from_sqlite(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self>;
    /// Reads the row from Postgres.
    fn from_postgres(row: &PgRow) -> sqlx::Result<Self>;
}

/// One column of a row, of a type that both databases store.
pub trait Column: Sized + Send {
    /// Reads the column at a position from SQLite.
    fn from_sqlite(row: &rusqlite::Row<'_>, position: usize) -> rusqlite::Result<Self>;
    /// Reads the column at a position from Postgres.
    fn from_postgres(row: &PgRow, position: usize) -> sqlx::Result<Self>;
}

/// Declares a struct and reads it from rows whose columns have its fields' names, in their order.
#[macro_export]
macro_rules! record {
    ($(#[$meta:meta])* $visibility:vis struct $name:ident {
        $($(#[$field_meta:meta])* $field_visibility:vis $field:ident: $type:ty),* $(,)?
    }) => {
        $(#[$meta])*
        $visibility struct $name { $($(#[$field_meta])* $field_visibility $field: $type),* }

        impl $crate::db::record::Record for $name {
            fn from_sqlite(row: &$crate::db::record::drivers::rusqlite::Row<'_>) -> $crate::db::record::drivers::rusqlite::Result<Self> {
                let mut positions = 0..;
                Ok(Self { $($field: {
                    let position = positions.next().unwrap_or(usize::MAX);
                    debug_assert_eq!(
                        row.as_ref().column_name(position)?, stringify!($field),
                        "the columns of a statement follow the fields of {}", stringify!($name),
                    );
                    <$type as $crate::db::record::Column>::from_sqlite(row, position)?
                }),* })
            }

            fn from_postgres(row: &$crate::db::record::drivers::sqlx::postgres::PgRow) -> $crate::db::record::drivers::sqlx::Result<Self> {
                let mut positions = 0..;
                Ok(Self { $($field: {
                    let position = positions.next().unwrap_or(usize::MAX);
                    debug_assert_eq!(
                        $crate::db::record::drivers::sqlx::Column::name($crate::db::record::drivers::sqlx::Row::try_column(row, position)?),
                        stringify!($field),
                        "the columns of a statement follow the fields of {}", stringify!($name),
                    );
                    <$type as $crate::db::record::Column>::from_postgres(row, position)?
                }),* })
            }
        }
    };
}

/// What the code of [`record!`](crate::record) names, so that a business need not depend on the drivers.
#[doc(hidden)]
pub mod drivers {
    pub use rusqlite;
    pub use sqlx;
}

fn postgres<'r, T: Decode<'r, Postgres> + Type<Postgres>>(
    row: &'r PgRow,
    position: usize,
) -> sqlx::Result<T> {
    row.try_get(position)
}

macro_rules! plain_columns {
    ($($type:ty),*) => { $(
        impl Column for $type {
            fn from_sqlite(row: &rusqlite::Row<'_>, position: usize) -> rusqlite::Result<Self> {
                row.get(position)
            }
            fn from_postgres(row: &PgRow, position: usize) -> sqlx::Result<Self> {
                postgres(row, position)
            }
        }
    )* };
}
plain_columns!(String, i64, bool, Option<String>, Option<i64>);

/// A time in SQLite's text form.
struct SqliteTime(DateTime<Utc>);

impl FromSql for SqliteTime {
    fn column_result(value: rusqlite::types::ValueRef<'_>) -> rusqlite::types::FromSqlResult<Self> {
        let at = DateTime::parse_from_rfc3339(value.as_str()?)
            .map_err(|error| rusqlite::types::FromSqlError::Other(error.into()))?;
        Ok(Self(at.to_utc()))
    }
}

impl Column for DateTime<Utc> {
    fn from_sqlite(row: &rusqlite::Row<'_>, position: usize) -> rusqlite::Result<Self> {
        row.get(position).map(|SqliteTime(at)| at)
    }
    fn from_postgres(row: &PgRow, position: usize) -> sqlx::Result<Self> {
        postgres(row, position)
    }
}

impl Column for Option<DateTime<Utc>> {
    fn from_sqlite(row: &rusqlite::Row<'_>, position: usize) -> rusqlite::Result<Self> {
        Ok(row.get::<_, Option<SqliteTime>>(position)?.map(|SqliteTime(at)| at))
    }
    fn from_postgres(row: &PgRow, position: usize) -> sqlx::Result<Self> {
        postgres(row, position)
    }
}

macro_rules! tuples {
    ($(($($type:ident $position:tt),*))*) => { $(
        impl<$($type: Column + Unpin),*> Record for ($($type,)*) {
            fn from_sqlite(row: &rusqlite::Row<'_>) -> rusqlite::Result<Self> {
                Ok(($($type::from_sqlite(row, $position)?,)*))
            }
            fn from_postgres(row: &PgRow) -> sqlx::Result<Self> {
                Ok(($($type::from_postgres(row, $position)?,)*))
            }
        }
    )* };
}
tuples! { (A 0) (A 0, B 1) (A 0, B 1, C 2) (A 0, B 1, C 2, D 3) (A 0, B 1, C 2, D 3, E 4) }
