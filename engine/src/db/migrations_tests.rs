use super::*;
use crate::testing::{self, TestDb};

/// A module's first migration.
const SHELVES: Migration = Migration {
    module: "shelves",
    version: 1,
    name: "shelves",
    sql: "create table shelves (id text collate \"C\" not null primary key);
          create table boards (id text collate \"C\" not null primary key);",
};
/// What it brings later: the second statement fails.
const BROKEN: Migration = Migration {
    module: "shelves",
    version: 3,
    name: "broken",
    sql: "create table hooks (id bigint not null); create table shelves (id bigint not null);",
};
const LATER: Migration = Migration {
    module: "shelves",
    version: 2,
    name: "later",
    sql: "alter table shelves add column wide boolean",
};

fn with<const N: usize>(of_modules: [Migration; N]) -> Migrations {
    Migrations::new(of_modules).unwrap()
}

async fn applied(db: &Db) -> Vec<(String, i64)> {
    let sql = "select module, version
               from applied_migrations
               order by module, version";
    db.read().await.unwrap().fetch_all(sql, &[]).await.unwrap()
}

/// Runs a statement beside the migrations.
async fn run(db: &Db, sql: &'static str) {
    let mut tx = db.write().await.unwrap();
    tx.execute(sql, &[]).await.unwrap();
    tx.commit().await.unwrap();
}

fn rows(rows: &[(&str, i64)]) -> Vec<(String, i64)> {
    rows.iter().map(|(module, version)| ((*module).to_owned(), *version)).collect()
}

#[test]
fn the_schema_of_the_engine_compares_keys_by_their_bytes_on_both_databases() {
    for (migration, _) in testing::migrations().0.iter() {
        assert!(migration.sql.contains("text collate \"C\" not null"), "{migration:?}");
        assert!(!migration.plain().contains("collate"), "{migration:?}");
    }
}

#[test]
fn a_version_is_given_once_and_versions_rise() {
    for [first, second] in [[SHELVES, SHELVES], [LATER, SHELVES], [LATER, LATER]] {
        let why = Migrations::new([first, second]).unwrap_err();
        assert!(
            why.contains(&format!("migration shelves {} comes after", second.version)),
            "{why}"
        );
    }
    let engine = Migration { module: "engine", ..SHELVES };
    assert!(Migrations::new([engine]).is_err());
    let other = Migration { module: "walls", ..SHELVES };
    assert!(Migrations::new([SHELVES, other, LATER]).is_ok());
}

#[tokio::test]
async fn what_is_missing_is_applied_once_in_order() {
    for TestDb { db, .. } in &testing::databases().await {
        let first = with([SHELVES]);
        assert!(matches!(db.check(&first).await, Err(StoreError::OldSchema)));
        for _ in 0..2 {
            db.migrate(&first).await.unwrap();
            db.check(&first).await.unwrap();
            assert_eq!(applied(db).await, rows(&[("engine", 1), ("shelves", 1)]));
        }
        let both = with([SHELVES, LATER]);
        assert!(matches!(db.check(&both).await, Err(StoreError::OldSchema)));
        db.migrate(&both).await.unwrap();
        assert_eq!(applied(db).await, rows(&[("engine", 1), ("shelves", 1), ("shelves", 2)]));
        // An older build, or one without the module, may serve on it.
        for older in [first, testing::migrations()] {
            db.check(&older).await.unwrap();
            db.migrate(&older).await.unwrap();
        }
        run(db, "insert into shelves (id, wide) values ('a', true)").await;
    }
}

#[tokio::test]
async fn a_migration_that_fails_leaves_nothing_of_any() {
    for TestDb { db, .. } in &testing::databases().await {
        let error = db.migrate(&with([SHELVES, BROKEN])).await.unwrap_err();
        assert!(matches!(error, StoreError::Other(_)), "{error:?}");
        assert_eq!(applied(db).await, rows(&[("engine", 1)]));
        // Neither table is in the way.
        let hooks = Migration { sql: "create table hooks (id bigint not null)", ..BROKEN };
        db.migrate(&with([SHELVES, hooks])).await.unwrap();
    }
}

#[tokio::test]
async fn a_database_of_another_build_is_named_and_left_as_it_is() {
    for TestDb { db, .. } in &testing::databases().await {
        db.migrate(&with([SHELVES])).await.unwrap();
        let edited = Migration { sql: "create table shelves (id bigint not null)", ..SHELVES };
        for build in [with([edited]), with([edited, LATER])] {
            for told in [db.check(&build).await, db.migrate(&build).await] {
                let error = told.unwrap_err();
                assert!(matches!(error, StoreError::OtherBuild(_)), "{error:?}");
                let said = error.to_string();
                assert!(said.contains("another migration shelves 1"), "{said}");
            }
        }
        assert_eq!(applied(db).await, rows(&[("engine", 1), ("shelves", 1)]));

        run(db, "drop table applied_migrations").await;
        run(db, "create table _sqlx_migrations (version bigint not null)").await;
        let build = with([SHELVES]);
        for told in [db.check(&build).await, db.migrate(&build).await] {
            let said = told.unwrap_err().to_string();
            assert!(said.contains("earlier development build") && said.contains("DATABASE_URL"));
        }
        run(db, "create table applied_migrations (id bigint)").await;
    }
}

#[tokio::test]
async fn several_at_once_apply_it_once() {
    for TestDb { db, .. } in &testing::databases().await {
        let build = with([SHELVES, LATER]);
        let migrating = (0..6).map(|_| db.migrate(&build));
        for migrated in futures::future::join_all(migrating).await {
            migrated.unwrap();
        }
        assert_eq!(applied(db).await, rows(&[("engine", 1), ("shelves", 1), ("shelves", 2)]));
    }
}
