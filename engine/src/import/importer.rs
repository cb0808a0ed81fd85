//! What a kind of records says of itself, and how it is written.
//!
//! A record is read field by field from a JSON object, so that a complaint can name its field:
//! `lines[0].price: is not a plain decimal amount such as 59.98`. Written, it is the import format again.

use std::{collections::HashSet, sync::Arc};

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use serde::Serialize;
use serde_json::Value;

use super::{
    Counts, FileReport, Import, ImportError, Progress,
    fields::{FieldError, Fields},
    files::Source,
    merge::{Merge, Object},
    part::Part,
};
use crate::{
    db::{StoreResult, Tx},
    period,
    tool::context::Tenant,
};

/// A kind of records that can be imported. A module lists it:
/// [`Module::importer`](crate::Module::importer).
///
/// [`read`](Importer::read), [`ids`](Importer::ids) and [`insert`](Importer::insert) are enough for records that are
/// only added. Those that files may change have [`stored`](Importer::stored) and [`update`](Importer::update), too.
pub trait Importer: Send + Sync + 'static {
    /// One record. As JSON it is the import format in one form: a record that says the same is the same text.
    type Record: Serialize + Send + Sync + 'static;
    /// What records refer to, read once for a file.
    type References: Send + Sync;
    /// What [`Importer::update`] needs of a record on the server beside what the import format says of it.
    type Stored: Send;

    /// The name of its files, without `.jsonl` or `.csv`.
    const KIND: &'static str;
    /// The kinds that it refers to. They are imported before.
    const AFTER: &'static [&'static str] = &[];
    /// The objects and lists in it.
    const PARTS: &'static [Part] = &[];

    /// Reads it from the fields of an object.
    ///
    /// # Errors
    /// The first field that is wrong, and why.
    fn read(fields: &mut Fields<'_>) -> Result<Self::Record, FieldError>;

    /// Its field `id`, by which it is merged with the record on the server. Where records have none, what one says is
    /// what it is: it is inserted once, however often it is imported.
    fn id(record: &Self::Record) -> Option<&str>;

    /// What the records of a file refer to. It is called before anything else, and is the place to take locks.
    fn references(
        ctx: &mut ImportContext,
    ) -> impl Future<Output = StoreResult<Self::References>> + Send;

    /// The ids that are on the server.
    fn ids(ctx: &mut ImportContext) -> impl Future<Output = StoreResult<HashSet<String>>> + Send;

    /// What is wrong with what a new or changed record refers to.
    fn check(
        _ctx: &mut ImportContext,
        _references: &mut Self::References,
        _record: &Self::Record,
    ) -> impl Future<Output = StoreResult<Vec<FieldError>>> + Send {
        async { Ok(Vec::new()) }
    }

    /// Inserts new records, each with the id that it has on the server.
    fn insert(
        ctx: &mut ImportContext,
        records: &[(&str, &Self::Record)],
    ) -> impl Future<Output = StoreResult<()>> + Send;

    /// The record on the server as an object of the import format, for a file that says `named` of it; `None` where
    /// it stays as it is whatever a file says.
    fn stored(
        _ctx: &mut ImportContext,
        _references: &Self::References,
        _id: &str,
        _named: &Object,
    ) -> impl Future<Output = StoreResult<Option<(Object, Self::Stored)>>> + Send {
        async { Ok(None) }
    }

    /// Applies what a file changes of a record on the server, and says whether it changed anything.
    ///
    /// # Errors
    /// The field that cannot be as the file says.
    fn update(
        _ctx: &mut ImportContext,
        _record: &Self::Record,
        _merge: &Merge,
        _stored: Self::Stored,
    ) -> impl Future<Output = StoreResult<Result<bool, FieldError>>> + Send {
        async { Ok(Ok(false)) }
    }

    /// What is done in the same transaction when all records of a file are written, whose ids these are.
    fn finish(
        _ctx: &mut ImportContext,
        _ids: &[&str],
        _counts: Counts,
    ) -> impl Future<Output = StoreResult<()>> + Send {
        async { Ok(()) }
    }
}

/// The open transaction of one file, whose records they become, and the time.
pub struct ImportContext {
    /// The open transaction. The framework commits it.
    pub tx: Tx,
    /// Whose records they become.
    pub tenant: Arc<Tenant>,
    /// When the import began.
    pub now: DateTime<Utc>,
}

impl ImportContext {
    /// The tenant's day of a moment, as the database keeps it.
    pub fn day(&self, at: DateTime<Utc>) -> String {
        period::day_of(at, self.tenant.time_zone).to_string()
    }

    /// A new id for a row of a ledger, which sorts by its time.
    pub fn ledger_id(&self) -> String {
        let seconds = u64::try_from(self.now.timestamp()).unwrap_or_default();
        let nanos = self.now.timestamp_subsec_nanos();
        uuid::Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, nanos)).to_string()
    }
}

/// Reads one record and leaves none of its fields unread.
///
/// # Errors
/// The first field that is wrong or unknown, and why.
pub fn read<I: Importer>(value: Value, tenant: &Tenant) -> Result<I::Record, FieldError> {
    let mut fields = Fields::new(value, String::new(), tenant)?;
    let record = I::read(&mut fields)?;
    fields.finish()?;
    Ok(record)
}

/// An importer of any kind of records.
pub(crate) trait AnyImporter: Send + Sync {
    /// The name of its files, without the extension.
    fn kind(&self) -> &'static str;

    /// The kinds that are imported before.
    fn after(&self) -> &'static [&'static str];

    /// Imports one file.
    fn import<'a>(
        &'a self,
        import: &'a Import,
        source: &'a Source,
        progress: Progress<'a>,
    ) -> BoxFuture<'a, Result<FileReport, ImportError>>;
}

impl<I: Importer> AnyImporter for I {
    fn kind(&self) -> &'static str {
        I::KIND
    }

    fn after(&self) -> &'static [&'static str] {
        I::AFTER
    }

    fn import<'a>(
        &'a self,
        import: &'a Import,
        source: &'a Source,
        progress: Progress<'a>,
    ) -> BoxFuture<'a, Result<FileReport, ImportError>> {
        Box::pin(import.file::<I>(source, progress))
    }
}
