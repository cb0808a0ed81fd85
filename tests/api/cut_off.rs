//! Calls that end before they are done: at their deadline, in a panic, or because their client has
//! gone; whichever way they came.

use std::{future::Future, time::Duration};

use business_mcp::access::{scope, toolset};
use business_mcp_engine::{
    Module,
    cli::start,
    db::Tx,
    tool::{Answer, Approval, CallContext, Effect, Planned, Risk, Spec, ToolError, WriteTool},
};
use reqwest::RequestBuilder;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use validator::Validate;

use crate::{
    books::{Books, number, status_of},
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

/// A transaction of another process, which is in the way until it is dropped: on SQLite of every write, on
/// Postgres of what touches the stock.
async fn stock_in_use(server: &TestServer) -> Tx {
    let mut tx = start::open(&server.database_url).unwrap().write().await.unwrap();
    let touched = "update stock set reserved = reserved where sku = 'SKU-001'";
    tx.execute(touched, &[]).await.unwrap();
    tx
}

/// The same, but of every write that leaves a line in the audit trail.
async fn trail_in_use(server: &TestServer) -> Tx {
    let mut tx = start::open(&server.database_url).unwrap().write().await.unwrap();
    if server.db.kind() == "postgres" {
        tx.execute("lock table audit in exclusive mode", &[]).await.unwrap();
    }
    tx
}

/// How long an answer may take whose deadline is 300 ms, on a busy machine.
const SOON: Duration = Duration::from_secs(2);

/// What comes in time, whatever is in the way.
async fn soon<T>(answer: impl Future<Output = T>) -> T {
    tokio::time::timeout(SOON, answer).await.expect("it answers in time")
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

/// How many calls of a tool the audit trail says have ended in this way and with this code.
async fn noted(server: &TestServer, action: &str, tool: &str, code: &str) -> i64 {
    server.written_down().await;
    let sql = "select count(*) from audit where action = $1 and tool = $2 and outcome = $3";
    number(&server.db, sql, &[action.into(), tool.into(), code.into()]).await
}

#[tokio::test]
async fn a_call_ends_at_its_deadline_and_leaves_nothing() {
    for way in WAYS {
        for server in servers_with(&["--tool-timeout", "300ms"]).await {
            let before = Books::of(&server.db).await;
            let busy = stock_in_use(&server).await;
            let result = soon(way.call(server.agent(), "order_create", order())).await;
            assert_eq!(result["_meta"]["code"], "timeout", "{way:?}: {result}");
            drop(busy);
            assert_eq!(noted(&server, "failed", "order_create", "timeout").await, 1, "{way:?}");
            assert_eq!(Books::of(&server.db).await, before);
            is_done_anew(&server).await;
        }
    }
}

#[tokio::test]
async fn a_refusal_is_told_at_once_and_written_down_when_the_database_takes_it() {
    for mut server in servers_with(&["--tool-timeout", "300ms"]).await {
        let busy = trail_in_use(&server).await;
        let refused = soon(server.approver().call("order_create", order())).await;
        assert_eq!(refused.http.as_u16(), 403, "{}", refused.body);
        let wrong = json!({ "customer_id": "CUST-12345", "text": "x", "colour": "red" });
        let wrong = soon(server.agent().call("crm_create_note", wrong)).await;
        assert_eq!(wrong.error(), "invalid_parameters");
        drop(busy);
        assert_eq!(noted(&server, "refused", "order_create", "forbidden").await, 1);
        assert_eq!(noted(&server, "refused", "crm_create_note", "invalid_parameters").await, 1);

        // A server that stops does not forget what it could not write yet.
        let busy = trail_in_use(&server).await;
        soon(server.approver().call("order_create", order())).await;
        let database_url = server.database_url.clone();
        let ((), ()) = tokio::join!(server.stop(), async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            drop(busy);
        });
        let db = start::open(&database_url).unwrap();
        let sql = "select count(*) from audit where action = 'refused' and outcome = 'forbidden'";
        assert_eq!(number(&db, sql, &[]).await, 2);
    }
}

#[tokio::test]
async fn a_decision_that_finds_the_database_busy_can_be_made_again() {
    for server in servers_with(&["--tool-timeout", "300ms"]).await {
        let id = server.agent().call("order_create", order()).await.pending();
        let waiting = Books::of(&server.db).await;
        for decision in ["approve", "deny"] {
            let busy = trail_in_use(&server).await;
            let approver = server.approver();
            let url = format!("{}/api/approvals/{id}/{decision}", approver.url);
            let decide = approver.http.post(url).bearer_auth(&approver.token).send();
            let answer = soon(decide).await.unwrap();
            assert_eq!(answer.status().as_u16(), 503, "{decision}");
            assert_eq!(answer.headers()["retry-after"], "1");
            let body: Value = answer.json().await.unwrap();
            assert_eq!(body["error"]["data"]["code"], "timeout", "{body}");
            assert!(body["error"]["message"].as_str().unwrap().contains("nothing was changed"));
            drop(busy);
            assert_eq!(status_of(&server.db, &id).await, "pending");
            assert_eq!(Books::of(&server.db).await, waiting);
        }
        let decided = server.approver().approve(&id).await;
        assert_eq!(decided.body["status"], "executed", "{}", decided.body);
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
                if noted(&server, "failed", "order_create", "timeout").await > 0 {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            assert_eq!(noted(&server, "failed", "order_create", "timeout").await, 1, "{way:?}");
            assert_eq!(Books::of(&server.db).await, before);
            is_done_anew(&server).await;
        }
    }
}

#[derive(Deserialize, Serialize, JsonSchema, Validate)]
struct Nothing {}

/// Changes the stock and panics.
struct Trip;

impl WriteTool for Trip {
    type Args = Nothing;
    type Intent = Nothing;
    type Plan = Nothing;
    type Output = String;
    const SPEC: Spec = Spec {
        name: "trip",
        aliases: &[],
        version: 1,
        title: "Trip",
        description: "Changes the stock and fails in the middle.",
        scope: Some(scope::ORDERS_WRITE),
        toolsets: &[toolset::VOICE],
        effect: Effect::Change,
        risk: Risk::Low,
        approval: Approval::AutoApproved,
    };

    async fn resolve(&self, _: &mut CallContext, args: Nothing) -> Result<Nothing, ToolError> {
        Ok(args)
    }

    async fn plan(
        &self,
        _: &mut CallContext,
        intent: Nothing,
    ) -> Result<Planned<Nothing>, ToolError> {
        Ok(Planned::new(Self::SPEC.title, intent))
    }

    async fn execute(
        &self,
        ctx: &mut CallContext,
        _: Nothing,
    ) -> Result<Answer<String>, ToolError> {
        ctx.tx.execute("update stock set on_hand = on_hand + 1", &[]).await?;
        panic!("a secret of the implementation")
    }

    fn names_a_record(_intent: &Self::Intent) -> bool {
        true
    }
}

#[tokio::test]
async fn a_tool_that_panics_leaves_nothing_and_the_server_goes_on() {
    for server in servers().await {
        let before = Books::of(&server.db).await;
        let tripping = server.with_module(|| Module::new("trip").tool(Trip)).await;
        for (way, times) in WAYS.into_iter().zip(1..) {
            let result = way.call(tripping.agent(), "trip", json!({})).await;
            assert_eq!(result["isError"], true, "{way:?}: {result}");
            assert_eq!(result["_meta"]["code"], "internal_error", "{way:?}: {result}");
            assert!(!result.to_string().contains("secret"), "{way:?}: {result}");
            assert_eq!(Books::of(&server.db).await, before);
            assert_eq!(
                noted(&tripping, "failed", "trip", "internal_error").await,
                times,
                "{way:?}"
            );
        }
        let found =
            tripping.agent().call("get_order_status", json!({ "order_id": "ORD-12345" })).await;
        assert_eq!(found.data()["order_id"], "ORD-12345");
    }
}
