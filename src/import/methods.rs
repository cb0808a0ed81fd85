//! Payment methods, and the ledger of gift cards: a balance is always the sum of its entries.

use super::{bulk::Insert, files::Line, report::Problems, run::Run};
use crate::import::records::{CustomerRecord, FieldError, MethodRecord};
use business_mcp_engine::db::{StoreError, StoreResult, Tx, params, record};

static METHODS: Insert = Insert::new(
    "insert into payment_methods (tenant_id, customer_id, id, kind, brand, last4, balance_minor)",
    7,
);
static ENTRIES: Insert = Insert::new(
    "insert into gift_card_entries (tenant_id, id, customer_id, payment_method_id, amount_minor,
       reason, cause, at)",
    8,
);

record! {
    struct Stored {
        id: String,
        kind: String,
        brand: Option<String>,
        last4: Option<String>,
        balance_minor: Option<i64>,
    }
}

/// Inserts methods that are new, each with its owner's id.
pub(super) async fn insert(
    tx: &mut Tx,
    run: &Run<'_>,
    methods: &[(&str, &MethodRecord)],
) -> StoreResult<()> {
    let mut values = Vec::with_capacity(methods.len() * 7);
    for (owner, method) in methods {
        values.extend_from_slice(params![
            run.tenant,
            *owner,
            &method.id,
            method.kind.as_str(),
            &method.brand,
            &method.last4,
            method.balance.map(|balance| balance.minor),
        ]);
    }
    METHODS.run(tx, &values).await?;
    let entries = methods.iter().map(|(owner, method)| {
        (*owner, method.id.as_str(), method.balance.map_or(0, |balance| balance.minor))
    });
    enter(tx, run, &entries.collect::<Vec<_>>()).await
}

/// Writes what changed on gift cards: owner, card, amount.
async fn enter(tx: &mut Tx, run: &Run<'_>, entries: &[(&str, &str, i64)]) -> StoreResult<()> {
    let entries: Vec<_> = entries
        .iter()
        .filter(|(_, _, amount)| *amount != 0)
        .map(|entry| (run.ledger_id(), entry))
        .collect();
    let mut values = Vec::with_capacity(entries.len() * 8);
    for (id, (owner, card, amount)) in &entries {
        values.extend_from_slice(params![
            run.tenant, id, *owner, *card, *amount, "import", "import", run.now,
        ]);
    }
    ENTRIES.run(tx, &values).await
}

/// Brings the methods of a known customer up to date; says whether anything changed. Methods that
/// the record does not name stay.
pub(super) async fn compare(
    tx: &mut Tx,
    run: &Run<'_>,
    line: &Line<CustomerRecord>,
    problems: &mut Problems,
) -> StoreResult<bool> {
    let record = &line.record;
    if record.payment_methods.is_empty() {
        return Ok(false);
    }
    let stored: Vec<Stored> = tx
        .fetch_all(
            "select id, kind, brand, last4, balance_minor
             from payment_methods
             where tenant_id = $1 and customer_id = $2",
            params![run.tenant, &record.id],
        )
        .await?;
    let mut changed = false;
    for (n, method) in record.payment_methods.iter().enumerate() {
        let balance = method.balance.map(|balance| balance.minor);
        let Some(old) = stored.iter().find(|stored| stored.id == method.id) else {
            insert(tx, run, &[(&record.id, method)]).await?;
            changed = true;
            continue;
        };
        if old.kind != method.kind.as_str() {
            let field = format!("payment_methods[{n}].kind");
            let problem = format!("was {} before, which cannot change", old.kind);
            problems.push(line.number, FieldError::new(field, problem));
        } else if old.brand != method.brand
            || old.last4 != method.last4
            || old.balance_minor != balance
        {
            update(tx, run, &record.id, method, old).await?;
            changed = true;
        }
    }
    Ok(changed)
}

async fn update(
    tx: &mut Tx,
    run: &Run<'_>,
    owner: &str,
    method: &MethodRecord,
    old: &Stored,
) -> StoreResult<()> {
    let balance = method.balance.map(|balance| balance.minor);
    let updated = tx
        .execute(
            "update payment_methods
             set brand = $4, last4 = $5, balance_minor = $6
             where tenant_id = $1 and customer_id = $2 and id = $3
               and coalesce(balance_minor, 0) = $7",
            params![
                run.tenant,
                owner,
                &method.id,
                &method.brand,
                &method.last4,
                balance,
                old.balance_minor.unwrap_or(0),
            ],
        )
        .await?;
    if updated == 0 {
        return Err(StoreError::Busy("a gift card was used in the meantime".into()));
    }
    let difference = balance.unwrap_or(0) - old.balance_minor.unwrap_or(0);
    enter(tx, run, &[(owner, &method.id, difference)]).await
}
