//! The one door to the database, and the engine's own statements.
//!
//! [`Db`] opens read and write transactions; [`Tx`] runs statements. Each statement is written once,
//! with `$1` parameters and in the SQL that SQLite and Postgres share, and runs on the database's
//! own driver: rusqlite on the calling thread, or sqlx's Postgres.
//!
//! * [`open`], [`tx`]: opening, beginning, running, committing;
//! * [`migrations`]: the schema, as the engine and the modules bring it;
//! * [`value`], [`mod@record`]: what goes into a statement, and what comes out;
//! * [`text_range`], [`collation`]: text in order, and whether Postgres keeps it in that order;
//! * [`error`]: what can go wrong, by kind;
//! * [`bulk`]: many rows in one statement;
//! * `sqlite`, `postgres`: the two drivers behind the door;
//! * [`approvals`], [`audit`], [`idempotency`], [`imports`], [`keys`], [`search_terms`], [`tenants`], [`verifications`]: the engine's tables.

pub mod approvals;
pub mod audit;
pub mod bulk;
pub mod collation;
pub mod erasure;
pub mod error;
pub mod idempotency;
pub mod imports;
pub mod keys;
pub mod migrations;
pub mod open;
mod postgres;
pub mod record;
pub mod search_terms;
mod sqlite;
pub mod tenants;
pub mod text_range;
pub mod tx;
pub mod value;
pub mod verifications;

pub use crate::{params, record};
pub use error::{StoreError, StoreResult};
pub use migrations::{Migration, Migrations};
pub use open::{Db, DbOptions};
pub use record::Record;
pub use tx::Tx;
pub use value::TENANT;

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;
    use crate::testing::{self, TestDb};

    record! {
        #[derive(Debug, PartialEq)]
        struct Tenant { id: String, name: String, created_at: DateTime<Utc> }
    }

    async fn insert(tx: &mut Tx, id: &str) -> StoreResult<u64> {
        // The parameters stand out of order on purpose.
        tx.execute(
            "insert into tenants (name, id, currency, time_zone, created_at)
             values ($2, $1, 'USD', 'UTC', $3)",
            params![id, "Acme", DateTime::UNIX_EPOCH],
        )
        .await
    }

    #[tokio::test]
    async fn a_row_written_is_the_row_read() {
        for TestDb { db, .. } in &testing::databases().await {
            db.check(&testing::migrations()).await.unwrap();
            let mut tx = db.write().await.unwrap();
            insert(&mut tx, "acme").await.unwrap();
            tx.commit().await.unwrap();
            let sql = "select id, name, created_at
                       from tenants
                       where id = $1";
            let mut tx = db.read().await.unwrap();
            let tenant: Option<Tenant> = tx.fetch_optional(sql, params!["acme"]).await.unwrap();
            assert_eq!(tenant.unwrap().created_at, DateTime::UNIX_EPOCH);
            let long: Vec<Tenant> = tx.fetch_all_long(sql, params!["acme"]).await.unwrap();
            assert_eq!(long.len(), 1);
        }
    }

    #[tokio::test]
    async fn a_dropped_transaction_leaves_nothing_and_a_second_row_is_refused_by_kind() {
        for TestDb { db, .. } in &testing::databases().await {
            let mut tx = db.write().await.unwrap();
            insert(&mut tx, "acme").await.unwrap();
            assert!(matches!(insert(&mut tx, "acme").await, Err(StoreError::Unique(_))));
            drop(tx);
            let mut tx = db.read().await.unwrap();
            let (count,): (i64,) = tx.fetch_one("select count(*) from tenants", &[]).await.unwrap();
            assert_eq!(count, 0);
        }
    }

    #[tokio::test]
    async fn a_statement_about_a_tenant_finds_that_of_its_transaction_and_needs_one() {
        let sql = "select id, name, created_at
                   from tenants
                   where id = $1";
        for TestDb { db, .. } in &testing::databases().await {
            let mut tx = db.write().await.unwrap();
            insert(&mut tx, "acme").await.unwrap();
            insert(&mut tx, "other").await.unwrap();
            tx.commit().await.unwrap();

            let mut tx = db.read().await.unwrap().of("acme");
            for id in ["acme", "other"] {
                tx.set_tenant(id);
                let found: Vec<Tenant> = tx.fetch_all(sql, params![TENANT]).await.unwrap();
                assert_eq!(found[0].id, id);
                let found: Vec<Tenant> = tx.fetch_all_long(sql, params![TENANT]).await.unwrap();
                assert_eq!(found[0].id, id);
            }
            let mut tx = db.read().await.unwrap();
            let found = tx.fetch_optional::<Tenant>(sql, params![TENANT]).await;
            assert!(matches!(found, Err(StoreError::Other(_))), "{found:?}");
        }
    }

    #[tokio::test]
    async fn a_read_handle_cannot_write() {
        for TestDb { db, .. } in &testing::databases().await {
            let mut tx = db.read().await.unwrap();
            assert!(matches!(insert(&mut tx, "acme").await, Err(StoreError::ReadOnly(_))));
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn writers_share_commits_and_one_who_gives_up_takes_nothing_of_the_others_along() {
        for TestDb { db, .. } in &testing::databases().await {
            let writers = (0..60).map(|number| {
                let db = db.clone();
                tokio::spawn(async move {
                    let mut tx = db.write().await.unwrap();
                    insert(&mut tx, &format!("tenant-{number}")).await.unwrap();
                    // Every third writer gives up: in the middle, or while it waits for the disk.
                    match number % 6 {
                        0 => drop(tx),
                        3 => {
                            let no_time = std::time::Duration::ZERO;
                            drop(tokio::time::timeout(no_time, tx.commit()).await);
                        }
                        _ => tx.commit().await.unwrap(),
                    }
                })
            });
            for writer in writers.collect::<Vec<_>>() {
                writer.await.unwrap();
            }
            // One more commit comes after every earlier one.
            let mut tx = db.write().await.unwrap();
            insert(&mut tx, "last").await.unwrap();
            tx.commit().await.unwrap();
            let mut tx = db.read().await.unwrap();
            let ids: Vec<(String,)> = tx.fetch_all("select id from tenants", &[]).await.unwrap();
            let has = |number: usize| ids.contains(&(format!("tenant-{number}"),));
            assert!((0..60).filter(|number| number % 6 == 0).all(|number| !has(number)));
            assert!((0..60).filter(|number| number % 3 != 0).all(has));
        }
    }

    /// SQLite takes a whole transaction back by itself when the disk is full.
    #[tokio::test]
    async fn a_full_disk_is_told_to_everyone_whose_work_it_took_and_to_nobody_after() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("full.db").display());
        let db = Db::open(&url, &DbOptions::default()).unwrap();
        db.migrate(&testing::migrations()).await.unwrap();
        let name = "x".repeat(4000);
        let mut tx = db.write().await.unwrap();
        insert(&mut tx, "waits for its commit").await.unwrap();
        let mut waiting = Box::pin(tx.commit());
        assert!(futures::poll!(&mut waiting).is_pending());
        let mut tx = db.write().await.unwrap();
        tx.fetch_all::<(i64,)>("pragma max_page_count = 1", &[]).await.unwrap();
        let full = loop {
            let id = uuid::Uuid::now_v7().to_string();
            if let Err(error) = insert(&mut tx, &format!("{id}{name}")).await {
                break error;
            }
        };
        assert!(matches!(full, StoreError::Unavailable(_)), "{full:?}");
        let ended = insert(&mut tx, "small").await;
        assert!(matches!(ended, Err(StoreError::Unavailable(_))), "{ended:?}");
        assert!(matches!(tx.commit().await, Err(StoreError::Unavailable(_))));
        assert!(matches!(waiting.await, Err(StoreError::Unavailable(_))));

        let mut tx = db.write().await.unwrap();
        tx.fetch_all::<(i64,)>("pragma max_page_count = 1000000", &[]).await.unwrap();
        insert(&mut tx, "after").await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = db.read().await.unwrap();
        let ids: Vec<(String,)> = tx.fetch_all("select id from tenants", &[]).await.unwrap();
        assert_eq!(ids, [("after".to_owned(),)]);
    }
}
