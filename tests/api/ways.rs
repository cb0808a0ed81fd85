//! The short way to an answer and the protocol library's say the same.

use business_mcp_engine::tool::Role;
use serde_json::{Value, json};

use crate::support::{Client, servers};

/// Sends a message twice: a client that takes JSON is answered the short way, one that takes event
/// streams only by the library.
async fn both_ways(client: &Client, message: &Value) -> (Value, Value) {
    let send =
        |accept: &'static str| client.post().header("accept", accept).body(message.to_string());
    let short = send("application/json").send().await.unwrap();
    assert_eq!(short.headers()["content-type"], "application/json");
    let short: Value = short.json().await.unwrap();
    let long = send("text/event-stream").send().await.unwrap();
    assert_eq!(long.headers()["content-type"], "text/event-stream");
    let long = long.text().await.unwrap();
    let data = long
        .lines()
        .find_map(|line| line.strip_prefix("data: "))
        .unwrap_or_else(|| panic!("{long}"));
    (short, serde_json::from_str(data).unwrap())
}

#[tokio::test]
async fn both_ways_answer_alike() {
    for server in servers().await {
        let call = |name: &str, arguments: Value| json!({ "name": name, "arguments": arguments });
        let messages = [
            ("tools/list", None),
            ("tools/list", Some(json!({}))),
            ("tools/call", Some(call("order_get", json!({ "order_id": "ORD-12345" })))),
            ("tools/call", Some(call("order_get", json!({ "orderId": "ORD-12345" })))),
            ("tools/call", Some(call("order_get", json!({})))),
            ("tools/call", Some(call("order_get", json!({ "order_id": "no such order" })))),
            ("tools/call", Some(call("no_such_tool", json!({})))),
            ("tools/call", Some(json!({ "name": "order_list" }))),
            (
                "tools/call",
                Some(call("customer_delete", json!({ "customer_id": "x", "reason": "y" }))),
            ),
        ];
        for role in [Role::Admin, Role::Agent] {
            let client = server.as_role(role);
            for (number, (method, params)) in messages.iter().enumerate() {
                for id in [json!(number), json!(format!("id \"{number}\" ü"))] {
                    let mut message = json!({ "jsonrpc": "2.0", "id": id, "method": method });
                    if let Some(params) = params {
                        message["params"] = params.clone();
                    }
                    let (short, long) = both_ways(&client, &message).await;
                    assert_eq!(short, long, "{message}");
                    assert_eq!(short.to_string(), long.to_string(), "in this order: {message}");
                }
            }
        }
    }
}
