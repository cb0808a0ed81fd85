//! The words and sounds by which customers and products are found.

use std::collections::BTreeSet;

use super::{bulk::Insert, run::Run};
use business_mcp_engine::db::{StoreResult, Tx, search_terms, value::Value};

static TERMS: Insert = Insert::new("insert into search_terms (tenant_id, kind, term, ref_id)", 4);

/// The terms of one thing.
pub(super) struct Terms<'r> {
    id: &'r str,
    terms: BTreeSet<String>,
}

impl<'r> Terms<'r> {
    /// What it is found by is known.
    pub(super) fn given(id: &'r str, terms: BTreeSet<String>) -> Self {
        Self { id, terms }
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
    Terms { id, terms }: Terms<'_>,
) -> StoreResult<()> {
    search_terms::replace(tx, run.tenant, kind, id, &terms).await
}
