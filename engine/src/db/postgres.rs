//! Postgres behind the door: one pool that writes, one whose sessions are read-only.

use std::time::Duration;

use sqlx::{
    PgConnection, PgPool, Postgres as Driver,
    postgres::{PgArguments, PgConnectOptions, PgPoolOptions},
    query::Query,
};

use super::{
    Record, StoreError, StoreResult,
    value::{Params, Value},
};

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

fn query<'q>(sql: &'static str, params: Params<'q>) -> Query<'q, Driver, PgArguments> {
    params.iter().fold(sqlx::query(sql), |query, param| match param {
        Value::Text(text) => query.bind(text),
        Value::Tenant => query,
        Value::Int(number) => query.bind(number),
        Value::Bool(truth) => query.bind(truth),
        Value::Time(at) => query.bind(at),
    })
}

/// A transaction of either pool.
pub(super) type Transaction = sqlx::Transaction<'static, Driver>;

/// Begins a transaction.
///
/// This and [`commit`] run on a task of their own, and end although nobody waits for them any more: cut off half-way,
/// they would leave a connection in the pool with an open transaction that the driver knows nothing of.
pub(super) async fn begin(pool: &PgPool) -> StoreResult<Transaction> {
    let pool = pool.clone();
    let begun = tokio::spawn(async move { pool.begin().await }).await;
    Ok(begun.map_err(|cut_off| StoreError::Unavailable(cut_off.into()))??)
}

/// Commits a transaction.
///
/// # Errors
/// [`StoreError::Unknown`] where it may have been committed.
pub(super) async fn commit(transaction: Transaction) -> StoreResult<()> {
    match tokio::spawn(transaction.commit()).await {
        Ok(committed) => committed.map_err(StoreError::of_commit),
        Err(cut_off) => Err(StoreError::Unknown(cut_off.into())),
    }
}

pub(super) async fn execute(
    connection: &mut PgConnection,
    sql: &'static str,
    params: Params<'_>,
) -> StoreResult<u64> {
    Ok(query(sql, params).execute(connection).await?.rows_affected())
}

pub(super) async fn fetch_all<T: Record>(
    connection: &mut PgConnection,
    sql: &'static str,
    params: Params<'_>,
) -> StoreResult<Vec<T>> {
    let rows = query(sql, params).fetch_all(connection).await?;
    Ok(rows.iter().map(T::from_postgres).collect::<sqlx::Result<_>>()?)
}

pub(super) async fn fetch_optional<T: Record>(
    connection: &mut PgConnection,
    sql: &'static str,
    params: Params<'_>,
) -> StoreResult<Option<T>> {
    let row = query(sql, params).fetch_optional(connection).await?;
    Ok(row.as_ref().map(T::from_postgres).transpose()?)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{sleep, timeout};

    use crate::{
        db::Db,
        testing::{TestDb, databases},
    };

    /// How many sessions of this database are in a transaction of which nobody knows.
    async fn left_open(db: &Db) -> i64 {
        let mut tx = db.read().await.unwrap();
        let (open,): (i64,) = tx
            .fetch_one(
                "select count(*)
                 from pg_stat_activity
                 where datname = current_database() and state like 'idle in transaction%'
                   and pid <> pg_backend_pid()",
                &[],
            )
            .await
            .unwrap();
        open
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn who_gives_up_half_way_leaves_no_open_transaction() {
        for TestDb { db, .. } in &databases().await {
            if db.kind() != "postgres" {
                continue;
            }
            for number in 0..400 {
                let soon = Duration::from_micros(number * 3);
                drop(timeout(soon, db.write()).await);
                if let Ok(tx) = db.write().await {
                    drop(timeout(soon, tx.commit()).await);
                }
            }
            let mut open = left_open(db).await;
            // Those that were let go in the middle are rolled back behind them.
            for _ in 0..40 {
                if open > 0 {
                    sleep(Duration::from_millis(50)).await;
                    open = left_open(db).await;
                }
            }
            assert_eq!(open, 0, "connections are left in a transaction");
        }
    }
}
