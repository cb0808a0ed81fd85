//! What the database holds, looked at beside what the server says.

use std::{collections::BTreeMap, sync::Arc};

use business_mcp::seed::{self, Size};
use business_mcp_engine::{
    db::{Db, value::Value as Bound},
    tool::context::Tenant,
};
use serde_json::{Value, json};

use crate::{
    databases::{SHOP, business},
    support::{TENANT, TestServer, servers_with},
};

/// The article that these tests buy, at 26.99 for a premium customer.
pub const SKU: &str = "SKU-001";

/// Everything that an order moves, in the demo tenant's whole shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Books {
    pub orders: i64,
    pub lines: i64,
    /// Charges less refunds, in cents.
    pub paid: i64,
    /// What is on gift cards, in cents.
    pub gift_cards: i64,
    pub on_hand: i64,
    pub reserved: i64,
}

impl Books {
    /// Reads them, and checks that every sum is the sum of its ledger. One statement sees one state,
    /// whatever the server does meanwhile.
    pub async fn of(db: &Db) -> Self {
        let sql = "select 'orders', count(*) from orders where tenant_id = $1
            union all
            select 'lines', count(*) from order_items where tenant_id = $1
            union all
            select 'paid', cast(coalesce(sum(case kind when 'charge' then amount_minor
                                                       else -amount_minor end), 0) as bigint)
            from payments where tenant_id = $1
            union all
            select 'gift_cards', cast(coalesce(sum(balance_minor), 0) as bigint)
            from payment_methods where tenant_id = $1
            union all
            select 'entered', cast(coalesce(sum(amount_minor), 0) as bigint)
            from gift_card_entries where tenant_id = $1
            union all
            select 'on_hand', cast(sum(on_hand) as bigint) from stock where tenant_id = $1
            union all
            select 'moved', cast(sum(delta) as bigint) from stock_movements where tenant_id = $1
            union all
            select 'reserved', cast(sum(reserved) as bigint) from stock where tenant_id = $1
            union all
            select 'held', cast(coalesce(sum(quantity), 0) as bigint)
            from reservations where tenant_id = $1";
        let mut tx = db.read().await.unwrap().of("demo");
        let rows: Vec<(String, i64)> = tx.fetch_all(sql, &[Bound::from(TENANT)]).await.unwrap();
        let sums: BTreeMap<String, i64> = rows.into_iter().collect();
        let books = Self {
            orders: sums["orders"],
            lines: sums["lines"],
            paid: sums["paid"],
            gift_cards: sums["gift_cards"],
            on_hand: sums["on_hand"],
            reserved: sums["reserved"],
        };
        assert_eq!(sums["entered"], books.gift_cards, "balances are sums of their entries");
        assert_eq!(sums["moved"], books.on_hand, "stock is the sum of its movements");
        assert_eq!(sums["held"], books.reserved, "what is reserved is held by someone");
        books
    }

    /// These books after so many pieces were sold on one order for so many cents, from a gift card.
    pub fn sold(self, pieces: i64, cents: i64) -> Self {
        Self {
            orders: self.orders + 1,
            lines: self.lines + 1,
            paid: self.paid + cents,
            gift_cards: self.gift_cards - cents,
            on_hand: self.on_hand - pieces,
            ..self
        }
    }

    /// These books with one order more, of one piece that is not paid yet.
    pub fn placed(self) -> Self {
        Self { orders: self.orders + 1, lines: self.lines + 1, on_hand: self.on_hand - 1, ..self }
    }

    /// These books while so many pieces more are held.
    pub fn holding(self, pieces: i64) -> Self {
        Self { reserved: self.reserved + pieces, ..self }
    }
}

/// One number out of the database.
pub async fn number(db: &Db, sql: &'static str, params: &[Bound<'_>]) -> i64 {
    let mut tx = db.read().await.unwrap().of("demo");
    let (number,): (i64,) = tx.fetch_one(sql, params).await.unwrap();
    number
}

/// One text out of the database.
pub async fn text(db: &Db, sql: &'static str, params: &[Bound<'_>]) -> String {
    let mut tx = db.read().await.unwrap().of("demo");
    let (text,): (String,) = tx.fetch_one(sql, params).await.unwrap();
    text
}

/// Changes rows behind the server's back, and says how many.
pub async fn change(db: &Db, sql: &'static str, params: &[Bound<'_>]) -> u64 {
    let mut tx = db.write().await.unwrap().of("demo");
    let changed = tx.execute(sql, params).await.unwrap();
    tx.commit().await.unwrap();
    changed
}

/// The state of a stored request.
pub async fn status_of(db: &Db, approval_id: &str) -> String {
    text(db, "select status from approvals where id = $1", &[approval_id.into()]).await
}

/// One piece, paid from the gift card: 26.99.
pub fn one() -> Value {
    order(1, "26.99")
}

/// Two pieces, paid from the gift card: 53.98.
pub fn two() -> Value {
    order(2, "53.98")
}

/// So many pieces at this total, paid from the gift card.
pub fn order(quantity: i64, total: &str) -> Value {
    json!({
        "customer_id": "CUST-12345",
        "items": [{ "sku": SKU, "quantity": quantity }],
        "total": total,
        "payment_method_id": "gift_12345",
    })
}

/// One piece that is paid later, told apart by a key that is made from its note.
pub fn unpaid(note: &str) -> Value {
    let key: String = note.chars().filter(char::is_ascii_alphanumeric).collect();
    keyed(unpaid_without_key(note), &format!("paid-later-{key}"))
}

/// One piece that is paid later. Its note tells it from no other.
pub fn unpaid_without_key(note: &str) -> Value {
    json!({
        "customer_id": "CUST-12345",
        "items": [{ "sku": SKU, "quantity": 1 }],
        "total": "26.99",
        "note": note,
    })
}

/// The same arguments under a key.
pub fn keyed(mut arguments: Value, key: &str) -> Value {
    arguments["idempotency_key"] = json!(key);
    arguments
}

/// A policy in a file that lives as long as this.
pub struct PolicyFile {
    folder: tempfile::TempDir,
}

impl PolicyFile {
    /// A policy with this text.
    pub fn new(toml: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("policy.toml"), toml).unwrap();
        Self { folder }
    }

    /// A policy under which orders take effect at once.
    pub fn orders_pass() -> Self {
        Self::new("[tools.order_create]\nauto_approve_below = \"1000000\"\n")
    }

    /// The flag that names the file.
    pub fn flags(&self) -> [String; 2] {
        ["--policy-file".to_owned(), self.folder.path().join("policy.toml").display().to_string()]
    }

    /// A server under this policy on each database.
    pub async fn servers(&self) -> Vec<TestServer> {
        let [flag, path] = self.flags();
        servers_with(&[&flag, &path]).await
    }

    /// Another server on the same database, under this policy.
    pub async fn replica(&self, server: &TestServer) -> TestServer {
        let [flag, path] = self.flags();
        server.replica(&[&flag, &path]).await
    }
}

/// A second tenant with a shop of its own, `other`.
pub async fn open_other_shop(server: &TestServer) {
    let (other, now) = (Tenant::new("other".into(), Arc::new(business())), server.clock.now());
    seed::seed(&server.db, other, &SHOP, Size::Small, now, &mut |_| {}).await.unwrap();
}
