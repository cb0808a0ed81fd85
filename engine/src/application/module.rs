//! One area of the business, and what it brings.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use crate::{
    business::Reservations,
    db::{Db, Migration, StoreResult, Tx},
    import::{Importer, importer::AnyImporter},
    tool::{
        Clock,
        catalogue::{AnyKind, Entry},
    },
};

/// One area of the business: what it brings.
#[derive(Default)]
pub struct Module {
    /// Its name, as in the code.
    pub name: &'static str,
    pub(super) migrations: Vec<Migration>,
    pub(super) indexes: Vec<Index>,
    pub(super) importers: Vec<Arc<dyn AnyImporter>>,
    pub(super) after_import: Vec<AfterImport>,
    pub(super) tools: Vec<Arc<Entry>>,
    pub(super) money: Option<&'static str>,
    pub(super) erasures: Vec<&'static str>,
    pub(super) reservations: Vec<Arc<dyn Reservations>>,
    pub(super) jobs: Vec<Job>,
    pub(super) needed_jobs: Vec<(&'static str, &'static str)>,
    pub(super) checks: Vec<Check>,
}

impl Module {
    /// A module that brings nothing yet.
    pub fn new(name: &'static str) -> Self {
        Self { name, ..Self::default() }
    }

    /// This module and one file more that makes or changes its tables. Versions count from 1; a released file is not
    /// edited. It may rely on the tables of the engine and of the modules above this one.
    #[must_use]
    pub fn migration(mut self, version: i64, name: &'static str, sql: &'static str) -> Self {
        self.migrations.push(Migration { module: self.name, version, name, sql });
        self
    }

    /// This module and one kind of records more that `reindex` writes anew.
    #[must_use]
    pub fn index(mut self, index: Index) -> Self {
        self.indexes.push(index);
        self
    }

    /// This module and one kind of records more that can be imported.
    #[must_use]
    pub fn importer(mut self, importer: impl Importer) -> Self {
        self.importers.push(Arc::new(importer));
        self
    }

    /// This module and one thing more that it does when records have been imported.
    #[must_use]
    pub fn after_import(mut self, name: &'static str, run: RunAfterImport) -> Self {
        self.after_import.push(AfterImport { name, run });
        self
    }

    /// This module and one tool more, listed last.
    #[must_use]
    pub fn tool<K>(mut self, tool: impl AnyKind<K>) -> Self {
        self.tools.push(Arc::new(Entry::of(tool)));
        self
    }

    /// This module records amounts: the statement counts those of tenant `$1`. While there are any, the tenant's
    /// currency stays as it is; and while its facts name another one, no tool of the module writes.
    #[must_use]
    pub fn holds_money(mut self, count: &'static str) -> Self {
        self.money = Some(count);
        self
    }

    /// Its tools.
    pub(super) fn entries(&self) -> impl Iterator<Item = Arc<Entry>> {
        let holds_money = self.money.is_some();
        self.tools.iter().map(move |entry| {
            if holds_money { Arc::new(entry.holding_money()) } else { entry.clone() }
        })
    }

    /// This module keeps texts about people: the statement erases those of the person `$2` of tenant `$1`.
    #[must_use]
    pub fn erases(mut self, statement: &'static str) -> Self {
        self.erasures.push(statement);
        self
    }

    /// This module reserves things for approvals; no other one may.
    #[must_use]
    pub fn reserves(mut self, reservations: Arc<dyn Reservations>) -> Self {
        self.reservations.push(reservations);
        self
    }

    /// This module and one background job more.
    #[must_use]
    pub fn job(mut self, name: &'static str, run: RunJob) -> Self {
        self.jobs.push(Job { name, run });
        self
    }

    /// This module does not work unless some module brings a job of this name; `why` is what the start is refused with.
    #[must_use]
    pub fn needs_job(mut self, name: &'static str, why: &'static str) -> Self {
        self.needed_jobs.push((name, why));
        self
    }

    /// This module and one check more, for `doctor`.
    #[must_use]
    pub fn check(mut self, name: &'static str, run: RunCheck) -> Self {
        self.checks.push(Check { name, run });
        self
    }
}

/// Records that are found by what is worked out from them: folded names, words, sounds.
#[derive(Clone, Copy)]
pub struct Index {
    /// What they are called, for the progress.
    pub name: &'static str,
    /// The statement that counts those of tenant `$1`.
    pub count: &'static str,
    /// Works it out anew for some records of a tenant: those that come after an id.
    pub reindex: Reindex,
}

/// Some records whose index is as the rules of this build have it.
#[derive(Debug, Clone)]
pub struct Reindexed {
    /// The id of the last of them.
    pub last: String,
    /// How many they are.
    pub records: usize,
    /// How many of them it had not been right for.
    pub changed: usize,
}

/// None where no record comes after the id.
type Reindex =
    for<'a> fn(&'a mut Tx, after: &'a str) -> BoxFuture<'a, StoreResult<Option<Reindexed>>>;

/// Works until all is done.
type RunAfterImport = for<'a> fn(&'a Db, DateTime<Utc>) -> BoxFuture<'a, StoreResult<()>>;

/// What a module does when records have been imported, so that a server that starts on them need not.
pub struct AfterImport {
    /// What it does, for the progress.
    pub name: &'static str,
    /// Does it. It is no part of the import, and may fail.
    pub run: RunAfterImport,
}

/// Works until its token is cancelled, and then finishes what it has begun.
type RunJob = fn(Db, Clock, CancellationToken) -> BoxFuture<'static, ()>;

/// What a module does in the background of a running server.
pub struct Job {
    /// What it does, for the log.
    pub name: &'static str,
    /// Runs it.
    pub run: RunJob,
}

/// Finds what is wrong with the records, one sentence each.
type RunCheck = for<'a> fn(&'a mut Tx) -> BoxFuture<'a, StoreResult<Vec<String>>>;

/// What `doctor` looks at for a module.
pub struct Check {
    /// What adds up, where nothing is wrong.
    pub name: &'static str,
    /// Looks at it. It may read whole tables.
    pub run: RunCheck,
}
