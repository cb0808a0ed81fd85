//! Orders that are there already: what a record changes of them, and whether it may.

use chrono::{DateTime, Utc};
use serde_json::{Value as Json, json};

use super::{
    files::Line,
    imported::{self, Outcome},
    orders::{self, Ready, References},
    run::Run,
};
use crate::import::records::{FieldError, OrderRecord, merge::Object};
use business_mcp_engine::{
    db::{StoreResult, Tx, params, record},
    money::Money,
};

record! {
    struct StoredOrder {
        customer_id: String,
        status: String,
        placed_at: DateTime<Utc>,
        address: Option<String>,
        version: i64,
        touched: i64,
    }
}

/// Applies what a line changes of an order that is there. What was made or changed here since is not
/// changed, and what belongs to somebody who was erased stays as it is.
pub(super) async fn update(
    tx: &mut Tx,
    run: &Run<'_>,
    line: &Line<'_, OrderRecord>,
    last: Option<&String>,
    references: &References,
) -> StoreResult<Result<Outcome, FieldError>> {
    let stored: StoredOrder = tx
        .fetch_one(
            "select customer_id, status, placed_at, address, version,
               (select count(*)
                from stock_movements
                where tenant_id = $1 and cause = $2) as touched
             from orders
             where tenant_id = $1 and id = $2",
            params![run.tenant, line.id()],
        )
        .await?;
    if references.is_erased(&stored.customer_id) {
        return Ok(Ok(Outcome::default()));
    }
    let server = on_server(tx, run, line.id(), &stored).await?;
    let (record, merge) = match imported::merge(run, line, last, server)? {
        Ok(merged) => merged,
        Err(error) => return Ok(Err(error)),
    };
    if let Err(error) = references.check(&record) {
        return Ok(Err(error));
    }
    if merge.is_settled() {
        return Ok(Ok(Outcome::of(&merge, false)));
    }
    if stored.version > 1 || stored.touched > 0 {
        let problem = format!("{} was made or changed by the server since", record.id);
        return Ok(Err(FieldError::new("id", problem)));
    }
    remove(tx, run, &record.id).await?;
    orders::insert(tx, run, &[Ready::new(run, &record, Some(stored.placed_at))?]).await?;
    Ok(Ok(Outcome::of(&merge, true)))
}

/// The order as a record has it.
async fn on_server(
    tx: &mut Tx,
    run: &Run<'_>,
    id: &str,
    order: &StoredOrder,
) -> StoreResult<Object> {
    let address = order.address.as_deref().map(serde_json::from_str::<Json>).transpose();
    let list = |values: Vec<Json>| Some(values).filter(|values| !values.is_empty());
    Ok(imported::present(json!({
        "id": id,
        "customer_id": order.customer_id,
        "status": order.status,
        "placed_at": order.placed_at,
        "address": address.map_err(imported::other)?,
        "items": items(tx, run, id).await?,
        "payments": list(payments(tx, run, id).await?),
        "shipments": list(shipments(tx, run, id).await?),
    })))
}

async fn items(tx: &mut Tx, run: &Run<'_>, id: &str) -> StoreResult<Vec<Json>> {
    let rows: Vec<(String, i64, i64)> = tx
        .fetch_all(
            "select sku, quantity, unit_price_minor
             from order_items
             where tenant_id = $1 and order_id = $2
             order by line",
            params![run.tenant, id],
        )
        .await?;
    let items = rows.into_iter().map(|(sku, quantity, price)| {
        let price = Money::new(price, run.rules.currency).decimal();
        json!({ "sku": sku, "quantity": quantity, "unit_price": price })
    });
    Ok(items.collect())
}

/// In the order of the record that brought them: the number of a payment ends its id.
async fn payments(tx: &mut Tx, run: &Run<'_>, id: &str) -> StoreResult<Vec<Json>> {
    let rows: Vec<(String, i64, String)> = tx
        .fetch_all(
            "select kind, amount_minor, payment_method_id
             from payments
             where tenant_id = $1 and order_id = $2
             order by at, length(id), id",
            params![run.tenant, id],
        )
        .await?;
    let payments = rows.into_iter().map(|(kind, amount, method)| {
        let amount = Money::new(amount, run.rules.currency).decimal();
        json!({ "kind": kind, "amount": amount, "payment_method_id": method })
    });
    Ok(payments.collect())
}

async fn shipments(tx: &mut Tx, run: &Run<'_>, id: &str) -> StoreResult<Vec<Json>> {
    let rows: Vec<(String, Option<String>, String)> = tx
        .fetch_all(
            "select tracking_number, carrier, skus
             from shipments
             where tenant_id = $1 and order_id = $2
             order by tracking_number",
            params![run.tenant, id],
        )
        .await?;
    let shipments = rows.into_iter().map(|(number, carrier, skus)| {
        let skus: Json = serde_json::from_str(&skus).map_err(imported::other)?;
        let shipment = json!({ "tracking_number": number, "carrier": carrier, "skus": skus });
        Ok(Json::Object(imported::present(shipment)))
    });
    shipments.collect()
}

async fn remove(tx: &mut Tx, run: &Run<'_>, id: &str) -> StoreResult<()> {
    for sql in [
        "delete from shipments
         where tenant_id = $1 and order_id = $2",
        "delete from payments
         where tenant_id = $1 and order_id = $2",
        "delete from order_items
         where tenant_id = $1 and order_id = $2",
        "delete from orders
         where tenant_id = $1 and id = $2",
    ] {
        tx.execute(sql, params![run.tenant, id]).await?;
    }
    Ok(())
}
