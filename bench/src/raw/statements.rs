//! The statements behind the baseline's routes: those that the tools run, written for rusqlite.
//!
//! When a tool's statements change, these follow: the ratio is only worth something as long as both
//! sides ask the database for the same.

use std::{path::Path, time::Duration};

use anyhow::{Context as _, ensure};
use rusqlite::{Connection, OpenFlags, TransactionBehavior, params};
use serde::{Deserialize, Serialize};

const PREPARED: usize = 64;
/// The demo's caller, for the rows that say who did it.
const PRINCIPAL: &str = "baseline";

/// Opens a connection that only reads, with the settings of the server's.
pub fn open_reader(database: &Path) -> anyhow::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let reader = Connection::open_with_flags(database, flags)
        .with_context(|| format!("{} cannot be opened", database.display()))?;
    reader.execute_batch(
        "pragma query_only = on;
         pragma trusted_schema = off;
         pragma temp_store = memory;
         pragma busy_timeout = 1000;",
    )?;
    reader.set_prepared_statement_cache_capacity(PREPARED);
    Ok(reader)
}

/// Opens the connection that writes, with the settings of the server's.
pub fn open_writer(database: &Path) -> anyhow::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let writer = Connection::open_with_flags(database, flags)
        .with_context(|| format!("{} cannot be opened", database.display()))?;
    writer.execute_batch(
        "pragma journal_mode = wal;
         pragma synchronous = full;
         pragma foreign_keys = on;
         pragma trusted_schema = off;
         pragma temp_store = memory;",
    )?;
    writer.busy_timeout(Duration::from_secs(5))?;
    writer.set_prepared_statement_cache_capacity(PREPARED);
    Ok(writer)
}

/// What `customer_lookup` reads of a customer.
#[derive(Debug, Serialize)]
pub struct Card {
    customer_id: String,
    name: String,
    company: Option<String>,
    tier: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    recent_orders: Vec<RecentOrder>,
}

#[derive(Debug, Serialize)]
struct RecentOrder {
    order_id: String,
    status: String,
    placed_at: String,
    total_minor: i64,
}

/// The customer and the last three orders, by the statement that the tool runs.
pub fn customer(reader: &Connection, tenant: &str, id: &str) -> anyhow::Result<Option<Card>> {
    let mut customers = reader.prepare_cached(
        "select c.id, c.name, c.company, c.tier, c.email, c.phone,
                o.id as order_id, o.status, o.placed_at, o.total_minor
         from customers c
         left join orders o on o.tenant_id = c.tenant_id and o.customer_id = c.id
         where c.tenant_id = ?1 and c.id = ?2 and c.erased_at is null
         order by o.placed_at desc, o.id desc
         limit 3",
    )?;
    let mut rows = customers.query(params![tenant, id])?;
    let mut card: Option<Card> = None;
    while let Some(row) = rows.next()? {
        let card = match card {
            Some(ref mut card) => card,
            None => card.insert(Card {
                customer_id: row.get(0)?,
                name: row.get(1)?,
                company: row.get(2)?,
                tier: row.get(3)?,
                email: row.get(4)?,
                phone: row.get(5)?,
                recent_orders: Vec::new(),
            }),
        };
        if let Some(order_id) = row.get(6)? {
            card.recent_orders.push(RecentOrder {
                order_id,
                status: row.get(7)?,
                placed_at: row.get(8)?,
                total_minor: row.get(9)?,
            });
        }
    }
    Ok(card)
}

/// An order as the generator asks for it; one item.
#[derive(Debug, Deserialize)]
pub struct WantedOrder {
    customer_id: String,
    items: Vec<WantedItem>,
    idempotency_key: String,
}

#[derive(Debug, Deserialize)]
struct WantedItem {
    sku: String,
    quantity: i64,
}

/// The order that was placed.
#[derive(Debug, Serialize)]
pub struct PlacedOrder {
    order_id: String,
    total_minor: i64,
}

/// Places an order: key, price, stock, ledger, order, payment and audit in one transaction, on disk
/// when this returns.
pub fn place_order(
    writer: &mut Connection,
    tenant: &str,
    wanted: &WantedOrder,
) -> anyhow::Result<PlacedOrder> {
    let item = wanted.items.first().context("an order needs an item")?;
    let tx = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let now: String =
        tx.prepare_cached("select strftime('%Y-%m-%dT%H:%M:%fZ', 'now')")?.query_row([], first)?;
    claim(&tx, tenant, &wanted.idempotency_key, &now)?;
    tx.prepare_cached("select tier from customers where tenant_id = ?1 and id = ?2")?
        .query_row(params![tenant, wanted.customer_id], |row| row.get::<_, Option<String>>(0))
        .context("there is no such customer")?;
    let price: i64 = tx
        .prepare_cached(
            "select price_minor
             from variants
             where tenant_id = ?1 and sku = ?2 and active",
        )?
        .query_row(params![tenant, item.sku], first)
        .context("there is no such product")?;
    let number: i64 = tx
        .prepare_cached(
            "insert into counters (tenant_id, name, value)
             values (?1, 'baseline', 1)
             on conflict (tenant_id, name) do update
             set value = counters.value + 1
             returning value",
        )?
        .query_row(params![tenant], first)?;
    let order = format!("RAW-{number}");
    take_stock(&tx, tenant, item, &order, &now)?;
    let placed = PlacedOrder { order_id: order, total_minor: price * item.quantity };
    insert_order(&tx, tenant, wanted, item, price, &placed, &now)?;
    finish(&tx, tenant, &wanted.idempotency_key, &placed, &now)?;
    tx.commit()?;
    Ok(placed)
}

fn claim(tx: &Connection, tenant: &str, key: &str, now: &str) -> anyhow::Result<()> {
    let claimed = tx
        .prepare_cached(
            "insert into idempotency_keys
                 (tenant_id, principal, tool, key, fingerprint, arguments_hash, scopes, created_at,
                  expires_at)
             values (?1, ?2, 'order_create', ?3, ?3, ?3, '', ?4, ?4)
             on conflict (tenant_id, principal, tool, key) do nothing",
        )?
        .execute(params![tenant, PRINCIPAL, key, now])?;
    ensure!(claimed == 1, "the key was used before");
    Ok(())
}

fn take_stock(
    tx: &Connection,
    tenant: &str,
    item: &WantedItem,
    order: &str,
    now: &str,
) -> anyhow::Result<()> {
    let location: String = tx
        .prepare_cached(
            "select location
             from stock
             where tenant_id = ?1 and sku = ?2
             order by on_hand - reserved desc, location
             limit 1",
        )?
        .query_row(params![tenant, item.sku], first)?;
    let taken = tx
        .prepare_cached(
            "update stock
             set on_hand = on_hand - ?4
             where tenant_id = ?1 and sku = ?2 and location = ?3 and on_hand - reserved >= ?4",
        )?
        .execute(params![tenant, item.sku, location, item.quantity])?;
    ensure!(taken == 1, "the product is out of stock");
    let delta = -item.quantity;
    tx.prepare_cached(
        "insert into stock_movements
             (tenant_id, id, sku, location, delta, reason, cause, actor, at)
         values (?1, ?2, ?3, ?4, ?5, 'order', ?6, ?7, ?8)",
    )?
    .execute(params![tenant, new_id(), item.sku, location, delta, order, PRINCIPAL, now])?;
    Ok(())
}

fn insert_order(
    tx: &Connection,
    tenant: &str,
    wanted: &WantedOrder,
    item: &WantedItem,
    price: i64,
    placed: &PlacedOrder,
    now: &str,
) -> anyhow::Result<()> {
    let PlacedOrder { order_id: order, total_minor: total } = placed;
    let tail: String = order.chars().rev().filter(|c| *c != '-').collect();
    let today = now.get(..10).unwrap_or_default();
    tx.prepare_cached(
        "insert into orders
             (tenant_id, id, id_tail, customer_id, status, placed_at, placed_on, subtotal_minor,
              discount_minor, tax_minor, total_minor, version)
         values (?1, ?2, ?3, ?4, 'pending', ?5, ?6, ?7, 0, 0, ?7, 1)",
    )?
    .execute(params![tenant, order, tail, wanted.customer_id, now, today, total])?;
    tx.prepare_cached(
        "insert into order_items
             (tenant_id, order_id, line, sku, quantity, unit_price_minor, discount_minor)
         values (?1, ?2, 1, ?3, ?4, ?5, 0)",
    )?
    .execute(params![tenant, order, item.sku, item.quantity, price])?;
    tx.prepare_cached(
        "insert into payments
             (tenant_id, id, order_id, kind, amount_minor, payment_method_id, at, at_day)
         values (?1, ?2, ?3, 'charge', ?4, 'baseline', ?5, ?6)",
    )?
    .execute(params![tenant, new_id(), order, total, now, today])?;
    Ok(())
}

/// The audit row and the stored answer.
fn finish(
    tx: &Connection,
    tenant: &str,
    key: &str,
    placed: &PlacedOrder,
    now: &str,
) -> anyhow::Result<()> {
    tx.prepare_cached(
        "insert into audit
             (tenant_id, id, at, principal, action, tool, outcome, subject, arguments_hash)
         values (?1, ?2, ?3, ?4, 'executed', 'order_create', 'ok', ?5, ?6)",
    )?
    .execute(params![tenant, new_id(), now, PRINCIPAL, placed.order_id, key])?;
    tx.prepare_cached(
        "update idempotency_keys
         set response = ?4
         where tenant_id = ?1 and principal = ?2 and tool = 'order_create' and key = ?3",
    )?
    .execute(params![tenant, PRINCIPAL, key, serde_json::to_string(placed)?])?;
    Ok(())
}

fn first<T: rusqlite::types::FromSql>(row: &rusqlite::Row<'_>) -> rusqlite::Result<T> {
    row.get(0)
}

fn new_id() -> String {
    uuid::Uuid::now_v7().to_string()
}
