//! What was undone in a conversation and is wanted once more is done once more; a repeated call is none.

use business_mcp::access::role;
use business_mcp_engine::tool::Role;
use serde_json::{Value, json};

use crate::{
    books::{Books, change, number},
    support::{Client, TestServer, servers},
};

fn conversation(server: &TestServer, role: &'static Role) -> Client {
    server.as_role(role).with_header("x-conversation-id", "call-1")
}

/// Makes a call that waits, approves it, and checks that it is not done a second time when it is repeated.
async fn approved(server: &TestServer, client: &Client, tool: &str, arguments: Value) {
    let id = client.call(tool, arguments.clone()).await.pending();
    let decided = server.approver().approve(&id).await;
    assert_eq!(decided.body["status"], "executed", "{}", decided.body);
    let again = client.call(tool, arguments).await;
    assert_eq!(again.answer()["replayed"], true, "{}", again.body);
    assert_eq!(again.data(), &decided.body["result"]["data"]);
}

#[tokio::test]
async fn released_stock_is_reserved_anew() {
    for server in servers().await {
        let client = conversation(&server, role::STOCK);
        let before = Books::of(&server.db).await;
        let mut ids = Vec::new();
        for _ in 0..3 {
            let reserve = json!({ "sku": "SKU-001", "quantity": 2 });
            let held = client.call("inventory_reserve", reserve.clone()).await;
            let id = held.data()["reservation_id"].clone();
            assert!(!ids.contains(&id), "{id} was released");
            let again = client.call("inventory_reserve", reserve).await;
            assert_eq!(again.data()["reservation_id"], id, "it is held still");
            assert_eq!(Books::of(&server.db).await, before.holding(2));
            let release = json!({ "reservation_id": id });
            client.call("inventory_release", release).await.data();
            assert_eq!(Books::of(&server.db).await, before);
            ids.push(id);
        }
    }
}

#[tokio::test]
async fn a_customer_who_was_changed_back_is_changed_anew() {
    for server in servers().await {
        let client = conversation(&server, role::DESK);
        for company in ["Acme", "Harbor Tiles", "Acme", "Harbor Tiles"] {
            let arguments = json!({ "customer_id": "CUST-12345", "company": company });
            approved(&server, &client, "crm_update_customer", arguments).await;
            let is = "select count(*) from customers where id = 'CUST-12345' and company = $1";
            assert_eq!(number(&server.db, is, &[company.into()]).await, 1, "{company}");
        }
    }
}

#[tokio::test]
async fn a_price_that_was_changed_back_is_changed_anew() {
    for server in servers().await {
        let client = conversation(&server, role::STOCK);
        for (price, minor) in [("31.00", 3100), ("32.00", 3200), ("31.00", 3100), ("32.00", 3200)] {
            let arguments = json!({ "sku": "SKU-001", "price": price });
            approved(&server, &client, "product_update", arguments).await;
            let is = "select price_minor from variants where sku = 'SKU-001'";
            assert_eq!(number(&server.db, is, &[]).await, minor);
        }
    }
}

const COUNT: &str = "select on_hand from stock where sku = 'SKU-001' and location = 'main'";

#[tokio::test]
async fn a_count_that_was_corrected_again_is_set_anew() {
    for server in servers().await {
        let client = conversation(&server, role::STOCK);
        let set = |count: i64| json!({ "sku": "SKU-001", "mode": "set", "quantity": count, "reason": "recount" });
        for count in [50, 40, 50, 40] {
            approved(&server, &client, "inventory_adjust", set(count)).await;
            assert_eq!(number(&server.db, COUNT, &[]).await, count);
        }
        // What is sold after a count is no reason to count once more.
        let sold = "update stock set on_hand = 39 where sku = 'SKU-001' and location = 'main'";
        change(&server.db, sold, &[]).await;
        let moved = "insert into stock_movements
                         (tenant_id, id, sku, location, delta, reason, cause, actor, at)
                     select tenant_id, 'sold', sku, location, -1, 'sale', 'ORD-1', actor, at
                     from stock_movements
                     where sku = 'SKU-001' and location = 'main'
                     order by at desc, id desc
                     limit 1";
        assert_eq!(change(&server.db, moved, &[]).await, 1);
        let again = client.call("inventory_adjust", set(40)).await;
        assert_eq!(again.answer()["replayed"], true, "{}", again.body);
        assert_eq!(number(&server.db, COUNT, &[]).await, 39);
    }
}

#[tokio::test]
async fn stock_that_was_moved_back_is_moved_anew() {
    for server in servers().await {
        let client = conversation(&server, role::STOCK);
        let before = number(&server.db, COUNT, &[]).await;
        let moved = |from: &str, to: &str| json!({ "sku": "SKU-001", "from": from, "to": to, "quantity": 2 });
        for _ in 0..2 {
            approved(&server, &client, "inventory_transfer", moved("main", "store")).await;
            assert_eq!(number(&server.db, COUNT, &[]).await, before - 2);
            approved(&server, &client, "inventory_transfer", moved("store", "main")).await;
            assert_eq!(number(&server.db, COUNT, &[]).await, before);
        }
    }
}
