//! The same question is answered alike, whichever revision it is of and whichever way it comes.

use serde_json::{Value, json};

use crate::support::{Client, servers};
use business_mcp::access::role;

const VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
const SERVER: &str = "io.modelcontextprotocol/serverInfo";

/// Sends a message and returns the answer, whatever it is framed in.
async fn asked(client: &Client, message: &Value, accept: &str, revision: Option<&str>) -> Value {
    let mut message = message.clone();
    let mut post = client.post().header("accept", accept);
    if let Some(revision) = revision {
        post = post.header("mcp-protocol-version", revision);
    }
    if revision == Some("2026-07-28") {
        let params = &mut message["params"];
        params["_meta"] = json!({ VERSION: "2026-07-28", CAPABILITIES: {} });
        if let Some(name) = params.get("name").or(params.get("uri")).and_then(Value::as_str) {
            post = post.header("mcp-name", name);
        }
        post = post.header("mcp-method", message["method"].as_str().unwrap());
    }
    let answer = post.body(message.to_string()).send().await.unwrap();
    let content_type = answer.headers()["content-type"].clone();
    let text = answer.text().await.unwrap();
    if content_type == "application/json" {
        return serde_json::from_str(&text).unwrap();
    }
    assert_eq!(content_type, "text/event-stream", "{text}");
    let event = text.strip_prefix("data: ").and_then(|rest| rest.strip_suffix("\n\n"));
    serde_json::from_str(event.unwrap_or_else(|| panic!("{text}"))).unwrap()
}

/// Takes out what only results of 2026-07-28 say, and checks that they say it.
fn without_what_is_new(mut answer: Value) -> Value {
    let Some(Value::Object(result)) = answer.get_mut("result") else { return answer };
    assert_eq!(result.shift_remove("resultType"), Some(json!("complete")));
    result.shift_remove("ttlMs");
    result.shift_remove("cacheScope");
    let meta = result["_meta"].as_object_mut().unwrap();
    assert_eq!(meta.shift_remove(SERVER).unwrap()["name"], "business-mcp");
    if meta.is_empty() {
        result.shift_remove("_meta");
    }
    answer
}

#[tokio::test]
async fn every_revision_and_either_framing_answers_alike() {
    for server in servers().await {
        let call = |name: &str, arguments: Value| json!({ "name": name, "arguments": arguments });
        let messages = [
            ("tools/list", json!({})),
            ("tools/call", call("order_get", json!({ "order_id": "ORD-12345" }))),
            ("tools/call", call("order_get", json!({ "orderId": "ORD-12345" }))),
            ("tools/call", call("order_get", json!({}))),
            ("tools/call", call("order_get", json!({ "order_id": "no such order" }))),
            ("tools/call", call("no_such_tool", json!({}))),
            ("tools/call", json!({ "name": "order_list" })),
            ("tools/call", json!({ "name": "order_list", "arguments": null })),
            ("tools/call", json!({ "name": "order_list", "arguments": [] })),
            ("tools/call", call("customer_delete", json!({ "customer_id": "x", "reason": "y" }))),
            ("resources/list", json!({})),
            ("resources/list", json!({ "cursor": "x" })),
            ("resources/templates/list", json!({})),
            ("resources/read", json!({ "uri": "policy://tools" })),
            ("prompts/list", json!({})),
        ];
        for role in [role::ADMIN, role::AGENT] {
            let client = server.as_role(role);
            for (number, (method, params)) in messages.iter().enumerate() {
                for id in [json!(number), json!(format!("id \"{number}\" ü"))] {
                    let message =
                        json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
                    let plain = asked(&client, &message, "application/json", None).await;
                    assert_eq!(plain["id"], id);
                    for revision in ["2024-11-05", "2025-11-25", "2026-07-28"] {
                        for accept in ["application/json", "text/event-stream"] {
                            let mut other = asked(&client, &message, accept, Some(revision)).await;
                            if revision == "2026-07-28" {
                                other = without_what_is_new(other);
                            }
                            assert_eq!(other, plain, "{revision} {accept}: {message}");
                        }
                    }
                }
            }
        }
    }
}
