//! Everything that the shop's tables hold, a line a record: as they should be by the shop's own
//! file and rules, and as they are.

use std::collections::BTreeMap;

use business_mcp_engine::db::Db;
use serde_json::Value;

use super::shop::Shop;
use crate::support::TENANT;

/// What is held under each name, in an order that does not depend on the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Records(BTreeMap<String, Vec<String>>);

/// A name and what it holds, of every row. What a row lacks is `-`.
const STATEMENTS: [&str; 16] = [
    "select 'customer ' || id,
            name || ' ' || coalesce(email, '-') || ' ' || coalesce(phone, '-') || ' '
            || coalesce(tier, '-') || ' ' || coalesce(address, '-') || ' v' || cast(version as text)
     from customers where tenant_id = $1",
    "select 'method ' || customer_id || ' ' || id,
            kind || ' ' || coalesce(brand, '-') || ' ' || coalesce(last4, '-') || ' '
            || coalesce(cast(balance_minor as text), '-')
     from payment_methods where tenant_id = $1",
    "select 'gift card ' || customer_id || ' ' || payment_method_id,
            cast(sum(amount_minor) as text)
     from gift_card_entries where tenant_id = $1
     group by customer_id, payment_method_id",
    "select 'product ' || id, name from products where tenant_id = $1",
    "select 'variant ' || sku,
            product_id || ' ' || options || ' ' || cast(price_minor as text) || ' '
            || case when active then 'active' else 'not active' end || ' v' || cast(version as text)
     from variants where tenant_id = $1",
    "select 'stock ' || sku,
            location || ' ' || cast(on_hand as text) || ' reserved ' || cast(reserved as text)
     from stock where tenant_id = $1",
    "select 'ledger ' || sku, location || ' ' || cast(sum(delta) as text)
     from stock_movements where tenant_id = $1
     group by sku, location",
    "select 'order ' || id,
            customer_id || ' ' || status || ' ' || cast(subtotal_minor as text)
            || ' - ' || cast(discount_minor as text) || ' + ' || cast(tax_minor as text)
            || ' = ' || cast(total_minor as text) || ' ' || coalesce(address, '-') || ' '
            || coalesce(note, '-') || ' ' || coalesce(cancel_reason, '-') || ' '
            || coalesce(quote_id, '-') || ' v' || cast(version as text)
     from orders where tenant_id = $1",
    "select 'items ' || order_id,
            cast(line as text) || ' ' || sku || ' x ' || cast(quantity as text) || ' at '
            || cast(unit_price_minor as text) || ' - ' || cast(discount_minor as text)
     from order_items where tenant_id = $1",
    "select 'payments ' || order_id,
            kind || ' ' || cast(amount_minor as text) || ' ' || payment_method_id
     from payments where tenant_id = $1",
    "select 'parcels ' || order_id, tracking_number || ' ' || coalesce(carrier, '-') || ' ' || skus
     from shipments where tenant_id = $1",
    "select 'held ' || sku, cast(sum(quantity) as text) from reservations where tenant_id = $1
     group by sku",
    "select 'request ' || order_id || ' ' || id,
            kind || ' ' || status || ' ' || coalesce(payment_method_id, '-') || ' '
            || cast(amount_minor as text)
     from order_requests where tenant_id = $1",
    "select 'pieces ' || request_id,
            sku || ' x ' || cast(quantity as text) || ' for ' || coalesce(new_sku, 'a refund')
     from order_request_items where tenant_id = $1",
    "select 'ticket', reason || ': ' || summary from tickets where tenant_id = $1",
    "select 'other', 'quote ' || id from quotes where tenant_id = $1
     union all select 'other', 'interaction ' || id from interactions where tenant_id = $1",
];

impl Records {
    /// As they are in the database.
    pub async fn stored(db: &Db) -> Self {
        let mut records = Self(BTreeMap::new());
        let mut tx = db.read().await.unwrap().of("demo");
        for sql in STATEMENTS {
            for (name, held) in tx.fetch_all(sql, &[TENANT.into()]).await.unwrap() {
                records.add(name, held);
            }
        }
        records.sorted()
    }

    /// As they should be when the shop is like this.
    pub fn of(shop: &Shop) -> Self {
        let mut records = Self(BTreeMap::new());
        records.add_customers(shop);
        records.add_products(shop);
        records.add_orders(shop);
        records.add_requests(shop);
        records.sorted()
    }

    /// How many names begin with this word.
    pub fn count(&self, word: &str) -> usize {
        self.0.keys().filter(|name| name.split(' ').next() == Some(word)).count()
    }

    /// Fails with the records that differ, and only those.
    #[track_caller]
    pub fn must_be(&self, expected: &Self, when: &str) {
        let names = self.0.keys().chain(expected.0.keys());
        let differ = |name: &&String| self.0.get(*name) != expected.0.get(*name);
        let wrong: BTreeMap<_, _> = names
            .filter(differ)
            .map(|name| (name, (self.0.get(name), "should be", expected.0.get(name))))
            .collect();
        let first: BTreeMap<_, _> = wrong.iter().take(10).collect();
        assert!(wrong.is_empty(), "{when}: {} records are wrong: {first:#?}", wrong.len());
    }

    fn add_customers(&mut self, shop: &Shop) {
        for (id, user) in &shop.users {
            let (name, address) = (user.full_name(), user.address.json());
            let version = 1 + user.changes;
            let line = format!("{name} {} - - {address} v{version}", user.email);
            self.add(format!("customer {id}"), line);
            for (method_id, method) in &user.payment_methods {
                let (kind, brand) = (method.kind(), method.brand().unwrap_or("-"));
                let last4 = method.last_four.as_deref().unwrap_or("-");
                let balance = method.balance.map(|cents| cents.0.to_string());
                let shown = balance.as_deref().unwrap_or("-");
                let line = format!("{kind} {brand} {last4} {shown}");
                self.add(format!("method {id} {method_id}"), line);
                // An empty card may have no entries.
                if let Some(balance) = balance.filter(|balance| balance != "0") {
                    self.add(format!("gift card {id} {method_id}"), balance);
                }
            }
        }
    }

    fn add_products(&mut self, shop: &Shop) {
        for (id, product) in &shop.products {
            self.add(format!("product {id}"), product.name.clone());
            for (sku, variant) in &product.variants {
                let options = Value::Object(variant.options.clone());
                let line = format!("{id} {options} {} active v1", variant.price.0);
                self.add(format!("variant {sku}"), line);
                let on_hand = shop.on_hand(variant);
                let held = shop.held.get(sku).copied().unwrap_or(0);
                if held > 0 {
                    self.add(format!("held {sku}"), held.to_string());
                }
                self.add(format!("stock {sku}"), format!("main {on_hand} reserved {held}"));
                if on_hand != 0 {
                    self.add(format!("ledger {sku}"), format!("main {on_hand}"));
                }
            }
        }
    }

    fn add_orders(&mut self, shop: &Shop) {
        for (id, order) in &shop.orders {
            let (total, address) = (Shop::total(order), order.address.json());
            let reason = order.cancel_reason.as_deref().unwrap_or("-");
            let version = 1 + order.changes;
            let line = format!(
                "{} {} {total} - 0 + 0 = {total} {address} - {reason} - v{version}",
                order.user_id, order.status
            );
            self.add(format!("order {id}"), line);
            for (nth, item) in order.items.iter().enumerate() {
                let line = format!("{} {} x 1 at {} - 0", nth + 1, item.item_id, item.price.0);
                self.add(format!("items {id}"), line);
            }
            for paid in &order.payment_history {
                let line = format!("{} {} {}", paid.kind(), paid.amount.0, paid.payment_method_id);
                self.add(format!("payments {id}"), line);
            }
            for parcel in &order.fulfillments {
                let skus = serde_json::to_string(&parcel.item_ids).unwrap();
                for number in &parcel.tracking_id {
                    self.add(format!("parcels {id}"), format!("{number} - {skus}"));
                }
            }
        }
    }

    fn add_requests(&mut self, shop: &Shop) {
        for (order_id, order) in &shop.orders {
            for request in &order.requests {
                let kind = request.kind();
                let line =
                    format!("{kind} open {} {}", request.payment_method_id, request.amount.0);
                self.add(format!("request {order_id} {}", request.id), line);
                for piece in request.lines() {
                    self.add(format!("pieces {}", request.id), piece);
                }
            }
        }
        for ticket in &shop.tickets {
            self.add("ticket".to_owned(), ticket.clone());
        }
    }

    fn add(&mut self, name: String, held: String) {
        self.0.entry(name).or_default().push(held);
    }

    fn sorted(mut self) -> Self {
        self.0.values_mut().for_each(|held| held.sort());
        self
    }
}
