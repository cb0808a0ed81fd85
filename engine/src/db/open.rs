//! Opening the database, and beginning transactions.

use std::{path::Path, sync::Arc, time::Duration};

use super::{
    StoreError, StoreResult, Tx,
    postgres::{self, Postgres},
    sqlite::Sqlite,
    tx::Inner,
};

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
pub struct Db(pub(super) Backend);

#[derive(Clone)]
pub(super) enum Backend {
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

    /// Begins a transaction in which the database itself refuses to write.
    pub async fn read(&self) -> StoreResult<Tx> {
        Ok(Tx::new(match &self.0 {
            Backend::Sqlite(sqlite) => Inner::SqliteRead(sqlite.read().await?),
            Backend::Postgres(postgres) => {
                Inner::Postgres(postgres::begin(&postgres.readers).await?)
            }
        }))
    }

    /// Begins a transaction that may write. SQLite has one at a time; callers queue fairly for it.
    pub async fn write(&self) -> StoreResult<Tx> {
        Ok(Tx::new(match &self.0 {
            Backend::Sqlite(sqlite) => Inner::SqliteWrite(sqlite.write().await?),
            Backend::Postgres(postgres) => {
                Inner::Postgres(postgres::begin(&postgres.writers).await?)
            }
        }))
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
