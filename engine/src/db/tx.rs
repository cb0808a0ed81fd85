//! An open transaction.
//!
//! What Postgres waits for is boxed: it is much larger than the same on SQLite, and would make every
//! future around it as large.

use std::sync::Arc;

use super::{
    Record, StoreError, StoreResult,
    postgres::{self, Transaction},
    sqlite::{self, Reading, Session, Writing},
    value::{Params, Value},
};

/// An open transaction, of one tenant or of none. Dropped without [`Tx::commit`], it rolls back.
pub struct Tx {
    pub(super) inner: Inner,
    tenant: Option<Arc<str>>,
}

pub(super) enum Inner {
    SqliteRead(Reading),
    SqliteWrite(Writing),
    Postgres(Transaction),
}

impl Tx {
    pub(super) fn new(inner: Inner) -> Self {
        Self { inner, tenant: None }
    }

    /// Sets the tenant whose records the statements of this transaction read and write.
    #[must_use]
    pub fn of(mut self, tenant: impl Into<Arc<str>>) -> Self {
        self.set_tenant(tenant);
        self
    }

    /// Sets the tenant for the statements that follow: a job may work on records of several tenants.
    pub fn set_tenant(&mut self, tenant: impl Into<Arc<str>>) {
        self.tenant = Some(tenant.into());
    }

    /// Every row of a statement.
    pub async fn fetch_all<T: Record>(
        &mut self,
        sql: &'static str,
        params: &[Value<'_>],
    ) -> StoreResult<Vec<T>> {
        let params = Params::new(params, self.tenant.as_deref())?;
        match &mut self.inner {
            Inner::SqliteRead(session) => sqlite::fetch_all(session.connection()?, sql, params),
            Inner::SqliteWrite(session) => sqlite::fetch_all(session.connection()?, sql, params),
            Inner::Postgres(transaction) => {
                Box::pin(postgres::fetch_all(transaction, sql, params)).await
            }
        }
    }

    /// Every row of a statement that reads much, such as the sums of a year. On SQLite it runs on a
    /// thread of its own, so that short calls do not wait behind it.
    pub async fn fetch_all_long<T: Record + 'static>(
        &mut self,
        sql: &'static str,
        params: &[Value<'_>],
    ) -> StoreResult<Vec<T>> {
        match &mut self.inner {
            Inner::SqliteRead(session) => {
                let params = Params::new(params, self.tenant.as_deref())?;
                session.fetch_all_long(sql, params).await
            }
            _ => self.fetch_all(sql, params).await,
        }
    }

    /// The first row of a statement, or `None`.
    pub async fn fetch_optional<T: Record>(
        &mut self,
        sql: &'static str,
        params: &[Value<'_>],
    ) -> StoreResult<Option<T>> {
        let params = Params::new(params, self.tenant.as_deref())?;
        match &mut self.inner {
            Inner::SqliteRead(session) => {
                sqlite::fetch_optional(session.connection()?, sql, params)
            }
            Inner::SqliteWrite(session) => {
                sqlite::fetch_optional(session.connection()?, sql, params)
            }
            Inner::Postgres(transaction) => {
                Box::pin(postgres::fetch_optional(transaction, sql, params)).await
            }
        }
    }

    /// The one row of a statement that always has one, such as a sum.
    pub async fn fetch_one<T: Record>(
        &mut self,
        sql: &'static str,
        params: &[Value<'_>],
    ) -> StoreResult<T> {
        self.fetch_optional(sql, params)
            .await?
            .ok_or_else(|| StoreError::other("a statement that always has a row had none"))
    }

    /// Runs a statement and says how many rows it changed.
    pub async fn execute(&mut self, sql: &'static str, params: &[Value<'_>]) -> StoreResult<u64> {
        let params = Params::new(params, self.tenant.as_deref())?;
        match &mut self.inner {
            Inner::SqliteRead(session) => sqlite::execute(session.connection()?, sql, params),
            Inner::SqliteWrite(session) => sqlite::execute(session.connection()?, sql, params),
            Inner::Postgres(transaction) => {
                Box::pin(postgres::execute(transaction, sql, params)).await
            }
        }
    }

    /// Makes the transaction's changes last; when this answers, they have reached the disk.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] where the database may have committed; after all others it has not.
    pub async fn commit(self) -> StoreResult<()> {
        match self.inner {
            Inner::SqliteRead(_) => Ok(()),
            Inner::SqliteWrite(session) => session.commit().await,
            Inner::Postgres(transaction) => postgres::commit(transaction).await,
        }
    }
}
