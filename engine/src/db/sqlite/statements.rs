//! Statements: parameters in, records out, on the calling thread or, where they may take long, on one
//! of their own.

use rusqlite::{Connection, InterruptHandle, Statement};

use super::Reading;
use crate::db::{
    Record, StoreError, StoreResult,
    value::{Params, Value},
};

/// Binds parameters by their number. SQLite takes `$2` for a name and numbers names by their first
/// appearance, so position alone would bind the wrong ones.
fn bind(statement: &mut Statement<'_>, params: Params<'_>) -> StoreResult<()> {
    for position in 1..=statement.parameter_count() {
        let number: Option<usize> = statement
            .parameter_name(position)
            .and_then(|name| name.strip_prefix('$'))
            .and_then(|number| number.parse().ok());
        let param = number.and_then(|number| params.get(number.checked_sub(1)?));
        let Some(param) = param else {
            return Err(StoreError::other("a parameter of the statement was not given"));
        };
        statement.raw_bind_parameter(position, param)?;
    }
    Ok(())
}

pub(in crate::db) fn execute(
    connection: &Connection,
    sql: &'static str,
    params: Params<'_>,
) -> StoreResult<u64> {
    let mut statement = connection.prepare_cached(sql)?;
    bind(&mut statement, params)?;
    Ok(u64::try_from(statement.raw_execute()?).unwrap_or_default())
}

pub(in crate::db) fn fetch_all<T: Record>(
    connection: &Connection,
    sql: &'static str,
    params: Params<'_>,
) -> StoreResult<Vec<T>> {
    let mut statement = connection.prepare_cached(sql)?;
    bind(&mut statement, params)?;
    let mut rows = statement.raw_query();
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        records.push(T::from_sqlite(row)?);
    }
    Ok(records)
}

/// The first row. The statement is run to its end, because one that changes rows and returns them
/// has not changed all of them before.
pub(in crate::db) fn fetch_optional<T: Record>(
    connection: &Connection,
    sql: &'static str,
    params: Params<'_>,
) -> StoreResult<Option<T>> {
    let mut statement = connection.prepare_cached(sql)?;
    bind(&mut statement, params)?;
    let mut rows = statement.raw_query();
    let first = rows.next()?.map(T::from_sqlite).transpose()?;
    if first.is_some() {
        while rows.next()?.is_some() {}
    }
    Ok(first)
}

/// An owned parameter, for statements that run on another thread.
enum Owned {
    Text(Option<String>),
    Plain(Value<'static>),
}

impl Reading {
    /// Runs a statement that may take long on a thread of its own. A caller who goes away
    /// interrupts it.
    pub(in crate::db) async fn fetch_all_long<T: Record + 'static>(
        &mut self,
        sql: &'static str,
        params: Params<'_>,
    ) -> StoreResult<Vec<T>> {
        let Some(connection) = self.connection.take() else {
            return Err(StoreError::other("the connection is in use"));
        };
        let params: Vec<Owned> = params
            .iter()
            .map(|param| match param {
                Value::Text(text) => Owned::Text(text.map(str::to_owned)),
                Value::Int(number) => Owned::Plain(Value::Int(number)),
                Value::Bool(truth) => Owned::Plain(Value::Bool(truth)),
                Value::Time(at) => Owned::Plain(Value::Time(at)),
                Value::Tenant => Owned::Plain(Value::Tenant),
            })
            .collect();
        let mut interrupt = InterruptOnDrop(Some(connection.get_interrupt_handle()));
        let (connection, rows) = tokio::task::spawn_blocking(move || {
            let params: Vec<Value<'_>> = params
                .iter()
                .map(|param| match param {
                    Owned::Text(text) => Value::Text(text.as_deref()),
                    Owned::Plain(value) => *value,
                })
                .collect();
            let rows =
                Params::new(&params, None).and_then(|params| fetch_all(&connection, sql, params));
            (connection, rows)
        })
        .await
        .map_err(|panicked| StoreError::Other(panicked.into()))?;
        interrupt.0 = None;
        self.connection = Some(connection);
        rows
    }
}

/// Stops a statement whose caller has gone.
struct InterruptOnDrop(Option<InterruptHandle>);

impl Drop for InterruptOnDrop {
    fn drop(&mut self) {
        if let Some(handle) = &self.0 {
            handle.interrupt();
        }
    }
}
