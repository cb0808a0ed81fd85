//! From files to records: which files there are, and what each of their lines says.

use std::{
    borrow::Cow,
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{
    Importers, csv_rows,
    fields::{self, FieldError},
    importer::{self, AnyImporter, Importer},
    merge::Object,
    part::Part,
    report::{ImportError, Problems},
};
use crate::{
    db::{StoreError, StoreResult},
    digest::sha256_of_bytes,
    tool::context::Tenant,
};

/// A file of the import format.
pub(crate) struct Source {
    pub(super) path: PathBuf,
    /// Its name without the folder, by which it is spoken of.
    pub(super) name: String,
    is_csv: bool,
}

/// A file and what imports it.
pub(super) type Found = (Arc<dyn AnyImporter>, Source);

/// A record and the line on which it begins.
pub(super) struct Line<'t, I: Importer> {
    pub(super) number: usize,
    /// The record, where it says all that a new one needs.
    pub(super) record: Result<I::Record, Partial>,
    /// The object as the file has it; none where the record did not come from a file.
    json: Option<Cow<'t, [u8]>>,
    /// The id of a record that has none of its own.
    content: String,
}

/// A record that leaves out what a new one needs. One that is on file may.
#[derive(Debug, Clone)]
pub(super) struct Partial {
    id: String,
    pub(super) missing: FieldError,
}

impl<I: Importer> Line<'_, I> {
    /// A record that did not come from a file.
    pub(super) fn of(number: usize, record: I::Record) -> Self {
        Self { number, record: Ok(record), json: None, content: String::new() }
    }

    /// The id by which it is known.
    pub(super) fn id(&self) -> &str {
        match &self.record {
            Ok(record) => I::id(record).unwrap_or(&self.content),
            Err(partial) => &partial.id,
        }
    }

    /// What the file says, as it says it.
    pub(super) fn named(&self) -> StoreResult<Object> {
        match (&self.json, &self.record) {
            (Some(json), _) => {
                serde_json::from_slice(json).map_err(|error| StoreError::Other(error.into()))
            }
            (None, Ok(record)) => super::write::object(record),
            (None, Err(_)) => Ok(Object::new()),
        }
    }
}

/// Gives an id to records that have none: what one says, and how often it was said before in the same file, so that it
/// is the same whenever the file is imported.
pub(super) fn identify<I: Importer>(lines: &mut [Line<'_, I>]) -> StoreResult<()> {
    let mut said: HashMap<[u8; 32], u64> = HashMap::new();
    for line in lines {
        let Ok(record) = &line.record else { continue };
        if I::id(record).is_some() {
            return Ok(());
        }
        let json = serde_json::to_vec(record).map_err(|error| StoreError::Other(error.into()))?;
        let content: [u8; 32] = Sha256::digest(json).into();
        let times = said.entry(content).or_default();
        *times += 1;
        line.content = sha256_of_bytes(&[&content[..], &times.to_be_bytes()].concat());
        line.content.truncate(32);
    }
    Ok(())
}

impl Source {
    /// A file by its path, where its name is one of the import format, and what imports it.
    fn new(path: PathBuf, importers: &Importers) -> Option<(usize, Self)> {
        let name = path.file_name()?.to_str()?.to_owned();
        let (stem, extension) = name.rsplit_once('.')?;
        let is_csv = match extension {
            "jsonl" | "ndjson" => false,
            "csv" => true,
            _ => return None,
        };
        let position = importers.kinds().position(|kind| kind == stem)?;
        Some((position, Self { path, name, is_csv }))
    }

    /// The files at a path, each with what imports it, in the order in which they refer to each other.
    pub(super) fn at(path: &Path, importers: &Importers) -> Result<Vec<Found>, ImportError> {
        let unreadable = |source| ImportError::Io { file: path.display().to_string(), source };
        let metadata = std::fs::metadata(path).map_err(unreadable)?;
        let mut sources = Vec::new();
        if metadata.is_file() {
            sources.push(Self::named(path.to_owned(), importers)?);
        } else {
            for entry in std::fs::read_dir(path).map_err(unreadable)? {
                let path = entry.map_err(unreadable)?.path();
                let records = |end: &str| matches!(end, "jsonl" | "ndjson" | "csv");
                if path.extension().and_then(|end| end.to_str()).is_some_and(records) {
                    sources.push(Self::named(path, importers)?);
                }
            }
        }
        sources.sort_by(|(a, one), (b, other)| (a, &one.name).cmp(&(b, &other.name)));
        if sources.is_empty() {
            let example = importers.kinds().next().unwrap_or_default();
            let problem = format!("{} has no file such as {example}.jsonl", path.display());
            return Err(ImportError::Path(problem));
        }
        let of =
            |(position, source): (usize, _)| Some((importers.0.get(position)?.clone(), source));
        Ok(sources.into_iter().filter_map(of).collect())
    }

    fn named(path: PathBuf, importers: &Importers) -> Result<(usize, Self), ImportError> {
        let shown = path.display().to_string();
        Self::new(path, importers).ok_or_else(|| {
            let kinds = importers.kinds().collect::<Vec<_>>().join(", ");
            ImportError::Path(format!(
                "{shown} is none of {kinds}, each with .jsonl or .csv at its end"
            ))
        })
    }

    /// The records of the file's text; what is wrong with the others goes to `problems`.
    pub(super) fn parse<'t, I: Importer>(
        &self,
        text: &'t [u8],
        tenant: &Tenant,
        problems: &mut Problems,
    ) -> Vec<Line<'t, I>> {
        let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
        let mut lines = Vec::new();
        let mut take = |number: usize, said: Result<Said<'t>, FieldError>| {
            let line = said.and_then(|(value, json)| {
                let id = value.get("id").and_then(fields::id_of);
                let record = match (importer::read::<I>(value, tenant), id) {
                    (Ok(record), _) => Ok(record),
                    (Err(missing), Some(id)) if missing.is_missing => Err(Partial { id, missing }),
                    (Err(error), _) => return Err(error),
                };
                Ok(Line { number, record, json: Some(json), content: String::new() })
            });
            match line {
                Ok(line) => lines.push(line),
                Err(error) => problems.push(number, error),
            }
        };
        if self.is_csv {
            table(I::PARTS, text, &mut take);
        } else {
            json_lines(text, &mut take);
        }
        once_each(&lines, problems);
        lines
    }
}

/// What a line says, and its text.
type Said<'t> = (Value, Cow<'t, [u8]>);

fn json_lines<'t>(text: &'t [u8], take: &mut impl FnMut(usize, Result<Said<'t>, FieldError>)) {
    for (number, line) in (1..).zip(text.split(|byte| *byte == b'\n')) {
        if line.trim_ascii().is_empty() {
            continue;
        }
        let value = serde_json::from_slice(line).map_err(|error| {
            let problem = format!("is not a JSON object (look at column {})", error.column());
            FieldError::new("", problem)
        });
        take(number, value.map(|value| (value, Cow::Borrowed(line))));
    }
}

fn table<'t>(
    parts: &[Part],
    text: &[u8],
    take: &mut impl FnMut(usize, Result<Said<'t>, FieldError>),
) {
    let said = |object: Map<String, Value>| {
        let value = Value::Object(object);
        let json = value.to_string().into_bytes();
        Ok((value, Cow::Owned(json)))
    };
    let mut reader = csv::ReaderBuilder::new().flexible(false).from_reader(text);
    let columns: Vec<String> = match reader.headers() {
        Ok(headers) => headers.iter().map(|name| name.trim().to_owned()).collect(),
        Err(error) => return take(1, Err(csv_error(&error))),
    };
    if let Err(error) = csv_rows::check_columns(parts, &columns) {
        return take(1, Err(error));
    }
    let mut before: Option<(usize, Map<String, Value>)> = None;
    for row in reader.records() {
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                let line = error.position().map_or(1, csv::Position::line);
                take(usize::try_from(line).unwrap_or_default(), Err(csv_error(&error)));
                continue;
            }
        };
        let line = row.position().map_or(1, csv::Position::line);
        let number = usize::try_from(line).unwrap_or_default();
        let mut object = csv_rows::object(parts, columns.iter().map(String::as_str), row.iter());
        if let Some((_, before)) = &mut before {
            match csv_rows::join(parts, before, &mut object) {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => {
                    take(number, Err(error));
                    continue;
                }
            }
        }
        if let Some((number, object)) = before.replace((number, object)) {
            take(number, said(object));
        }
    }
    if let Some((number, object)) = before {
        take(number, said(object));
    }
}

fn csv_error(error: &csv::Error) -> FieldError {
    let problem = match error.kind() {
        csv::ErrorKind::Utf8 { .. } => "is not UTF-8 text".to_owned(),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("has {len} cells where the first line has {expected_len}")
        }
        _ => "is not a row of CSV".to_owned(),
    };
    FieldError::new("", problem)
}

/// Two records of one file cannot both be right about the same id.
fn once_each<I: Importer>(lines: &[Line<'_, I>], problems: &mut Problems) {
    let mut seen = HashMap::with_capacity(lines.len());
    for line in lines {
        let id = line.id();
        if id.is_empty() {
            return;
        }
        if let Some(first) = seen.insert(id, line.number) {
            let problem = format!("is the id of line {first}, too");
            problems.push(line.number, FieldError::new("id", problem));
        }
    }
}
