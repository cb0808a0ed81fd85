//! The schema: what the engine and each module bring to it, what of that a database has, and how it gets the rest.
//!
//! A migration is one file for both databases. It is applied once, and its checksum is kept in `applied_migrations`.
//! All that a database lacks is applied in one transaction, so one that fails leaves nothing of any.

use std::{collections::BTreeMap, sync::Arc};

use sqlx::{ConnectOptions as _, Connection as _, PgConnection, postgres::PgConnectOptions};

use super::{
    Db, Record, StoreError, StoreResult, Tx, collation,
    open::Backend,
    params, postgres, record,
    sqlite::{self, Session as _, Writing},
    value::Params,
};
use crate::digest;

/// One file of a module that makes or changes tables.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// The module that brings it.
    pub module: &'static str,
    /// Its number within the module, from 1.
    pub version: i64,
    /// What it is about, as its file is called.
    pub name: &'static str,
    /// Its statements, for Postgres.
    pub sql: &'static str,
}

impl Migration {
    /// What SQLite runs. `collate "C"` makes Postgres compare a column by its bytes, as SQLite does anyway, which knows
    /// no collation of that name.
    fn plain(&self) -> String {
        self.sql.replace(collation::BY_BYTES, "")
    }

    /// The same on both databases.
    fn checksum(&self) -> String {
        digest::sha256(&self.plain())
    }
}

/// Every migration of a build with its checksum, in the order in which they are applied.
#[derive(Debug, Clone)]
pub struct Migrations(Arc<[(Migration, String)]>);

impl Migrations {
    /// Those of the engine, and then those of the modules, in this order. A migration may rely on the tables of those
    /// before it.
    ///
    /// # Errors
    /// Two with the same version in one module, or a lower one after a higher one.
    pub fn new(of_modules: impl IntoIterator<Item = Migration>) -> Result<Self, String> {
        let engine = Migration {
            module: "engine",
            version: 1,
            name: "engine",
            sql: include_str!("../../migrations/0001_engine.sql"),
        };
        let all: Vec<Migration> = std::iter::once(engine).chain(of_modules).collect();
        let mut newest = BTreeMap::new();
        for Migration { module, version, .. } in &all {
            let before = newest.insert(module, version).unwrap_or(&0);
            if version <= before {
                return Err(format!("migration {module} {version} comes after {module} {before}"));
            }
        }
        Ok(Self(all.into_iter().map(|migration| (migration, migration.checksum())).collect()))
    }

    /// What tells this schema from another one.
    pub fn checksum(&self) -> String {
        digest::sha256(&self.0.iter().map(|(_, checksum)| checksum.as_str()).collect::<String>())
    }

    /// Those that a database lacks.
    fn missing(&self, applied: &[Applied]) -> StoreResult<Vec<Migration>> {
        let mut missing = Vec::new();
        for (migration, checksum) in self.0.iter() {
            let Migration { module, version, .. } = *migration;
            match applied.iter().find(|row| row.module == module && row.version == version) {
                None => missing.push(*migration),
                Some(row) if row.checksum == *checksum => {}
                Some(_) => {
                    return Err(StoreError::OtherBuild(format!(
                        "it has another migration {module} {version}"
                    )));
                }
            }
        }
        Ok(missing)
    }
}

record! {
    /// A migration that a database has.
    struct Applied {
        module: String,
        version: i64,
        checksum: String,
    }
}

const APPLIED: &str = "select module, version, checksum
                       from applied_migrations";

/// Builds before the first release kept their migrations here.
const EARLIER: &str = "_sqlx_migrations";

const TABLES_OF_SQLITE: &str = "select name
                                from sqlite_master
                                where type = 'table'
                                  and name in ('applied_migrations', '_sqlx_migrations')";

const TABLES_OF_POSTGRES: &str = "select name
                                  from (values ('applied_migrations'), ('_sqlx_migrations')) t (name)
                                  where to_regclass(name) is not null";

const CREATE: &str = "create table applied_migrations (
    module text collate \"C\" not null,
    version bigint not null,
    name text collate \"C\" not null,
    checksum text collate \"C\" not null,
    primary key (module, version)
);";

/// Whether a database with these tables knows which migrations it has.
///
/// # Errors
/// [`StoreError::OtherBuild`] where it was made by an earlier development build.
fn is_begun(tables: &[(String,)]) -> StoreResult<bool> {
    let has = |name: &str| tables.iter().any(|(table,)| table == name);
    if has(EARLIER) {
        return Err(StoreError::OtherBuild("it is of an earlier development build".into()));
    }
    Ok(has("applied_migrations"))
}

impl Db {
    /// Brings the schema up to date. Several processes may do so at once: one of them goes first, and the others find
    /// nothing left to do.
    ///
    /// # Errors
    /// [`StoreError::OtherBuild`], and then nothing was changed; whatever a migration fails with.
    pub async fn migrate(&self, migrations: &Migrations) -> StoreResult<()> {
        match &self.0 {
            Backend::Sqlite(sqlite) => {
                // Another process may be writing, and whoever lacks nothing need not wait for it.
                match self.check(migrations).await {
                    Err(StoreError::OldSchema) => {}
                    ended => return ended,
                }
                let mut session = Session::Sqlite(sqlite.write().await?);
                session.apply(migrations).await?;
                session.commit().await?;
            }
            Backend::Postgres(postgres) => {
                // A pool's sessions have a statement timeout, which a migration may outlast.
                let options: PgConnectOptions = (*postgres.writers.connect_options()).clone();
                let options = options.options([("statement_timeout", "0"), ("lock_timeout", "0")]);
                let mut session = Session::Postgres(options.connect().await?);
                session.run("begin; select pg_advisory_xact_lock(7041776021)").await?;
                session.apply(migrations).await?;
                session.commit().await?;
            }
        }
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

    /// Whether the database answers and has every migration of this build.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where it does not answer, [`StoreError::OldSchema`] where it lacks one, and
    /// [`StoreError::OtherBuild`] where it never gets there.
    pub async fn check(&self, migrations: &Migrations) -> StoreResult<()> {
        let mut tx: Tx = self.read().await?;
        let tables = match self.0 {
            Backend::Sqlite(_) => TABLES_OF_SQLITE,
            Backend::Postgres(_) => TABLES_OF_POSTGRES,
        };
        if !is_begun(&tx.fetch_all(tables, &[]).await?)? {
            return Err(StoreError::OldSchema);
        }
        if migrations.missing(&tx.fetch_all(APPLIED, &[]).await?)?.is_empty() {
            Ok(())
        } else {
            Err(StoreError::OldSchema)
        }
    }
}

/// A transaction that changes the schema.
enum Session {
    Sqlite(Writing),
    /// Dropped before its `commit`, it rolls back.
    Postgres(PgConnection),
}

impl Session {
    /// Applies what the database lacks.
    async fn apply(&mut self, migrations: &Migrations) -> StoreResult<()> {
        let tables = match self {
            Self::Sqlite(_) => TABLES_OF_SQLITE,
            Self::Postgres(_) => TABLES_OF_POSTGRES,
        };
        if !is_begun(&self.fetch_all(tables).await?)? {
            self.run(CREATE).await?;
        }
        let applied: Vec<Applied> = self.fetch_all(APPLIED).await?;
        for migration in migrations.missing(&applied)? {
            tracing::debug!(migration.module, migration.version, migration.name, "migrating");
            self.run(migration.sql).await?;
            self.note(&migration).await?;
        }
        Ok(())
    }

    async fn fetch_all<T: Record>(&mut self, sql: &'static str) -> StoreResult<Vec<T>> {
        match self {
            Self::Sqlite(writing) => {
                sqlite::fetch_all(writing.connection()?, sql, Params::default())
            }
            Self::Postgres(connection) => {
                postgres::fetch_all(connection, sql, Params::default()).await
            }
        }
    }

    /// Runs statements one after the other.
    async fn run(&mut self, sql: &'static str) -> StoreResult<()> {
        match self {
            Self::Sqlite(writing) => {
                writing.connection()?.execute_batch(&sql.replace(collation::BY_BYTES, ""))?;
            }
            Self::Postgres(connection) => {
                sqlx::raw_sql(sql).execute(connection).await?;
            }
        }
        Ok(())
    }

    /// Notes that a migration is applied.
    async fn note(&mut self, migration: &Migration) -> StoreResult<()> {
        let sql = "insert into applied_migrations (module, version, name, checksum)
                   values ($1, $2, $3, $4)";
        let checksum = migration.checksum();
        let params = params![migration.module, migration.version, migration.name, &checksum];
        let params = Params::new(params, None)?;
        match self {
            Self::Sqlite(writing) => sqlite::execute(writing.connection()?, sql, params)?,
            Self::Postgres(connection) => postgres::execute(connection, sql, params).await?,
        };
        Ok(())
    }

    async fn commit(self) -> StoreResult<()> {
        match self {
            Self::Sqlite(writing) => writing.commit().await,
            Self::Postgres(mut connection) => {
                sqlx::raw_sql("commit").execute(&mut connection).await?;
                Ok(connection.close().await?)
            }
        }
    }
}

#[cfg(test)]
#[path = "migrations_tests.rs"]
mod tests;
