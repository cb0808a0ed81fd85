//! Orders as an import writes them.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use crate::orders::import::OrderRecord;
use business_mcp_engine::{
    db::{StoreError, StoreResult, TENANT, Tx, bulk::Insert, imports, params, record},
    speech::reference,
};

static ORDERS: Insert = Insert::new(
    "insert into orders (tenant_id, id, id_tail, customer_id, status, placed_at, placed_on,
       subtotal_minor, discount_minor, tax_minor, total_minor, address, version)",
    13,
);
static ITEMS: Insert = Insert::new(
    "insert into order_items (tenant_id, order_id, line, sku, quantity, unit_price_minor,
       discount_minor)",
    7,
);
static PAYMENTS: Insert = Insert::new(
    "insert into payments (tenant_id, id, order_id, kind, amount_minor, payment_method_id, at,
       at_day)",
    8,
);
static SHIPMENTS: Insert =
    Insert::new("insert into shipments (tenant_id, order_id, tracking_number, carrier, skus)", 5);

record! {
    /// An order on the server.
    pub struct Stored {
        /// Who placed it.
        pub customer_id: String,
        /// Where it stands.
        pub status: String,
        /// When it was placed.
        pub placed_at: DateTime<Utc>,
        /// Where it goes, as JSON.
        pub address: Option<String>,
        /// Raised by each change.
        pub version: i64,
        /// How often it moved stock.
        pub touched: i64,
    }
}

/// A parcel on the server: its number, its carrier, and what is in it, as JSON.
pub type StoredShipment = (String, Option<String>, String);

/// An order with what is worked out from it.
pub struct Row<'r> {
    record: &'r OrderRecord,
    address: Option<String>,
    placed_at: DateTime<Utc>,
    placed_on: String,
    id_tail: String,
    payment_ids: Vec<String>,
    parcels: Vec<String>,
}

impl<'r> Row<'r> {
    /// `placed_on` is the tenant's day of `placed_at`.
    pub fn new(
        record: &'r OrderRecord,
        placed_at: DateTime<Utc>,
        placed_on: String,
    ) -> StoreResult<Self> {
        let other = |error: serde_json::Error| StoreError::Other(error.into());
        let address = record.address.as_ref().map(serde_json::to_string).transpose();
        let parcels = record.shipments.iter().map(|shipment| serde_json::to_string(&shipment.skus));
        Ok(Self {
            record,
            address: address.map_err(other)?,
            placed_at,
            placed_on,
            id_tail: reference::tail(&record.id),
            payment_ids: (1..=record.payments.len())
                .map(|n| format!("{}/{n}", record.id))
                .collect(),
            parcels: parcels.collect::<Result<_, _>>().map_err(other)?,
        })
    }
}

/// Every order's id.
pub async fn ids(tx: &mut Tx) -> StoreResult<HashSet<String>> {
    let sql = "select id
               from orders
               where tenant_id = $1";
    imports::column(tx, sql).await
}

/// Every payment method, after its customer.
pub async fn payment_methods(tx: &mut Tx) -> StoreResult<Vec<(String, String)>> {
    tx.fetch_all(
        "select customer_id, id
         from payment_methods
         where tenant_id = $1",
        params![TENANT],
    )
    .await
}

/// Inserts orders with their items, payments and shipments.
pub async fn insert(tx: &mut Tx, orders: &[Row<'_>]) -> StoreResult<()> {
    let (mut rows, mut items) = (Vec::new(), Vec::new());
    let (mut payments, mut shipments) = (Vec::new(), Vec::new());
    for order in orders {
        let record = order.record;
        let total = record.total_minor();
        rows.extend_from_slice(params![
            TENANT,
            &record.id,
            &order.id_tail,
            &record.customer_id,
            record.status.as_str(),
            order.placed_at,
            &order.placed_on,
            total,
            0_i64,
            0_i64,
            total,
            &order.address,
            1_i64,
        ]);
        for (line, item) in (1_i64..).zip(&record.items) {
            items.extend_from_slice(params![
                TENANT,
                &record.id,
                line,
                &item.sku,
                item.quantity,
                item.unit_price.minor,
                0_i64,
            ]);
        }
        for (id, payment) in order.payment_ids.iter().zip(&record.payments) {
            payments.extend_from_slice(params![
                TENANT,
                id,
                &record.id,
                payment.kind.as_str(),
                payment.amount.minor,
                &payment.payment_method_id,
                order.placed_at,
                &order.placed_on,
            ]);
        }
        for (skus, shipment) in order.parcels.iter().zip(&record.shipments) {
            shipments.extend_from_slice(params![
                TENANT,
                &record.id,
                &shipment.tracking_number,
                &shipment.carrier,
                skus,
            ]);
        }
    }
    ORDERS.run(tx, &rows).await?;
    ITEMS.run(tx, &items).await?;
    PAYMENTS.run(tx, &payments).await?;
    SHIPMENTS.run(tx, &shipments).await
}

/// An order that is there.
pub async fn stored(tx: &mut Tx, id: &str) -> StoreResult<Stored> {
    tx.fetch_one(
        "select customer_id, status, placed_at, address, version,
           (select count(*)
            from stock_movements
            where tenant_id = $1 and cause = $2) as touched
         from orders
         where tenant_id = $1 and id = $2",
        params![TENANT, id],
    )
    .await
}

/// Its items: sku, quantity and price of one, in minor units.
pub async fn items(tx: &mut Tx, id: &str) -> StoreResult<Vec<(String, i64, i64)>> {
    tx.fetch_all(
        "select sku, quantity, unit_price_minor
         from order_items
         where tenant_id = $1 and order_id = $2
         order by line",
        params![TENANT, id],
    )
    .await
}

/// Its payments: kind, minor units and method, in the order of the record that brought them: the number of a payment
/// ends its id.
pub async fn payments(tx: &mut Tx, id: &str) -> StoreResult<Vec<(String, i64, String)>> {
    tx.fetch_all(
        "select kind, amount_minor, payment_method_id
         from payments
         where tenant_id = $1 and order_id = $2
         order by at, length(id), id",
        params![TENANT, id],
    )
    .await
}

/// Its shipments.
pub async fn shipments(tx: &mut Tx, id: &str) -> StoreResult<Vec<StoredShipment>> {
    tx.fetch_all(
        "select tracking_number, carrier, skus
         from shipments
         where tenant_id = $1 and order_id = $2
         order by tracking_number",
        params![TENANT, id],
    )
    .await
}

/// Removes an order, to be inserted anew.
pub async fn remove(tx: &mut Tx, id: &str) -> StoreResult<()> {
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
        tx.execute(sql, params![TENANT, id]).await?;
    }
    Ok(())
}
