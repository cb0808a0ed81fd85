//! Databases of which each test has a copy. A process makes each of them once, when a test first asks for it.

use std::{
    collections::HashMap,
    path::Path,
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use tokio::sync::OnceCell;

use crate::db::{Db, DbOptions, Migrations};

/// Where a test's database is.
#[derive(Debug, Clone, Copy)]
pub enum Place<'a> {
    /// A file at this path.
    Sqlite(&'a Path),
    /// A database beside the one that `TEST_DATABASE_URL` names, with a collation as `TEST_COLLATION` has it: a locale
    /// such as `en_US.UTF-8`, `icu`, or nothing for the server's own.
    Postgres(&'a str),
}

/// A database that nobody has open.
enum Template {
    /// The file.
    Sqlite(Vec<u8>),
    /// Its name.
    Postgres(String),
}

type Templates = HashMap<String, Arc<OnceCell<Template>>>;

static TEMPLATES: LazyLock<Mutex<Templates>> = LazyLock::new(Mutex::default);

/// A database with this schema and with what `fill` writes, which is the same whenever its name is the same. Returns
/// its URL.
///
/// # Errors
/// What Postgres says, such as that it does not know the collation.
pub async fn filled(
    place: Place<'_>,
    schema: &Migrations,
    name: &str,
    fill: impl AsyncFnOnce(&Db),
) -> sqlx::Result<String> {
    let kind = match place {
        Place::Sqlite(_) => "sqlite",
        Place::Postgres(collation) => collation,
    };
    let key = format!("{kind} {name} {}", schema.checksum());
    let cell = TEMPLATES.lock().unwrap().entry(key).or_default().clone();
    let template = cell.get_or_try_init(|| Template::make(place, schema, fill)).await?;
    template.copy_to(place).await
}

impl Template {
    async fn make(
        place: Place<'_>,
        schema: &Migrations,
        fill: impl AsyncFnOnce(&Db),
    ) -> sqlx::Result<Self> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("template.db");
        let url = match place {
            Place::Sqlite(_) => sqlite_url(&path),
            Place::Postgres(collation) => empty_postgres(collation).await?,
        };
        let db = Db::open(&url, &DbOptions::default()).unwrap();
        db.migrate(schema).await.unwrap();
        fill(&db).await;
        db.close().await;
        drop(db);
        Ok(match place {
            Place::Sqlite(_) => Self::Sqlite(std::fs::read(path)?),
            Place::Postgres(_) => Self::Postgres(postgres_name(&url).to_owned()),
        })
    }

    async fn copy_to(&self, place: Place<'_>) -> sqlx::Result<String> {
        match (self, place) {
            (Self::Sqlite(file), Place::Sqlite(path)) => {
                std::fs::write(path, file)?;
                Ok(sqlite_url(path))
            }
            (Self::Postgres(name), _) => new_postgres(&format!(" template {name}")).await,
            (Self::Sqlite(_), Place::Postgres(_)) => unreachable!("the kind is part of the key"),
        }
    }
}

fn sqlite_url(path: &Path) -> String {
    format!("sqlite://{}", path.display())
}

/// An empty Postgres database of its own, with a collation as [`Place::Postgres`] has it. Returns its URL.
///
/// # Errors
/// What Postgres says.
pub async fn empty_postgres(collation: &str) -> sqlx::Result<String> {
    let like = match collation {
        "" => String::new(),
        "icu" => {
            " template template0 encoding 'UTF8' locale_provider icu icu_locale 'en-US'".into()
        }
        locale => format!(" template template0 encoding 'UTF8' locale '{locale}'"),
    };
    new_postgres(&like).await
}

/// A Postgres database of its own that begins as a copy of this one, which nobody is using.
///
/// # Errors
/// What Postgres says.
pub async fn copy_of_postgres(url: &str) -> sqlx::Result<String> {
    new_postgres(&format!(" template {}", postgres_name(url))).await
}

/// The name of a Postgres database.
pub fn postgres_name(url: &str) -> &str {
    let (_, rest) = url.rsplit_once('/').unwrap();
    rest.split('?').next().unwrap()
}

async fn new_postgres(like: &str) -> sqlx::Result<String> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let admin = std::env::var("TEST_DATABASE_URL").expect(
        "TEST_DATABASE_URL is not set: these tests need a Postgres server, and scripts/test \
         finds or starts one",
    );
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    // By its run, so that `scripts/test` finds what to drop.
    let run = std::env::var("TEST_RUN").unwrap_or_default();
    let name = format!("business_test_{run}_{}_{number}", std::process::id());
    let mut connection = PgConnection::connect(&admin).await?;
    for sql in [
        format!("drop database if exists {name} with (force)"),
        format!("create database {name}{like}"),
    ] {
        connection.execute(AssertSqlSafe(sql)).await?;
    }
    let (server, rest) = admin.rsplit_once('/').unwrap();
    let query = rest.split_once('?').map(|(_, query)| format!("?{query}")).unwrap_or_default();
    Ok(format!("{server}/{name}{query}"))
}
