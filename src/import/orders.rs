//! Orders: what they refer to must be there; who placed them through the server is left alone.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::{
    Table,
    bulk::Insert,
    files::Line,
    imported,
    report::{Counts, Problems},
    run::{Meter, Run},
    stored_orders,
};
use crate::import::records::{FieldError, Kind, OrderRecord};
use business_mcp_engine::{
    db::{StoreError, StoreResult, Tx, params},
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

/// An order with what is worked out from it.
pub(super) struct Ready<'r> {
    pub(super) record: &'r OrderRecord,
    pub(super) address: Option<String>,
    pub(super) placed_at: DateTime<Utc>,
    pub(super) placed_on: String,
    id_tail: String,
    payment_ids: Vec<String>,
    pub(super) parcels: Vec<String>,
}

impl<'r> Ready<'r> {
    /// `known_since` is the time that an order without one was given before.
    pub(super) fn new(
        run: &Run<'_>,
        record: &'r OrderRecord,
        known_since: Option<DateTime<Utc>>,
    ) -> StoreResult<Self> {
        let other = |error: serde_json::Error| StoreError::Other(error.into());
        let address = record.address.as_ref().map(serde_json::to_string).transpose();
        let placed_at = record.placed_at.or(known_since).unwrap_or(run.now);
        let parcels = record.shipments.iter().map(|shipment| serde_json::to_string(&shipment.skus));
        Ok(Self {
            record,
            address: address.map_err(other)?,
            placed_at,
            placed_on: run.day(placed_at),
            id_tail: reference::tail(&record.id),
            payment_ids: (1..=record.payments.len())
                .map(|n| format!("{}/{n}", record.id))
                .collect(),
            parcels: parcels.collect::<Result<_, _>>().map_err(other)?,
        })
    }
}

impl Table for OrderRecord {
    const IDS: &str = "select id
                       from orders
                       where tenant_id = $1";

    fn changes_sales(counts: Counts) -> bool {
        counts.new + counts.changed > 0
    }

    async fn write(
        tx: &mut Tx,
        run: &Run<'_>,
        lines: &[Line<'_, Self>],
        problems: &mut Problems,
        meter: &mut Meter<'_, '_>,
    ) -> StoreResult<Counts> {
        let references = References::read(tx, run).await?;
        let known = run.known(tx, Self::IDS).await?;
        let mut counts = Counts::default();
        for chunk in lines.chunks(super::CHUNK) {
            let last = imported::last_of(tx, run, chunk, |id| known.contains(id)).await?;
            let (mut new, mut kept) = (Vec::new(), Vec::new());
            for line in chunk {
                let last = last.get(line.id());
                match &line.record {
                    Ok(record) if !known.contains(line.id()) => {
                        if let Err(error) = references.check(record) {
                            problems.push(line.number, error);
                        }
                        kept.push((line.id(), imported::json(record)?));
                        new.push(Ready::new(run, record, None)?);
                    }
                    Err(partial) if !known.contains(line.id()) => {
                        problems.push(line.number, partial.missing.clone());
                    }
                    _ if imported::repeats(line, last)? => counts.known(false),
                    _ => match stored_orders::update(tx, run, line, last, &references).await? {
                        Ok(outcome) => {
                            counts.known(outcome.changed);
                            kept.extend(outcome.kept.map(|record| (line.id(), record)));
                        }
                        Err(error) => problems.push(line.number, error),
                    },
                }
            }
            if problems.is_empty() {
                insert(tx, run, &new).await?;
                imported::keep(tx, run, Kind::Orders, kept).await?;
            }
            counts.new += new.len();
            meter.advance(chunk.len());
        }
        let ids = lines.iter().map(Line::id);
        run.count_on(tx, "order", "ORD-", ids).await?;
        Ok(counts)
    }
}

/// What orders refer to.
pub(super) struct References {
    /// Customers, each with their payment methods.
    customers: HashMap<String, HashSet<String>>,
    /// Those of them who were erased.
    erased: HashSet<String>,
    skus: HashSet<String>,
}

impl References {
    async fn read(tx: &mut Tx, run: &Run<'_>) -> StoreResult<Self> {
        let sql = "select id
                   from customers
                   where tenant_id = $1";
        let ids = run.known(tx, sql).await?;
        let mut customers: HashMap<String, HashSet<String>> =
            ids.into_iter().map(|id| (id, HashSet::new())).collect();
        let methods: Vec<(String, String)> = tx
            .fetch_all(
                "select customer_id, id
                 from payment_methods
                 where tenant_id = $1",
                params![run.tenant],
            )
            .await?;
        for (customer, method) in methods {
            customers.entry(customer).or_default().insert(method);
        }
        let sql = "select id
                   from customers
                   where tenant_id = $1 and erased_at is not null";
        let erased = run.known(tx, sql).await?;
        let sql = "select sku
                   from variants
                   where tenant_id = $1";
        Ok(Self { customers, erased, skus: run.known(tx, sql).await? })
    }

    pub(super) fn is_erased(&self, customer: &str) -> bool {
        self.erased.contains(customer)
    }

    pub(super) fn check(&self, record: &OrderRecord) -> Result<(), FieldError> {
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

pub(super) async fn insert(tx: &mut Tx, run: &Run<'_>, orders: &[Ready<'_>]) -> StoreResult<()> {
    let (mut rows, mut items) = (Vec::new(), Vec::new());
    let (mut payments, mut shipments) = (Vec::new(), Vec::new());
    for order in orders {
        let record = order.record;
        let total = record.total_minor();
        rows.extend_from_slice(params![
            run.tenant,
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
                run.tenant,
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
                run.tenant,
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
                run.tenant,
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
