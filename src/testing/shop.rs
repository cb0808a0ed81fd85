//! What is in the small shop of the tests, and what tests add to it.

use chrono::{DateTime, Utc};

use crate::{
    catalog::sql::{
        reservations::{self, Holding},
        stock,
    },
    customers::sql::customer_changes::{self, Written},
    sales,
};
use business_mcp_engine::db::{TENANT, Tx, params};

/// When the small shop's records were made.
pub(crate) fn long_ago() -> DateTime<Utc> {
    "2026-01-05T12:00:00Z".parse().unwrap()
}

/// A small shop of tenant `demo`:
///
/// * customers `CUST-1` Ana López (premium, card `card_1`, gift card `gift_1` of 50.00), and `CUST-2`
///   and `CUST-3`, both John Smith, in 10001 and 94105;
/// * product `TEE`, T-Shirt, 10.00, with SKUs `TEE-RED-M` (10 on `main`) and `TEE-BLUE-M` (2 on
///   `main`, 3 on `store`); product `MUG`, Coffee Mug, 7.50, with `MUG-1` (0);
/// * orders `ORD-10001` of `CUST-1`, pending, one `TEE-RED-M`, charged to `card_1`, and
///   `ORD-10002` of `CUST-1`, delivered, one `MUG-1`, charged to `gift_1`; the next one is
///   `ORD-10003`.
pub(crate) async fn small_shop(tx: &mut Tx) {
    let at = long_ago();
    let tenant = "demo";
    tx.execute(
        "insert into tenants (id, name, currency, time_zone, created_at)
         values ($1, 'Demo', 'USD', 'America/New_York', $2)",
        params![tenant, at],
    )
    .await
    .unwrap();
    let address = r#"{"line1":"1 Main Street","city":"New York","region":"NY","postal_code":"10001","country":"USA"}"#;
    for (id, name, email, phone, tier, postal) in [
        (
            "CUST-1",
            "Ana López",
            Some("ana.lopez@example.com"),
            Some("+12125550101"),
            Some("premium"),
            "10001",
        ),
        (
            "CUST-2",
            "John Smith",
            Some("john.smith@example.com"),
            Some("+12125550102"),
            None,
            "10001",
        ),
        ("CUST-3", "John Smith", Some("jsmith@example.com"), None, Some("basic"), "94105"),
    ] {
        let name_key = business_mcp_engine::speech::name::fold(name);
        let phone_key = phone.map(|phone: &str| phone.trim_start_matches('+'));
        tx.execute(
            "insert into customers
                 (tenant_id, id, name, email, phone, tier, address, postal_code, name_key,
                  email_key, phone_key, postal_key, version, created_at, created_on)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $4, $11, $8, 1, $10, '2026-01-05')",
            params![
                tenant, id, name, email, phone, tier, address, postal, &name_key, at, phone_key
            ],
        )
        .await
        .unwrap();
        let written = Written { name, email, phone, company: None, tier, address: None };
        for term in customer_changes::terms(id, written) {
            search_term(tx, "customer", &term, id).await;
        }
    }
    for (id, kind, last4, balance) in
        [("card_1", "card", Some("4242"), None), ("gift_1", "gift_card", None, Some(5000_i64))]
    {
        tx.execute(
            "insert into payment_methods
                 (tenant_id, customer_id, id, kind, brand, last4, balance_minor)
             values ($1, 'CUST-1', $2, $3, null, $4, $5)",
            params![tenant, id, kind, last4, balance],
        )
        .await
        .unwrap();
    }
    tx.execute(
        "insert into gift_card_entries
             (tenant_id, id, customer_id, payment_method_id, amount_minor, reason, at)
         values ($1, 'entry-1', 'CUST-1', 'gift_1', 5000, 'import', $2)",
        params![tenant, at],
    )
    .await
    .unwrap();
    small_stock(tx, at).await;
    small_orders(tx, at).await;
}

async fn search_term(tx: &mut Tx, kind: &str, term: &str, id: &str) {
    tx.execute(
        "insert into search_terms (tenant_id, kind, term, ref_id)
         values ('demo', $1, $2, $3)
         on conflict do nothing",
        params![kind, term, id],
    )
    .await
    .unwrap();
}

async fn small_stock(tx: &mut Tx, at: DateTime<Utc>) {
    for (id, name, category) in [("TEE", "T-Shirt", "Clothing"), ("MUG", "Coffee Mug", "Kitchen")] {
        let key = business_mcp_engine::speech::name::fold(name);
        tx.execute(
            "insert into products (tenant_id, id, name, category, description, name_key, category_key)
             values ($1, $2, $3, $4, 'A good one.', $5, lower($4))",
            params![TENANT, id, name, category, &key],
        )
        .await
        .unwrap();
        for word in business_mcp_engine::speech::name::words(&format!("{name} {category}")) {
            search_term(tx, "product", &format!("w:{word}"), id).await;
        }
    }
    for (sku, product, options, price, stock) in [
        ("TEE-RED-M", "TEE", r#"{"color":"red","size":"M"}"#, 1000_i64, &[("main", 10_i64)][..]),
        ("TEE-BLUE-M", "TEE", r#"{"color":"blue","size":"M"}"#, 1000, &[("main", 2), ("store", 3)]),
        ("MUG-1", "MUG", "{}", 750, &[("main", 0)]),
    ] {
        let key = business_mcp_engine::speech::reference::key(sku);
        tx.execute(
            "insert into variants
                 (tenant_id, sku, product_id, sku_key, options, price_minor, reorder_point, active, version)
             values ($1, $2, $3, $4, $5, $6, 3, true, 1)",
            params![TENANT, sku, product, &key, options, price],
        )
        .await
        .unwrap();
        for (location, on_hand) in stock {
            let cause = stock::Cause { reason: "import", id: None, actor: "test", at };
            stock::change(tx, sku, location, *on_hand, cause).await.unwrap();
        }
    }
}

async fn small_orders(tx: &mut Tx, at: DateTime<Utc>) {
    tx.execute(
        "insert into counters (tenant_id, name, value)
         values ($1, 'order', 10002)",
        params![TENANT],
    )
    .await
    .unwrap();
    for (id, status, sku, price, method) in [
        ("ORD-10001", "pending", "TEE-RED-M", 1000_i64, "card_1"),
        ("ORD-10002", "delivered", "MUG-1", 750, "gift_1"),
    ] {
        let tail = business_mcp_engine::speech::reference::tail(id);
        tx.execute(
            "insert into orders
                 (tenant_id, id, id_tail, customer_id, status, placed_at, placed_on,
                  subtotal_minor, discount_minor, tax_minor, total_minor, version)
             values ($1, $2, $3, 'CUST-1', $4, $5, '2026-01-05', $6, 0, 0, $6, 1)",
            params![TENANT, id, &tail, status, at, price],
        )
        .await
        .unwrap();
        tx.execute(
            "insert into order_items
                 (tenant_id, order_id, line, sku, quantity, unit_price_minor, discount_minor)
             values ($1, $2, 1, $3, 1, $4, 0)",
            params![TENANT, id, sku, price],
        )
        .await
        .unwrap();
        tx.execute(
            "insert into payments
                 (tenant_id, id, order_id, kind, amount_minor, payment_method_id, at, at_day)
             values ($1, $2, $2, 'charge', $3, $4, $5, '2026-01-05')",
            params![TENANT, id, price, method, at],
        )
        .await
        .unwrap();
    }
    sales::all_changed(tx).await.unwrap();
}

/// Holds pieces for somebody for ten minutes.
pub(crate) async fn hold(tx: &mut Tx, sku: &str, quantity: i64, now: DateTime<Utc>) {
    let until = now + chrono::Duration::minutes(10);
    let holding = Holding { holder: "somebody", location: None, reserved_by: None, now, until };
    assert!(reservations::hold(tx, sku, quantity, holding).await.unwrap());
}

/// Gives a customer the phone number of another.
pub(crate) async fn share_phone(tx: &mut Tx, of: &str, with: &str) {
    tx.execute(
        "update customers
         set phone = (select o.phone from customers o where o.tenant_id = 'demo' and o.id = $1),
             phone_key = (select o.phone_key
                          from customers o
                          where o.tenant_id = 'demo' and o.id = $1)
         where tenant_id = 'demo' and id = $2",
        params![of, with],
    )
    .await
    .unwrap();
}

/// A delivered order of a customer, without items, at 5.00.
pub(crate) async fn another_order(tx: &mut Tx, customer: &str, id: &str, placed_at: DateTime<Utc>) {
    let tail = business_mcp_engine::speech::reference::tail(id);
    let day = placed_at.date_naive().to_string();
    tx.execute(
        "insert into orders
             (tenant_id, id, id_tail, customer_id, status, placed_at, placed_on, subtotal_minor,
              discount_minor, tax_minor, total_minor, address, note, version)
         values ('demo', $1, $2, $3, 'delivered', $4, $5, 500, 0, 0, 500, '{}', 'Ring twice.', 1)",
        params![id, &tail, customer, placed_at, &day],
    )
    .await
    .unwrap();
    sales::order_placed(tx, &day).await.unwrap();
}

/// Pays something back of an order.
pub(crate) async fn refund(tx: &mut Tx, order: &str, minor: i64) {
    tx.execute(
        "insert into payments
             (tenant_id, id, order_id, kind, amount_minor, payment_method_id, at, at_day)
         values ('demo', $1, $2, 'refund', $3, 'card_1', $4, '2026-01-05')",
        params![&format!("refund-{order}"), order, minor, long_ago()],
    )
    .await
    .unwrap();
}

/// Customers `MANY-0` and on, all called Petra and a last name of their own.
pub(crate) async fn many_customers(tx: &mut Tx, count: usize) {
    for n in 0..count {
        let (id, name) = (format!("MANY-{n}"), format!("Petra Nr{n}"));
        tx.execute(
            "insert into customers (tenant_id, id, name, name_key, version, created_at, created_on)
             values ('demo', $1, $2, $3, 1, $4, '2026-01-05')",
            params![&id, &name, &business_mcp_engine::speech::name::fold(&name), long_ago()],
        )
        .await
        .unwrap();
        for word in business_mcp_engine::speech::name::words(&name) {
            search_term(tx, "customer", &format!("w:{word}"), &id).await;
        }
    }
}

/// Everything that the database holds about a customer, in one text.
pub(crate) async fn everything_about(tx: &mut Tx, customer: &str) -> String {
    let rows: Vec<(String,)> = tx
        .fetch_all(
            "select name || ' ' || name_key || ' ' || coalesce(email, '') || coalesce(email_key, '')
                    || coalesce(phone, '') || coalesce(phone_key, '') || coalesce(company, '')
                    || coalesce(address, '') || coalesce(postal_code, '')
                    || coalesce(postal_key, '')
             from customers
             where id = $1
             union all
             select term from search_terms where kind = 'customer' and ref_id = $1
             union all
             select coalesce(brand, '') || coalesce(last4, '')
             from payment_methods
             where customer_id = $1
             union all
             select text from interactions where customer_id = $1
             union all
             select reason || summary from tickets where customer_id = $1
             union all
             select coalesce(address, '') || coalesce(note, '') from orders where customer_id = $1
             union all
             select record from imported_records where kind = 'customers' and id = $1",
            params![customer],
        )
        .await
        .unwrap();
    rows.into_iter().map(|(text,)| text).collect::<Vec<_>>().join("\n")
}

/// Makes a customer, and what they are found by, another tenant's.
pub(crate) async fn move_to_another_tenant(tx: &mut Tx, customer: &str) {
    for sql in [
        "update customers set tenant_id = 'other' where id = $1",
        "update orders set tenant_id = 'other' where customer_id = $1",
        "update search_terms set tenant_id = 'other' where kind = 'customer' and ref_id = $1",
    ] {
        tx.execute(sql, params![customer]).await.unwrap();
    }
}
