//! The revision without a handshake, 2026-07-28: each request says what it is and who sends it, and
//! what it says twice has to agree.

use business_mcp::access::{role, scope, toolset};
use business_mcp_engine::{
    Module,
    tool::{Answer as Said, Approval, CallContext, Effect, ReadTool, Risk, Spec, ToolError},
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use validator::Validate;

use crate::{
    support::{TestServer, server_with},
    wire::{Answer, Wire},
};

const VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
const SERVER: &str = "io.modelcontextprotocol/serverInfo";

fn meta() -> Value {
    json!({ VERSION: "2026-07-28", CAPABILITIES: {} })
}

/// A well-formed request, with the headers that its body asks for.
fn request(server: &TestServer, method: &str, mut params: Value) -> Wire {
    let name = params.get("name").or(params.get("uri")).and_then(Value::as_str).map(str::to_owned);
    params["_meta"] = meta();
    let wire = Wire::mcp(&server.url, &server.agent().token)
        .with("mcp-protocol-version", "2026-07-28")
        .with("mcp-method", method)
        .rpc(method, &params);
    name.iter().fold(wire, |wire, name| wire.with("mcp-name", name))
}

fn get_order_status() -> Value {
    json!({ "name": "get_order_status", "arguments": { "order_id": "ORD-12345" } })
}

async fn sent(server: &TestServer, method: &str, params: Value) -> Answer {
    request(server, method, params).send().await
}

#[tokio::test]
async fn every_result_says_who_made_it_and_that_it_is_complete() {
    let server = server_with(&[]).await;
    for (method, params) in [
        ("server/discover", json!({})),
        ("tools/list", json!({})),
        ("tools/call", get_order_status()),
        ("tools/call", json!({ "name": "get_order_status", "arguments": {} })),
        ("resources/list", json!({})),
        ("resources/templates/list", json!({})),
        ("resources/read", json!({ "uri": "policy://tools" })),
    ] {
        let result = sent(&server, method, params).await.result();
        assert_eq!(result["resultType"], "complete", "{method}");
        assert_eq!(result["_meta"][SERVER]["name"], "business-mcp", "{method}: {result}");
        if method != "tools/call" {
            // What one caller is shown is not for another.
            assert_eq!(result["cacheScope"], "private", "{method}");
            assert!(result["ttlMs"].as_u64().is_some_and(|ttl| ttl > 0), "{method}");
        }
    }
}

#[tokio::test]
async fn a_client_discovers_the_server_without_a_handshake() {
    let server = server_with(&[]).await;
    let found = sent(&server, "server/discover", json!({})).await.result();
    let versions = found["supportedVersions"].as_array().unwrap();
    assert!(versions.contains(&json!("2026-07-28")) && versions.contains(&json!("2024-11-05")));
    let offered: Vec<&String> = found["capabilities"].as_object().unwrap().keys().collect();
    assert_eq!(offered, ["resources", "tools"]);
    assert!(found["instructions"].as_str().unwrap().contains("approval_pending"));

    let called = sent(&server, "tools/call", get_order_status()).await.result();
    assert_eq!(called["structuredContent"]["data"]["order_id"], "ORD-12345");
    let text = called["content"][0]["text"].as_str().unwrap();
    assert_eq!(serde_json::from_str::<Value>(text).unwrap(), called["structuredContent"]);
}

#[tokio::test]
async fn a_request_without_what_it_has_to_say_is_refused() {
    let server = server_with(&[]).await;
    for meta in [
        json!({}),
        json!({ VERSION: "2026-07-28" }),
        json!({ CAPABILITIES: {} }),
        json!({ VERSION: 20_260_728, CAPABILITIES: {} }),
        json!({ VERSION: "2026-07-28", CAPABILITIES: "none" }),
    ] {
        for (method, mut params) in [("tools/list", json!({})), ("tools/call", get_order_status())]
        {
            params["_meta"] = meta.clone();
            let asked = request(&server, method, get_order_status()).rpc(method, &params);
            assert_eq!(asked.send().await.refused(400), -32602, "{method} {meta}");
        }
    }
    let bare = request(&server, "tools/list", json!({})).rpc("tools/list", &json!({}));
    assert_eq!(bare.send().await.refused(400), -32602);
    let other = json!({ VERSION: "2030-01-01", CAPABILITIES: {} });
    let other = request(&server, "tools/list", json!({}))
        .instead("mcp-protocol-version", "2030-01-01")
        .rpc("tools/list", &json!({ "_meta": other }));
    let refused = other.send().await;
    assert_eq!(refused.refused(400), -32022);
    let data = &refused.framed()["error"]["data"];
    assert_eq!(data["requested"], "2030-01-01");
    assert!(data["supported"].as_array().unwrap().contains(&json!("2026-07-28")), "{data}");
}

#[tokio::test]
async fn headers_that_say_something_else_than_the_body_are_refused() {
    let server = server_with(&[]).await;
    let call = || request(&server, "tools/call", get_order_status());
    call().send().await.result();
    // A name may be written in Base64, and has to be where no header can hold it.
    let coded = "=?base64?Z2V0X29yZGVyX3N0YXR1cw==?=";
    call().instead("mcp-name", coded).send().await.result();
    for disagreeing in [
        call().instead("mcp-name", "order_list"),
        call().instead("mcp-name", "GET_ORDER_STATUS"),
        call().with("mcp-name", "order_list"),
        call().without("mcp-name"),
        call().instead("mcp-method", "tools/list"),
        call().without("mcp-method"),
        call().without("mcp-protocol-version"),
        call().instead("mcp-protocol-version", "2025-11-25"),
        call().instead("mcp-name", "=?base64?b3JkZXJfbGlzdA==?="),
        call().instead("mcp-name", "=?base64?not base64?="),
        request(&server, "resources/read", json!({ "uri": "policy://tools" }))
            .instead("mcp-name", "policy://other"),
    ] {
        assert_eq!(disagreeing.send().await.refused(400), -32020, "{}", disagreeing.head());
    }
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Where {
    /// Where to look
    #[schemars(extend("x-mcp-header" = "Region"))]
    region: Option<String>,
}

/// A tool by one of whose arguments a gateway routes.
struct Regional;

impl ReadTool for Regional {
    type Args = Where;
    type Output = String;
    const SPEC: Spec = Spec {
        name: "regional",
        aliases: &[],
        version: 1,
        title: "Regional",
        description: "Says where it was asked to look.",
        scope: Some(scope::ORDERS_READ),
        toolsets: &[toolset::VOICE],
        effect: Effect::Read,
        risk: Risk::Low,
        approval: Approval::AutoApproved,
    };

    async fn call(&self, _: &mut CallContext, args: Where) -> Result<Said<String>, ToolError> {
        let region = args.region.unwrap_or_default();
        Ok(Said::ok(format!("It is in {region}."), region))
    }
}

#[tokio::test]
async fn an_argument_that_a_header_repeats_is_the_same_in_both() {
    let server =
        server_with(&[]).await.with_module(|| Module::new("regional").tool(Regional)).await;
    let call = |arguments: Value| {
        request(&server, "tools/call", json!({ "name": "regional", "arguments": arguments }))
    };
    let north = || call(json!({ "region": "north" }));
    for agreeing in [
        north().with("mcp-param-region", "north"),
        north().with("mcp-param-region", "=?base64?bm9ydGg=?="),
        call(json!({})),
        call(json!({ "region": null })),
    ] {
        agreeing.send().await.result();
    }
    for disagreeing in [
        north(),
        north().with("mcp-param-region", "south"),
        north().with("mcp-param-region", "North"),
        north().with("mcp-param-region", "north").with("mcp-param-region", "north"),
        call(json!({})).with("mcp-param-region", "north"),
        call(json!({ "region": null })).with("mcp-param-region", "null"),
    ] {
        assert_eq!(disagreeing.send().await.refused(400), -32020, "{}", disagreeing.head());
    }
    // What no schema says is not looked at.
    let other = request(&server, "tools/call", get_order_status()).with("mcp-param-region", "x");
    other.send().await.result();
}

#[tokio::test]
async fn what_a_caller_may_is_told_from_the_body_whatever_the_headers_say() {
    let server = server_with(&[]).await;
    let analyst = server.as_role(role::ANALYST).token;
    let plain = Wire::mcp(&server.url, &analyst).rpc("tools/call", &get_order_status());
    let allowed = |wire: Wire| wire.with("mcp-name", "analytics_kpis");
    for asked in [
        plain.clone(),
        allowed(plain.clone()),
        allowed(plain.clone().with("mcp-protocol-version", "2025-11-25")),
        allowed(plain.clone().with("mcp-method", "tools/list")),
        allowed(plain.clone().with("mcp-protocol-version", "2026-07-28")),
        allowed(request(&server, "tools/call", get_order_status()).without("mcp-name"))
            .instead("authorization", &format!("Bearer {analyst}")),
        plain.with("accept", "text/event-stream"),
    ] {
        let refused = asked.send().await;
        refused.refused(403);
        assert!(!refused.body.contains("ORD-12345"), "{refused:?}");
    }
    // And a name in a header that is not allowed takes nothing away from a body that is.
    let agent = server.agent().token;
    let called = Wire::mcp(&server.url, &agent)
        .with("mcp-protocol-version", "2025-11-25")
        .with("mcp-name", "customer_delete")
        .rpc("tools/call", &get_order_status());
    assert_eq!(called.send().await.result()["structuredContent"]["status"], "ok");
}

#[tokio::test]
async fn what_is_gone_or_not_offered_does_not_exist() {
    let server = server_with(&[]).await;
    for method in [
        "initialize",
        "ping",
        "prompts/list",
        "logging/setLevel",
        "subscriptions/listen",
        "resources/subscribe",
        "tasks/get",
        "no/such",
    ] {
        let answer = sent(&server, method, json!({})).await;
        assert_eq!(answer.refused(404), -32601, "{method}");
        let said = &answer.framed()["error"]["message"];
        assert_eq!(*said, format!("This server has no method {method}."), "{method}");
    }
    // Known, but malformed or unknown in what it names: the method is there.
    for params in [
        json!({ "name": "get_order_status", "arguments": [] }),
        json!({ "name": "no_such_tool", "arguments": {} }),
    ] {
        let refused = sent(&server, "tools/call", params.clone()).await;
        assert_eq!(refused.refused(200), -32602, "{params}");
    }
}

#[tokio::test]
async fn the_policy_can_be_read_and_what_is_not_there_is_an_error() {
    let server = server_with(&[]).await;
    let uri = json!({ "uri": "policy://tools" });
    let legacy = Wire::mcp(&server.url, &server.agent().token).rpc("resources/read", &uri);
    for answer in [sent(&server, "resources/read", uri.clone()).await, legacy.send().await] {
        let contents = &answer.result()["contents"];
        assert_eq!(contents[0]["mimeType"], "application/json");
        let policy: Value = serde_json::from_str(contents[0]["text"].as_str().unwrap()).unwrap();
        let tools = policy["tools"].as_array().unwrap();
        let ruling = |name: &str| tools.iter().find(|tool| tool["name"] == name);
        assert_eq!(ruling("order_create").unwrap()["approval"], "requires_approval");
        assert_eq!(ruling("get_order_status").unwrap()["writes"], false);
        // What the agent may not call is not for it to read about.
        assert_eq!(ruling("analytics_kpis"), None);
    }
    for uri in ["policy://other", "policy://tools/", "file:///etc/passwd", "", "POLICY://tools"] {
        let refused = sent(&server, "resources/read", json!({ "uri": uri })).await;
        assert_eq!(refused.refused(200), -32602, "{uri}");
        assert_eq!(refused.framed()["error"]["data"]["uri"], uri);
    }
}
