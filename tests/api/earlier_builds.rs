//! A database that an earlier development build made is told so, and is left as it is.

use business_mcp_engine::{auth::JwtSecret, cli::start};

use crate::{
    books::{change, number},
    process::program,
    support::fresh_postgres,
};

#[tokio::test]
async fn a_database_of_an_earlier_build_is_named_in_one_sentence_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = format!("sqlite://{}", folder.path().join("earlier.db").display());
    for url in [sqlite, fresh_postgres().await] {
        let db = start::open(&url).unwrap();
        for sql in [
            "create table _sqlx_migrations (version bigint not null primary key)",
            "insert into _sqlx_migrations (version) values (1), (15)",
            "create table tenants (id text not null primary key)",
        ] {
            change(&db, sql, &[]).await;
        }
        for arguments in [
            &["migrate"][..],
            &["serve", "--port", "0"],
            &["serve", "--port", "0", "--no-migrate"],
            &["stdio"],
            &["seed"],
            &["reindex"],
            &["key", "list"],
        ] {
            let secret = JwtSecret::generate();
            let mut command = program(&url);
            command.env("JWT_SECRET", secret.expose()).env("METRICS_PORT", "0");
            let output = command.args(arguments).output().unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{arguments:?}: {said}");
            let told: Vec<&str> = said.lines().filter(|line| line.contains("build")).collect();
            let [told] = told[..] else { panic!("{arguments:?}: {said}") };
            assert!(
                told.contains("earlier development build") && told.contains("DATABASE_URL"),
                "{told}"
            );
        }
        let doctor = program(&url).arg("doctor").output().unwrap();
        let found = String::from_utf8(doctor.stdout).unwrap();
        assert_eq!(doctor.status.code(), Some(1), "{found}");
        assert!(found.contains("wrong  another build made this database"), "{found}");
        assert!(!found.contains("business-mcp migrate"), "no migration helps: {found}");

        let tables = if db.kind() == "sqlite" {
            "select count(*) from sqlite_master where type = 'table'"
        } else {
            "select count(*) from information_schema.tables where table_schema = 'public'"
        };
        assert_eq!(number(&db, tables, &[]).await, 2);
    }
}
