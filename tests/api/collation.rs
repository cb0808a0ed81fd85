//! A Postgres database whose key columns are compared by the rules of a language, as an earlier build
//! made them.

use business_mcp_engine::{auth::JwtSecret, cli::start};

use crate::{books::change, process::program, support::fresh_postgres};

#[tokio::test]
async fn the_doctor_names_columns_that_are_not_collate_c() {
    let url = fresh_postgres().await;
    assert!(program(&url).arg("migrate").output().unwrap().status.success());
    let doctor = || {
        let secret = JwtSecret::generate();
        let output = program(&url).arg("doctor").env("JWT_SECRET", secret.expose()).output();
        let output = output.unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, found) = doctor();
    assert_eq!(code, Some(0), "{found}");

    let db = start::open(&url).unwrap();
    for sql in [
        "alter table orders alter column id_tail type text collate \"default\"",
        "alter table search_terms alter column term type text collate \"default\"",
    ] {
        change(&db, sql, &[]).await;
    }
    let (code, found) = doctor();
    assert_eq!(code, Some(1), "{found}");
    let wrong = "2 of the key columns in Postgres are not collate \"C\", such as orders.id_tail \
                 (collation default), search_terms.term (collation default)";
    assert!(found.contains(wrong) && found.contains("pg_dump"), "{found}");
}
