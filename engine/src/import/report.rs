//! What an import did, what stands in its way, and how far it is.

use std::fmt;

use super::fields::FieldError;
use crate::{db::StoreError, money::Currency};

/// How many wrong records are named; the others are counted.
const NAMED: usize = 20;

/// What an import did.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct ImportReport {
    /// Each file, in the order in which it was imported.
    pub files: Vec<FileReport>,
}

/// What became of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileReport {
    /// The file's name.
    pub file: String,
    /// How many records were new, changed, and as they were before.
    pub counts: Counts,
}

/// How many records were new, changed, and as they were before.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Records that were not there.
    pub new: usize,
    /// Records that changed something.
    pub changed: usize,
    /// Records that changed nothing, such as those that say what they said before.
    pub unchanged: usize,
}

impl Counts {
    /// Counts a record that was there.
    pub(super) fn known(&mut self, changed: bool) {
        if changed {
            self.changed += 1;
        } else {
            self.unchanged += 1;
        }
    }

    /// All of them.
    pub fn total(self) -> usize {
        self.new + self.changed + self.unchanged
    }
}

impl fmt::Display for FileReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { new, changed, unchanged } = self.counts;
        write!(f, "{}: {new} new, {changed} changed, {unchanged} unchanged", self.file)
    }
}

/// A wrong record: `parcels.jsonl:17: weight: is not a whole number`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordError {
    /// The file's name.
    pub file: String,
    /// The line, counted from one.
    pub line: usize,
    /// The field, and why.
    pub error: FieldError,
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.error)
    }
}

/// The wrong records of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problems {
    file: String,
    /// The first of them.
    pub named: Vec<RecordError>,
    /// How many more there are.
    pub more: usize,
}

impl Problems {
    pub(super) fn of(file: &str) -> Self {
        Self { file: file.to_owned(), named: Vec::new(), more: 0 }
    }

    pub(super) fn file(&self) -> &str {
        &self.file
    }

    pub(super) fn push(&mut self, line: usize, error: FieldError) {
        if self.named.len() < NAMED {
            self.named.push(RecordError { file: self.file.clone(), line, error });
        } else {
            self.more += 1;
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.named.is_empty()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.named.iter().map(RecordError::to_string).collect();
        f.write_str(&lines.join("\n"))?;
        match self.more {
            0 => Ok(()),
            more => write!(f, "\nand {more} more"),
        }
    }
}

/// Why an import ended early. Files before the one that is named have been imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The path does not lead to files of the import format.
    #[error("{0}")]
    Path(String),
    /// A file cannot be read.
    #[error("{file} cannot be read: {source}")]
    Io {
        /// The file's name.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// Records are wrong; nothing of their file was written.
    #[error("{0}\nnothing of this file was imported")]
    Records(Problems),
    /// What is on record is in another currency than the business is set up for.
    #[error(
        "the tenant's money is recorded in {recorded}, and amounts in {configured} cannot be added to it; \
         `business-mcp doctor` says how to mend that"
    )]
    Currency {
        /// What it is recorded in.
        recorded: String,
        /// What it is set up for.
        configured: Currency,
    },
    /// The database.
    #[error("the database did not take the records: {0}")]
    Store(#[from] StoreError),
}

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// A file is read and its records are checked.
    Reading {
        /// The file's name.
        file: &'a str,
    },
    /// So many of its records have been written.
    Writing {
        /// The file's name.
        file: &'a str,
        /// How many.
        done: usize,
        /// Of how many.
        of: usize,
    },
    /// A file is finished and will stay.
    Finished(&'a FileReport),
}

/// What hears how far an import is.
pub type Progress<'p> = &'p mut (dyn FnMut(Step<'_>) + Send);
