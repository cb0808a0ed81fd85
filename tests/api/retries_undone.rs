//! What has been undone is done again when it is asked for again; what stands is told again.

use serde_json::{Value, json};

use crate::{
    books::{number, two},
    support::{Client, TestServer, servers},
};

fn agent(server: &TestServer) -> Client {
    server.agent().with_header("x-conversation-id", "undone-1")
}

/// Makes a gated call, has it approved, and answers what the agent hears then.
async fn done(server: &TestServer, tool: &str, args: &Value) -> Value {
    let id = agent(server).call(tool, args.clone()).await.pending();
    let decided = server.approver().approve(&id).await;
    assert_eq!(decided.body["status"], "executed", "{}", decided.body);
    let heard = agent(server).call(tool, args.clone()).await;
    assert_eq!(heard.answer()["replayed"], true, "{tool} stands");
    heard.data().clone()
}

async fn orders(server: &TestServer) -> i64 {
    number(&server.db, "select count(*) from orders where tenant_id = 'demo'", &[]).await
}

#[tokio::test]
async fn an_order_is_placed_again_after_it_was_cancelled() {
    for server in servers().await {
        let before = orders(&server).await;
        let first = done(&server, "order_create", &two()).await["order_id"].clone();
        let cancel = json!({ "order_id": first, "reason": "ordered by mistake" });
        done(&server, "order_cancel", &cancel).await;
        let second = done(&server, "order_create", &two()).await["order_id"].clone();
        assert_ne!(second, first);
        assert_eq!(orders(&server).await, before + 2);
    }
}

#[tokio::test]
async fn an_address_is_changed_back() {
    let to = |line1: &str, order: &Value| {
        json!({ "order_id": order, "address": {
            "line1": line1, "city": "Boston", "postal_code": "02108", "country": "USA",
        } })
    };
    for server in servers().await {
        let order = done(&server, "order_create", &two()).await["order_id"].clone();
        for line1 in ["1 Elm Street", "2 Elm Street", "1 Elm Street", "2 Elm Street"] {
            done(&server, "order_update_address", &to(line1, &order)).await;
            let said = to(&line1.to_uppercase(), &order);
            let heard = agent(&server).call("order_update_address", said).await;
            assert_eq!(heard.answer()["replayed"], true);
        }
        let sql = "select count(*) from orders where id = $1 and address like '%2 Elm Street%'";
        assert_eq!(number(&server.db, sql, &[order.as_str().unwrap().into()]).await, 1);
    }
}

#[tokio::test]
async fn a_quote_that_was_used_is_made_anew() {
    let quote = json!({
        "customer_id": "CUST-12345", "items": [{ "sku": "SKU-001", "quantity": 2 }],
    });
    for server in servers().await {
        let quoted = async || {
            agent(&server).call("order_quote", quote.clone()).await.data()["quote_id"].clone()
        };
        let first = quoted().await;
        assert_eq!(quoted().await, first, "it still holds");
        let mut order = two();
        order["quote_id"] = first.clone();
        done(&server, "order_create", &order).await;
        assert_ne!(quoted().await, first, "it was used");
    }
}
