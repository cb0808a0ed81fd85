//! Postgres behind the door: one pool that writes, one whose sessions are read-only.

use std::time::Duration;

use sqlx::{
    PgConnection, PgPool, Postgres as Driver,
    postgres::{PgArguments, PgConnectOptions, PgPoolOptions},
    query::Query,
};

use super::{Record, StoreResult, value::Value};

/// An open pair of pools.
pub(super) struct Postgres {
    pub(super) writers: PgPool,
    pub(super) readers: PgPool,
}

impl Postgres {
    /// Prepares both pools; the first connection is made when the first statement needs it.
    pub(super) fn open(url: &str, connections: u32, acquire: Duration) -> StoreResult<Self> {
        let options: PgConnectOptions = url.parse()?;
        let options = options.application_name("business-mcp").options([
            ("statement_timeout", "5s"),
            ("lock_timeout", "2s"),
            ("idle_in_transaction_session_timeout", "10s"),
        ]);
        let pool = |options| {
            PgPoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(acquire)
                .idle_timeout(Duration::from_mins(5))
                .max_lifetime(Duration::from_mins(10))
                .connect_lazy_with(options)
        };
        let reading = options.clone().options([("default_transaction_read_only", "on")]);
        Ok(Self { writers: pool(options), readers: pool(reading) })
    }
}

fn query<'q>(sql: &'static str, params: &[Value<'q>]) -> Query<'q, Driver, PgArguments> {
    params.iter().fold(sqlx::query(sql), |query, param| match *param {
        Value::Text(text) => query.bind(text),
        Value::Int(number) => query.bind(number),
        Value::Bool(truth) => query.bind(truth),
        Value::Time(at) => query.bind(at),
    })
}

/// A transaction of either pool.
pub(super) type Transaction = sqlx::Transaction<'static, Driver>;

pub(super) async fn execute(
    connection: &mut PgConnection,
    sql: &'static str,
    params: &[Value<'_>],
) -> StoreResult<u64> {
    Ok(query(sql, params).execute(connection).await?.rows_affected())
}

pub(super) async fn fetch_all<T: Record>(
    connection: &mut PgConnection,
    sql: &'static str,
    params: &[Value<'_>],
) -> StoreResult<Vec<T>> {
    let rows = query(sql, params).fetch_all(connection).await?;
    Ok(rows.iter().map(T::from_postgres).collect::<sqlx::Result<_>>()?)
}

pub(super) async fn fetch_optional<T: Record>(
    connection: &mut PgConnection,
    sql: &'static str,
    params: &[Value<'_>],
) -> StoreResult<Option<T>> {
    let row = query(sql, params).fetch_optional(connection).await?;
    Ok(row.as_ref().map(T::from_postgres).transpose()?)
}
