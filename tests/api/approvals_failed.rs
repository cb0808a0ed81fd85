//! What is looked at again when a request is approved: authority, policy, price, stock, meaning.

use business_mcp::access::role;
use business_mcp_engine::{
    auth::api_key,
    db::keys::{self, KeyRow},
};
use reqwest::StatusCode;
use serde_json::json;

use crate::{
    books::{Books, PolicyFile, SKU, change, keyed, order, status_of, two, unpaid},
    support::{Client, TestServer, servers},
};

/// Approves a request that cannot be done any more: it is `failed` with this code, whoever asks.
async fn fails(server: &TestServer, at: &TestServer, id: &str, code: &str) {
    let decided = at.approver().approve(id).await;
    assert_eq!(decided.http, StatusCode::OK, "{}", decided.body);
    assert_eq!(decided.body["status"], "failed", "{}", decided.body);
    assert_eq!(decided.body["result"]["code"], code, "{}", decided.body);
    assert_eq!(decided.body["decided_by"], "approver");
    assert_eq!(status_of(&server.db, id).await, "failed");
    let again = at.approver().approve(id).await;
    assert_eq!(again.body["replayed"], true, "{}", again.body);
    assert_eq!(again.body["result"], decided.body["result"]);
    let status = server.approver().call("approval_status", json!({ "approval_id": id })).await;
    assert_eq!(status.data()["status"], "failed");
    assert_eq!(status.data()["result"]["code"], code);
}

/// What the agent hears when it calls again.
async fn hears(agent: &Client, order: serde_json::Value, code: &str) {
    let heard = agent.call("order_create", order).await;
    assert_eq!(heard.error(), code, "{}", heard.body);
    assert!(heard.sentence().contains("could not be done"), "{}", heard.sentence());
}

#[tokio::test]
async fn a_location_that_is_gone_gets_no_stock() {
    let opened = "insert into stock (tenant_id, sku, location, on_hand, reserved)
                  values ('demo', $1, 'pop-up', 0, 0)";
    let closed = "delete from stock where sku = $1 and location = 'pop-up'";
    let moves = json!({ "sku": SKU, "from": "main", "to": "pop-up", "quantity": 1 });
    let found = json!({
        "sku": SKU, "mode": "delta", "quantity": 1, "reason": "found", "location": "pop-up",
    });
    for server in servers().await {
        let before = Books::of(&server.db).await;
        for (tool, arguments) in [("inventory_transfer", &moves), ("inventory_adjust", &found)] {
            change(&server.db, opened, &[SKU.into()]).await;
            let id = server.as_role(role::STOCK).call(tool, arguments.clone()).await.pending();
            change(&server.db, closed, &[SKU.into()]).await;
            fails(&server, &server, &id, "not_found").await;
            let status = json!({ "approval_id": id });
            let heard = server.approver().call("approval_status", status).await.body.to_string();
            assert!(heard.contains("There is no such location. There are main"), "{heard}");
            assert_eq!(Books::of(&server.db).await, before);
        }
    }
}

#[tokio::test]
async fn a_request_whose_stored_arguments_were_changed_is_not_executed() {
    for server in servers().await {
        let before = Books::of(&server.db).await;
        let id = server.agent().call("order_create", two()).await.pending();
        let tampered = "update approvals
                        set arguments = replace(arguments, 'CUST-12345', 'CUST-10001')
                        where id = $1";
        assert_eq!(change(&server.db, tampered, &[id.as_str().into()]).await, 1);
        fails(&server, &server, &id, "conflict").await;
        hears(&server.agent(), two(), "conflict").await;
        assert_eq!(Books::of(&server.db).await, before);
    }
}

#[tokio::test]
async fn a_request_to_a_tool_that_means_something_else_now_is_not_executed() {
    for server in servers().await {
        let before = Books::of(&server.db).await;
        let id = server.agent().call("order_create", two()).await.pending();
        let older = "update approvals set tool_version = tool_version - 1 where id = $1";
        assert_eq!(change(&server.db, older, &[id.as_str().into()]).await, 1);
        fails(&server, &server, &id, "conflict").await;
        assert_eq!(Books::of(&server.db).await, before);
    }
}

#[tokio::test]
async fn a_request_that_this_server_cannot_run_waits_still() {
    for server in servers().await {
        let before = Books::of(&server.db).await;
        let id = server.agent().call("order_create", unpaid("waits")).await.pending();
        for (unlike, like) in [
            (
                "update approvals set tool = 'order_teleport' where id = $1",
                "update approvals set tool = 'order_create' where id = $1",
            ),
            (
                "update approvals set tool_version = tool_version + 1 where id = $1",
                "update approvals set tool_version = tool_version - 1 where id = $1",
            ),
        ] {
            change(&server.db, unlike, &[id.as_str().into()]).await;
            let decided = server.approver().approve(&id).await;
            assert_eq!(decided.http, StatusCode::CONFLICT, "{}", decided.body);
            assert_eq!(status_of(&server.db, &id).await, "pending");
            assert_eq!(Books::of(&server.db).await, before.holding(1));
            change(&server.db, like, &[id.as_str().into()]).await;
        }
        let decided = server.approver().approve(&id).await;
        assert_eq!(decided.body["status"], "executed", "{}", decided.body);
    }
}

#[tokio::test]
async fn another_price_than_the_approved_one_is_not_charged() {
    for server in servers().await {
        let agent = server.agent();
        let before = Books::of(&server.db).await;
        let id = agent.call("order_create", two()).await.pending();
        let raised = "update variants set price_minor = price_minor + 500 where sku = $1";
        change(&server.db, raised, &[SKU.into()]).await;
        fails(&server, &server, &id, "price_changed").await;
        hears(&agent, two(), "price_changed").await;
        assert_eq!(Books::of(&server.db).await, before, "stock is free, and nothing was charged");
    }
}

#[tokio::test]
async fn a_quoted_price_holds_while_the_request_waits() {
    for server in servers().await {
        let agent = server.agent();
        let before = Books::of(&server.db).await;
        let items = json!([{ "sku": SKU, "quantity": 2 }]);
        let quote = json!({ "customer_id": "CUST-12345", "items": items });
        let quote = agent.call("order_quote", quote).await;
        assert_eq!(quote.data()["total"]["amount"], "53.98");
        let mut order = two();
        order["quote_id"] = quote.data()["quote_id"].clone();
        let id = agent.call("order_create", order).await.pending();
        let raised = "update variants set price_minor = price_minor + 500 where sku = $1";
        change(&server.db, raised, &[SKU.into()]).await;
        let decided = server.approver().approve(&id).await;
        assert_eq!(decided.body["status"], "executed", "{}", decided.body);
        assert_eq!(Books::of(&server.db).await, before.sold(2, 5398));
    }
}

#[tokio::test]
async fn stock_that_is_held_is_nobody_elses() {
    let pass_small = PolicyFile::new("[tools.order_create]\nauto_approve_below = \"27.00\"\n");
    for server in pass_small.servers().await {
        let agent = server.agent();
        // Two are left, and both are held for the request.
        let left = "update stock set on_hand = 2 where sku = $1 and location = 'main'";
        change(&server.db, left, &[SKU.into()]).await;
        let rest = "update stock set on_hand = 0 where sku = $1 and location <> 'main'";
        change(&server.db, rest, &[SKU.into()]).await;
        align_ledger(&server).await;
        let before = Books::of(&server.db).await;
        let id = agent.call("order_create", two()).await.pending();
        let other =
            server.as_subject(role::AGENT, "quicker").call("order_create", unpaid("")).await;
        assert_eq!(other.error(), "out_of_stock", "{}", other.body);
        assert_eq!(server.approver().approve(&id).await.body["status"], "executed");
        assert_eq!(Books::of(&server.db).await, before.sold(2, 5398));
    }
}

#[tokio::test]
async fn an_order_whose_stock_is_gone_after_all_fails_and_charges_nothing() {
    for server in servers().await {
        let agent = server.agent();
        let id = agent.call("order_create", two()).await.pending();
        // Someone counted the shelf and found it empty.
        change(&server.db, "delete from reservations where true", &[]).await;
        let empty = "update stock set on_hand = 0, reserved = 0 where sku = $1";
        change(&server.db, empty, &[SKU.into()]).await;
        align_ledger(&server).await;
        let before = Books::of(&server.db).await;
        fails(&server, &server, &id, "out_of_stock").await;
        hears(&agent, two(), "out_of_stock").await;
        assert_eq!(Books::of(&server.db).await, before);
    }
}

/// Makes the ledger agree with stock that a test has changed.
async fn align_ledger(server: &TestServer) {
    let counted = "insert into stock_movements
                       (tenant_id, id, sku, location, delta, reason, actor, at)
                   select s.tenant_id, 'counted-' || s.location, s.sku, s.location,
                          s.on_hand - cast((select sum(m.delta)
                                            from stock_movements m
                                            where m.tenant_id = s.tenant_id and m.sku = s.sku
                                              and m.location = s.location) as bigint),
                          'adjustment', 'test', $2
                   from stock s
                   where s.sku = $1";
    change(&server.db, counted, &[SKU.into(), server.clock.now().into()]).await;
}

#[tokio::test]
async fn a_gift_card_that_was_spent_meanwhile_is_not_overdrawn() {
    for server in servers().await {
        let agent = server.agent();
        // 75.00 on the card: enough for either order, not for both.
        let first = agent.call("order_create", two()).await.pending();
        let second = agent.call("order_create", keyed(two(), "second-one")).await.pending();
        assert_ne!(first, second);
        let before = Books::of(&server.db).await;
        assert_eq!(server.approver().approve(&first).await.body["status"], "executed");
        fails(&server, &server, &second, "insufficient_balance").await;
        let after = before.sold(2, 5398);
        assert_eq!(Books::of(&server.db).await, Books { reserved: before.reserved - 4, ..after });
    }
}

#[tokio::test]
async fn a_tool_that_was_switched_off_meanwhile_does_nothing() {
    let off = PolicyFile::new("[tools.order_create]\napproval = \"disabled\"\n");
    for server in servers().await {
        let before = Books::of(&server.db).await;
        let id = server.agent().call("order_create", two()).await.pending();
        let stricter = off.replica(&server).await;
        fails(&server, &stricter, &id, "disabled").await;
        hears(&server.agent(), two(), "disabled").await;
        assert_eq!(Books::of(&server.db).await, before);
    }
}

#[tokio::test]
async fn a_key_that_was_revoked_meanwhile_has_no_requests() {
    for server in servers().await {
        let key = api_key::generate();
        let row = KeyRow {
            id: key.id.clone(),
            tenant_id: "demo".to_owned(),
            name: "till".to_owned(),
            scopes: role::AGENT.scopes().to_string(),
            role: Some(role::AGENT.name.to_owned()),
            secret_hash: api_key::hex(&key.hash),
            created_at: server.clock.now(),
            expires_at: None,
            revoked_at: None,
        };
        let mut tx = server.db.write().await.unwrap().of("demo");
        keys::insert(&mut tx, &row).await.unwrap();
        tx.commit().await.unwrap();
        let till = server.client(key.plaintext.clone());
        let before = Books::of(&server.db).await;
        let kept = till.call("order_create", unpaid("kept")).await.pending();
        let lost = till.call("order_create", unpaid("lost")).await.pending();
        assert_eq!(server.approver().approve(&kept).await.body["status"], "executed");

        let mut tx = server.db.write().await.unwrap().of("demo");
        assert!(keys::revoke(&mut tx, &key.id, server.clock.now()).await.unwrap());
        tx.commit().await.unwrap();
        fails(&server, &server, &lost, "forbidden").await;
        let sold = before.sold(1, 0);
        assert_eq!(Books::of(&server.db).await, sold);
    }
}

#[tokio::test]
async fn a_request_needs_the_authority_it_was_made_with() {
    for server in servers().await {
        let id = server.agent().call("order_create", two()).await.pending();
        // As if the tool had been moved behind another scope.
        let fewer = "update approvals set requester_scopes = 'crm:read' where id = $1";
        change(&server.db, fewer, &[id.as_str().into()]).await;
        fails(&server, &server, &id, "forbidden").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_requests_wait_and_the_next_is_refused() {
    for server in servers().await {
        let agent = server.agent();
        let before = Books::of(&server.db).await;
        let calls = (0..30).map(|number| {
            let agent = agent.clone();
            async move { agent.call("order_create", unpaid(&format!("number {number}"))).await }
        });
        let replies = futures::future::join_all(calls).await;
        let waiting: Vec<String> =
            replies.iter().filter(|reply| !reply.is_error()).map(|r| r.pending()).collect();
        assert_eq!(waiting.len(), 20, "however many ask at the same time");
        for refused in replies.iter().filter(|reply| reply.is_error()) {
            assert_eq!(refused.error(), "rate_limit_exceeded", "{}", refused.body);
        }
        assert_eq!(Books::of(&server.db).await, before.holding(20));
        // Somebody else's do not count, and a decided one makes room.
        let other = server.as_subject(role::AGENT, "another-agent");
        other.call("order_create", unpaid("other")).await.pending();
        assert_eq!(server.approver().approve(&waiting[0]).await.body["status"], "executed");
        agent.call("order_create", unpaid("room")).await.pending();
        let refused = agent.call("order_create", unpaid("no room")).await;
        assert_eq!(refused.error(), "rate_limit_exceeded");
    }
}

#[tokio::test]
async fn what_would_fail_anyway_is_refused_before_anyone_is_asked() {
    let mut many = order(9_000, "215928.00");
    many.as_object_mut().unwrap().remove("payment_method_id");
    for server in servers().await {
        let agent = server.agent();
        let before = Books::of(&server.db).await;
        for (order, code) in [
            (order(2, "1.00"), "total_mismatch"),
            (order(3, "80.97"), "insufficient_balance"),
            (order(0, "0.00"), "invalid_parameters"),
            (many.clone(), "out_of_stock"),
        ] {
            assert_eq!(agent.call("order_create", order.clone()).await.error(), code, "{order}");
        }
        assert_eq!(server.approver().api("GET", "", None).await.body["approvals"], json!([]));
        assert_eq!(Books::of(&server.db).await, before);
    }
}
