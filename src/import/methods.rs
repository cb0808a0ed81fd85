//! Payment methods, and the ledger of gift cards: a balance is always the sum of its entries.

use serde_json::json;

use super::{bulk::Insert, imported, run::Run};
use crate::import::records::{
    CustomerRecord, FieldError, MethodRecord,
    merge::{Merge, Object},
};
use business_mcp_engine::{
    db::{StoreError, StoreResult, Tx, params, record},
    money::Money,
};

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
    /// A payment method on the server.
    pub(super) struct Stored {
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

/// The payment methods of a customer who is known.
pub(super) async fn stored(tx: &mut Tx, run: &Run<'_>, owner: &str) -> StoreResult<Vec<Stored>> {
    tx.fetch_all(
        "select id, kind, brand, last4, balance_minor
         from payment_methods
         where tenant_id = $1 and customer_id = $2",
        params![run.tenant, owner],
    )
    .await
}

impl Stored {
    /// The method as a record has it.
    pub(super) fn record(&self, run: &Run<'_>) -> Object {
        let balance =
            self.balance_minor.map(|minor| Money::new(minor, run.rules.currency).decimal());
        imported::present(json!({
            "id": self.id,
            "kind": self.kind,
            "brand": self.brand,
            "last4": self.last4,
            "balance": balance,
        }))
    }
}

/// Applies what a record changes of the methods of a known customer; says whether anything changed.
/// Methods that the record does not name stay.
pub(super) async fn update(
    tx: &mut Tx,
    run: &Run<'_>,
    record: &CustomerRecord,
    merge: &Merge,
    stored: &[Stored],
) -> StoreResult<Result<bool, FieldError>> {
    let mut changed = false;
    for (n, (item, method)) in
        merge.items("payment_methods").iter().zip(&record.payment_methods).enumerate()
    {
        let error = |field: &str, problem: String| {
            Ok(Err(FieldError::new(format!("payment_methods[{n}].{field}"), problem)))
        };
        let Some(old) = stored.iter().find(|stored| stored.id == method.id) else {
            insert(tx, run, &[(&record.id, method)]).await?;
            changed = true;
            continue;
        };
        if old.kind != method.kind.as_str() {
            return error("kind", format!("was {} before, which cannot change", old.kind));
        }
        let difference = difference(run, item, method)?;
        if old.balance_minor.unwrap_or(0).saturating_add(difference) < 0 {
            let money = |minor| Money::new(minor, run.rules.currency).decimal();
            let (left, less) = (money(old.balance_minor.unwrap_or(0)), money(-difference));
            let problem =
                format!("would end below zero: the file takes {less} off, and {left} is left");
            return error("balance", problem);
        }
        if !item.is_settled() || difference != 0 {
            write(tx, run, &record.id, item, (old, method), difference).await?;
            changed |= difference != 0 || item.changes("brand") || item.changes("last4");
        }
    }
    Ok(Ok(changed))
}

/// What the record adds to a gift card: the difference to the last import, or to what is on it where
/// there was none.
fn difference(run: &Run<'_>, item: &Merge, method: &MethodRecord) -> StoreResult<i64> {
    let before = item.last.as_ref().filter(|last| last.contains_key("balance"));
    let before = before.or(item.server.as_ref()).and_then(|before| before.get("balance")?.as_str());
    match (before, method.balance) {
        (Some(before), Some(balance)) if item.changes("balance") => {
            let before = Money::parse(before, run.rules.currency)
                .map_err(|error| StoreError::Other(error.into()))?;
            Ok(balance.minor.saturating_sub(before.minor))
        }
        _ => Ok(0),
    }
}

async fn write(
    tx: &mut Tx,
    run: &Run<'_>,
    owner: &str,
    item: &Merge,
    (old, method): (&Stored, &MethodRecord),
    difference: i64,
) -> StoreResult<()> {
    let brand = if item.changes("brand") { &method.brand } else { &old.brand };
    let last4 = if item.changes("last4") { &method.last4 } else { &old.last4 };
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
                brand,
                last4,
                old.balance_minor.map(|minor| minor.saturating_add(difference)),
                old.balance_minor.unwrap_or(0),
            ],
        )
        .await?;
    if updated == 0 {
        return Err(StoreError::Busy("a gift card was used in the meantime".into()));
    }
    enter(tx, run, &[(owner, &method.id, difference)]).await
}
