//! Inserting many rows: as many in one statement as make the way to the database worthwhile.

use std::{fmt::Write, sync::OnceLock};

use super::{StoreResult, Tx, value::Value};

/// Rows in one statement. More gain nothing: by then the rows cost more than the way.
const ROWS: usize = 50;

/// `insert into table (columns)`, written once for one row and once for many. It lives in a `static`.
pub struct Insert {
    head: &'static str,
    columns: usize,
    /// What stands behind the rows.
    end: &'static str,
    one: OnceLock<String>,
    many: OnceLock<String>,
}

impl Insert {
    /// Rows that are new. `head` is the statement up to `values`.
    pub const fn new(head: &'static str, columns: usize) -> Self {
        Self::ending(head, columns, "")
    }

    /// With what happens where a row is there already: `on conflict …`.
    pub const fn ending(head: &'static str, columns: usize, end: &'static str) -> Self {
        Self { head, columns, end, one: OnceLock::new(), many: OnceLock::new() }
    }

    /// Inserts rows whose values follow each other in the order of the columns.
    pub async fn run(&'static self, tx: &mut Tx, values: &[Value<'_>]) -> StoreResult<()> {
        let mut many = values.chunks_exact(self.columns * ROWS);
        for rows in many.by_ref() {
            tx.execute(self.many.get_or_init(|| self.sql(ROWS)), rows).await?;
        }
        for row in many.remainder().chunks_exact(self.columns) {
            tx.execute(self.one.get_or_init(|| self.sql(1)), row).await?;
        }
        Ok(())
    }

    fn sql(&self, rows: usize) -> String {
        let mut sql = format!("{}\nvalues ", self.head);
        for parameter in 1..=rows * self.columns {
            let opens = (parameter - 1).is_multiple_of(self.columns);
            let before = if opens { if parameter == 1 { "(" } else { "), (" } } else { ", " };
            // Writing to a `String` does not fail.
            let _ = write!(sql, "{before}${parameter}");
        }
        sql.push(')');
        sql.push_str(self.end);
        sql
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_numbered_through() {
        let insert = Insert::new("insert into t (a, b)", 2);
        assert_eq!(insert.sql(1), "insert into t (a, b)\nvalues ($1, $2)");
        assert_eq!(insert.sql(2), "insert into t (a, b)\nvalues ($1, $2), ($3, $4)");
    }
}
