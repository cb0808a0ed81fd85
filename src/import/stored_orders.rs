//! Orders that are there already: whether a record says the same, and may replace them if not.

use chrono::{DateTime, Utc};

use super::{orders::Ready, run::Run};
use crate::import::records::{FieldError, OrderRecord};
use business_mcp_engine::db::{StoreResult, Tx, params, record};

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

/// Compares a record with the order that is there. What has to be written anew is answered, and
/// then the old one is gone. An order that was made or changed here since is not replaced.
pub(super) async fn compare<'r>(
    tx: &mut Tx,
    run: &Run<'_>,
    record: &'r OrderRecord,
) -> StoreResult<Result<Option<Ready<'r>>, FieldError>> {
    let stored: StoredOrder = tx
        .fetch_one(
            "select customer_id, status, placed_at, address, version,
               (select count(*)
                from stock_movements
                where tenant_id = $1 and cause = $2) as touched
             from orders
             where tenant_id = $1 and id = $2",
            params![run.tenant, &record.id],
        )
        .await?;
    let ready = Ready::new(run, record, Some(stored.placed_at))?;
    if stored.customer_id == record.customer_id
        && stored.status == record.status.as_str()
        && stored.placed_at == ready.placed_at
        && stored.address == ready.address
        && same_items(tx, run, record).await?
        && same_payments(tx, run, record).await?
        && same_shipments(tx, run, &ready).await?
    {
        return Ok(Ok(None));
    }
    if stored.version > 1 || stored.touched > 0 {
        let problem = format!("{} was made or changed by the server since", record.id);
        return Ok(Err(FieldError::new("id", problem)));
    }
    remove(tx, run, &record.id).await?;
    Ok(Ok(Some(ready)))
}

async fn same_items(tx: &mut Tx, run: &Run<'_>, record: &OrderRecord) -> StoreResult<bool> {
    let stored: Vec<(String, i64, i64)> = tx
        .fetch_all(
            "select sku, quantity, unit_price_minor
             from order_items
             where tenant_id = $1 and order_id = $2
             order by line",
            params![run.tenant, &record.id],
        )
        .await?;
    let said =
        record.items.iter().map(|item| (item.sku.clone(), item.quantity, item.unit_price.minor));
    Ok(said.eq(stored))
}

async fn same_payments(tx: &mut Tx, run: &Run<'_>, record: &OrderRecord) -> StoreResult<bool> {
    let mut stored: Vec<(String, i64, String)> = tx
        .fetch_all(
            "select kind, amount_minor, payment_method_id
             from payments
             where tenant_id = $1 and order_id = $2",
            params![run.tenant, &record.id],
        )
        .await?;
    let said = record.payments.iter().map(|payment| {
        (payment.kind.as_str().to_owned(), payment.amount.minor, payment.payment_method_id.clone())
    });
    let mut said: Vec<_> = said.collect();
    said.sort();
    stored.sort();
    Ok(said == stored)
}

async fn same_shipments(tx: &mut Tx, run: &Run<'_>, ready: &Ready<'_>) -> StoreResult<bool> {
    let mut stored: Vec<(String, Option<String>, String)> = tx
        .fetch_all(
            "select tracking_number, carrier, skus
             from shipments
             where tenant_id = $1 and order_id = $2",
            params![run.tenant, &ready.record.id],
        )
        .await?;
    let said = ready.record.shipments.iter().zip(&ready.parcels).map(|(shipment, skus)| {
        (shipment.tracking_number.clone(), shipment.carrier.clone(), skus.clone())
    });
    let mut said: Vec<_> = said.collect();
    said.sort();
    stored.sort();
    Ok(said == stored)
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
