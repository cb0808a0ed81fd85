//! The program over standard input and output, for whoever pipes a line into it.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Output, Stdio},
    time::Duration,
};

use business_mcp_engine::{cli::start, db::value::Value as Bound};
use serde_json::{Value, json};

use crate::{
    books::{change, number},
    process::{HotShop, program},
};

/// Writes lines into the program, and lets it end with them.
fn piped(shop: &HotShop, lines: &[&str]) -> (Output, Vec<Value>) {
    piped_as(shop, "agent", lines)
}

fn piped_as(shop: &HotShop, role: &str, lines: &[&str]) -> (Output, Vec<Value>) {
    let mut child = program(&shop.database_url)
        .args(["stdio", "--role", role])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    for line in lines {
        writeln!(input, "{line}").unwrap();
    }
    drop(input);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stdout.clone()).unwrap();
    let answers = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (output, answers)
}

#[tokio::test]
async fn a_line_without_a_handshake_is_answered() {
    for shop in HotShop::on_both(10).await {
        let call = json!({
            "jsonrpc": "2.0",
            "id": "b",
            "method": "tools/call",
            "params": { "name": "inventory_check_stock", "arguments": { "sku": "HOT-1" } },
        });
        let list = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
        let (output, answers) = piped(&shop, &[list]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(answers.len(), 1);
        assert_eq!(answers[0]["id"], 1);
        let tools = answers[0]["result"]["tools"].as_array().unwrap();
        assert!(tools.iter().any(|tool| tool["name"] == "customer_lookup"));

        let (output, answers) = piped(
            &shop,
            &[
                "",
                &call.to_string(),
                r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
                r#"{"jsonrpc":"2.0","id":2,"method":"ping"}"#,
                r#"{"jsonrpc":"2.0","id":3,"method":"resources/list"}"#,
                "garbage",
                // From here on its calls run at the same time.
                r#"{"jsonrpc":"2.0","id":4,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"test","version":"1"}}}"#,
                r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
                r#"{"jsonrpc":"2.0","id":5,"method":"resources/list"}"#,
            ],
        );
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(answers.len(), 6, "{answers:?}");
        assert_eq!(answers[0]["result"]["structuredContent"]["data"]["available"], 10);
        assert_eq!(answers[1], json!({ "jsonrpc": "2.0", "id": 2, "result": {} }));
        assert!(answers[2]["result"]["resources"].is_array(), "{}", answers[2]);
        assert_eq!(answers[3]["error"]["code"], -32700);
        assert_eq!(answers[4]["result"]["protocolVersion"], "2025-06-18");
        assert!(answers[5]["result"]["resources"].is_array(), "{}", answers[5]);
    }
}

#[tokio::test]
async fn a_local_client_reaches_the_toolsets_of_its_role() {
    for shop in HotShop::on_both(10).await {
        let list = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#;
        let call = r#"{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"order_list","arguments":{}}}"#;
        for (role, reaches) in [("agent", false), ("desk", true), ("stock", false)] {
            let (_, answers) = piped_as(&shop, role, &[list, call]);
            let tools = answers[0]["result"]["tools"].as_array().unwrap();
            assert_eq!(tools.iter().any(|tool| tool["name"] == "order_list"), reaches, "{role}");
            let result = &answers[1]["result"];
            assert_eq!(result["isError"], !reaches, "{role}: {result}");
            if !reaches {
                assert_eq!(result["_meta"]["code"], "forbidden", "{role}: {result}");
            }
        }
    }
}

#[tokio::test]
async fn a_line_says_which_revision_it_is_of() {
    let [shop, _] = HotShop::on_both(10).await;
    let line = |id: u8, method: &str, version: &str, capabilities: Value| {
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": version,
            "io.modelcontextprotocol/clientCapabilities": capabilities,
        });
        let params = json!({ "_meta": meta });
        json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string()
    };
    let lines = [
        // First, because nobody reads the answers before everything is written.
        format!(r#"{{"jsonrpc":"2.0","id":9,"method":"{}"}}"#, "x".repeat(1 << 20)),
        line(1, "tools/list", "2026-07-28", json!({})),
        line(2, "server/discover", "2026-07-28", json!({})),
        line(3, "ping", "2026-07-28", json!({})),
        line(4, "initialize", "2026-07-28", json!({})),
        line(5, "tools/list", "2026-07-28", json!("none")),
        line(6, "tools/list", "2030-01-01", json!({})),
        r#"{"jsonrpc":"2.0","id":7,"method":"server/discover"}"#.to_owned(),
        r#"{"jsonrpc":"2.0","id":8,"method":"tools/list"}"#.to_owned(),
        r#"{"jsonrpc":"2.0","id":10,"method":"ping"}"#.to_owned(),
    ];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let (output, answers) = piped(&shop, &lines);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(answers.len(), lines.len());
    // A line that is too long is refused, and the next one is read.
    assert_eq!((&answers[0]["id"], &answers[0]["error"]["code"]), (&Value::Null, &json!(-32600)));
    assert_eq!(answers[1]["result"]["cacheScope"], "private");
    assert_eq!(answers[2]["result"]["resultType"], "complete");
    let codes: Vec<i64> =
        answers[3..8].iter().map(|answer| answer["error"]["code"].as_i64().unwrap()).collect();
    assert_eq!(codes, [-32601, -32601, -32602, -32022, -32602]);
    assert_eq!(answers[6]["error"]["data"]["requested"], "2030-01-01");
    assert!(answers[8]["result"]["tools"].is_array() && answers[8]["result"]["ttlMs"].is_null());
    assert_eq!(answers[9], json!({ "jsonrpc": "2.0", "id": 10, "result": {} }));
}

#[tokio::test]
async fn a_call_that_waits_holds_nothing_up_and_can_be_cancelled() {
    for shop in HotShop::on_both(10).await {
        let mut tx = start::open(&shop.database_url).unwrap().write().await.unwrap();
        let touched = "update stock set reserved = reserved where sku = 'HOT-1'";
        tx.execute(touched, &[]).await.unwrap();
        let mut child = program(&shop.database_url)
            .args(["stdio", "--role", "admin", "--tool-timeout", "20s"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        let call = |id: u8| {
            let arguments = json!({ "sku": "HOT-1", "quantity": 1 });
            let params = json!({ "name": "inventory_reserve", "arguments": arguments });
            json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params })
        };
        for line in [
            r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"test","version":"1"}}}"#,
            &call(2).to_string(),
            r#"{"jsonrpc":"2.0","id":3,"method":"ping"}"#,
        ] {
            writeln!(input, "{line}").unwrap();
        }
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut answer = || -> Value {
            let line = output.next().unwrap().unwrap();
            serde_json::from_str(&line).unwrap()
        };
        assert_eq!(answer()["id"], 1);
        assert_eq!(answer()["id"], 3, "the call waits, and nothing waits for the call");
        let cancel = json!({
            "jsonrpc": "2.0",
            "method": "notifications/cancelled",
            "params": { "requestId": 2, "reason": "test" },
        });
        writeln!(input, "{cancel}").unwrap();
        // The end of the input does not end what was asked before it.
        writeln!(input, "{}", call(4)).unwrap();
        drop(input);
        tokio::time::sleep(Duration::from_millis(500)).await;
        drop(tx);
        let last = answer();
        assert_eq!(last["id"], 4, "a call that was cancelled has no answer: {last}");
        assert_eq!(last["result"]["isError"], false, "{last}");
        assert!(output.next().is_none());
        assert!(child.wait().unwrap().success());
        let db = start::open(&shop.database_url).unwrap();
        let reserved = "select reserved from stock where sku = 'HOT-1'";
        assert_eq!(number(&db, reserved, &[]).await, 1, "the cancelled call reserved nothing");
        let noted =
            "select count(*) from audit where tool = 'inventory_reserve' and action = 'failed'";
        assert_eq!(number(&db, noted, &[]).await, 1);
    }
}

#[tokio::test]
async fn flags_that_only_a_server_has_are_not_taken() {
    let [shop, _] = HotShop::on_both(10).await;
    for flag in
        ["--rate-limit-per-minute", "--rate-limit-burst", "--conversation-headers", "--port"]
    {
        let output = program(&shop.database_url).args(["stdio", flag, "7"]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{flag}");
        assert!(String::from_utf8(output.stderr).unwrap().contains(flag), "{flag}");
    }
    // The environment is shared with the server, where it means something.
    let mut shared = program(&shop.database_url);
    let output = shared.arg("stdio").env("RATE_LIMIT_BURST", "7").stdin(Stdio::null()).output();
    assert!(output.unwrap().status.success());
}

#[tokio::test]
async fn requests_expire_over_stdio_too() {
    for shop in HotShop::on_both(10).await {
        shop.let_orders_wait();
        let server = shop.serve().await;
        let order = json!({
            "customer_id": "C-1",
            "items": [{ "sku": "HOT-1", "quantity": 1 }],
            "total": "10.00",
        });
        shop.agent(&server).call("order_create", order).await.pending();
        drop(server);
        let db = start::open(&shop.database_url).unwrap();
        let long_ago: Bound = chrono::DateTime::UNIX_EPOCH.into();
        assert_eq!(change(&db, "update approvals set expires_at = $1", &[long_ago]).await, 1);
        let mut child = program(&shop.database_url)
            .args(["stdio"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let expired = "select count(*) from approvals where status = 'expired'";
        let mut waited = 0;
        while number(&db, expired, &[]).await == 0 {
            assert!(waited < 150, "nobody has expired it");
            waited += 1;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        drop(child.stdin.take());
        assert!(child.wait().unwrap().success());
    }
}
