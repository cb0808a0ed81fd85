//! What a caller has reserved in a conversation is drawn on by their orders there, and by nobody else's.

use business_mcp::access::role;
use serde_json::json;

use crate::{
    books::{Books, SKU, number, one, order, two},
    support::{Client, TestServer, servers},
};

/// Somebody who may reserve and order, in a conversation.
fn caller(server: &TestServer, subject: &str, conversation: &str) -> Client {
    server.as_subject(role::ADMIN, subject).with_header("x-conversation-id", conversation)
}

/// Everything that is free is reserved: so many pieces in this conversation, and the rest elsewhere.
async fn reserved(server: &TestServer, client: &Client, pieces: i64) -> String {
    let free = number(
        &server.db,
        "select cast(sum(on_hand - reserved) as bigint) from stock where tenant_id = 'demo' and sku = $1",
        &[SKU.into()],
    )
    .await;
    let reserve = |quantity: i64| json!({ "sku": SKU, "quantity": quantity });
    let elsewhere = caller(server, "somebody", "elsewhere-1");
    elsewhere.call("inventory_reserve", reserve(free - pieces)).await.data();
    let own = client.call("inventory_reserve", reserve(pieces)).await;
    own.data()["reservation_id"].as_str().unwrap().to_owned()
}

/// How many pieces somebody holds.
async fn held(server: &TestServer, holder: &str) -> i64 {
    let sql =
        "select cast(coalesce(sum(quantity), 0) as bigint) from reservations where holder = $1";
    number(&server.db, sql, &[holder.into()]).await
}

#[tokio::test]
async fn an_order_uses_what_was_reserved_for_it() {
    for server in servers().await {
        let client = caller(&server, "clerk", "reserved-1");
        let reservation = reserved(&server, &client, 3).await;
        let before = Books::of(&server.db).await;
        for (subject, conversation) in [("clerk", "reserved-2"), ("other", "reserved-1")] {
            let refused = caller(&server, subject, conversation).call("order_create", one()).await;
            assert_eq!(refused.error(), "out_of_stock", "another's is never drawn on");
        }
        assert_eq!(client.call("order_create", order(4, "107.96")).await.error(), "out_of_stock");

        let id = client.call("order_create", two()).await.pending();
        assert_eq!(Books::of(&server.db).await, before, "what was reserved waits for it");
        assert_eq!(held(&server, &reservation).await, 1);
        let decided = server.approver().approve(&id).await;
        assert_eq!(decided.body["status"], "executed", "{}", decided.body);
        assert_eq!(Books::of(&server.db).await, before.sold(2, 5398).holding(-2));
        assert_eq!(held(&server, &reservation).await, 1, "the rest is still reserved");
    }
}

#[tokio::test]
async fn a_denied_order_gives_a_reservation_its_pieces_back() {
    for server in servers().await {
        let client = caller(&server, "clerk", "reserved-1");
        let reservation = reserved(&server, &client, 2).await;
        let before = Books::of(&server.db).await;
        let id = client.call("order_create", two()).await.pending();
        assert_eq!(held(&server, &reservation).await, 0);
        let again = client.call("inventory_reserve", json!({ "sku": SKU, "quantity": 2 })).await;
        assert_eq!(again.data()["reservation_id"], *reservation, "it waits with the order");
        server.approver().api("POST", &format!("/{id}/deny"), Some(json!({}))).await;
        assert_eq!(held(&server, &reservation).await, 2);
        assert_eq!(Books::of(&server.db).await, before);
        let released = json!({ "reservation_id": reservation });
        assert_eq!(client.call("inventory_release", released).await.data()["quantity"], 2);
    }
}

#[tokio::test]
async fn a_request_that_outlives_a_reservation_frees_its_pieces() {
    for server in servers().await {
        let client = caller(&server, "clerk", "reserved-1");
        let free = number(
            &server.db,
            "select cast(sum(on_hand - reserved) as bigint) from stock where tenant_id = 'demo' and sku = $1",
            &[SKU.into()],
        )
        .await;
        let brief = json!({ "sku": SKU, "quantity": free, "minutes": 5 });
        client.call("inventory_reserve", brief).await.data();
        let id = client.call("order_create", two()).await.pending();
        server.advance(6);
        // The reservation has ended, and the request still holds what it borrowed.
        let decided = server.approver().approve(&id).await;
        assert_eq!(decided.body["status"], "executed", "{}", decided.body);
        let stock = caller(&server, "other", "other-1");
        stock.call("inventory_reserve", json!({ "sku": SKU, "quantity": free - 2 })).await.data();
    }
}
