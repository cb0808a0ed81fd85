//! Records as they were last imported: what a file says is compared with them.

use std::{collections::HashMap, fmt::Write, sync::OnceLock};

use serde::Serialize;

use super::{bulk::Insert, files::Line, run::Run};
use crate::import::records::{
    self, FieldError, Kind, Record,
    merge::{Merge, Object},
};
use business_mcp_engine::db::{StoreError, StoreResult, Tx, value::Value};

/// How many are asked for at once.
const AT_ONCE: usize = 50;

static RECORDS: Insert = Insert::ending(
    "insert into imported_records (tenant_id, kind, id, record)",
    4,
    "\non conflict (tenant_id, kind, id) do update\nset record = excluded.record",
);

async fn last(
    tx: &mut Tx,
    run: &Run<'_>,
    kind: Kind,
    ids: &[&str],
) -> StoreResult<HashMap<String, String>> {
    static SQL: OnceLock<String> = OnceLock::new();
    let sql = SQL.get_or_init(|| {
        let mut sql = String::from(
            "select id, record
             from imported_records
             where tenant_id = $1 and kind = $2 and id in ($3",
        );
        for parameter in 4..3 + AT_ONCE {
            // Writing to a `String` does not fail.
            let _ = write!(sql, ", ${parameter}");
        }
        sql.push(')');
        sql
    });
    let mut found = HashMap::with_capacity(ids.len());
    for ids in ids.chunks(AT_ONCE) {
        let mut values = vec![Value::from(run.tenant), Value::from(kind.as_str())];
        // The last statement has as many: what is asked for twice is found once.
        values.extend(ids.iter().cycle().take(AT_ONCE).map(|id| Value::from(*id)));
        let rows: Vec<(String, String)> = tx.fetch_all(sql, &values).await?;
        found.extend(rows);
    }
    Ok(found)
}

/// Those of a chunk that are on the server as they were last imported, by id, in JSON.
pub(super) async fn last_of<T: Record + Serialize>(
    tx: &mut Tx,
    run: &Run<'_>,
    lines: &[Line<'_, T>],
    is_known: impl Fn(&str) -> bool,
) -> StoreResult<HashMap<String, String>> {
    let ids: Vec<&str> = lines.iter().map(Line::id).filter(|id| is_known(id)).collect();
    last(tx, run, T::KIND, &ids).await
}

/// Keeps records, each with its id.
pub(super) async fn keep(
    tx: &mut Tx,
    run: &Run<'_>,
    kind: Kind,
    records: Vec<(&str, String)>,
) -> StoreResult<()> {
    let mut values = Vec::with_capacity(records.len() * 4);
    for (id, record) in &records {
        values.extend([run.tenant, kind.as_str(), id, record].map(Value::from));
    }
    RECORDS.run(tx, &values).await
}

/// Whether a line says what was last imported.
pub(super) fn repeats<T: Record + Serialize>(
    line: &Line<'_, T>,
    last: Option<&String>,
) -> StoreResult<bool> {
    match (&line.record, last) {
        (Ok(record), Some(last)) => Ok(json(record)? == *last),
        _ => Ok(false),
    }
}

/// What a line says of a record that is on the server, and the record that it means.
pub(super) fn merge<T: Record + Serialize>(
    run: &Run<'_>,
    line: &Line<'_, T>,
    last: Option<&String>,
    server: Object,
) -> StoreResult<Result<(T, Merge), FieldError>> {
    let last = last.map(|last| serde_json::from_str(last)).transpose().map_err(other)?;
    let mut merge = Merge { named: line.named()?, last, server: Some(server), ..Merge::default() };
    match records::read::<T>(serde_json::Value::Object(merge.layered()), &run.rules) {
        Ok(record) => {
            merge.full = object(&record)?;
            Ok(Ok((record, merge)))
        }
        Err(error) => Ok(Err(error)),
    }
}

/// The record that the server is to have. Lists of named objects are not part of it.
pub(super) fn target<T: Record>(run: &Run<'_>, merge: &Merge) -> Result<T, FieldError> {
    records::read(serde_json::Value::Object(merge.target()), &run.rules)
}

/// What became of a record that is on the server.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) changed: bool,
    /// What is to be kept of it, where that is something else than before.
    pub(super) kept: Option<String>,
}

impl Outcome {
    pub(super) fn of(merge: &Merge, changed: bool) -> Self {
        let imported = merge.imported();
        let kept = (merge.last.as_ref() != Some(&imported))
            .then(|| serde_json::Value::Object(imported).to_string());
        Self { changed, kept }
    }
}

/// A record in JSON: the import format, in one form.
pub(super) fn json(record: &impl Serialize) -> StoreResult<String> {
    serde_json::to_string(record).map_err(other)
}

/// The same as an object.
pub(super) fn object(record: &impl Serialize) -> StoreResult<Object> {
    match serde_json::to_value(record).map_err(other)? {
        serde_json::Value::Object(object) => Ok(object),
        _ => Err(StoreError::other("a record is no object")),
    }
}

/// A row of the database as a record has it: what is null is not there.
pub(super) fn present(value: serde_json::Value) -> Object {
    match value {
        serde_json::Value::Object(mut object) => {
            object.retain(|_, value| !value.is_null());
            object
        }
        _ => Object::new(),
    }
}

pub(super) fn other(error: serde_json::Error) -> StoreError {
    StoreError::Other(error.into())
}
