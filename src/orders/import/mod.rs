//! Orders, as files bring them.
//!
//! * `record`: what a line of `orders.jsonl` says;
//! * [`Orders`]: how it becomes an order. What it refers to must be there, and what the server made or changed is left
//!   alone.

use std::collections::{HashMap, HashSet};

use serde_json::{Value as Json, json};

use super::sql::import::{self as sql, Row, Stored, StoredShipment};
use crate::{
    catalog,
    customers::{self, import::ADDRESS},
    sales,
};
use business_mcp_engine::{
    db::{StoreError, StoreResult, tenants},
    import::{Counts, FieldError, Fields, ImportContext, Importer, Merge, Object, Part, present},
    money::Money,
};

mod record;

pub use record::{ItemRecord, OrderRecord, PaymentKind, PaymentRecord, ShipmentRecord};

/// What was bought.
#[derive(Debug, Clone, Copy)]
pub struct Orders;

/// What orders refer to.
#[derive(Debug)]
pub struct References {
    /// Customers, each with their payment methods.
    customers: HashMap<String, HashSet<String>>,
    /// Those of them who were erased.
    erased: HashSet<String>,
    skus: HashSet<String>,
}

impl Importer for Orders {
    type Record = OrderRecord;
    type References = References;
    type Stored = Stored;
    const KIND: &'static str = "orders";
    const AFTER: &'static [&'static str] = &["customers", "products"];
    const PARTS: &'static [Part] = &[
        Part::object("address").in_columns(ADDRESS),
        Part::list("items").in_columns(&["sku", "quantity", "unit_price"]),
        Part::list("payments"),
        Part::list("shipments"),
    ];

    fn read(fields: &mut Fields<'_>) -> Result<OrderRecord, FieldError> {
        OrderRecord::read(fields)
    }

    fn id(record: &OrderRecord) -> Option<&str> {
        Some(&record.id)
    }

    async fn references(ctx: &mut ImportContext) -> StoreResult<References> {
        let tx = &mut ctx.tx;
        let ids = customers::sql::import::ids(tx).await?;
        let mut customers: HashMap<String, HashSet<String>> =
            ids.into_iter().map(|id| (id, HashSet::new())).collect();
        for (customer, method) in sql::payment_methods(tx).await? {
            customers.entry(customer).or_default().insert(method);
        }
        let erased = customers::sql::import::erased_ids(tx).await?;
        Ok(References { customers, erased, skus: catalog::sql::import::skus(tx).await? })
    }

    async fn ids(ctx: &mut ImportContext) -> StoreResult<HashSet<String>> {
        sql::ids(&mut ctx.tx).await
    }

    async fn check(
        _ctx: &mut ImportContext,
        references: &mut References,
        record: &OrderRecord,
    ) -> StoreResult<Vec<FieldError>> {
        Ok(references.check(record).err().into_iter().collect())
    }

    async fn insert(ctx: &mut ImportContext, records: &[(&str, &OrderRecord)]) -> StoreResult<()> {
        let rows = records.iter().map(|(_, record)| row(ctx, record));
        let rows: Vec<Row<'_>> = rows.collect::<StoreResult<_>>()?;
        sql::insert(&mut ctx.tx, &rows).await
    }

    /// What belongs to somebody who was erased stays as it is.
    async fn stored(
        ctx: &mut ImportContext,
        references: &References,
        id: &str,
        _named: &Object,
    ) -> StoreResult<Option<(Object, Stored)>> {
        let stored = sql::stored(&mut ctx.tx, id).await?;
        if references.erased.contains(&stored.customer_id) {
            return Ok(None);
        }
        Ok(Some((on_server(ctx, id, &stored).await?, stored)))
    }

    async fn update(
        ctx: &mut ImportContext,
        record: &OrderRecord,
        merge: &Merge,
        stored: Stored,
    ) -> StoreResult<Result<bool, FieldError>> {
        if merge.is_settled() {
            return Ok(Ok(false));
        }
        if stored.version > 1 || stored.touched > 0 {
            let problem = format!("{} was made or changed by the server since", record.id);
            return Ok(Err(FieldError::new("id", problem)));
        }
        // Without a time in the file, it keeps the one that it was given.
        let placed_at = record.placed_at.or(Some(stored.placed_at));
        let record = OrderRecord { placed_at, ..record.clone() };
        let row = row(ctx, &record)?;
        sql::remove(&mut ctx.tx, &record.id).await?;
        sql::insert(&mut ctx.tx, &[row]).await?;
        Ok(Ok(true))
    }

    async fn finish(ctx: &mut ImportContext, ids: &[&str], counts: Counts) -> StoreResult<()> {
        tenants::count_on(&mut ctx.tx, "order", "ORD-", ids).await?;
        if counts.new + counts.changed > 0 {
            sales::all_changed(&mut ctx.tx).await?;
        }
        Ok(())
    }
}

/// A record as rows.
fn row<'r>(ctx: &ImportContext, record: &'r OrderRecord) -> StoreResult<Row<'r>> {
    let placed_at = record.placed_at.unwrap_or(ctx.now);
    Row::new(record, placed_at, ctx.day(placed_at))
}

impl References {
    fn check(&self, record: &OrderRecord) -> Result<(), FieldError> {
        let Some(methods) = self.customers.get(&record.customer_id) else {
            let problem = format!("{} is no customer", record.customer_id);
            return Err(FieldError::new("customer_id", problem));
        };
        for (n, item) in record.items.iter().enumerate() {
            if !self.skus.contains(&item.sku) {
                let problem = format!("{} is not the sku of any product", item.sku);
                return Err(FieldError::new(format!("items[{n}].sku"), problem));
            }
        }
        for (n, payment) in record.payments.iter().enumerate() {
            let method = &payment.payment_method_id;
            if !methods.contains(method) {
                let problem = format!("{method} is no payment method of {}", record.customer_id);
                let field = format!("payments[{n}].payment_method_id");
                return Err(FieldError::new(field, problem));
            }
        }
        Ok(())
    }
}

/// The order on the server as a record has it.
async fn on_server(ctx: &mut ImportContext, id: &str, order: &Stored) -> StoreResult<Object> {
    let tx = &mut ctx.tx;
    let address = order.address.as_deref().map(serde_json::from_str::<Json>).transpose();
    let amount = |minor| Money::new(minor, ctx.tenant.currency).decimal();
    let list = |values: Vec<Json>| Some(values).filter(|values| !values.is_empty());
    let items = sql::items(tx, id).await?.into_iter().map(|(sku, quantity, price)| {
        json!({ "sku": sku, "quantity": quantity, "unit_price": amount(price) })
    });
    let items: Vec<Json> = items.collect();
    let payments = sql::payments(tx, id).await?;
    let payments = payments.into_iter().map(|(kind, minor, method)| {
        json!({ "kind": kind, "amount": amount(minor), "payment_method_id": method })
    });
    let payments = list(payments.collect());
    let shipments = sql::shipments(tx, id).await?;
    let shipments = shipments.into_iter().map(shipment).collect::<StoreResult<_>>()?;
    Ok(present(json!({
        "id": id,
        "customer_id": order.customer_id,
        "status": order.status,
        "placed_at": order.placed_at,
        "address": address.map_err(other)?,
        "items": items,
        "payments": payments,
        "shipments": list(shipments),
    })))
}

fn shipment((number, carrier, skus): StoredShipment) -> StoreResult<Json> {
    let skus: Json = serde_json::from_str(&skus).map_err(other)?;
    let shipment = json!({ "tracking_number": number, "carrier": carrier, "skus": skus });
    Ok(Json::Object(present(shipment)))
}

fn other(error: serde_json::Error) -> StoreError {
    StoreError::Other(error.into())
}
