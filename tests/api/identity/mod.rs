//! As which customer a call is made: shown once, bound below the model, and never anybody else.
//!
//! * here: how a caller is verified, and for how long;
//! * `reach`: what a call that is bound to one customer finds of another;
//! * `stored`: requests and answers that were kept for one customer.

mod reach;
mod stored;

use serde_json::{Value, json};

use crate::support::{Client, Reply, TestServer, servers, servers_with};
use business_mcp::access::role;

const JOHN: &str = "CUST-12345";
const GRACE: &str = "CUST-10011";
const MARIA: &str = "CUST-10001";

fn facts(postal_code: &str, last4: &str) -> Value {
    json!({ "customer_id": JOHN, "postal_code": postal_code, "phone_last4": last4 })
}

/// An agent whose token has scopes and no role: it reaches the tools of the desk as well.
fn open_agent(server: &TestServer) -> Client {
    server.with_scopes_of(role::AGENT, "agent")
}

fn on_line(server: &TestServer, conversation: &str) -> Client {
    open_agent(server).with_header("x-conversation-id", conversation)
}

async fn verified(client: &Client) -> String {
    verified_by(client, facts("two zero zero zero one", "0123")).await
}

async fn verified_as(client: &Client, id: &str) -> String {
    let (postal_code, email) = match id {
        JOHN => ("20001", "john.smith@example.com"),
        GRACE => ("30303", "grace.okafor@example.com"),
        _ => ("97214", "maria.garcia@example.com"),
    };
    let facts = json!({ "customer_id": id, "postal_code": postal_code, "email": email });
    verified_by(client, facts).await
}

async fn verified_by(client: &Client, facts: Value) -> String {
    let reply = client.call("customer_verify", facts).await;
    assert_eq!(reply.data()["verified"], true, "{}", reply.body);
    reply.data()["verification_handle"].as_str().unwrap().to_owned()
}

async fn profile(client: &Client, id: &str) -> Reply {
    client.call("crm_get_customer", json!({ "customer_id": id })).await
}

fn status(reply: &Reply) -> &str {
    reply.answer()["status"].as_str().unwrap()
}

#[tokio::test]
async fn whoever_was_verified_sees_their_own_in_that_conversation_and_nothing_else() {
    for server in servers().await {
        let line = on_line(&server, "call-1");
        assert_eq!(profile(&line, JOHN).await.data()["masked"], true);
        verified(&line).await;
        let own = profile(&line, JOHN).await;
        assert_eq!(own.data()["masked"], false);
        assert_eq!(own.data()["email"], "john.smith@example.com");
        let found = line.call("customer_lookup", json!({ "phone": "202 555 0123" })).await;
        assert_eq!(found.data()["verified"], true);
        let order = line.call("order_get", json!({ "order_id": "ORD-12345" })).await;
        assert_eq!(order.data()["address"]["line1"], "100 Main Street");
        let orders = line.call("order_list", json!({})).await;
        for order in orders.data()["orders"].as_array().unwrap() {
            assert_eq!(order["customer_id"], JOHN, "only their own are listed");
        }

        assert_eq!(profile(&line, GRACE).await.error(), "forbidden");
        let numbers = found.data()["recent_orders"].as_array().unwrap();
        assert!(numbers.iter().all(|order| order["order_id"].is_string()), "they are theirs");

        let other = on_line(&server, "call-2");
        assert_eq!(profile(&other, JOHN).await.data()["masked"], true);
        assert_eq!(profile(&other, GRACE).await.data()["masked"], true);
        server.advance(16);
        let later = on_line(&server, "call-1");
        assert_eq!(profile(&later, JOHN).await.data()["masked"], true, "it has ended");
    }
}

#[tokio::test]
async fn a_handle_binds_by_header_or_argument_and_is_worth_nothing_to_others() {
    for server in servers().await {
        let agent = open_agent(&server);
        let handle = verified(&agent).await;
        assert_eq!(
            profile(&agent, JOHN).await.data()["masked"],
            true,
            "no conversation, no handle"
        );
        let bound = open_agent(&server).with_header("x-verification-handle", &handle);
        assert_eq!(profile(&bound, JOHN).await.data()["masked"], false);
        assert_eq!(profile(&bound, GRACE).await.error(), "forbidden");
        let by_argument = json!({ "customer_id": JOHN, "verificationHandle": handle });
        let reply = agent.call("crm_get_customer", by_argument.clone()).await;
        assert_eq!(reply.data()["masked"], false);

        let stranger = server.with_scopes_of(role::AGENT, "another-agent");
        let refused = stranger.call("crm_get_customer", by_argument).await;
        assert_eq!(status(&refused), "verification_required");
        assert_eq!(refused.answer().get("data"), None);
        server.advance(16);
        let late = open_agent(&server).with_header("x-verification-handle", &handle);
        assert_eq!(status(&profile(&late, JOHN).await), "verification_required");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn three_wrong_tries_lock_also_when_they_come_at_once() {
    for server in servers().await {
        let agent = open_agent(&server);
        for few in
            [json!({ "customer_id": JOHN }), json!({ "customer_id": JOHN, "email": "a@b.example" })]
        {
            assert_eq!(agent.call("customer_verify", few).await.error(), "invalid_parameters");
        }
        let guesses =
            (0..8).map(|number| {
                let agent = agent.clone();
                async move {
                    agent.call("customer_verify", facts(&format!("1000{number}"), "0123")).await
                }
            });
        let replies = futures::future::join_all(guesses).await;
        let mut left: Vec<i64> = replies
            .iter()
            .map(|reply| {
                assert_eq!(status(reply), "verification_required", "{}", reply.body);
                reply.answer()["data"]["tries_left"].as_i64().unwrap()
            })
            .collect();
        left.sort_unstable();
        assert_eq!(left, [0, 0, 0, 0, 0, 0, 1, 2], "two more tries, and no third");

        let right = agent.call("customer_verify", facts("20001", "0123")).await;
        assert_eq!(status(&right), "verification_required", "too late");
        let colleague = server.with_scopes_of(role::AGENT, "another-agent");
        verified(&colleague).await;
        server.advance(61);
        let rested = open_agent(&server);
        verified(&rested).await;
    }
}

#[tokio::test]
async fn a_policy_can_ask_for_a_verified_caller() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.toml");
    std::fs::write(&file, "[tools.order_cancel]\nverified_caller = true\n").unwrap();
    for server in servers_with(&["--policy-file", file.to_str().unwrap()]).await {
        let line = on_line(&server, "call-1");
        let cancel = json!({ "order_id": "ORD-12346", "reason": "no longer needed" });
        let asked = line.call("order_cancel", cancel.clone()).await;
        assert_eq!(status(&asked), "verification_required", "{}", asked.body);
        // The desk sees personal data anyway.
        server.as_role(role::DESK).call("order_cancel", cancel.clone()).await.pending();
        verified(&line).await;
        let request = line.call("order_cancel", cancel.clone()).await.pending();
        // The decision may come when the verification has ended.
        server.advance(14);
        let decided = server.approver().approve(&request).await;
        assert_eq!(decided.body["status"], "executed", "{}", decided.body);
    }
}
