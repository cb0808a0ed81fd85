//! What was imported: which files, and each record as it was last imported.

use std::{
    collections::{HashMap, HashSet},
    fmt::Write,
    sync::OnceLock,
};

use chrono::{DateTime, Utc};

use super::{StoreResult, TENANT, Tx, bulk::Insert, params, tx::Inner, value::Value};

/// How many records are asked for at once.
const AT_ONCE: usize = 50;

static RECORDS: Insert = Insert::ending(
    "insert into imported_records (tenant_id, kind, id, record)",
    4,
    "\non conflict (tenant_id, kind, id) do update\nset record = excluded.record",
);

/// A file that was imported.
#[derive(Debug, Clone, Copy)]
pub struct ImportedFile<'a> {
    /// Its name.
    pub name: &'a str,
    /// The fingerprint of its text.
    pub digest: &'a str,
    /// How many records it has.
    pub records: usize,
}

/// Whether this very text was the last that was imported under this name: then whatever was done since stays done.
pub async fn was_last(tx: &mut Tx, file: ImportedFile<'_>) -> StoreResult<bool> {
    let last: Option<(String,)> = tx
        .fetch_optional(
            "select digest
             from imported_files
             where tenant_id = $1 and name = $2
             order by at desc
             limit 1",
            params![TENANT, file.name],
        )
        .await?;
    Ok(last.is_some_and(|(last,)| last == file.digest))
}

/// Remembers a file that was imported.
pub async fn remember(tx: &mut Tx, file: ImportedFile<'_>, now: DateTime<Utc>) -> StoreResult<()> {
    let records = i64::try_from(file.records).unwrap_or(i64::MAX);
    tx.execute(
        "insert into imported_files (tenant_id, name, digest, records, at)
         values ($1, $2, $3, $4, $5)
         on conflict (tenant_id, name, digest) do update
         set at = excluded.at",
        params![TENANT, file.name, file.digest, records, now],
    )
    .await?;
    Ok(())
}

/// Records of a kind as they were last imported, by id, in JSON.
pub async fn last_records(
    tx: &mut Tx,
    kind: &str,
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
        let mut values = vec![TENANT, Value::from(kind)];
        // The last statement has as many: what is asked for twice is found once.
        values.extend(ids.iter().cycle().take(AT_ONCE).map(|id| Value::from(*id)));
        let rows: Vec<(String, String)> = tx.fetch_all(sql, &values).await?;
        found.extend(rows);
    }
    Ok(found)
}

/// Keeps records as they were imported, each with its id.
pub async fn keep_records(tx: &mut Tx, kind: &str, records: &[(&str, String)]) -> StoreResult<()> {
    let mut values = Vec::with_capacity(records.len() * 4);
    for (id, record) in records {
        values.extend([TENANT, kind.into(), (*id).into(), record.into()]);
    }
    RECORDS.run(tx, &values).await
}

/// The one column of every row of a statement whose `$1` is the tenant.
pub async fn column(tx: &mut Tx, sql: &'static str) -> StoreResult<HashSet<String>> {
    let rows: Vec<(String,)> = tx.fetch_all(sql, params![TENANT]).await?;
    Ok(rows.into_iter().map(|(column,)| column).collect())
}

/// Lets SQLite keep more pages while much is written, or as many as usual again.
pub async fn keep_pages(tx: &mut Tx, many: bool) -> StoreResult<()> {
    if matches!(tx.inner, Inner::SqliteWrite(_)) {
        // The usual two megabytes would have the pages of large indices go in and out all the time.
        let sql = if many { "pragma cache_size = -131072" } else { "pragma cache_size = -2000" };
        tx.execute(sql, &[]).await?;
    }
    Ok(())
}
