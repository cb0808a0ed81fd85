//! What orders are found by, written anew.

use business_mcp_engine::{
    application::{Index, Reindexed},
    db::{StoreResult, TENANT, Tx, params, record},
    speech::reference,
};

/// How orders are found: by the end of their number.
pub(crate) const ORDERS: Index = Index {
    name: "orders",
    count: "select count(*)
            from orders
            where tenant_id = $1",
    reindex: |tx, after| Box::pin(orders(tx, after)),
};

record! {
    struct Row { id: String, id_tail: String }
}

async fn orders(tx: &mut Tx, after: &str) -> StoreResult<Option<Reindexed>> {
    let rows: Vec<Row> = tx
        .fetch_all(
            "select id, id_tail
             from orders
             where tenant_id = $1 and id > $2
             order by id
             limit 1000",
            params![TENANT, after],
        )
        .await?;
    let Some(last) = rows.last() else { return Ok(None) };
    let mut changed = 0;
    for Row { id, id_tail } in &rows {
        let tail = reference::tail(id);
        if tail != *id_tail {
            tx.execute(
                "update orders
                 set id_tail = $3
                 where tenant_id = $1 and id = $2",
                params![TENANT, id, &tail],
            )
            .await?;
            changed += 1;
        }
    }
    Ok(Some(Reindexed { last: last.id.clone(), records: rows.len(), changed }))
}
