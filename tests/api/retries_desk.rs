//! Writes of the desk and the warehouse that are made again in other words: one effect, and every repetition
//! hears the first answer.

use business_mcp::access::role;
use business_mcp_engine::tool::Role;
use serde_json::{Value, json};

use crate::{
    books::{Books, number},
    support::{Client, Reply, TestServer, servers},
};

const JOHN: &str = "CUST-12345";

/// A client in a conversation, and one whose calls belong to none.
fn clients(server: &TestServer, role: &'static Role) -> [Client; 2] {
    let client = server.as_role(role);
    [client.clone().with_header("x-conversation-id", "call-1"), client]
}

/// The envelope without the mark of a repetition, and whether it had one.
fn unmarked(reply: &Reply) -> (Value, bool) {
    let mut answer = reply.answer().clone();
    let mark = answer.as_object_mut().unwrap().shift_remove("replayed");
    (answer, mark == Some(json!(true)))
}

/// Makes a call in each of these wordings and checks that all but the first find its answer, which it returns.
async fn told_once(client: &Client, tool: &str, wordings: &[Value]) -> Reply {
    let first = client.call(tool, wordings[0].clone()).await;
    let (answer, is_replayed) = unmarked(&first);
    assert!(!is_replayed, "{answer}");
    told_again(client, tool, wordings, &answer).await;
    first
}

/// Checks that a call finds this answer in each of these wordings.
async fn told_again(client: &Client, tool: &str, wordings: &[Value], answer: &Value) {
    for wording in wordings {
        let again = client.call(tool, wording.clone()).await;
        assert_eq!(unmarked(&again), (answer.clone(), true), "{wording}");
    }
}

/// As [`told_once`] with a call that waits: one request, which is approved, and its result for all.
async fn approved_once(server: &TestServer, client: &Client, tool: &str, wordings: &[Value]) {
    let count = "select count(*) from approvals";
    let before = number(&server.db, count, &[]).await;
    let id = told_once(client, tool, wordings).await.pending();
    assert_eq!(number(&server.db, count, &[]).await, before + 1);
    let decided = server.approver().approve(&id).await;
    assert_eq!(decided.body["status"], "executed", "{}", decided.body);
    told_again(client, tool, wordings, &decided.body["result"]).await;
    assert_eq!(number(&server.db, count, &[]).await, before + 1);
}

#[tokio::test]
async fn a_note_in_other_words_is_written_once() {
    let wordings = [
        json!({ "customer_id": JOHN, "text": "Prefers mornings.", "order_id": "ORD-12345" }),
        json!({ "customerId": "cust 12345", "text": " Prefers mornings. ", "orderId": "12345" }),
        json!({
            "customer_id": "one two three four five", "text": "Prefers mornings.", "kind": "Note",
            "order_id": "order one two three four five",
        }),
        json!({ "customer_id": 12345, "text": "Prefers mornings.", "order_id": "ord-12345" }),
    ];
    for server in servers().await {
        for (client, notes) in clients(&server, role::AGENT).iter().zip(1..) {
            let note = told_once(client, "crm_create_note", &wordings).await;
            assert_eq!(note.data()["order_id"], "ORD-12345");
            let count = "select count(*) from interactions where text = 'Prefers mornings.'";
            assert_eq!(number(&server.db, count, &[]).await, notes);
        }
        let evenings = json!({ "customer_id": JOHN, "text": "Prefers evenings." });
        told_once(&server.agent(), "crm_create_note", &[evenings]).await.data();
    }
}

#[tokio::test]
async fn a_change_of_a_customer_in_other_words_is_made_once() {
    let change = |tier: &str| {
        [
            json!({
                "customer_id": JOHN, "email": "john@smith.example", "phone": "+12025550177",
                "tier": tier,
            }),
            json!({
                "customerId": "cust 12345", "email": "john at smith dot example",
                "phone": "two oh two, five five five, oh one seven seven", "tier": tier,
            }),
            json!({
                "customer_id": "one two three four five", "email": "John@Smith.Example",
                "phone": "(202) 555-0177", "tier": tier.to_uppercase(),
            }),
        ]
    };
    for server in servers().await {
        for (client, tier) in clients(&server, role::DESK).iter().zip(["basic", "enterprise"]) {
            let version = "select version from customers where id = 'CUST-12345'";
            let before = number(&server.db, version, &[]).await;
            approved_once(&server, client, "crm_update_customer", &change(tier)).await;
            assert_eq!(number(&server.db, version, &[]).await, before + 1);
        }
    }
}

#[tokio::test]
async fn a_correction_of_stock_in_other_words_is_made_once() {
    let adjust = |sku: &str, quantity: Value, location: Option<&str>| {
        let reason = format!("damaged, says {sku}");
        json!({
            "sku": sku, "mode": "delta", "quantity": quantity, "reason": reason,
            "location": location,
        })
    };
    let wordings = [
        adjust("SKU-001", json!(-2), None),
        adjust("sku 001", json!("minus two"), Some("main")),
        adjust("sku zero zero one", json!("-2"), Some("Main Warehouse")),
        adjust("SKU001", json!("-2.0"), Some("MAIN")),
        adjust("sku-001", json!(-2.0), Some(" main ")),
    ];
    for server in servers().await {
        for client in clients(&server, role::STOCK) {
            let before = Books::of(&server.db).await;
            approved_once(&server, &client, "inventory_adjust", &wordings).await;
            let on_hand = before.on_hand - 2;
            assert_eq!(Books::of(&server.db).await, Books { on_hand, ..before });
        }
    }
}

#[tokio::test]
async fn a_reservation_in_other_words_is_made_once() {
    let reserve = |sku: &str, quantity: Value| json!({ "sku": sku, "quantity": quantity });
    let wordings = [
        reserve("SKU-001", json!(2)),
        reserve("sku 001", json!("two")),
        reserve("SKU001", json!("2.0")),
        reserve("sku zero zero one", json!(2.0)),
        reserve("sku-001", json!("a couple")),
        json!({ "sku": "SKU-001", "quantity": "2", "minutes": "thirty" }),
    ];
    for server in servers().await {
        let [client, without_conversation] = clients(&server, role::STOCK);
        let before = Books::of(&server.db).await;
        let held = told_once(&client, "inventory_reserve", &wordings).await;
        assert_eq!(Books::of(&server.db).await, before.holding(2));
        // It is released once, too, however its number is said.
        let id = held.data()["reservation_id"].as_str().unwrap().to_owned();
        let release = |said: &str| json!({ "reservation_id": said });
        let spoken = id.to_lowercase().replace('-', " ");
        let releases = [release(&id), release(&spoken), release(&id[4..])];
        told_once(&client, "inventory_release", &releases).await.data();
        assert_eq!(Books::of(&server.db).await, before);
        // Outside of a conversation, two callers may want the same pieces.
        for held in [2, 4] {
            without_conversation.call("inventory_reserve", wordings[0].clone()).await.data();
            assert_eq!(Books::of(&server.db).await, before.holding(held));
        }
    }
}

#[tokio::test]
async fn a_request_is_withdrawn_once_however_its_id_is_written() {
    for server in servers().await {
        for (client, company) in clients(&server, role::DESK).iter().zip(["Acme", "Harbor Tiles"]) {
            let change = json!({ "customer_id": JOHN, "company": company });
            let id = client.call("crm_update_customer", change).await.pending();
            let withdraw = |said: &str| json!({ "approval_id": said });
            let wordings = [withdraw(&id), withdraw(&id.to_lowercase()), withdraw(&id)];
            told_once(client, "approval_withdraw", &wordings).await.data();
        }
    }
}

/// Facts of a customer in three wordings.
fn facts() -> [Value; 3] {
    [
        json!({ "customer_id": JOHN, "postal_code": "20001", "phone_last4": "0123" }),
        json!({
            "customer_id": "cust 12345", "postal_code": "two zero zero zero one",
            "phone_last4": "oh one two three",
        }),
        json!({ "customer_id": 12345, "postal_code": 20001, "phone_last4": "01 23" }),
    ]
}

#[tokio::test]
async fn a_verified_caller_who_is_asked_again_hears_the_same_answer() {
    for server in servers().await {
        let verifications = "select count(*) from verifications";
        let line = server.agent().with_header("x-conversation-id", "call-1");
        let first = told_once(&line, "customer_verify", &facts()).await;
        assert_eq!(first.data()["verified"], true);
        assert_eq!(number(&server.db, verifications, &[]).await, 1);

        // Under a given key as well, by whichever handle the call is bound by then.
        let mut keyed = facts();
        for wording in &mut keyed {
            wording["idempotency_key"] = "verify-0001".into();
        }
        let other_line = server.agent().with_header("x-conversation-id", "call-2");
        let second = told_once(&other_line, "customer_verify", &keyed).await;
        let handle = &second.data()["verification_handle"];
        assert_ne!(handle, &first.data()["verification_handle"], "it is another conversation's");
        assert_eq!(number(&server.db, verifications, &[]).await, 2);

        // Without a conversation nobody can say that it is the same caller.
        let handles = [&facts()[0], &facts()[0]].map(|facts| {
            let (client, facts) = (server.agent(), facts.clone());
            async move { client.call("customer_verify", facts).await }
        });
        let [third, fourth] = futures::future::join_all(handles).await.try_into().unwrap();
        assert_ne!(third.data()["verification_handle"], fourth.data()["verification_handle"]);
        assert_eq!(number(&server.db, verifications, &[]).await, 4);
    }
}

#[tokio::test]
async fn what_was_verified_is_told_to_no_call_of_another_customer() {
    for server in servers().await {
        let agent = server.agent();
        let mut keyed = facts()[0].clone();
        keyed["idempotency_key"] = "verify-0002".into();
        agent.call("customer_verify", keyed.clone()).await.data();
        let grace = json!({
            "customer_id": "CUST-10011", "postal_code": "30303", "email": "grace.okafor@example.com",
        });
        let grace = agent.call("customer_verify", grace).await;
        let handle = grace.data()["verification_handle"].as_str().unwrap();
        let bound = server.agent().with_header("x-verification-handle", handle);
        let refused = bound.call("customer_verify", keyed).await;
        assert_eq!(refused.error(), "idempotency_conflict", "{}", refused.body);
    }
}

#[tokio::test]
async fn each_guess_is_one_try_however_often_it_is_sent() {
    let guess = |code: &str, digits: &str| {
        [
            json!({ "customer_id": JOHN, "postal_code": code, "phone_last4": digits }),
            json!({ "customer_id": "cust 12345", "postal_code": code, "phone_last4": digits }),
        ]
    };
    for server in servers().await {
        let line = server.agent().with_header("x-conversation-id", "call-1");
        for (code, left) in [("10001", 2), ("10002", 1)] {
            for wording in guess(code, "0123") {
                let reply = line.call("customer_verify", wording).await;
                assert_eq!(reply.answer()["data"]["tries_left"], left, "{}", reply.body);
            }
        }
        // A right one in between does not bring back what was wrong.
        told_once(&line, "customer_verify", &facts()).await.data();
        for wording in guess("10001", "0123") {
            let again = line.call("customer_verify", wording).await;
            let told = (&again.answer()["replayed"], &again.answer()["data"]["verified"]);
            assert_eq!(told, (&json!(true), &json!(false)), "{}", again.body);
        }
        // Without a conversation each call is a try.
        for left in [2, 1, 0, 0] {
            let reply =
                server.agent().call("customer_verify", guess("10001", "0123")[0].clone()).await;
            assert_eq!(reply.answer()["data"]["tries_left"], left, "{}", reply.body);
        }
    }
}
