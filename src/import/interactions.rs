//! Notes, calls and e-mails. They have no id of their own: what one says is what it is.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::{
    Table,
    bulk::Insert,
    files::Line,
    report::{Counts, Problems},
    run::{Meter, Run},
};
use crate::import::records::{FieldError, InteractionRecord};
use business_mcp_engine::db::{StoreError, StoreResult, Tx, params};

static INTERACTIONS: Insert = Insert::new(
    "insert into interactions (tenant_id, id, customer_id, kind, text, at, author, order_id)",
    8,
);

impl Table for InteractionRecord {
    const IDS: &str = "select id
                       from interactions
                       where tenant_id = $1";

    fn changes_sales(_: Counts) -> bool {
        false
    }

    async fn write(
        tx: &mut Tx,
        run: &Run<'_>,
        lines: &[Line<'_, Self>],
        problems: &mut Problems,
        meter: &mut Meter<'_, '_>,
    ) -> StoreResult<Counts> {
        let sql = "select id
                   from customers
                   where tenant_id = $1";
        let customers = run.known(tx, sql).await?;
        let known = run.known(tx, Self::IDS).await?;
        let mut said = HashMap::new();
        let mut counts = Counts::default();
        for chunk in lines.chunks(super::CHUNK) {
            let mut new = Vec::new();
            for line in chunk {
                let record = match &line.record {
                    Ok(record) => record,
                    Err(partial) => {
                        problems.push(line.number, partial.missing.clone());
                        continue;
                    }
                };
                if !customers.contains(&record.customer_id) {
                    let problem = format!("{} is no customer", record.customer_id);
                    problems.push(line.number, FieldError::new("customer_id", problem));
                } else if let Some(problem) = wrong_order(tx, run, record).await? {
                    problems.push(line.number, FieldError::new("order_id", problem));
                }
                let id = identity(record, &mut said)?;
                if known.contains(&id) {
                    counts.unchanged += 1;
                } else {
                    new.push((id, record));
                }
            }
            insert(tx, run, &new).await?;
            counts.new += new.len();
            meter.advance(chunk.len());
        }
        Ok(counts)
    }
}

async fn wrong_order(
    tx: &mut Tx,
    run: &Run<'_>,
    record: &InteractionRecord,
) -> StoreResult<Option<String>> {
    let Some(order) = &record.order_id else { return Ok(None) };
    let owner: Option<(String,)> = tx
        .fetch_optional(
            "select customer_id
             from orders
             where tenant_id = $1 and id = $2",
            params![run.tenant, order],
        )
        .await?;
    Ok(match owner {
        Some((owner,)) if owner == record.customer_id => None,
        _ => Some(format!("{order} is no order of {}", record.customer_id)),
    })
}

/// An id made of what was said and how often it was said before in the same file, so that it is
/// the same whenever the file is imported.
fn identity(record: &InteractionRecord, said: &mut HashMap<[u8; 32], u64>) -> StoreResult<String> {
    let json = serde_json::to_vec(record).map_err(|error| StoreError::Other(error.into()))?;
    let content: [u8; 32] = Sha256::digest(json).into();
    let times = said.entry(content).or_default();
    *times += 1;
    let digest = Sha256::new().chain_update(content).chain_update(times.to_be_bytes()).finalize();
    let mut id = super::hex(&digest);
    id.truncate(32);
    Ok(id)
}

async fn insert(
    tx: &mut Tx,
    run: &Run<'_>,
    records: &[(String, &InteractionRecord)],
) -> StoreResult<()> {
    let mut values = Vec::with_capacity(records.len() * 8);
    for (id, record) in records {
        values.extend_from_slice(params![
            run.tenant,
            id,
            &record.customer_id,
            &record.kind,
            &record.text,
            record.at.unwrap_or(run.now),
            &record.author,
            &record.order_id,
        ]);
    }
    INTERACTIONS.run(tx, &values).await
}
