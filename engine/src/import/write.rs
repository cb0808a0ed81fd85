//! Writing the records of one file: what is new is inserted in bulk, what is known is merged one by one.

use serde::Serialize;
use serde_json::Value;

use super::{
    Counts, ImportContext, Problems, Progress, Step,
    files::{self, Line},
    importer::{Importer, read},
    merge::{Merge, Object},
};
use crate::db::{StoreError, StoreResult, imports};

/// How many records are written between two words about the progress.
const CHUNK: usize = 1_000;

/// Writes what is new and what changed. What refers to nothing goes to `problems`, and then the transaction is given
/// up.
pub(super) async fn all<I: Importer>(
    ctx: &mut ImportContext,
    mut lines: Vec<Line<'_, I>>,
    problems: &mut Problems,
    progress: Progress<'_>,
) -> StoreResult<Counts> {
    imports::keep_pages(&mut ctx.tx, true).await?;
    files::identify(&mut lines)?;
    let mut references = I::references(ctx).await?;
    let known = I::ids(ctx).await?;
    let mut counts = Counts::default();
    let mut done = 0;
    for chunk in lines.chunks(CHUNK) {
        let ids: Vec<&str> = chunk.iter().map(Line::id).filter(|id| known.contains(*id)).collect();
        let last = imports::last_records(&mut ctx.tx, I::KIND, &ids).await?;
        let (mut new, mut kept) = (Vec::new(), Vec::new());
        for line in chunk {
            let last = last.get(line.id());
            match &line.record {
                Ok(record) if !known.contains(line.id()) => {
                    for error in I::check(ctx, &mut references, record).await? {
                        problems.push(line.number, error);
                    }
                    if I::id(record).is_some() {
                        kept.push((line.id(), json(record)?));
                    }
                    new.push((line.id(), record));
                }
                Err(partial) if !known.contains(line.id()) => {
                    problems.push(line.number, partial.missing.clone());
                }
                _ if repeats(line, last)? => counts.known(false),
                _ => {
                    let changed = merge(ctx, &mut references, line, last, problems).await?;
                    counts.known(changed.is_changed);
                    kept.extend(changed.kept.map(|record| (line.id(), record)));
                }
            }
        }
        // Of a file with problems nothing stays, and what refers to nothing cannot be inserted.
        if problems.is_empty() {
            I::insert(ctx, &new).await?;
            imports::keep_records(&mut ctx.tx, I::KIND, &kept).await?;
        }
        counts.new += new.len();
        done += chunk.len();
        progress(Step::Writing { file: problems.file(), done, of: lines.len() });
    }
    if problems.is_empty() {
        let ids: Vec<&str> = lines.iter().map(Line::id).collect();
        I::finish(ctx, &ids, counts).await?;
    }
    imports::keep_pages(&mut ctx.tx, false).await?;
    Ok(counts)
}

/// Whether a line says what was last imported.
fn repeats<I: Importer>(line: &Line<'_, I>, last: Option<&String>) -> StoreResult<bool> {
    match (&line.record, last) {
        (Ok(record), Some(last)) => Ok(json(record)? == *last),
        _ => Ok(false),
    }
}

/// What became of a record that is on the server.
#[derive(Default)]
struct Changed {
    is_changed: bool,
    /// What is to be kept of it as last imported, where that is something else than before.
    kept: Option<String>,
}

/// Applies what a line changes of a record that is on the server.
async fn merge<I: Importer>(
    ctx: &mut ImportContext,
    references: &mut I::References,
    line: &Line<'_, I>,
    last: Option<&String>,
    problems: &mut Problems,
) -> StoreResult<Changed> {
    let named = line.named()?;
    let stored = I::stored(ctx, references, line.id(), &named).await?;
    let Some((server, stored)) = stored else { return Ok(Changed::default()) };
    let last = last.map(|last| serde_json::from_str(last)).transpose().map_err(other)?;
    let (parts, server, full) = (I::PARTS, Some(server), Object::new());
    let mut merge = Merge { parts, named, last, server, full };
    let record = match read::<I>(Value::Object(merge.layered()), &ctx.tenant) {
        Ok(record) => record,
        Err(error) => {
            problems.push(line.number, error);
            return Ok(Changed::default());
        }
    };
    merge.full = object(&record)?;
    let errors = I::check(ctx, references, &record).await?;
    if !errors.is_empty() {
        for error in errors {
            problems.push(line.number, error);
        }
        return Ok(Changed::default());
    }
    match I::update(ctx, &record, &merge, stored).await? {
        Ok(is_changed) => {
            let imported = merge.imported();
            let kept = (merge.last.as_ref() != Some(&imported))
                .then(|| Value::Object(imported).to_string());
            Ok(Changed { is_changed, kept })
        }
        Err(error) => {
            problems.push(line.number, error);
            Ok(Changed::default())
        }
    }
}

/// A record in JSON: the import format, in one form.
fn json(record: &impl Serialize) -> StoreResult<String> {
    serde_json::to_string(record).map_err(other)
}

/// The same as an object.
pub(super) fn object(record: &impl Serialize) -> StoreResult<Object> {
    match serde_json::to_value(record).map_err(other)? {
        Value::Object(object) => Ok(object),
        _ => Err(StoreError::other("a record is no object")),
    }
}

fn other(error: serde_json::Error) -> StoreError {
    StoreError::Other(error.into())
}
