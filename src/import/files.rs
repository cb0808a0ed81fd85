//! From files to records: which files there are, and what each of their lines says.

use std::{
    borrow::Cow,
    path::{Path, PathBuf},
};

use serde::Serialize;
use serde_json::{Map, Value};

use super::report::{ImportError, Problems};
use crate::import::records::{
    self, FieldError, Kind, Record, Rules, csv_rows, fields, merge::Object,
};
use business_mcp_engine::db::{StoreError, StoreResult};

/// A file of the import format.
pub(super) struct Source {
    pub(super) path: PathBuf,
    /// Its name without the folder, by which it is spoken of.
    pub(super) name: String,
    pub(super) kind: Kind,
    csv: bool,
}

/// A record and the line on which it begins.
#[derive(Debug, Clone)]
pub(super) struct Line<'t, T> {
    pub(super) number: usize,
    /// The record, where it says all that a new one needs.
    pub(super) record: Result<T, Partial>,
    /// The object as the file has it; none where the record did not come from a file.
    json: Option<Cow<'t, [u8]>>,
}

/// A record that leaves out what a new one needs. One that is on file may.
#[derive(Debug, Clone)]
pub(super) struct Partial {
    id: String,
    pub(super) missing: FieldError,
}

impl<T: Record + Serialize> Line<'_, T> {
    /// A record that did not come from a file.
    pub(super) fn of(number: usize, record: T) -> Self {
        Self { number, record: Ok(record), json: None }
    }

    /// The id by which it is known; empty where records have none.
    pub(super) fn id(&self) -> &str {
        match &self.record {
            Ok(record) => record.id().unwrap_or_default(),
            Err(partial) => &partial.id,
        }
    }

    /// What the file says, as it says it.
    pub(super) fn named(&self) -> StoreResult<Object> {
        match (&self.json, &self.record) {
            (Some(json), _) => {
                serde_json::from_slice(json).map_err(|error| StoreError::Other(error.into()))
            }
            (None, Ok(record)) => super::imported::object(record),
            (None, Err(_)) => Ok(Object::new()),
        }
    }
}

impl Source {
    /// A file by its path, where its name is one of the import format.
    fn new(path: PathBuf) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_owned();
        let (stem, extension) = name.rsplit_once('.')?;
        let csv = match extension {
            "jsonl" | "ndjson" => false,
            "csv" => true,
            _ => return None,
        };
        let kind = Kind::parse(stem)?;
        Some(Self { path, name, kind, csv })
    }

    /// The files at a path, in the order in which they refer to each other.
    pub(super) fn at(path: &Path) -> Result<Vec<Self>, ImportError> {
        let unreadable = |source| ImportError::Io { file: path.display().to_string(), source };
        let metadata = std::fs::metadata(path).map_err(unreadable)?;
        if metadata.is_file() {
            return Ok(vec![Self::named(path.to_owned())?]);
        }
        let mut sources = Vec::new();
        for entry in std::fs::read_dir(path).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            let records = |end: &str| matches!(end, "jsonl" | "ndjson" | "csv");
            if path.extension().and_then(|end| end.to_str()).is_some_and(records) {
                sources.push(Self::named(path)?);
            }
        }
        sources.sort_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
        if sources.is_empty() {
            let problem = format!("{} has no file such as customers.jsonl", path.display());
            return Err(ImportError::Path(problem));
        }
        Ok(sources)
    }

    fn named(path: PathBuf) -> Result<Self, ImportError> {
        let shown = path.display().to_string();
        Self::new(path).ok_or_else(|| {
            let kinds = Kind::ALL.map(Kind::as_str).join(", ");
            ImportError::Path(format!(
                "{shown} is none of {kinds}, each with .jsonl or .csv at its end"
            ))
        })
    }

    /// The records of the file's text; what is wrong with the others goes to `problems`.
    pub(super) fn parse<'t, T: Record + Serialize>(
        &self,
        text: &'t [u8],
        rules: &Rules,
        problems: &mut Problems,
    ) -> Vec<Line<'t, T>> {
        let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
        let mut lines = Vec::new();
        let mut take = |number: usize, said: Result<Said<'t>, FieldError>| {
            let line = said.and_then(|(value, json)| {
                let id = value.get("id").and_then(fields::id_of);
                let record = match (records::read(value, rules), id) {
                    (Ok(record), _) => Ok(record),
                    (Err(missing), Some(id)) if missing.is_missing => Err(Partial { id, missing }),
                    (Err(error), _) => return Err(error),
                };
                Ok(Line { number, record, json: Some(json) })
            });
            match line {
                Ok(line) => lines.push(line),
                Err(error) => problems.push(number, error),
            }
        };
        if self.csv {
            table(self.kind, text, &mut take);
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

fn table<'t>(kind: Kind, text: &[u8], take: &mut impl FnMut(usize, Result<Said<'t>, FieldError>)) {
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
    if let Err(error) = csv_rows::check_columns(&columns) {
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
        let mut object = csv_rows::object(kind, columns.iter().map(String::as_str), row.iter());
        if let Some((_, before)) = &mut before {
            match csv_rows::join(kind, before, &mut object) {
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
fn once_each<T: Record + Serialize>(lines: &[Line<'_, T>], problems: &mut Problems) {
    let mut seen = std::collections::HashMap::with_capacity(lines.len());
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
