//! Bringing in a business's own records, and demo data by the same way.
//!
//! A file is read and checked as a whole, then written in one transaction: all of it or nothing.
//! What a record says is compared with what it said when it was last imported: only what differs is
//! applied, so that what happened on the server since stays.
//!
//! What is particular to a kind of records, an [`Importer`] says, which a module brings. In reading order:
//!
//! * [`Import`]: a folder or a file; records that are in memory;
//! * [`importer`]: what a kind of records says of itself, and how it is written;
//! * [`fields`], [`part`]: taking a JSON object apart, and what in it is more than one value;
//! * `files`, `csv_rows`: lines and rows become records;
//! * [`merge`]: what a file says of a record that is on the server;
//! * `write`: what is new is inserted, what is known is merged;
//! * [`report`]: what it did, and what is wrong.

use std::{path::Path, sync::Arc};

use chrono::{DateTime, Utc};

mod csv_rows;
pub mod fields;
mod files;
pub mod importer;
pub mod merge;
pub mod part;
pub mod report;
#[cfg(test)]
mod tests;
mod write;

pub use fields::{FieldError, Fields};
pub use importer::{ImportContext, Importer, read};
pub use merge::{Merge, Object, present};
pub use part::Part;
pub use report::{Counts, FileReport, ImportError, ImportReport, Problems, Progress, Step};

use crate::{
    db::{
        Db,
        imports::{self, ImportedFile},
        tenants::{self, TenantRow},
    },
    digest::sha256_of_bytes,
    tool::context::Tenant,
};
use files::{Line, Source};
use importer::AnyImporter;

/// The kinds of records of an application, in the order in which they refer to each other.
#[derive(Clone)]
pub struct Importers(Vec<Arc<dyn AnyImporter>>);

impl Importers {
    /// Each kind after those that it refers to, otherwise in this order.
    ///
    /// # Errors
    /// Two importers of one kind, or some that wait for each other.
    pub(crate) fn new(mut listed: Vec<Arc<dyn AnyImporter>>) -> Result<Self, String> {
        let mut ordered: Vec<Arc<dyn AnyImporter>> = Vec::with_capacity(listed.len());
        while !listed.is_empty() {
            let waits = |importer: &Arc<dyn AnyImporter>| {
                listed.iter().any(|other| importer.after().contains(&other.kind()))
            };
            let Some(next) = listed.iter().position(|importer| !waits(importer)) else {
                let kinds: Vec<&str> = listed.iter().map(|importer| importer.kind()).collect();
                return Err(format!("the imports of {} wait for each other", kinds.join(", ")));
            };
            let next = listed.remove(next);
            if ordered.iter().any(|other| other.kind() == next.kind()) {
                return Err(format!("two modules import {}", next.kind()));
            }
            ordered.push(next);
        }
        Ok(Self(ordered))
    }

    /// The names of their files, without the extension.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|importer| importer.kind())
    }
}

/// An import into one tenant.
pub struct Import {
    db: Db,
    tenant: Arc<Tenant>,
    now: DateTime<Utc>,
}

impl Import {
    /// An import into a tenant, which is made after its facts where it is not on record yet.
    ///
    /// # Errors
    /// A tenant whose amounts are on record in another currency, or the database's own reason.
    pub async fn begin(db: &Db, tenant: Tenant, now: DateTime<Utc>) -> Result<Self, ImportError> {
        let mut tx = db.write().await?;
        tenants::create(&mut tx, &tenant.id, &TenantRow::of(&*tenant.facts), now).await?;
        let row = tenants::find(&mut tx, &tenant.id).await?;
        tx.commit().await?;
        let configured = tenant.configured_currency;
        if let Some(TenantRow { currency: recorded, .. }) = row
            && recorded != configured.code()
        {
            return Err(ImportError::Currency { recorded, configured });
        }
        Ok(Self { db: db.clone(), tenant: Arc::new(tenant), now })
    }

    /// Imports a file or every file of a folder.
    ///
    /// # Errors
    /// [`ImportError`] ends the import; of the file it is about, nothing was written.
    pub async fn path(
        &self,
        importers: &Importers,
        path: &Path,
        progress: Progress<'_>,
    ) -> Result<ImportReport, ImportError> {
        let mut report = ImportReport::default();
        for (importer, source) in Source::at(path, importers)? {
            let file = importer.import(self, &source, &mut *progress).await?;
            progress(Step::Finished(&file));
            report.files.push(file);
        }
        Ok(report)
    }

    /// Imports records that are in memory, as a file of them would be. What they are called is remembered: under the
    /// same name they are imported once.
    ///
    /// # Errors
    /// [`ImportError`] ends the import; nothing was written.
    pub async fn records<I: Importer>(
        &self,
        _: I,
        called: &str,
        records: Vec<I::Record>,
        progress: Progress<'_>,
    ) -> Result<FileReport, ImportError> {
        let lines: Vec<Line<'_, I>> =
            (1..).zip(records).map(|(number, record)| Line::of(number, record)).collect();
        let name = format!("{called}: {}", I::KIND);
        let file = self.write(&name, called, lines, &mut *progress).await?;
        progress(Step::Finished(&file));
        Ok(file)
    }

    /// Imports one file.
    async fn file<I: Importer>(
        &self,
        source: &Source,
        progress: Progress<'_>,
    ) -> Result<FileReport, ImportError> {
        progress(Step::Reading { file: &source.name });
        let text = tokio::fs::read(&source.path)
            .await
            .map_err(|error| ImportError::Io { file: source.name.clone(), source: error })?;
        // Everything is read before the transaction begins, because a server may be writing too.
        let mut problems = Problems::of(&source.name);
        let lines: Vec<Line<'_, I>> = source.parse(&text, &self.tenant, &mut problems);
        if !problems.is_empty() {
            let mut ctx = self.context(false).await?;
            let known = I::ids(&mut ctx).await?;
            for line in lines.iter().filter(|line| !known.contains(line.id())) {
                if let Err(partial) = &line.record {
                    problems.push(line.number, partial.missing.clone());
                }
            }
            return Err(ImportError::Records(problems));
        }
        self.write(&source.name, &sha256_of_bytes(&text), lines, progress).await
    }

    /// Writes the records of one file, unless this text of it was the last that was imported.
    async fn write<I: Importer>(
        &self,
        name: &str,
        digest: &str,
        lines: Vec<Line<'_, I>>,
        progress: Progress<'_>,
    ) -> Result<FileReport, ImportError> {
        let mut ctx = self.context(true).await?;
        let file = ImportedFile { name, digest, records: lines.len() };
        let counts = if imports::was_last(&mut ctx.tx, file).await? {
            Counts { unchanged: lines.len(), ..Counts::default() }
        } else {
            let mut problems = Problems::of(name);
            let counts = write::all(&mut ctx, lines, &mut problems, progress).await?;
            if !problems.is_empty() {
                return Err(ImportError::Records(problems));
            }
            imports::remember(&mut ctx.tx, file, self.now).await?;
            ctx.tx.commit().await?;
            counts
        };
        Ok(FileReport { file: name.to_owned(), counts })
    }

    async fn context(&self, writes: bool) -> Result<ImportContext, ImportError> {
        let tx = if writes { self.db.write().await? } else { self.db.read().await? };
        Ok(ImportContext {
            tx: tx.of(self.tenant.id.clone()),
            tenant: self.tenant.clone(),
            now: self.now,
        })
    }
}
