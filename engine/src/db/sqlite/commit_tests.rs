//! Commits that writers share: how many, and what becomes of those whose commit does not come.

use tokio::task::JoinSet;

use super::*;

/// Writers at the same time, and how often each writes.
const WRITERS: usize = 64;
const TIMES: usize = 4;

fn open(folder: &tempfile::TempDir) -> Arc<Sqlite> {
    let sqlite = Sqlite::open(&folder.path().join("test.db")).unwrap();
    let table = "create table written (text text)";
    sqlite.writer.try_lock().unwrap().connection.execute_batch(table).unwrap();
    Arc::new(sqlite)
}

async fn write(sqlite: &Sqlite) -> Writing {
    let writing = sqlite.write().await.unwrap();
    run(writing.connection().unwrap(), "insert into written values ('x')").unwrap();
    writing
}

async fn written(sqlite: &Arc<Sqlite>) -> i64 {
    let reading = sqlite.read().await.unwrap();
    let count = "select count(*) from written";
    reading.connection().unwrap().query_row(count, [], |row| row.get(0)).unwrap()
}

/// How many commits the write-ahead log holds: the last frame of each names the size of the file.
fn commits(folder: &tempfile::TempDir) -> usize {
    let log = std::fs::read(folder.path().join("test.db-wal")).unwrap();
    let Some((header, frames)) = log.split_at_checked(32) else { return 0 };
    let ends = |frame: &&[u8]| frame[8..16] == header[16..24] && frame[4..8] != [0; 4];
    frames.chunks_exact(24 + 4096).filter(ends).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_writers_share_few_commits() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = open(&folder);
    let before = commits(&folder);
    let mut writers = JoinSet::new();
    for _ in 0..WRITERS {
        let sqlite = sqlite.clone();
        writers.spawn(async move {
            for _ in 0..TIMES {
                write(&sqlite).await.commit().await.unwrap();
            }
        });
    }
    writers.join_all().await;
    assert_eq!(written(&sqlite).await, i64::try_from(WRITERS * TIMES).unwrap());
    let commits = commits(&folder) - before;
    let together = WRITERS * TIMES / commits;
    assert!(together >= WRITERS / 4, "{commits} commits, {together} writes each");
}

#[tokio::test]
async fn one_writer_alone_is_committed_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = open(&folder);
    let before = commits(&folder);
    for _ in 0..10 {
        write(&sqlite).await.commit().await.unwrap();
    }
    assert_eq!(commits(&folder) - before, 10);
}

#[tokio::test]
async fn work_is_committed_while_others_keep_writing() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = open(&folder);
    let mut busy = JoinSet::new();
    for _ in 0..4 {
        let sqlite = sqlite.clone();
        // They give up what they write, so the commit has to take its turn among them.
        busy.spawn(async move {
            loop {
                let writing = write(&sqlite).await;
                tokio::task::yield_now().await;
                drop(writing);
            }
        });
    }
    for _ in 0..20 {
        let commit = async { write(&sqlite).await.commit().await.unwrap() };
        tokio::time::timeout(Duration::from_secs(5), commit).await.expect("it has its turn");
    }
    busy.shutdown().await;
    assert_eq!(written(&sqlite).await, 20);
}

#[tokio::test]
async fn work_that_waits_outlives_its_caller_and_whoever_gives_up_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = open(&folder);
    let mut gone = Box::pin(write(&sqlite).await.commit());
    assert!(futures::poll!(&mut gone).is_pending());
    drop(gone);
    drop(write(&sqlite).await);
    write(&sqlite).await.commit().await.unwrap();
    assert_eq!(written(&sqlite).await, 2);
}

#[tokio::test]
async fn work_that_waits_is_committed_when_the_server_stops() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = open(&folder);
    let mut waiting = Box::pin(write(&sqlite).await.commit());
    assert!(futures::poll!(&mut waiting).is_pending());
    sqlite.checkpoint().await.unwrap();
    waiting.await.unwrap();
    assert_eq!(commits(&folder), 0, "the log was moved");
    assert_eq!(written(&sqlite).await, 1);
}

/// Whoever writes after a commit that failed, or was lost, is committed as ever.
#[tokio::test]
async fn a_commit_that_fails_is_told_to_all_and_nobody_waits_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = open(&folder);
    let child = "create table child (
                     parent integer references parent (id) deferrable initially deferred)";
    let mut writer = sqlite.writer.lock().await;
    writer.connection.execute_batch("create table parent (id integer primary key)").unwrap();
    writer.connection.execute_batch(child).unwrap();
    // A commit that was lost leaves an open transaction that nobody waits for.
    writer.connection.execute_batch("begin; insert into written values ('lost')").unwrap();
    writer.done.clear();
    drop(writer);

    let orphan = sqlite.write().await.unwrap();
    run(orphan.connection().unwrap(), "insert into child values (1)").unwrap();
    let mut orphan = Box::pin(orphan.commit());
    assert!(futures::poll!(&mut orphan).is_pending());
    let other = write(&sqlite).await.commit();
    let (orphan, other) = tokio::join!(orphan, other);
    for told in [orphan, other] {
        assert!(matches!(told, Err(StoreError::Unavailable(_))), "{told:?}");
    }
    write(&sqlite).await.commit().await.unwrap();
    assert_eq!(written(&sqlite).await, 1);
}
