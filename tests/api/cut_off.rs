//! Calls that end before they are done: at their deadline, in a panic, or because their client has
//! gone; whichever way they came.

use std::time::Duration;

use business_mcp::{
    store::Tx,
    toolkit::{Answer, Approval, CallContext, Effect, Risk, Scope, Spec, Tool, ToolError, Toolset},
};
use reqwest::RequestBuilder;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use validator::Validate;

use crate::{
    books::Books,
    support::{Client, TestServer, servers, servers_with},
};

/// How a call comes in, and its answer goes out.
#[derive(Debug, Clone, Copy)]
enum Way {
    /// One message each way.
    Json,
    /// The answer is an event stream.
    Events,
    /// The revision 2026-07-28, which has no handshake.
    Modern,
}

const WAYS: [Way; 3] = [Way::Json, Way::Events, Way::Modern];

impl Way {
    fn request(self, client: &Client, tool: &str, arguments: &Value) -> RequestBuilder {
        let mut params = json!({ "name": tool, "arguments": arguments });
        let post = client.post();
        let post = match self {
            Self::Json => post,
            Self::Events => post.header("accept", "text/event-stream"),
            Self::Modern => {
                params["_meta"] = json!({
                    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                    "io.modelcontextprotocol/clientCapabilities": {},
                });
                post.header("mcp-protocol-version", "2026-07-28")
                    .header("mcp-method", "tools/call")
                    .header("mcp-name", tool)
            }
        };
        let message =
            json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        post.body(message.to_string())
    }

    /// The result of a call.
    async fn call(self, client: Client, tool: &'static str, arguments: Value) -> Value {
        let answer = self.request(&client, tool, &arguments).send().await.unwrap();
        let text = answer.text().await.unwrap();
        let data = text.lines().find_map(|line| line.strip_prefix("data: {"));
        let message = data.map_or_else(|| text.clone(), |rest| format!("{{{rest}"));
        let message: Value = serde_json::from_str(&message).unwrap_or_else(|_| panic!("{text}"));
        message["result"].clone()
    }
}

/// Keeps everyone else from touching the stock until it is dropped.
async fn stock_in_use(server: &TestServer) -> Tx {
    let mut tx = server.db.write().await.unwrap();
    let touched = "update stock set reserved = reserved where sku = 'SKU-001'";
    tx.execute(touched, &[]).await.unwrap();
    tx
}

/// An order that asks for approval, and for that holds its stock.
fn order() -> Value {
    json!({
        "customer_id": "CUST-12345",
        "items": [{ "sku": "SKU-001", "quantity": 2 }],
        "total": "53.98",
    })
}

/// The call that was cut off can be made again, as the first of its kind.
async fn is_done_anew(server: &TestServer) {
    let again = server.agent().call("order_create", order()).await;
    again.pending();
    assert_eq!(again.answer().get("replayed"), None, "the first call left no claim");
}

/// How many calls of a tool the audit trail says have failed with this code.
async fn failures(server: &TestServer, tool: &str, code: &str) -> i64 {
    let mut tx = server.db.read().await.unwrap();
    let sql = "select count(*) from audit where action = 'failed' and tool = $1 and outcome = $2";
    tx.fetch_one::<(i64,)>(sql, &[tool.into(), code.into()]).await.unwrap().0
}

#[tokio::test]
async fn a_call_ends_at_its_deadline_and_leaves_nothing() {
    for way in WAYS {
        for server in servers_with(&["--tool-timeout", "300ms"]).await {
            let before = Books::of(&server.db).await;
            let busy = stock_in_use(&server).await;
            let call = tokio::spawn(way.call(server.agent(), "order_create", order()));
            tokio::time::sleep(Duration::from_millis(700)).await;
            drop(busy);
            let result = call.await.unwrap();
            assert_eq!(result["_meta"]["code"], "timeout", "{way:?}: {result}");
            assert_eq!(Books::of(&server.db).await, before);
            is_done_anew(&server).await;
        }
    }
}

#[tokio::test]
async fn a_call_whose_client_has_gone_is_not_done_but_written_down() {
    for way in WAYS {
        for server in servers().await {
            let before = Books::of(&server.db).await;
            let busy = stock_in_use(&server).await;
            let call = tokio::spawn(way.call(server.agent(), "order_create", order()));
            tokio::time::sleep(Duration::from_millis(300)).await;
            call.abort();
            // The server has to see the end of the connection before the stock is free again.
            tokio::time::sleep(Duration::from_millis(500)).await;
            drop(busy);
            for _ in 0..50 {
                if failures(&server, "order_create", "timeout").await > 0 {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            assert_eq!(failures(&server, "order_create", "timeout").await, 1, "{way:?}");
            assert_eq!(Books::of(&server.db).await, before);
            is_done_anew(&server).await;
        }
    }
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Nothing {}

/// Changes the stock and panics.
struct Trip;

impl Tool for Trip {
    type Args = Nothing;
    type Output = String;
    const SPEC: Spec = Spec {
        name: "trip",
        aliases: &[],
        version: 1,
        title: "Trip",
        description: "Changes the stock and fails in the middle.",
        scope: Some(Scope::OrdersWrite),
        toolsets: &[Toolset::Desk],
        effect: Effect::Change,
        risk: Risk::Low,
        approval: Approval::AutoApproved,
    };

    async fn call(&self, ctx: &mut CallContext, _: Nothing) -> Result<Answer<String>, ToolError> {
        ctx.tx.execute("update stock set on_hand = on_hand + 1", &[]).await?;
        panic!("a secret of the implementation")
    }
}

#[tokio::test]
async fn a_tool_that_panics_leaves_nothing_and_the_server_goes_on() {
    for server in servers().await {
        let before = Books::of(&server.db).await;
        let tripping = server.with_tools(|tools| tools.with(Trip)).await;
        for (way, times) in WAYS.into_iter().zip(1..) {
            let result = way.call(tripping.agent(), "trip", json!({})).await;
            assert_eq!(result["isError"], true, "{way:?}: {result}");
            assert_eq!(result["_meta"]["code"], "internal_error", "{way:?}: {result}");
            assert!(!result.to_string().contains("secret"), "{way:?}: {result}");
            assert_eq!(Books::of(&server.db).await, before);
            assert_eq!(failures(&server, "trip", "internal_error").await, times, "{way:?}");
        }
        let found = tripping.agent().call("order_get", json!({ "order_id": "ORD-12345" })).await;
        assert_eq!(found.data()["order_id"], "ORD-12345");
    }
}
