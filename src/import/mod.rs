//! Bringing in the business's own records, and demo data by the same way.
//!
//! A file is read and checked as a whole, then written in one transaction: all of it or nothing.
//! What a record says is compared with what it said when it was last imported: only what differs is
//! applied, so that what happened on the server since stays. In reading order:
//!
//! * [`import`], [`import_records`]: a folder or a file; records that are in memory;
//! * `files`: lines and rows become records;
//! * `run`: what every file of one import shares;
//! * `imported`: each record as it was last imported;
//! * `customers`, `methods`, `products`, `stored_products`, `stock`, `orders`, `stored_orders`,
//!   `interactions`: what is new is inserted, what is known is merged;
//! * `terms`: the words and sounds by which things are found;
//! * `bulk`: many rows in one statement;
//! * `report`: what it did, and what is wrong.

use std::path::Path;

use chrono::{DateTime, Utc};
use serde::Serialize;
use sha2::{Digest, Sha256};

mod bulk;
pub mod command;
mod customers;
mod files;
mod imported;
mod interactions;
mod methods;
mod orders;
mod products;
pub(crate) mod progress;
pub mod records;
mod report;
mod run;
mod stock;
mod stored_orders;
mod stored_products;
mod terms;
#[cfg(test)]
mod tests;

use files::{Line, Source};
pub use report::{
    Counts, FileReport, ImportError, ImportReport, Problems, Progress, RecordError, Step,
};
use run::{Meter, Run};

use super::sales;
use crate::{
    business::Business,
    import::records::{
        CustomerRecord, InteractionRecord, Kind, OrderRecord, ProductRecord, Record,
    },
};
use business_mcp_engine::{
    Module,
    db::{Db, StoreResult, Tx},
};

/// The module: what is remembered of imports.
pub fn module() -> Module {
    Module::new("import").migration(1, "import", include_str!("migrations/0001_import.sql"))
}

/// What the command does.
pub const ABOUT: &str = "Import the business's own records";

/// How many records are written between two words about the progress.
const CHUNK: usize = 1_000;

/// Records that can be written, and compared with what is there.
trait Table: Record + Serialize {
    /// The ids that are on file, where records have ids.
    const IDS: &'static str;

    /// Whether what was written may change what was sold on some day.
    fn changes_sales(counts: Counts) -> bool;

    /// Writes what is new and what changed. What refers to nothing goes to `problems`, and then
    /// the transaction is given up.
    fn write(
        tx: &mut Tx,
        run: &Run<'_>,
        lines: &[Line<'_, Self>],
        problems: &mut Problems,
        meter: &mut Meter<'_, '_>,
    ) -> impl Future<Output = StoreResult<Counts>> + Send;
}

/// Imports a file or every file of a folder: customers, products, orders, interactions.
///
/// # Errors
/// [`ImportError`] ends the import; of the file it is about, nothing was written.
pub async fn import(
    db: &Db,
    tenant: &str,
    business: &Business,
    path: &Path,
    now: DateTime<Utc>,
    mut progress: Progress<'_>,
) -> Result<ImportReport, ImportError> {
    let sources = Source::at(path)?;
    let run = Run::begin(db, tenant, business, now).await?;
    let mut report = ImportReport::default();
    for source in sources {
        let file = match source.kind {
            Kind::Customers => one::<CustomerRecord>(db, &run, &source, &mut progress).await,
            Kind::Products => one::<ProductRecord>(db, &run, &source, &mut progress).await,
            Kind::Orders => one::<OrderRecord>(db, &run, &source, &mut progress).await,
            Kind::Interactions => one::<InteractionRecord>(db, &run, &source, &mut progress).await,
        }?;
        progress(Step::Finished(&file));
        report.files.push(file);
    }
    Ok(report)
}

/// Records that did not come from files.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Records {
    /// Who buys.
    pub customers: Vec<CustomerRecord>,
    /// What is sold.
    pub products: Vec<ProductRecord>,
    /// What was bought.
    pub orders: Vec<OrderRecord>,
    /// What was said.
    pub interactions: Vec<InteractionRecord>,
}

/// Imports records that are in memory, as a folder with the same records would be. What they are
/// called is remembered: under the same name they are imported once.
///
/// # Errors
/// [`ImportError`] ends the import; of the kind of records it is about, nothing was written.
pub async fn import_records(
    db: &Db,
    tenant: &str,
    business: &Business,
    called: &str,
    records: Records,
    now: DateTime<Utc>,
    mut progress: Progress<'_>,
) -> Result<ImportReport, ImportError> {
    let run = Run::begin(db, tenant, business, now).await?;
    let Records { customers, products, orders, interactions } = records;
    let progress = &mut progress;
    let files = vec![
        written(db, &run, called, customers, progress).await?,
        written(db, &run, called, products, progress).await?,
        written(db, &run, called, orders, progress).await?,
        written(db, &run, called, interactions, progress).await?,
    ];
    Ok(ImportReport { files })
}

async fn written<T: Table>(
    db: &Db,
    run: &Run<'_>,
    called: &str,
    records: Vec<T>,
    progress: &mut Progress<'_>,
) -> Result<FileReport, ImportError> {
    let lines: Vec<Line<'_, T>> =
        (1..).zip(records).map(|(number, record)| Line::of(number, record)).collect();
    let name = format!("{called}: {}", T::KIND);
    let mut problems = Problems::of(&name);
    let mut tx = db.write().await?;
    let file = if run.was_last(&mut tx, &name, called).await? {
        let counts = Counts { unchanged: lines.len(), ..Counts::default() };
        FileReport { file: name, counts }
    } else {
        let file = write(&mut tx, run, &name, &lines, &mut problems, progress).await?;
        if !problems.is_empty() {
            return Err(ImportError::Records(problems));
        }
        run.remember(&mut tx, &name, called, lines.len()).await?;
        tx.commit().await?;
        file
    };
    progress(Step::Finished(&file));
    Ok(file)
}

/// Imports one file.
async fn one<T: Table>(
    db: &Db,
    run: &Run<'_>,
    source: &Source,
    progress: &mut Progress<'_>,
) -> Result<FileReport, ImportError> {
    progress(Step::Reading { file: &source.name });
    let text = tokio::fs::read(&source.path)
        .await
        .map_err(|error| ImportError::Io { file: source.name.clone(), source: error })?;
    let digest = hex(&Sha256::digest(&text));
    // Everything is read before the transaction begins, because a server may be writing too.
    let mut problems = Problems::of(&source.name);
    let lines: Vec<Line<'_, T>> = source.parse(&text, &run.rules, &mut problems);
    if !problems.is_empty() {
        let mut tx = db.read().await?;
        let known = run.known(&mut tx, T::IDS).await?;
        for line in lines.iter().filter(|line| !known.contains(line.id())) {
            if let Err(partial) = &line.record {
                problems.push(line.number, partial.missing.clone());
            }
        }
        return Err(ImportError::Records(problems));
    }
    let mut tx = db.write().await?;
    if run.was_last(&mut tx, &source.name, &digest).await? {
        let counts = Counts { unchanged: lines.len(), ..Counts::default() };
        return Ok(FileReport { file: source.name.clone(), counts });
    }
    let file = write(&mut tx, run, &source.name, &lines, &mut problems, progress).await?;
    if !problems.is_empty() {
        return Err(ImportError::Records(problems));
    }
    run.remember(&mut tx, &source.name, &digest, lines.len()).await?;
    tx.commit().await?;
    Ok(file)
}

async fn write<T: Table>(
    tx: &mut Tx,
    run: &Run<'_>,
    name: &str,
    lines: &[Line<'_, T>],
    problems: &mut Problems,
    progress: &mut Progress<'_>,
) -> Result<FileReport, ImportError> {
    let mut meter = Meter { file: name, of: lines.len(), done: 0, progress };
    if run.is_sqlite {
        // Its usual two megabytes would have the pages of large indices go in and out all the time.
        tx.execute("pragma cache_size = -131072", &[]).await?;
    }
    let counts = T::write(tx, run, lines, problems, &mut meter).await?;
    if T::changes_sales(counts) {
        sales::all_changed(tx, run.tenant).await?;
    }
    if run.is_sqlite {
        tx.execute("pragma cache_size = -2000", &[]).await?;
    }
    Ok(FileReport { file: name.to_owned(), counts })
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut hex, byte| {
        // Writing to a `String` does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
