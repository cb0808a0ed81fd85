//! JSON-RPC, strictly: what is not one well-formed request is refused in the specification's codes,
//! and does nothing.

use serde_json::{Value, json};

use crate::{
    books::{Books, number, two},
    support::{TestServer, server_with, servers},
    wire::Wire,
};
use business_mcp::access::role;

fn mcp(server: &TestServer) -> Wire {
    Wire::mcp(&server.url, &server.agent().token)
}

/// The code of a request that the protocol refused, with the status that clients of before
/// 2026-07-28 expect.
async fn code(server: &TestServer, method: &str, params: &Value) -> i64 {
    mcp(server).rpc(method, params).send().await.refused(200)
}

#[tokio::test]
async fn what_is_not_json_is_a_parse_error() {
    let server = server_with(&[]).await;
    for body in ["", "{", "hello", "[1,", "{\"jsonrpc\":\"2.0\",}", "{'id':1}", "NaN", "\u{feff}"] {
        let sent = mcp(&server).with("content-length", &body.len().to_string()).body(body);
        assert_eq!(sent.send().await.refused(400), -32700, "{body}");
    }
    let not_utf8 = b"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\xff\"}".to_vec();
    assert!(matches!(mcp(&server).body(not_utf8).send().await.refused(400), -32700 | -32600));
}

#[tokio::test]
async fn what_is_not_one_message_is_an_invalid_request() {
    let server = server_with(&[]).await;
    for body in [
        "1",
        "null",
        "\"ping\"",
        "[]",
        r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#,
        r#"{"id":1,"method":"ping"}"#,
        r#"{"jsonrpc":2.0,"id":1,"method":"ping"}"#,
        r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":true,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":[1],"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":1}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":null}"#,
        r#"{"jsonrpc":"2.0","id":1,"method":"ping","method":"tools/list"}"#,
        r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#,
    ] {
        assert_eq!(mcp(&server).body(body).send().await.refused(400), -32600, "{body}");
    }
}

#[tokio::test]
async fn a_refusal_names_the_request_that_it_answers() {
    let server = server_with(&[]).await;
    for id in [json!(0), json!(-7), json!(9_007_199_254_740_993_u64), json!("ü \" 1"), json!("")] {
        for method in ["ping", "tools/list", "nothing/such"] {
            let body = json!({ "jsonrpc": "2.0", "id": id, "method": method });
            let answer = mcp(&server).body(body.to_string()).send().await;
            assert_eq!(answer.framed()["id"], id, "{method}");
        }
        let body = json!({ "jsonrpc": "1.0", "id": id, "method": "ping" }).to_string();
        let refused = mcp(&server).body(body).send().await;
        refused.refused(400);
        assert_eq!(refused.framed()["id"], id);
    }
}

#[tokio::test]
async fn a_call_that_nobody_could_be_answered_is_never_executed() {
    for server in servers().await {
        let before = Books::of(&server.db).await;
        let call = json!({ "name": "order_create", "arguments": two() });
        let note = json!({
            "name": "crm_create_note",
            "arguments": { "customer_id": "CUST-12345", "text": "hello" },
        });
        for params in [&call, &note] {
            let message = json!({ "jsonrpc": "2.0", "method": "tools/call", "params": params });
            mcp(&server).body(message.to_string()).send().await.refused(400);
            let request =
                json!({ "jsonrpc": "2.0", "id": null, "method": "tools/call", "params": params });
            mcp(&server).body(request.to_string()).send().await.refused(400);
            let batch =
                json!([{ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params }]);
            mcp(&server).body(batch.to_string()).send().await.refused(400);
            let event = json!({
                "jsonrpc": "2.0",
                "method": "notifications/tools/call",
                "params": params,
            });
            assert_eq!(mcp(&server).body(event.to_string()).send().await.status, 202);
        }
        assert_eq!(Books::of(&server.db).await, before);
        for sql in ["select count(*) from approvals", "select count(*) from idempotency_keys"] {
            assert_eq!(number(&server.db, sql, &[]).await, 0, "{sql}");
        }
    }
}

#[tokio::test]
async fn a_notification_is_taken_without_an_answer() {
    let server = server_with(&[]).await;
    for method in ["notifications/initialized", "notifications/cancelled", "notifications/unknown"]
    {
        let params = json!({ "requestId": 1 });
        let message = json!({ "jsonrpc": "2.0", "method": method, "params": params });
        let taken = mcp(&server).body(message.to_string()).send().await;
        assert_eq!((taken.status, taken.body.as_str()), (202, ""), "{method}");
    }
}

#[tokio::test]
async fn an_answer_to_nothing_is_taken_without_one() {
    let server = server_with(&[]).await;
    for body in [
        r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
        r#"{"jsonrpc":"2.0","id":"x","error":{"code":-32601,"message":"no"}}"#,
    ] {
        for accept in ["application/json", "text/event-stream"] {
            let taken = mcp(&server).with("accept", accept).body(body).send().await;
            assert_eq!((taken.status, taken.body.as_str()), (202, ""), "{body}");
        }
    }
}

#[tokio::test]
async fn a_body_that_nests_too_deep_hears_that_it_does() {
    let server = server_with(&[]).await;
    for depth in [101, 5_000] {
        let nested = format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        let body =
            format!(r#"{{"jsonrpc":"2.0","id":1,"method":"ping","params":{{"a":{nested}}}}}"#);
        let refused = mcp(&server).body(body).send().await;
        assert_eq!(refused.refused(400), -32700);
        assert!(refused.body.contains("nests deeper than 100 levels"), "{}", refused.body);
    }
}

#[tokio::test]
async fn a_known_method_with_malformed_parameters_is_not_an_unknown_method() {
    let server = server_with(&[]).await;
    for (method, params) in [
        ("tools/call", json!({})),
        ("tools/call", json!(null)),
        ("tools/call", json!({ "name": 5 })),
        ("tools/call", json!({ "name": null })),
        ("tools/call", json!({ "name": "get_order_status", "arguments": [] })),
        ("tools/call", json!({ "name": "get_order_status", "arguments": "{}" })),
        ("resources/read", json!({})),
        ("resources/read", json!({ "uri": 5 })),
        ("initialize", json!({})),
    ] {
        assert_eq!(code(&server, method, &params).await, -32602, "{method} {params}");
    }
    for params in
        [json!([]), json!(5), json!("name"), json!({ "name": "get_order_status", "_meta": 5 })]
    {
        for method in ["tools/call", "tools/list", "initialize", "ping"] {
            let refused = mcp(&server).rpc(method, &params).send().await;
            assert_eq!(refused.refused(400), -32602, "{method} {params}");
            assert_eq!(refused.framed()["id"], 1);
        }
        let event =
            json!({ "jsonrpc": "2.0", "method": "notifications/initialized", "params": params });
        mcp(&server).body(event.to_string()).send().await.refused(400);
    }
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"customer_lookup","name":"order_create","arguments":{}}}"#;
    let answer = mcp(&server).body(call).send().await;
    assert!(
        answer.body.contains("error") || answer.body.contains("\"isError\":true"),
        "{answer:?}"
    );
}

#[tokio::test]
async fn what_is_not_offered_is_said_not_to_exist() {
    let server = server_with(&[]).await;
    for (method, params) in [
        ("prompts/list", json!({})),
        ("prompts/get", json!({ "name": "x" })),
        (
            "completion/complete",
            json!({
                "ref": { "type": "ref/prompt", "name": "x" },
                "argument": { "name": "a", "value": "b" },
            }),
        ),
        ("logging/setLevel", json!({ "level": "debug" })),
        // Not even where its parameters are wrong.
        ("logging/setLevel", json!({})),
        ("prompts/get", json!({})),
        ("completion/complete", json!({ "ref": 5 })),
        ("resources/subscribe", json!({ "uri": "policy://tools" })),
        ("resources/unsubscribe", json!({ "uri": "policy://tools" })),
        ("tasks/get", json!({ "taskId": "x" })),
        ("skills/list", json!({})),
        ("tools/Call", json!({ "name": "get_order_status" })),
        ("nothing/such", json!({})),
        ("", json!({})),
    ] {
        let answer = mcp(&server).rpc(method, &params).send().await;
        assert_eq!(answer.refused(200), -32601, "{method}");
        let said = answer.framed()["error"]["message"].clone();
        let name = if method.is_empty() { "of this name" } else { method };
        assert_eq!(said, format!("This server has no method {name}."), "{method}");
    }
    let long = "x".repeat(100_000);
    let answer = mcp(&server).rpc(&long, &json!({})).send().await;
    assert_eq!(answer.refused(200), -32601);
    assert!(answer.body.len() < 200, "its own words are not sent back");
}

#[tokio::test]
async fn an_unknown_tool_is_a_fault_of_the_protocol_and_a_wrong_argument_is_not() {
    let server = server_with(&[]).await;
    for name in ["no_such_tool", "", "GET_ORDER_STATUS", "get_order_status ", "../get_order_status"]
    {
        let params = json!({ "name": name, "arguments": {} });
        assert_eq!(code(&server, "tools/call", &params).await, -32602, "{name}");
    }
    let agent = server.agent();
    let reply =
        agent.call("get_order_status", json!({ "order_id": "ORD-12345", "discount": 5 })).await;
    assert_eq!((reply.http.as_u16(), reply.error()), (200, "invalid_parameters"));
    assert!(reply.sentence().contains("discount"), "{}", reply.sentence());
}

#[tokio::test]
async fn every_revision_is_answered_in_its_own_words() {
    let server = server_with(&[]).await;
    let initialize = |version: &str| {
        json!({
            "protocolVersion": version,
            "capabilities": {},
            "clientInfo": { "name": "test", "version": "1" },
        })
    };
    for (asked, answered) in [
        ("2024-11-05", "2024-11-05"),
        ("2025-03-26", "2025-03-26"),
        ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"),
        // The revision after has no handshake; whoever asks for one gets the last that has.
        ("2026-07-28", "2025-11-25"),
        ("1999-01-01", "2025-11-25"),
    ] {
        let answer = mcp(&server).rpc("initialize", &initialize(asked)).send().await;
        let result = answer.result();
        assert_eq!(result["protocolVersion"], answered, "{asked}");
        assert_eq!(result["serverInfo"]["name"], "business-mcp");
        let offered: Vec<&String> = result["capabilities"].as_object().unwrap().keys().collect();
        assert_eq!(offered, ["resources", "tools"], "what is offered, and nothing else");
        assert_eq!(answer.header("mcp-session-id"), None, "there are no sessions");

        let call = json!({ "name": "get_order_status", "arguments": { "order_id": "ORD-12345" } });
        let version = if asked == "1999-01-01" { "2025-11-25" } else { answered };
        let called = mcp(&server)
            .with("mcp-protocol-version", version)
            .rpc("tools/call", &call)
            .send()
            .await;
        assert_eq!(called.result()["structuredContent"]["status"], "ok", "{version}");
    }
}

#[tokio::test]
async fn a_revision_that_nobody_speaks_is_refused_with_those_that_are_spoken() {
    let server = server_with(&[]).await;
    for version in ["1999-01-01", "2030-01-01", "", "latest", "2025-11-25 "] {
        for method in ["ping", "tools/list", "tools/call"] {
            let call =
                json!({ "name": "get_order_status", "arguments": { "order_id": "ORD-12345" } });
            let asked = mcp(&server).with("mcp-protocol-version", version).rpc(method, &call);
            let asked = asked.send().await;
            if version.trim() == "2025-11-25" {
                // Space around a header's value is no part of it.
                assert_eq!(asked.status, 200);
                continue;
            }
            assert_eq!(asked.refused(400), -32022, "{version} {method}");
            let data = &asked.framed()["error"]["data"];
            assert_eq!(data["requested"], version);
            assert_eq!(data["supported"].as_array().unwrap().len(), 5, "{data}");
            assert_eq!(asked.framed()["id"], 1);
        }
    }
}

#[tokio::test]
async fn a_list_has_one_page_and_gives_out_no_cursor() {
    for server in servers().await {
        let admin = server.as_role(role::ADMIN);
        for method in ["tools/list", "resources/list"] {
            let reply = admin.rpc(method, json!({ "cursor": "zzz" })).await;
            assert_eq!(reply.body["error"]["code"], -32602, "{method}: {}", reply.body);
        }
    }
}

#[tokio::test]
async fn a_toolset_is_a_part_of_the_tools_and_nothing_outside_of_it_can_be_called() {
    let server = server_with(&[]).await;
    let admin = server.as_role(role::ADMIN);
    let at =
        |path: &str| Wire::mcp(&server.url, &admin.token).on(path).rpc("tools/list", &json!({}));
    let names = |result: &Value| -> Vec<String> {
        let tools = result["tools"].as_array().unwrap().iter();
        tools.map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
    };
    let all = names(&at("/mcp").send().await.result());
    let part = names(&at("/mcp?toolset=analyst").send().await.result());
    assert!(!part.is_empty() && part.len() < all.len(), "{part:?}");
    assert!(part.iter().all(|name| all.contains(name)));
    let outside = all.iter().find(|name| !part.contains(name)).unwrap();
    let call = json!({ "name": outside, "arguments": {} });
    let refused = at("/mcp?toolset=analyst").rpc("tools/call", &call).send().await;
    assert_eq!(refused.refused(200), -32602, "{outside}");
}
