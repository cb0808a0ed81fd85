//! A verification that has ended: what it still keeps from being done, and what it does not.

use business_mcp::access::role;
use serde_json::{Value, json};

use crate::support::{Client, Reply, TestServer, servers};

const JOHN: &str = "CUST-12345";

fn facts(key: Option<&str>) -> Value {
    json!({
        "customer_id": JOHN,
        "postal_code": "20001",
        "email": "john.smith@example.com",
        "idempotency_key": key,
    })
}

/// An agent whose token has scopes and no role: it reaches the tools of the desk as well.
fn agent(server: &TestServer) -> Client {
    server.with_scopes_of(role::AGENT, "agent")
}

fn handle(reply: &Reply) -> String {
    assert_eq!(reply.data()["verified"], true, "{}", reply.body);
    reply.data()["verification_handle"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_handle_that_has_ended_keeps_nobody_from_help() {
    for server in servers().await {
        let ended = handle(&agent(&server).call("customer_verify", facts(None)).await);
        server.advance(16);
        let late = agent(&server).with_header("x-verification-handle", &ended);
        let profile = late.call("crm_get_customer", json!({ "customer_id": JOHN })).await;
        assert_eq!(profile.answer()["status"], "verification_required");
        let ticket = json!({ "reason": "asked for a person", "summary": "Wants to be called." });
        assert_eq!(late.call("support_escalate", ticket).await.answer()["status"], "ok");
        let product = late.call("product_search", json!({ "query": "shirt" })).await;
        assert_eq!(product.answer()["status"], "ok", "{}", product.body);
        let again = handle(&late.call("customer_verify", facts(None)).await);
        assert_ne!(again, ended);
        let bound = agent(&server).with_header("x-verification-handle", &again);
        let profile = bound.call("crm_get_customer", json!({ "customer_id": JOHN })).await;
        assert_eq!(profile.data()["masked"], false);
    }
}

#[tokio::test]
async fn a_key_verifies_one_conversation_and_no_longer_than_it_counts() {
    for server in servers().await {
        let on_line = |line: &str| agent(&server).with_header("x-conversation-id", line);
        let first = on_line("line-0001").call("customer_verify", facts(Some("verify-0001"))).await;
        let again = on_line("line-0001").call("customer_verify", facts(Some("verify-0001"))).await;
        assert_eq!(handle(&again), handle(&first), "a retry is no second verification");
        let other = on_line("line-0002").call("customer_verify", facts(Some("verify-0001"))).await;
        assert_eq!(other.error(), "idempotency_conflict");
        server.advance(16);
        let later = on_line("line-0001").call("customer_verify", facts(Some("verify-0001"))).await;
        assert_ne!(handle(&later), handle(&first));
        let bound = on_line("line-0001");
        let profile = bound.call("crm_get_customer", json!({ "customer_id": JOHN })).await;
        assert_eq!(profile.data()["masked"], false);
    }
}
