//! What can go wrong in the database, by kind and never by constraint name, so that both databases
//! say the same.

use std::error::Error as StdError;

use sqlx::postgres::{PgDatabaseError, PgSeverity};

/// The result of every statement.
pub type StoreResult<T> = Result<T, StoreError>;

/// Why a statement or a transaction failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A row with this key exists already.
    #[error("a row with this key exists already")]
    Unique(#[source] Box<dyn StdError + Send + Sync>),
    /// A check of the schema refused the change, such as stock below zero.
    #[error("a check of the schema refused the change")]
    Check(#[source] Box<dyn StdError + Send + Sync>),
    /// Another transaction was in the way; the whole transaction may be tried again.
    #[error("another transaction was in the way")]
    Busy(#[source] Box<dyn StdError + Send + Sync>),
    /// A write was tried on a handle that only reads.
    #[error("a write was tried on a handle that only reads")]
    ReadOnly(#[source] Box<dyn StdError + Send + Sync>),
    /// The database cannot do it now: it does not answer, has ended the connection, is full, or cannot
    /// read or write its disk. Nothing was committed.
    #[error("the database does not answer")]
    Unavailable(#[source] Box<dyn StdError + Send + Sync>),
    /// The database went away while it committed: it may have.
    #[error("the database did not say whether it committed")]
    Unknown(#[source] Box<dyn StdError + Send + Sync>),
    /// There is no such database, or it is not for us.
    #[error("this database cannot be used")]
    Unfit(#[source] Box<dyn StdError + Send + Sync>),
    /// The schema lacks migrations of this build.
    #[error("the schema is older than this build: run `migrate`")]
    OldSchema,
    /// The schema is another one, which no migration leads away from.
    #[error(
        "another build made this database ({0}): let DATABASE_URL name an empty one, and fill that with `seed` or \
         `import`"
    )]
    OtherBuild(String),
    /// Anything else, which is a defect of the server.
    #[error("the database refused a statement")]
    Other(#[source] Box<dyn StdError + Send + Sync>),
}

impl StoreError {
    /// Whether the same transaction, run again from its start, may succeed.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Busy(_))
    }

    /// An error of this server's own making.
    pub fn other(message: &'static str) -> Self {
        Self::Other(message.into())
    }
}

impl StoreError {
    /// What it means that Postgres did not commit. A refusal of the server's own is certain; anything
    /// else, and what it says while it shuts down, leaves open whether it had committed before.
    pub(super) fn of_commit(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(database) => match database.code().as_deref() {
                // Completion unknown, which distributed databases say.
                Some("40003") => Self::Unknown(error.into()),
                Some(code) if code.starts_with("57P") || code.starts_with("08") => {
                    Self::Unknown(error.into())
                }
                _ if ends_the_connection(&**database) => Self::Unknown(error.into()),
                _ => error.into(),
            },
            _ => Self::Unknown(error.into()),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ffi;
        let Some(code) = error.sqlite_error() else {
            return Self::Other(error.into());
        };
        match (code.code, code.extended_code) {
            (_, ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY) => {
                Self::Unique(error.into())
            }
            (_, ffi::SQLITE_CONSTRAINT_CHECK) => Self::Check(error.into()),
            (rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked, _) => {
                Self::Busy(error.into())
            }
            (rusqlite::ErrorCode::ReadOnly, _) => Self::ReadOnly(error.into()),
            (
                rusqlite::ErrorCode::CannotOpen
                | rusqlite::ErrorCode::DiskFull
                | rusqlite::ErrorCode::FileLockingProtocolFailed
                | rusqlite::ErrorCode::OutOfMemory
                | rusqlite::ErrorCode::SystemIoFailure,
                _,
            ) => Self::Unavailable(error.into()),
            _ => Self::Other(error.into()),
        }
    }
}

/// Whether Postgres says by this code that it cannot work now: the connection is lost, something is used up
/// such as the disk, somebody stepped in (a shutdown, a statement's time), or the system failed.
fn is_trouble(code: &str) -> bool {
    ["08", "53", "57", "58"].iter().any(|class| code.starts_with(class))
}

/// Whether Postgres ended the connection with this error.
fn ends_the_connection(error: &dyn sqlx::error::DatabaseError) -> bool {
    let severity = error.try_downcast_ref::<PgDatabaseError>().map(PgDatabaseError::severity);
    matches!(severity, Some(PgSeverity::Fatal | PgSeverity::Panic))
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let sqlx::Error::Database(database) = &error else {
            return match &error {
                sqlx::Error::Configuration(_) => Self::Unfit(error.into()),
                // What a connection says that was cut off, and a pool that has none.
                sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::Protocol(_)
                | sqlx::Error::BeginFailed
                | sqlx::Error::WorkerCrashed
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed => Self::Unavailable(error.into()),
                _ => Self::Other(error.into()),
            };
        };
        let code = database.code().unwrap_or_default();
        // The library would add a line number, of the database's own source.
        let said = format!("{} ({code})", database.message()).into();
        match &*code {
            "23505" => Self::Unique(said),
            "23514" => Self::Check(said),
            // Serialization failure, deadlock, lock not available.
            "40001" | "40P01" | "55P03" => Self::Busy(said),
            "25006" => Self::ReadOnly(said),
            // Who we are is not let in, or the database does not exist.
            code if code.starts_with("28") || code == "3D000" => Self::Unfit(said),
            code if is_trouble(code) || ends_the_connection(&**database) => Self::Unavailable(said),
            _ => Self::Other(said),
        }
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    #[test]
    fn what_the_disk_or_the_machine_cannot_do_is_no_defect() {
        for code in [
            ffi::SQLITE_CANTOPEN,
            ffi::SQLITE_FULL,
            ffi::SQLITE_IOERR_FSYNC,
            ffi::SQLITE_IOERR_READ,
            ffi::SQLITE_NOMEM,
            ffi::SQLITE_PROTOCOL,
        ] {
            let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            let error = StoreError::from(error);
            assert!(matches!(error, StoreError::Unavailable(_)), "{code}: {error:?}");
        }
        for error in [
            sqlx::Error::Io(std::io::ErrorKind::UnexpectedEof.into()),
            sqlx::Error::Protocol("cut off in the middle".to_owned()),
            sqlx::Error::BeginFailed,
            sqlx::Error::PoolClosed,
            sqlx::Error::PoolTimedOut,
            sqlx::Error::WorkerCrashed,
        ] {
            let error = StoreError::from(error);
            assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
        }
        for code in ["08006", "53100", "53200", "57014", "57P01", "58030"] {
            assert!(is_trouble(code), "{code}");
        }
        for code in ["22012", "23505", "42703", "XX000"] {
            assert!(!is_trouble(code), "{code}");
        }
    }
}
