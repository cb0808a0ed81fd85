//! The words and sounds by which records are found, and how they are written anew.

use std::collections::{BTreeMap, BTreeSet};

use super::{StoreResult, TENANT, Tx, bulk::Insert, params, record};

static TERMS: Insert = Insert::new("insert into search_terms (tenant_id, kind, term, ref_id)", 4);

record! {
    struct Row { ref_id: String, term: String }
}

/// What some records of a kind are found by, as it stands.
#[derive(Debug, Default)]
pub struct Terms {
    by_record: BTreeMap<String, BTreeSet<String>>,
}

impl Terms {
    /// Those of the records after one id, up to another one.
    pub async fn between(tx: &mut Tx, kind: &str, after: &str, last: &str) -> StoreResult<Self> {
        let rows: Vec<Row> = tx
            .fetch_all(
                "select ref_id, term
                 from search_terms
                 where tenant_id = $1 and kind = $2 and ref_id > $3 and ref_id <= $4",
                params![TENANT, kind, after, last],
            )
            .await?;
        let mut terms = Self::default();
        for Row { ref_id, term } in rows {
            terms.by_record.entry(ref_id).or_default().insert(term);
        }
        Ok(terms)
    }

    /// Whether a record is found by these and no others.
    pub fn are(&self, id: &str, wanted: &BTreeSet<String>) -> bool {
        self.by_record.get(id).map_or(wanted.is_empty(), |terms| terms == wanted)
    }
}

/// Lets records that have no terms yet be found by these, each with its id.
pub async fn insert(
    tx: &mut Tx,
    kind: &str,
    records: &[(&str, BTreeSet<String>)],
) -> StoreResult<()> {
    let mut values = Vec::new();
    for (id, terms) in records {
        for term in terms {
            values.extend([TENANT, kind.into(), term.into(), (*id).into()]);
        }
    }
    TERMS.run(tx, &values).await
}

/// Lets a record be found by these and no others.
pub async fn replace(
    tx: &mut Tx,
    kind: &str,
    id: &str,
    terms: &BTreeSet<String>,
) -> StoreResult<()> {
    tx.execute(
        "delete from search_terms
         where tenant_id = $1 and kind = $2 and ref_id = $3",
        params![TENANT, kind, id],
    )
    .await?;
    for term in terms {
        tx.execute(
            "insert into search_terms (tenant_id, kind, term, ref_id)
             values ($1, $2, $3, $4)",
            params![TENANT, kind, term, id],
        )
        .await?;
    }
    Ok(())
}
