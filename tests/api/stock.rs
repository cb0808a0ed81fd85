//! Stock that is held, moved and repriced, through the gate.

use business_mcp::access::role;
use business_mcp_engine::auth::Grant;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{
    books::{Books, PolicyFile, SKU, keyed, number, open_other_shop, status_of},
    support::{Client, TestServer, servers},
};

fn warehouse(server: &TestServer) -> Client {
    server.as_role(role::STOCK)
}

fn moved(quantity: i64) -> Value {
    json!({ "sku": SKU, "from": "main", "to": "store", "quantity": quantity })
}

async fn available(client: &Client, location: &str) -> i64 {
    let args = json!({ "sku": SKU, "location": location });
    let stock = client.call("inventory_check_stock", args).await;
    stock.data()["available"].as_i64().unwrap()
}

#[tokio::test]
async fn a_transfer_waits_with_its_pieces_held_where_they_leave() {
    for server in servers().await {
        let (stock, before) = (warehouse(&server), Books::of(&server.db).await);
        let all = available(&stock, "main").await;
        // Some are at the other place already, where nothing may be held for what leaves here.
        let first = stock.call("inventory_transfer", moved(all - 10)).await.pending();
        assert_eq!(server.approver().approve(&first).await.body["status"], "executed");
        assert_eq!(available(&stock, "store").await, all - 10);

        let id = stock.call("inventory_transfer", moved(10)).await.pending();
        assert_eq!(Books::of(&server.db).await, before.holding(10));
        assert_eq!(available(&stock, "main").await, 0, "they are held here");
        assert_eq!(available(&stock, "store").await, all - 10, "and not there");
        let refused = stock.call("inventory_transfer", moved(1)).await;
        assert_eq!(refused.error(), "out_of_stock");

        let decided = server.approver().approve(&id).await;
        assert_eq!(decided.body["status"], "executed", "{}", decided.body);
        assert_eq!(Books::of(&server.db).await, before, "nothing came or went");
        assert_eq!(available(&stock, "store").await, all);
        let heard = stock.call("inventory_transfer", moved(10)).await;
        assert_eq!(heard.answer()["replayed"], true);
        let transfer = heard.data()["transfer_id"].as_str().unwrap().to_owned();
        let sql = "select count(*) from stock_movements where tenant_id = 'demo' and cause = $1";
        assert_eq!(number(&server.db, sql, &[transfer.as_str().into()]).await, 2);
        let sql = "select count(*) from audit where action = 'executed' and subject = $1";
        assert_eq!(number(&server.db, sql, &[transfer.as_str().into()]).await, 1);
    }
}

#[tokio::test]
async fn a_transfer_that_is_denied_lets_its_pieces_go() {
    for server in servers().await {
        let (stock, before) = (warehouse(&server), Books::of(&server.db).await);
        let id = stock.call("inventory_transfer", moved(3)).await.pending();
        server.approver().api("POST", &format!("/{id}/deny"), None).await;
        assert_eq!(status_of(&server.db, &id).await, "denied");
        assert_eq!(Books::of(&server.db).await, before);
    }
}

#[tokio::test]
async fn a_reservation_is_made_once_and_ends_by_itself() {
    for server in servers().await {
        let (stock, before) = (warehouse(&server), Books::of(&server.db).await);
        let all = available(&stock, "main").await;
        let args = json!({ "sku": SKU, "quantity": all, "minutes": 20 });
        let first = stock.call("inventory_reserve", keyed(args.clone(), "reserve-all")).await;
        let again = stock.call("inventory_reserve", keyed(args.clone(), "reserve-all")).await;
        assert_eq!(again.answer()["replayed"], true);
        assert_eq!(again.data(), first.data());
        assert_eq!(Books::of(&server.db).await, before.holding(all));

        let one = json!({ "customer_id": "CUST-12345", "items": [{ "sku": SKU, "quantity": 1 }] });
        let order = |quantity: i64, total: &str| {
            let mut order = one.clone();
            order["items"][0]["quantity"] = json!(quantity);
            order["total"] = json!(total);
            order
        };
        let refused = server.agent().call("order_create", order(1, "26.99")).await;
        assert_eq!(refused.error(), "out_of_stock");
        server.advance(20);
        let waiting = server.agent().call("order_create", order(1, "26.99")).await.pending();
        assert_eq!(server.approver().approve(&waiting).await.body["status"], "executed");
        let released = json!({ "reservation_id": first.data()["reservation_id"] });
        assert_eq!(stock.call("inventory_release", released).await.error(), "not_found");
        let after = Books::of(&server.db).await;
        assert_eq!((after.on_hand, after.reserved), (before.on_hand - 1, before.reserved));
    }
}

#[tokio::test]
async fn what_a_tenant_or_a_request_holds_is_nobody_elses_to_release() {
    for server in servers().await {
        open_other_shop(&server).await;
        let stock = warehouse(&server);
        let args = json!({ "sku": SKU, "quantity": 2 });
        let reserved = stock.call("inventory_reserve", args).await;
        let own = json!({ "reservation_id": reserved.data()["reservation_id"] });
        let waiting = stock.call("inventory_transfer", moved(3)).await.pending();
        let held = Books::of(&server.db).await;

        let other = server.client(server.token("other", "stock", Grant::Role(role::STOCK)));
        let foreign = other.call("inventory_release", own.clone()).await;
        assert_eq!(foreign.error(), "not_found");
        for id in [waiting.clone(), format!("approval:{waiting}")] {
            let refused = stock.call("inventory_release", json!({ "reservation_id": id })).await;
            assert_eq!(refused.error(), "not_found");
        }
        let agent = server.agent().call("inventory_release", own.clone()).await;
        assert_eq!(agent.http, StatusCode::FORBIDDEN, "an agent may not");
        assert_eq!(Books::of(&server.db).await, held);
        assert_eq!(stock.call("inventory_release", own).await.data()["quantity"], 2);
        assert_eq!(Books::of(&server.db).await.reserved, held.reserved - 2);
    }
}

#[tokio::test]
async fn a_policy_may_have_reservations_approved() {
    let policy = PolicyFile::new("[tools.inventory_reserve]\napproval = \"requires_approval\"\n");
    for server in policy.servers().await {
        let (stock, before) = (warehouse(&server), Books::of(&server.db).await);
        // Outside of a conversation only a key says that it is the same reservation.
        let args = json!({ "sku": SKU, "quantity": 4, "idempotency_key": "reserve-0001" });
        let id = stock.call("inventory_reserve", args.clone()).await.pending();
        assert_eq!(Books::of(&server.db).await, before.holding(4));
        assert_eq!(server.approver().approve(&id).await.body["status"], "executed");
        assert_eq!(Books::of(&server.db).await, before.holding(4), "once, by another holder");
        let reserved = stock.call("inventory_reserve", args).await;
        let release = json!({ "reservation_id": reserved.data()["reservation_id"] });
        stock.call("inventory_release", release).await.data();
        assert_eq!(Books::of(&server.db).await, before);
    }
}

#[tokio::test]
async fn of_two_changes_of_one_product_the_second_is_decided_anew() {
    for server in servers().await {
        let stock = warehouse(&server);
        let with = |price: &str| json!({ "sku": SKU, "price": price });
        let first = stock.call("product_update", with("31.00")).await.pending();
        let second = stock.call("product_update", with("32.00")).await.pending();
        let decided = server.approver().approve(&first).await;
        assert_eq!(decided.body["status"], "executed", "{}", decided.body);
        let decided = server.approver().approve(&second).await;
        assert_eq!(decided.http, StatusCode::CONFLICT, "{}", decided.body);
        let shown = server.approver().api("GET", &format!("/{second}"), None).await.body;
        assert_eq!(shown["status"], "pending");
        assert_eq!(shown["preview"]["details"]["before"]["price"]["amount"], "31.00");
        let product = stock.call("get_product_info", json!({ "sku": SKU })).await;
        assert_eq!(product.data()["price"]["amount"], "31.00");
        assert_eq!(product.data()["version"], 2);
        let decided = server.approver().approve(&second).await;
        assert_eq!(decided.body["status"], "executed", "{}", decided.body);
    }
}

#[tokio::test]
async fn what_is_low_is_listed_for_those_who_reorder() {
    for server in servers().await {
        let stock = warehouse(&server);
        let low = stock.call("inventory_low_stock", json!({ "limit": 50 })).await;
        let low = low.data()["low"].as_array().unwrap();
        assert!(!low.is_empty(), "the demo shop has something to reorder");
        for article in low {
            let [available, point, quantity] = ["available", "reorder_point", "suggested_quantity"]
                .map(|figure| article[figure].as_i64().unwrap());
            assert!(available <= point && quantity == 2 * point - available, "{article}");
            let checked = stock.call("inventory_check_stock", json!({ "sku": article["sku"] }));
            assert_eq!(checked.await.data()["available"], available);
        }
    }
}
