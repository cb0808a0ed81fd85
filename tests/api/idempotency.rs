//! A call that is made again: under a given key, under a derived one, at once and much later.

use std::collections::BTreeSet;

use business_mcp::access::role;
use business_mcp_engine::auth::Grant;
use serde_json::{Value, json};

use crate::{
    books::{
        Books, PolicyFile, SKU, change, keyed, number, one, open_other_shop, two, unpaid,
        unpaid_without_key,
    },
    support::Reply,
};

/// The order that a reply is about.
#[track_caller]
fn order_id(reply: &Reply) -> String {
    reply.data()["order_id"].as_str().unwrap().to_owned()
}

/// Whether it is the stored answer of an earlier call.
fn replayed(reply: &Reply) -> bool {
    reply.answer().get("replayed") == Some(&json!(true))
}

#[tokio::test]
async fn the_same_key_hears_the_same_answer_from_every_replica_and_after_a_restart() {
    let policy = PolicyFile::orders_pass();
    for mut server in policy.servers().await {
        let before = Books::of(&server.db).await;
        let order = keyed(two(), "call-0001-a_B");
        let first = server.agent().call("order_create", order.clone()).await;
        assert!(!replayed(&first));
        let again = server.agent().call("order_create", order.clone()).await;
        assert!(replayed(&again));
        let mut expected = first.answer().clone();
        expected["replayed"] = json!(true);
        assert_eq!(again.answer(), &expected);

        let replica = policy.replica(&server).await;
        let elsewhere = replica.agent().call("order_create", order.clone()).await;
        assert_eq!(elsewhere.answer(), &expected);
        server.stop().await;
        let restarted = policy.replica(&server).await;
        let later = restarted.agent().call("order_create", order.clone()).await;
        assert_eq!(later.answer(), &expected);
        // A day is kept; a little more is not.
        server.advance(24 * 60 - 1);
        let in_time = restarted.agent().call("order_create", order).await;
        assert_eq!(in_time.answer(), &expected);
        assert_eq!(Books::of(&restarted.db).await, before.sold(2, 5398));
    }
}

#[tokio::test]
async fn the_same_call_in_other_words_is_the_same_call() {
    let policy = PolicyFile::orders_pass();
    for server in policy.servers().await {
        let before = Books::of(&server.db).await;
        let order = keyed(two(), "words-0001");
        let first = order_id(&server.agent().call("order_create", order).await);
        let spoken = json!({
            "idempotencyKey": "words-0001",
            "total": "53.98",
            "paymentMethodId": " gift_12345 ",
            "items": [{ "quantity": "2", "sku": SKU }],
            "customerId": "CUST-12345",
            "conversation_id": "injected by a platform",
        });
        let again = server.agent().call("order_create", spoken).await;
        assert_eq!((order_id(&again), replayed(&again)), (first, true));
        assert_eq!(Books::of(&server.db).await, before.sold(2, 5398));
    }
}

#[tokio::test]
async fn a_key_is_not_lent_to_another_call() {
    let policy = PolicyFile::orders_pass();
    for server in policy.servers().await {
        let agent = server.agent();
        let before = Books::of(&server.db).await;
        agent.call("order_create", keyed(one(), "lent-0001")).await.data();
        let other = agent.call("order_create", keyed(two(), "lent-0001")).await;
        assert_eq!(other.error(), "idempotency_conflict");
        assert_eq!(other.body.pointer("/result/_meta/retryable"), Some(&json!(false)));
        assert_eq!(Books::of(&server.db).await, before.sold(1, 2699));
        let first = agent.call("order_create", keyed(one(), "lent-0001")).await;
        assert!(replayed(&first), "the first answer still stands");
    }
}

#[tokio::test]
async fn a_key_that_is_none_is_refused() {
    let policy = PolicyFile::orders_pass();
    let too_long = "x".repeat(65);
    let bad = [
        "",
        "        ",
        "seven-7",
        &too_long,
        "has a space",
        "dots.are.ours",
        "ключ-ключ",
        "tab\tinside",
        "nul\u{0}inside",
        "quote'inside",
    ];
    for server in policy.servers().await {
        let before = Books::of(&server.db).await;
        for key in bad {
            let reply = server.agent().call("order_create", keyed(one(), key)).await;
            assert_eq!(reply.error(), "invalid_parameters", "{key:?} is {}", reply.body);
            assert!(reply.sentence().contains("idempotency_key"), "{}", reply.sentence());
        }
        assert_eq!(Books::of(&server.db).await, before);
        let longest = "x".repeat(64);
        server.agent().call("order_create", keyed(one(), &longest)).await.data();
    }
}

#[tokio::test]
async fn a_key_belongs_to_tenant_caller_and_tool() {
    let policy = PolicyFile::orders_pass();
    for server in policy.servers().await {
        open_other_shop(&server).await;
        let order = keyed(unpaid("same"), "belongs-01");
        let clients = [
            server.agent(),
            server.as_subject(role::AGENT, "another-agent"),
            server.client(server.token("other", "agent", Grant::Role(role::AGENT))),
        ];
        for client in &clients {
            let reply = client.call("order_create", order.clone()).await;
            assert!(!replayed(&reply), "{}", reply.body);
        }
        let note = "select count(*) from orders where note = 'same'";
        assert_eq!(number(&server.db, note, &[]).await, 3);
        let foreign = "select count(*) from orders where note = 'same' and tenant_id = 'other'";
        assert_eq!(number(&server.db, foreign, &[]).await, 1);
        // The key of an order says nothing about a quote.
        let items = json!([{ "sku": SKU, "quantity": 1 }]);
        let quote = json!({ "customer_id": "CUST-12345", "items": items });
        let quote = server.agent().call("order_quote", keyed(quote, "belongs-01")).await;
        assert!(quote.data()["quote_id"].is_string() && !replayed(&quote));
    }
}

#[tokio::test]
async fn a_refused_call_keeps_its_key() {
    let policy = PolicyFile::orders_pass();
    for server in policy.servers().await {
        let agent = server.agent();
        let before = Books::of(&server.db).await;
        let keys = "select count(*) from idempotency_keys";
        let known = number(&server.db, keys, &[]).await;
        let call =
            async |order: Value| agent.call("order_create", keyed(order, "keeps-0001")).await;
        let mut nobody = two();
        nobody["customer_id"] = json!("CUST-0");
        assert_eq!(call(nobody).await.error(), "not_found");
        let mut cheap = two();
        cheap["total"] = json!("1.00");
        assert_eq!(call(cheap).await.error(), "total_mismatch");
        let mut unknown = two();
        unknown["discount"] = json!("100");
        assert_eq!(call(unknown).await.error(), "invalid_parameters");
        let approver = server.approver().call("order_create", keyed(two(), "keeps-0001")).await;
        assert_eq!(approver.http, 403);
        // Sold out, and back on the shelf.
        let lend = "update stock set reserved = on_hand where sku = $1";
        change(&server.db, lend, &[SKU.into()]).await;
        assert_eq!(call(two()).await.error(), "out_of_stock");
        let back = "update stock set reserved = 0 where sku = $1";
        change(&server.db, back, &[SKU.into()]).await;
        assert_eq!(number(&server.db, keys, &[]).await, known, "nothing of them is stored");

        let placed = call(two()).await;
        assert!(!replayed(&placed));
        assert_eq!(Books::of(&server.db).await, before.sold(2, 5398));
    }
}

#[tokio::test]
async fn without_a_key_ten_minutes_of_one_conversation_are_one_call() {
    let policy = PolicyFile::orders_pass();
    for server in policy.servers().await {
        let place = async |header: Option<(&'static str, &str)>| {
            let agent = server.agent();
            let agent = match header {
                Some((name, value)) => agent.with_header(name, value),
                None => agent,
            };
            agent.call("order_create", unpaid_without_key("derived")).await
        };
        let mut orders = BTreeSet::new();
        for conversation in [
            None,
            Some(("x-conversation-id", "call-1")),
            Some(("x-conversation-id", "call-2")),
            Some(("x-call-id", "call-3")),
            Some(("x-session-id", "call-4")),
        ] {
            let first = place(conversation).await;
            assert!(!replayed(&first), "another conversation is another order");
            let again = place(conversation).await;
            assert!(replayed(&again));
            assert_eq!(order_id(&again), order_id(&first));
            assert!(orders.insert(order_id(&first)));
        }
        // The same conversation, whichever header names it.
        let renamed = place(Some(("x-session-id", "call-1"))).await;
        assert!(orders.contains(&order_id(&renamed)));
        server.advance(9);
        assert!(replayed(&place(None).await));
        server.advance(2);
        let anew = place(None).await;
        assert!(!replayed(&anew));
        assert!(orders.insert(order_id(&anew)), "after the window it is a new order");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_call_at_the_same_time_has_one_effect() {
    let policy = PolicyFile::orders_pass();
    for server in policy.servers().await {
        let replica = policy.replica(&server).await;
        let before = Books::of(&server.db).await;
        for order in [keyed(two(), "at-once-01"), unpaid_without_key("derived")] {
            let calls = (0..24).map(|number| {
                let agent = if number % 2 == 0 { server.agent() } else { replica.agent() };
                let order = order.clone();
                async move { agent.call("order_create", order).await }
            });
            let replies = futures::future::join_all(calls).await;
            let (busy, answered): (Vec<_>, Vec<_>) = replies.iter().partition(|r| r.is_error());
            let orders: BTreeSet<String> = answered.iter().map(|reply| order_id(reply)).collect();
            assert_eq!(orders.len(), 1);
            assert_eq!(answered.iter().filter(|reply| !replayed(reply)).count(), 1);
            // Whoever was not let in was told to come again, and does.
            for reply in busy {
                assert_eq!(reply.error(), "conflict", "{}", reply.body);
                assert_eq!(reply.body.pointer("/result/_meta/retryable"), Some(&json!(true)));
            }
        }
        let sold = before.sold(2, 5398).sold(1, 0);
        assert_eq!(Books::of(&server.db).await, sold);
    }
}

#[tokio::test]
async fn a_write_that_fails_half_way_leaves_one_line_in_the_audit_and_nothing_else() {
    let policy = PolicyFile::orders_pass();
    for server in policy.servers().await {
        let agent = server.agent();
        let before = Books::of(&server.db).await;
        let counted = async |table| number(&server.db, table, &[]).await;
        let keys = counted("select count(*) from idempotency_keys").await;
        let audit = counted("select count(*) from audit").await;
        // The first article is drawn before the second turns out to be gone.
        let gone = "update stock set reserved = on_hand where sku = 'TAPE-25FT'";
        change(&server.db, gone, &[]).await;
        let order = json!({
            "customer_id": "CUST-12345",
            "items": [{ "sku": SKU, "quantity": 1 }, { "sku": "TAPE-25FT", "quantity": 1 }],
            "total": "46.78",
            "payment_method_id": "gift_12345",
            "idempotency_key": "half-way-01",
        });
        let reply = agent.call("order_create", order).await;
        assert_eq!(reply.error(), "out_of_stock", "{}", reply.body);
        change(&server.db, "update stock set reserved = 0 where sku = 'TAPE-25FT'", &[]).await;
        assert_eq!(Books::of(&server.db).await, before);
        assert_eq!(counted("select count(*) from idempotency_keys").await, keys);
        server.written_down().await;
        assert_eq!(counted("select count(*) from audit").await, audit + 1);
        let failed = "select count(*)
                      from audit
                      where action = 'failed' and outcome = 'out_of_stock'";
        assert_eq!(counted(failed).await, 1);
    }
}
