//! The words and sounds by which customers and products are found.

use std::collections::BTreeSet;

use super::{bulk::Insert, run::Run};
use business_mcp_engine::{
    db::{StoreResult, Tx, params, value::Value},
    speech::name,
};

static TERMS: Insert = Insert::new("insert into search_terms (tenant_id, kind, term, ref_id)", 4);

/// The terms of one thing.
pub(super) struct Terms<'r> {
    id: &'r str,
    terms: BTreeSet<String>,
}

impl<'r> Terms<'r> {
    pub(super) fn of(id: &'r str) -> Self {
        Self { id, terms: BTreeSet::new() }
    }

    /// What it is found by is known.
    pub(super) fn given(id: &'r str, terms: BTreeSet<String>) -> Self {
        Self { id, terms }
    }

    /// It is found by these words.
    pub(super) fn words(mut self, text: &str) -> Self {
        self.terms.extend(name::words(text).into_iter().map(|word| format!("w:{word}")));
        self
    }

    /// It is found by what sounds like these words.
    pub(super) fn sounds(mut self, text: &str) -> Self {
        self.terms.extend(name::sound_keys(text).into_iter().map(|key| format!("s:{key}")));
        self
    }
}

/// Inserts the terms of things that have none.
pub(super) async fn insert(
    tx: &mut Tx,
    run: &Run<'_>,
    kind: &str,
    all: &[Terms<'_>],
) -> StoreResult<()> {
    let mut values = Vec::new();
    for Terms { id, terms } in all {
        for term in terms {
            values.extend([run.tenant, kind, term, id].map(Value::from));
        }
    }
    TERMS.run(tx, &values).await
}

/// Puts the terms of one thing in the place of those it had.
pub(super) async fn replace(
    tx: &mut Tx,
    run: &Run<'_>,
    kind: &str,
    terms: Terms<'_>,
) -> StoreResult<()> {
    tx.execute(
        "delete from search_terms
         where tenant_id = $1 and kind = $2 and ref_id = $3",
        params![run.tenant, kind, terms.id],
    )
    .await?;
    insert(tx, run, kind, &[terms]).await
}
