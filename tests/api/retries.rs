//! The same wish in other words: one call, whatever the caller's model makes of it the second time.

use serde_json::{Value, json};

use crate::{
    books::{Books, number, one, two},
    support::{Client, TestServer, servers},
};
use business_mcp::access::role;

const CONVERSATION: &str = "x-conversation-id";

/// Arguments with some of them said otherwise.
fn with(mut arguments: Value, others: &Value) -> Value {
    let others = others.as_object().cloned().unwrap_or_default();
    arguments.as_object_mut().unwrap().extend(others);
    arguments
}

/// The arguments of one call, each in other words.
fn wordings(call: &Value, others: &[Value]) -> Vec<Value> {
    others.iter().map(|others| with(call.clone(), others)).collect()
}

/// Asks for one thing in all of these words, and answers the one request that comes of it.
async fn asked_once(agent: &Client, tool: &str, call: &Value, others: &[Value]) -> String {
    let first = agent.call(tool, call.clone()).await;
    let id = first.pending();
    assert_eq!(first.answer().get("replayed"), None, "{}", first.body);
    for said in wordings(call, others) {
        let again = agent.call(tool, said.clone()).await;
        assert!(!again.is_error(), "{said} is refused: {}", again.body);
        assert_eq!(again.pending(), id, "{said}");
        assert_eq!(again.answer()["replayed"], true, "{said}");
    }
    id
}

async fn count(server: &TestServer, sql: &'static str) -> i64 {
    number(&server.db, sql, &[]).await
}

#[tokio::test]
async fn an_order_in_other_words_is_one_order() {
    let items = |items: Value| json!({ "items": items });
    let others = [
        json!({ "total": 53.98 }),
        json!({ "total": " $53.98 " }),
        json!({ "total": "USD 53.98" }),
        json!({ "total": "53.98 usd" }),
        json!({ "total": "US$ 53.980" }),
        json!({ "total": "53.98 dollars" }),
        json!({ "total": "53 dollars and 98 cents" }),
        json!({ "total": "fifty-three dollars and ninety-eight cents" }),
        json!({ "total": "fifty three point nine eight" }),
        json!({ "customer_id": "12345" }),
        json!({ "customer_id": "customer number one two three four five" }),
        json!({ "payment_method_id": "Gift 12345" }),
        items(json!([{ "sku": "SKU001", "quantity": 2 }])),
        items(json!([{ "sku": "sku 001", "quantity": "2" }])),
        items(json!([{ "sku": "S K U zero zero one", "quantity": "two" }])),
        items(json!([{ "sku": "SKU-001", "quantity": 1 }, { "sku": "sku-001", "quantity": 1 }])),
        items(json!("[{\"sku\":\"SKU-001\",\"quantity\":2}]")),
        items(json!({ "sku": "SKU-001", "quantity": "a couple" })),
        json!({ "note": "Ring twice." }),
        json!({ "note": "" }),
    ];
    for server in servers().await {
        let agent = server.agent().with_header(CONVERSATION, "order-1");
        let before = Books::of(&server.db).await;
        let charged = "select count(*) from payments where kind = 'charge' and amount_minor = 5398";
        let earlier = count(&server, charged).await;
        let id = asked_once(&agent, "order_create", &two(), &others).await;
        let asked = "select count(*) from approvals where tool = 'order_create'";
        assert_eq!(count(&server, asked).await, 1);
        assert_eq!(Books::of(&server.db).await, before.holding(2));

        let decided = server.approver().approve(&id).await;
        assert_eq!(decided.body["status"], "executed", "{}", decided.body);
        let order = decided.body["result"]["data"]["order_id"].clone();
        // What was ordered is gone from the shelf, the gift card is spent, and it is still one order.
        for said in wordings(&two(), &others) {
            let heard = agent.call("order_create", said.clone()).await;
            assert_eq!(heard.data()["order_id"], order, "{said}");
            assert_eq!(heard.answer()["replayed"], true, "{said}");
        }
        assert_eq!(Books::of(&server.db).await, before.sold(2, 5398));
        assert_eq!(count(&server, charged).await, earlier + 1);
    }
}

#[tokio::test]
async fn another_order_is_another_wish() {
    for server in servers().await {
        let agent = server.agent().with_header(CONVERSATION, "order-2");
        let id = agent.call("order_create", two()).await.pending();
        let later = with(two(), &json!({ "payment_method_id": null }));
        for other in [one(), later.clone()] {
            assert_ne!(agent.call("order_create", other.clone()).await.pending(), id, "{other}");
        }
        let elsewhere = server.agent().with_header(CONVERSATION, "order-3");
        assert_ne!(elsewhere.call("order_create", two()).await.pending(), id);
        for total in ["EUR 53.98", "€53.98", "53,98", "fifty-three", "53.98 or 54", "CA$53.98"] {
            let refused = agent.call("order_create", with(two(), &json!({ "total": total }))).await;
            assert_eq!(refused.error(), "invalid_parameters", "{total}");
        }
    }
}

#[tokio::test]
async fn a_refund_in_other_words_is_one_refund() {
    let refund = json!({ "order_id": "ORD-12348", "amount": "12.50", "reason": "A scratch." });
    let others = [
        json!({ "amount": 12.5 }),
        json!({ "amount": "$12.50" }),
        json!({ "amount": "USD 12.50" }),
        json!({ "amount": "12.50 USD" }),
        json!({ "amount": "12.50 dollars" }),
        json!({ "amount": "twelve dollars and fifty cents" }),
        json!({ "order_id": "12348" }),
        json!({ "order_id": "ord 12348" }),
        json!({ "order_id": "order number one two three four eight" }),
        json!({ "order_id": "#ORD12348" }),
        json!({ "reason": "The drill came scratched" }),
        json!({ "refund_to": "card_12345" }),
        json!({ "refund_to": "card 12345", "reason": "scratched" }),
    ];
    let paid = "select count(*) from payments where order_id = 'ORD-12348' and kind = 'refund'";
    for server in servers().await {
        let agent = server.as_role(role::DESK).with_header(CONVERSATION, "refund-1");
        let id = asked_once(&agent, "order_refund", &refund, &others).await;
        let decided = server.approver().approve(&id).await;
        assert_eq!(decided.body["status"], "executed", "{}", decided.body);
        for said in wordings(&refund, &others) {
            assert_eq!(agent.call("order_refund", said.clone()).await.answer()["replayed"], true);
        }
        assert_eq!(count(&server, paid).await, 1);

        // Whoever means a second one says so by a key; another amount or another place speaks for itself.
        for (position, other) in [
            json!({ "idempotency_key": "refund-again-1" }),
            json!({ "idempotency_key": "refund-again-2" }),
            json!({ "amount": "12.51" }),
            json!({ "refund_to": "gift_12345" }),
        ]
        .iter()
        .enumerate()
        {
            let asked = agent.call("order_refund", with(refund.clone(), other)).await;
            assert_eq!(asked.answer().get("replayed"), None, "{other}");
            server.approver().approve(&asked.pending()).await;
            let more = i64::try_from(position).unwrap() + 2;
            assert_eq!(count(&server, paid).await, more, "{other}");
        }
        // Ten minutes after the decision it is another refund.
        server.advance(11);
        assert_ne!(agent.call("order_refund", refund.clone()).await.pending(), id);
    }
}

#[tokio::test]
async fn a_quote_in_other_words_is_one_quote() {
    let quote = json!({
        "customer_id": "CUST-12345",
        "items": [{ "sku": "SKU-001", "quantity": 2 }, { "sku": "TAPE-25FT", "quantity": 1 }],
        "code": "WELCOME15",
    });
    let tape = || json!({ "sku": "TAPE-25FT", "quantity": 1 });
    let items = |first: Value| json!({ "items": [first, tape()] });
    let others = [
        json!({ "customer_id": "12345" }),
        json!({ "customer_id": "cust 12345" }),
        json!({ "customer_id": "it's one two three four five" }),
        items(json!({ "sku": "SKU001", "quantity": 2 })),
        items(json!({ "sku": "sku 001", "quantity": "2" })),
        items(json!({ "sku": "sku zero zero one", "quantity": "two" })),
        json!({ "items": [tape(), { "sku": "SKU-001", "quantity": 2 }] }),
        json!({ "items": [{ "sku": "SKU-001", "quantity": 1 }, tape(), { "sku": "SKU001", "quantity": 1 }] }),
        json!({ "items": [{ "sku": "SKU-001", "quantity": "a couple of" }, { "sku": "tape 25 ft", "quantity": "one" }] }),
        json!({ "code": "welcome15" }),
        json!({ "code": "Welcome-15" }),
        json!({ "code": "it's welcome fifteen" }),
    ];
    for server in servers().await {
        let agent = server.agent().with_header(CONVERSATION, "quote-1");
        let first = agent.call("order_quote", quote.clone()).await;
        let id = first.data()["quote_id"].clone();
        for said in wordings(&quote, &others) {
            let again = agent.call("order_quote", said.clone()).await;
            assert_eq!(again.data()["quote_id"], id, "{said}");
            assert_eq!(again.answer()["replayed"], true, "{said}");
        }
        assert_eq!(count(&server, "select count(*) from quotes").await, 1);
        let other = agent.call("order_quote", with(quote.clone(), &json!({ "code": null }))).await;
        assert_ne!(other.data()["quote_id"], id);
    }
}
