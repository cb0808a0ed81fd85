//! SQLite behind the door: several connections that only read, one that writes, statements on the
//! calling thread (`statements`).
//!
//! Writers share commits. SQLite has one writer, and a commit that has reached the disk costs far
//! more than the statements before it. So a transaction is a savepoint, and whoever ends it lets the
//! next one in. The first to end one starts a task that queues for the connection behind all who wait
//! by then; when its turn comes, it commits what all of them have done. Nobody is answered before the
//! commit that holds their work.

use std::{
    error::Error as StdError,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use rusqlite::{Connection, OpenFlags};
use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit, Semaphore, oneshot};

use super::{StoreError, StoreResult};

#[cfg(test)]
mod commit_tests;
mod statements;

pub(super) use statements::{execute, fetch_all, fetch_optional};

/// Earlier ones can corrupt the write-ahead log (<https://sqlite.org/wal.html#walresetbug>).
const OLDEST_SAFE_VERSION: i32 = 3_051_003;
/// How many connections read. A reader is busy only while a statement runs on its thread.
const READERS: usize = 8;
/// How long a writer waits for another process that holds the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Statements that stay prepared on a connection.
const PREPARED: usize = 256;

/// An open SQLite file.
pub(super) struct Sqlite {
    path: PathBuf,
    idle_readers: Mutex<Vec<Connection>>,
    reader_permits: Arc<Semaphore>,
    writer: Arc<tokio::sync::Mutex<Writer>>,
}

/// The one connection that writes, and who waits for its next commit.
struct Writer {
    connection: Connection,
    /// Those whose work is done in the open transaction. While there is one, a task is on its way that
    /// commits it: whoever comes first starts it.
    done: Vec<oneshot::Sender<Committed>>,
}

/// What became of a commit, as everyone hears whose work was in it.
type Committed = Result<(), Arc<dyn StdError + Send + Sync>>;

/// SQLite rolls the whole transaction back by itself when a statement finds the disk full.
const TAKEN_BACK: &str = "SQLite has taken the transaction back";

impl Writer {
    /// Tells everyone whose work was in a transaction that is gone. A full disk makes SQLite take back
    /// the whole transaction by itself, with the work of others that waited for its commit.
    fn forget_lost(&mut self) {
        for done in self.done.drain(..) {
            // Whoever has gone needs no answer.
            let _ = done.send(Err(Arc::from(Box::from(TAKEN_BACK))));
        }
    }

    /// Commits all work that is done and tells everyone. This waits for the disk.
    fn commit_done(&mut self) {
        // Taken out before, so that whoever waits hears of it even if this is the end of the thread.
        let done = std::mem::take(&mut self.done);
        if done.is_empty() {
            return;
        }
        let committed = run(&self.connection, "commit");
        let committed: Committed = committed.map_err(|error| Arc::new(error) as _);
        if committed.is_err() {
            let undone = self.roll_back();
            tracing::error!(?committed, ?undone, "a commit of SQLite failed");
        } else {
            metrics::counter!("business_mcp_sqlite_commits_total").increment(1);
            let together = u64::try_from(done.len()).unwrap_or_default();
            metrics::counter!("business_mcp_sqlite_transactions_total").increment(together);
        }
        for done in done {
            // Whoever has gone needs no answer.
            let _ = done.send(committed.clone());
        }
    }

    /// Takes back the open transaction, if there is one, with the work of all who wait for its commit.
    fn roll_back(&mut self) -> rusqlite::Result<()> {
        self.forget_lost();
        if self.connection.is_autocommit() { Ok(()) } else { run(&self.connection, "rollback") }
    }
}

impl Sqlite {
    /// Opens or creates the file, checks the library's version and sets the journal to WAL.
    pub(super) fn open(path: &Path) -> StoreResult<Self> {
        is_safe(rusqlite::version_number(), rusqlite::version())?;
        let writer = Connection::open(path)?;
        // A commit that was answered has reached the disk, hence FULL. A write touches pages all over
        // the file, hence a page cache of 16 MiB. The busy handler would block
        // the thread, so waiting for another process is done in `begin` instead.
        writer.execute_batch(
            "pragma journal_mode = wal;
             pragma synchronous = full;
             pragma foreign_keys = on;
             pragma trusted_schema = off;
             pragma temp_store = memory;
             pragma cache_size = -16384;
             pragma busy_timeout = 0;",
        )?;
        writer.set_prepared_statement_cache_capacity(PREPARED);
        Ok(Self {
            path: path.to_owned(),
            idle_readers: Mutex::default(),
            reader_permits: Arc::new(Semaphore::new(READERS)),
            writer: Arc::new(tokio::sync::Mutex::new(Writer {
                connection: writer,
                done: Vec::new(),
            })),
        })
    }

    fn open_reader(&self) -> StoreResult<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_URI;
        let reader = Connection::open_with_flags(&self.path, flags)?;
        reader.execute_batch(
            "pragma query_only = on;
             pragma trusted_schema = off;
             pragma temp_store = memory;
             pragma busy_timeout = 1000;",
        )?;
        reader.set_prepared_statement_cache_capacity(PREPARED);
        Ok(reader)
    }

    /// A connection that the database itself keeps read-only, in a snapshot of its own.
    pub(super) async fn read(self: &Arc<Self>) -> StoreResult<Reading> {
        let permit = self
            .reader_permits
            .clone()
            .acquire_owned()
            .await
            .map_err(|closed| StoreError::Unavailable(closed.into()))?;
        let idle = self.idle_readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.open_reader()?,
        };
        run(&connection, "begin")?;
        Ok(Reading { connection: Some(connection), home: self.clone(), _permit: permit })
    }

    /// The writing connection, with the file's write lock held and a savepoint set.
    pub(super) async fn write(&self) -> StoreResult<Writing> {
        let mut writer = self.writer.clone().lock_owned().await;
        if writer.connection.is_autocommit() || writer.done.is_empty() {
            // An open transaction that nobody waits for is what a failed rollback has left.
            writer.roll_back()?;
            begin(&mut writer.connection).await?;
        }
        let mut writing = Writing { writer: Some(writer), home: self.writer.clone() };
        if let Err(error) = run(writing.connection()?, "savepoint call") {
            writing.undo();
            return Err(error.into());
        }
        Ok(writing)
    }

    /// Moves the log into the file and shortens it; done when the server stops.
    pub(super) async fn checkpoint(&self) -> StoreResult<()> {
        let mut writer = self.writer.lock().await;
        // Work whose commit has not had its turn yet; the log cannot be moved in a transaction.
        writer.commit_done();
        writer.connection.query_row("pragma wal_checkpoint(truncate)", [], |_| Ok(()))?;
        Ok(())
    }
}

/// Whether a version of the library may write.
fn is_safe(number: i32, name: &str) -> StoreResult<()> {
    if number >= OLDEST_SAFE_VERSION {
        return Ok(());
    }
    let why = "can corrupt its write-ahead log; 3.51.3 or later is needed";
    Err(StoreError::Unfit(format!("SQLite {name} {why}").into()))
}

/// A read transaction on a borrowed connection.
pub(super) struct Reading {
    connection: Option<Connection>,
    home: Arc<Sqlite>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Reading {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else { return };
        // A connection that cannot end its transaction is closed rather than handed on.
        if run(&connection, "commit").is_ok() {
            let mut idle = self.home.idle_readers.lock().unwrap_or_else(PoisonError::into_inner);
            idle.push(connection);
        }
    }
}

/// Takes the file's write lock, which another process may hold.
async fn begin(connection: &mut Connection) -> StoreResult<()> {
    let started = tokio::time::Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        match run(connection, "begin immediate").map_err(StoreError::from) {
            Err(StoreError::Busy(_)) if started.elapsed() < BUSY_TIMEOUT => {
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(Duration::from_millis(50));
            }
            begun => return begun,
        }
    }
}

/// Runs a statement that takes and gives nothing.
fn run(connection: &Connection, sql: &'static str) -> rusqlite::Result<()> {
    connection.prepare_cached(sql)?.execute([]).map(|_| ())
}

/// A write transaction. Dropped without [`Writing::commit`], it rolls back.
pub(super) struct Writing {
    writer: Option<OwnedMutexGuard<Writer>>,
    home: Arc<tokio::sync::Mutex<Writer>>,
}

impl Writing {
    /// Ends the transaction and waits until the commit that holds it has reached the disk.
    pub(super) async fn commit(mut self) -> StoreResult<()> {
        run(self.connection()?, "release call")?;
        let Some(mut writer) = self.writer.take() else {
            return Err(StoreError::other("the transaction has ended already"));
        };
        let (done, committed) = oneshot::channel();
        let is_first = writer.done.is_empty();
        writer.done.push(done);
        drop(writer);
        if is_first {
            // On a task of its own, because a caller who goes away must not take the commit along. One
            // is enough for all who finish before its turn; more would come too early for the next.
            tokio::spawn(commit_done(self.home.clone()));
        }
        match committed.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(StoreError::Unavailable(error.into())),
            Err(lost) => Err(StoreError::Unknown(lost.into())),
        }
    }

    /// Takes back what the transaction did. Work of others that waits for its commit stays.
    fn undo(&mut self) {
        let Some(mut writer) = self.writer.take() else { return };
        if writer.connection.is_autocommit() {
            writer.forget_lost();
            return;
        }
        let undone = if writer.done.is_empty() {
            run(&writer.connection, "rollback")
        } else {
            run(&writer.connection, "rollback to call")
                .and_then(|()| run(&writer.connection, "release call"))
        };
        if let Err(error) = undone {
            // What could not be taken back alone must not be committed with the work of others.
            let all = writer.roll_back();
            tracing::error!(%error, ?all, "a SQLite transaction could not be rolled back");
        }
    }
}

/// Commits all work that is done when its turn comes. The disk is waited for on a thread of its own, so
/// that other calls go on.
async fn commit_done(home: Arc<tokio::sync::Mutex<Writer>>) {
    let mut writer = home.lock_owned().await;
    if writer.done.is_empty() {
        return;
    }
    let committed = tokio::task::spawn_blocking(move || writer.commit_done());
    if let Err(panicked) = committed.await {
        tracing::error!(%panicked, "a commit of SQLite was lost");
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.undo();
    }
}

/// What both kinds of transaction run statements on.
pub(super) trait Session {
    /// The open connection.
    fn connection(&self) -> StoreResult<&Connection>;
}

impl Session for Reading {
    fn connection(&self) -> StoreResult<&Connection> {
        self.connection.as_ref().ok_or_else(|| StoreError::other("the connection is in use"))
    }
}

impl Session for Writing {
    fn connection(&self) -> StoreResult<&Connection> {
        let writer = self.writer.as_deref();
        let ended = || StoreError::other("the transaction has ended");
        let connection = writer.map(|writer| &writer.connection).ok_or_else(ended)?;
        if connection.is_autocommit() {
            // Every further statement would be a transaction of its own.
            return Err(StoreError::Unavailable(TAKEN_BACK.into()));
        }
        Ok(connection)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_that_can_lose_what_it_wrote_is_refused() {
        for (number, name) in [(3_051_003, "3.51.3"), (3_052_000, "3.52.0"), (4_000_000, "4.0.0")] {
            assert!(is_safe(number, name).is_ok(), "{name}");
        }
        for (number, name) in [(3_051_002, "3.51.2"), (3_050_099, "3.50.99"), (3_046_001, "3.46.1")]
        {
            let refused = is_safe(number, name).unwrap_err();
            let why = std::error::Error::source(&refused).unwrap().to_string();
            assert!(why.contains(name) && why.contains("3.51.3 or later"), "{why}");
        }
        let built_in = is_safe(rusqlite::version_number(), rusqlite::version());
        assert!(built_in.is_ok(), "{built_in:?}");
    }
}
