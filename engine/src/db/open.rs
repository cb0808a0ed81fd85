//! Opening the database, bringing its schema up to date, and beginning transactions.

use std::{path::Path, sync::Arc, time::Duration};

use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, SqlSafeStr,
    migrate::{Migration, Migrator},
    postgres::PgConnectOptions,
};

use super::{
    StoreError, StoreResult, Tx, collation, postgres::Postgres, sqlite::Sqlite, tx::Inner,
};

static MIGRATIONS: Migrator = sqlx::migrate!("../migrations");

/// The migrations as this kind of database runs them. `collate "C"` makes Postgres compare a column
/// by its bytes, as SQLite does anyway, which knows no collation of that name. Checksums are those
/// of the text without it, so one that is added to a migration leaves it the same migration.
fn migrations(knows_collations: bool) -> Migrator {
    let adapted = |written: &Migration| {
        let plain = written.sql.as_str().replace(collation::BY_BYTES, "");
        let mut migration = Migration::new(
            written.version,
            written.description.clone(),
            written.migration_type,
            AssertSqlSafe(plain).into_sql_str(),
            written.no_tx,
        );
        if knows_collations {
            migration.sql = written.sql.clone();
        }
        migration
    };
    Migrator::with_migrations(MIGRATIONS.iter().map(adapted).collect())
}

/// How the database is opened.
#[derive(Debug, Clone)]
pub struct DbOptions {
    /// Postgres connections in each of the two pools.
    pub connections: u32,
    /// How long a call waits for a free connection.
    pub acquire_timeout: Duration,
}

impl Default for DbOptions {
    fn default() -> Self {
        Self { connections: 16, acquire_timeout: Duration::from_secs(3) }
    }
}

/// The one door to the database; cheap to clone.
#[derive(Clone)]
pub struct Db(Backend);

#[derive(Clone)]
enum Backend {
    Sqlite(Arc<Sqlite>),
    Postgres(Arc<Postgres>),
}

impl Db {
    /// Opens `sqlite://PATH` (the folder is made where it is missing) or `postgres://…`.
    ///
    /// # Errors
    /// Another kind of URL, a file that cannot be opened, or a SQLite with a known defect.
    pub fn open(url: &str, options: &DbOptions) -> StoreResult<Self> {
        if let Some(path) = url.strip_prefix("sqlite://") {
            let path = Path::new(path.split('?').next().unwrap_or(path));
            if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                std::fs::create_dir_all(folder).map_err(|e| StoreError::Unavailable(e.into()))?;
            }
            return Ok(Self(Backend::Sqlite(Arc::new(Sqlite::open(path)?))));
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            let postgres = Postgres::open(url, options.connections, options.acquire_timeout)?;
            return Ok(Self(Backend::Postgres(Arc::new(postgres))));
        }
        Err(StoreError::Unfit("it is neither sqlite://PATH nor postgres://…".into()))
    }

    /// What kind of database this is: `sqlite` or `postgres`.
    pub fn kind(&self) -> &'static str {
        match self.0 {
            Backend::Sqlite(_) => "sqlite",
            Backend::Postgres(_) => "postgres",
        }
    }

    /// Brings the schema up to date. Several processes may do so at once on Postgres, where an
    /// advisory lock lets one of them go first; a SQLite file is migrated by one.
    pub async fn migrate(&self) -> StoreResult<()> {
        let migrated = match &self.0 {
            Backend::Sqlite(sqlite) => {
                let options = sqlx::sqlite::SqliteConnectOptions::new()
                    .filename(sqlite.path())
                    .busy_timeout(Duration::from_secs(30));
                let mut connection = options.connect().await?;
                let migrated = migrations(false).run(&mut connection).await;
                connection.close().await?;
                migrated
            }
            Backend::Postgres(postgres) => {
                // A pool's sessions have a statement timeout, which a migration may outlast.
                let options: PgConnectOptions = (*postgres.writers.connect_options()).clone();
                let options = options.options([("statement_timeout", "0"), ("lock_timeout", "0")]);
                let mut connection = options.connect().await?;
                let migrated = migrations(true).run(&mut connection).await;
                connection.close().await?;
                migrated
            }
        };
        migrated.map_err(|error| StoreError::Other(error.into()))?;
        if let Ok(columns) = collation::unsuited(self).await
            && let Some(column) = columns.first()
        {
            tracing::warn!(
                column = column.to_string(),
                "this database compares text by the rules of a language: `doctor` says how to mend it"
            );
        }
        Ok(())
    }

    /// Begins a transaction in which the database itself refuses to write.
    pub async fn read(&self) -> StoreResult<Tx> {
        Ok(Tx(match &self.0 {
            Backend::Sqlite(sqlite) => Inner::SqliteRead(sqlite.read().await?),
            Backend::Postgres(postgres) => {
                Inner::Postgres(Box::pin(postgres.readers.begin()).await?)
            }
        }))
    }

    /// Begins a transaction that may write. SQLite has one at a time; callers queue fairly for it.
    pub async fn write(&self) -> StoreResult<Tx> {
        Ok(Tx(match &self.0 {
            Backend::Sqlite(sqlite) => Inner::SqliteWrite(sqlite.write().await?),
            Backend::Postgres(postgres) => {
                Inner::Postgres(Box::pin(postgres.writers.begin()).await?)
            }
        }))
    }

    /// Whether the database answers and has every migration of this build.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where it does not answer, another where its schema is older.
    pub async fn check(&self) -> StoreResult<()> {
        let newest = MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0);
        let mut tx = self.read().await?;
        let (applied,): (i64,) = tx
            .fetch_one(
                "select coalesce(max(version), 0)
                 from _sqlx_migrations
                 where success",
                &[],
            )
            .await?;
        if applied < newest {
            return Err(StoreError::OldSchema);
        }
        Ok(())
    }

    /// Closes the database cleanly.
    pub async fn close(&self) {
        match &self.0 {
            Backend::Sqlite(sqlite) => {
                if let Err(error) = sqlite.checkpoint().await {
                    tracing::warn!(%error, "the write-ahead log was left for the next start");
                }
            }
            Backend::Postgres(postgres) => {
                postgres.readers.close().await;
                postgres.writers.close().await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_migration_is_the_same_on_both_databases() {
        let (postgres, sqlite) = (migrations(true), migrations(false));
        for (one, other) in postgres.iter().zip(sqlite.iter()) {
            assert_eq!(one.checksum, other.checksum);
            assert_eq!(one.sql.as_str().replace(" collate \"C\"", ""), other.sql.as_str());
            assert!(!other.sql.as_str().contains("collate"), "{}", other.description);
        }
        assert!(postgres.iter().any(|migration| migration.sql.as_str().contains("collate \"C\"")));
    }
}
