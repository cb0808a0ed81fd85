//! A request that would do another thing now than the approver was shown: nothing is done, and it shows that.

use business_mcp::access::role;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{
    books::{Books, PolicyFile, SKU, change, number, status_of, two},
    support::{TestServer, servers},
};

/// Approves a request that has changed: it waits still, and this is what it shows now.
async fn shows_anew(server: &TestServer, id: &str) -> Value {
    let decided = server.approver().approve(id).await;
    assert_eq!(decided.http, StatusCode::CONFLICT, "{}", decided.body);
    assert_eq!(decided.body["error"]["data"]["code"], "conflict", "{}", decided.body);
    assert_eq!(status_of(&server.db, id).await, "pending");
    let logged = "select count(*) from audit where approval_id = $1 and action = 'changed'";
    assert_eq!(number(&server.db, logged, &[id.into()]).await, 1);
    let shown = server.approver().api("GET", &format!("/{id}"), None).await.body;
    let message = decided.body["error"]["message"].as_str().unwrap();
    let summary = shown["summary"].as_str().unwrap().trim_end_matches('.');
    assert!(message.contains("has changed"), "{message}");
    assert!(message.contains(summary), "{message} says what it is now: {summary}");
    shown
}

async fn executes(server: &TestServer, id: &str) -> Value {
    let decided = server.approver().approve(id).await;
    assert_eq!(decided.body["status"], "executed", "{}", decided.body);
    decided.body["result"]["data"].clone()
}

fn policy() -> PolicyFile {
    PolicyFile::new(
        "[tools.crm_update_customer]\napproval = \"requires_approval\"\n\
         [tools.order_cancel]\napproval = \"requires_approval\"\n",
    )
}

#[tokio::test]
async fn a_change_over_another_value_than_was_shown_is_shown_first() {
    for server in policy().servers().await {
        let desk = server.as_role(role::DESK);
        let asked = json!({ "customer_id": "CUST-12345", "company": "Acme Ltd" });
        let id = desk.call("crm_update_customer", asked.clone()).await.pending();
        let other = "update customers set company = 'Umbrella Inc' where id = 'CUST-12345'";
        change(&server.db, other, &[]).await;
        let shown = shows_anew(&server, &id).await;
        assert_eq!(shown["preview"]["details"]["changes"][0]["old"], "Umbrella Inc");
        let kept = "select count(*) from customers where company = 'Umbrella Inc'";
        assert_eq!(number(&server.db, kept, &[]).await, 1);
        assert_eq!(desk.call("crm_update_customer", asked).await.pending(), id);
        executes(&server, &id).await;
        assert_eq!(number(&server.db, kept, &[]).await, 0);
    }
}

#[tokio::test]
async fn another_amount_than_was_shown_is_shown_first() {
    for server in policy().servers().await {
        let desk = server.as_role(role::DESK);
        let id = desk.call("order_create", two()).await.pending();
        let order = executes(&server, &id).await["order_id"].clone();
        let cancel = json!({ "order_id": order, "reason": "no longer needed" });
        let id = desk.call("order_cancel", cancel).await.pending();
        let order = order.as_str().unwrap();
        let before = server.approver().api("GET", &format!("/{id}"), None).await.body;
        let dearer = "update orders set total_minor = total_minor + 100 where id = $1";
        change(&server.db, dearer, &[order.into()]).await;
        let shown = shows_anew(&server, &id).await;
        assert_ne!(shown["preview"]["amount"], before["preview"]["amount"]);
        let cancelled = "select count(*) from orders where id = $1 and status = 'cancelled'";
        assert_eq!(number(&server.db, cancelled, &[order.into()]).await, 0);
    }
}

#[tokio::test]
async fn a_request_that_shows_anew_keeps_its_stock() {
    for server in servers().await {
        let before = Books::of(&server.db).await;
        let id = server.agent().call("order_create", two()).await.pending();
        let holding = Books::of(&server.db).await;
        assert_ne!(holding, before);
        let otherwise =
            "update approvals set preview = replace(preview, 'CUST-12345', 'CUST-10001')
                         where id = $1";
        assert_eq!(change(&server.db, otherwise, &[id.as_str().into()]).await, 1);
        let shown = shows_anew(&server, &id).await;
        assert_eq!(shown["preview"]["details"]["customer_id"], "CUST-12345");
        assert_eq!(Books::of(&server.db).await, holding);
        executes(&server, &id).await;
    }
}

#[tokio::test]
async fn what_moves_on_its_own_is_not_compared() {
    for server in policy().servers().await {
        let desk = server.as_role(role::DESK);
        let asked = json!({ "customer_id": "CUST-12345", "company": "Initech" });
        let id = desk.call("crm_update_customer", asked).await.pending();
        let touched = "update customers set version = version + 1 where id = 'CUST-12345'";
        change(&server.db, touched, &[]).await;
        executes(&server, &id).await;
    }
}

#[tokio::test]
async fn a_count_replaces_the_count_that_was_shown() {
    let counted = "select on_hand from stock where sku = $1 and location = 'main'";
    let moved = "update stock set on_hand = on_hand + 1 where sku = $1 and location = 'main'";
    for server in servers().await {
        let before = number(&server.db, counted, &[SKU.into()]).await;
        let adjust = |mode: &str, quantity: i64| json!({ "sku": SKU, "mode": mode, "quantity": quantity, "reason": "recount" });
        let stock = server.as_role(role::STOCK);
        let id = stock.call("inventory_adjust", adjust("set", before + 10)).await.pending();
        change(&server.db, moved, &[SKU.into()]).await;
        let shown = shows_anew(&server, &id).await;
        assert_eq!(shown["preview"]["details"]["on_hand"], before + 1);
        assert_eq!(number(&server.db, counted, &[SKU.into()]).await, before + 1);
        executes(&server, &id).await;
        assert_eq!(number(&server.db, counted, &[SKU.into()]).await, before + 10);

        // A difference is added to whatever is there.
        let id = stock.call("inventory_adjust", adjust("delta", 5)).await.pending();
        change(&server.db, moved, &[SKU.into()]).await;
        executes(&server, &id).await;
        assert_eq!(number(&server.db, counted, &[SKU.into()]).await, before + 16);
    }
}
