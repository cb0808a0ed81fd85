//! Payment methods, and the ledger of gift cards: a balance is always the sum of its entries.

use serde_json::json;

use super::{
    super::sql::import_methods::{self as sql, Change, StoredMethod},
    CustomerRecord, MethodRecord,
};
use business_mcp_engine::{
    db::{StoreError, StoreResult},
    import::{FieldError, ImportContext, Merge, Object, present},
    money::Money,
};

/// Inserts methods that are new, each with its owner's id.
pub(super) async fn insert(
    ctx: &mut ImportContext,
    methods: &[(&str, &MethodRecord)],
) -> StoreResult<()> {
    sql::insert(&mut ctx.tx, methods).await?;
    let entries = methods.iter().map(|(owner, method)| {
        (*owner, method.id.as_str(), method.balance.map_or(0, |balance| balance.minor))
    });
    enter(ctx, &entries.collect::<Vec<_>>()).await
}

/// Writes what changed on gift cards: owner, card, amount.
async fn enter(ctx: &mut ImportContext, entries: &[(&str, &str, i64)]) -> StoreResult<()> {
    let entries: Vec<_> = entries
        .iter()
        .filter(|(_, _, amount)| *amount != 0)
        .map(|entry| (ctx.ledger_id(), *entry))
        .collect();
    sql::enter(&mut ctx.tx, &entries, ctx.now).await
}

/// The payment methods of a customer who is known.
pub(super) async fn stored(ctx: &mut ImportContext, owner: &str) -> StoreResult<Vec<StoredMethod>> {
    sql::stored(&mut ctx.tx, owner).await
}

/// A method on the server as a record has it.
pub(super) fn on_server(ctx: &ImportContext, method: &StoredMethod) -> Object {
    let balance =
        method.balance_minor.map(|minor| Money::new(minor, ctx.tenant.currency).decimal());
    present(json!({
        "id": method.id,
        "kind": method.kind,
        "brand": method.brand,
        "last4": method.last4,
        "balance": balance,
    }))
}

/// Applies what a record changes of the methods of a known customer; says whether anything changed.
/// Methods that the record does not name stay.
pub(super) async fn update(
    ctx: &mut ImportContext,
    record: &CustomerRecord,
    merge: &Merge,
    stored: &[StoredMethod],
) -> StoreResult<Result<bool, FieldError>> {
    let mut changed = false;
    for (n, (item, method)) in
        merge.items("payment_methods").iter().zip(&record.payment_methods).enumerate()
    {
        let error = |field: &str, problem: String| {
            Ok(Err(FieldError::new(format!("payment_methods[{n}].{field}"), problem)))
        };
        let Some(old) = stored.iter().find(|stored| stored.id == method.id) else {
            insert(ctx, &[(&record.id, method)]).await?;
            changed = true;
            continue;
        };
        if old.kind != method.kind.as_str() {
            return error("kind", format!("was {} before, which cannot change", old.kind));
        }
        let difference = difference(ctx, item, method)?;
        if old.balance_minor.unwrap_or(0).saturating_add(difference) < 0 {
            let money = |minor| Money::new(minor, ctx.tenant.currency).decimal();
            let (left, less) = (money(old.balance_minor.unwrap_or(0)), money(-difference));
            let problem =
                format!("would end below zero: the file takes {less} off, and {left} is left");
            return error("balance", problem);
        }
        if !item.is_settled() || difference != 0 {
            let change = Change {
                owner: &record.id,
                brand: if item.changes("brand") { &method.brand } else { &old.brand }.as_deref(),
                last4: if item.changes("last4") { &method.last4 } else { &old.last4 }.as_deref(),
                difference,
            };
            sql::update(&mut ctx.tx, old, change).await?;
            enter(ctx, &[(&record.id, &method.id, difference)]).await?;
            changed |= difference != 0 || item.changes("brand") || item.changes("last4");
        }
    }
    Ok(Ok(changed))
}

/// What the record adds to a gift card: the difference to the last import, or to what is on it where
/// there was none.
fn difference(ctx: &ImportContext, item: &Merge, method: &MethodRecord) -> StoreResult<i64> {
    let before = item.last.as_ref().filter(|last| last.contains_key("balance"));
    let before = before.or(item.server.as_ref()).and_then(|before| before.get("balance")?.as_str());
    match (before, method.balance) {
        (Some(before), Some(balance)) if item.changes("balance") => {
            let before = Money::parse(before, ctx.tenant.currency)
                .map_err(|error| StoreError::Other(error.into()))?;
            Ok(balance.minor.saturating_sub(before.minor))
        }
        _ => Ok(0),
    }
}
