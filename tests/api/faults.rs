//! A status above 500 is the server's fault, and nothing that a client sends is.

use serde_json::json;

use crate::{support::server_with, wire::Wire};

#[tokio::test]
async fn whatever_a_client_does_wrong_is_not_the_servers_fault() {
    let server = server_with(&[]).await;
    let token = server.agent().token;
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    let methods = [
        "initialize",
        "ping",
        "tools/list",
        "tools/call",
        "resources/list",
        "resources/read",
        "resources/templates/list",
        "resources/subscribe",
        "resources/unsubscribe",
        "prompts/list",
        "prompts/get",
        "completion/complete",
        "logging/setLevel",
        "server/discover",
        "subscriptions/listen",
        "tasks/get",
        "tasks/update",
        "tasks/cancel",
        "tasks/result",
        "tasks/list",
        "skills/list",
        "skills/get",
        "sampling/createMessage",
        "roots/list",
        "elicitation/create",
        "nothing/such",
    ];
    let some = json!({
        "name": "get_order_status", "uri": "x", "taskId": "x", "arguments": {}, "inputResponses": 5,
        "requestState": 5, "notifications": {}, "cursor": 5, "task": {}, "level": "debug",
    });
    for method in methods {
        for mut params in [json!({}), json!({ "name": 5, "uri": {}, "taskId": [] }), some.clone()] {
            for (modern, accept) in [(false, "*/*"), (true, "*/*"), (true, "text/event-stream")] {
                let mut sent = Wire::mcp(&server.url, &token).with("accept", accept);
                if modern {
                    params["_meta"] = meta.clone();
                    sent =
                        sent.with("mcp-protocol-version", "2026-07-28").with("mcp-method", method);
                    sent = sent.with("mcp-name", "get_order_status");
                }
                let answer = sent.rpc(method, &params).send().await;
                assert!(answer.status < 500, "{method} {params}: {answer:?}");
                assert!(!answer.body.contains("-32603"), "{method} {params}: {answer:?}");
            }
        }
    }
}
