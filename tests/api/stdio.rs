//! The program over standard input and output, for whoever pipes a line into it.

use std::{
    io::Write as _,
    process::{Output, Stdio},
};

use serde_json::{Value, json};

use crate::process::{HotShop, program};

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
                // From here on it is a client like any other.
                r#"{"jsonrpc":"2.0","id":4,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"test","version":"1"}}}"#,
                r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
                r#"{"jsonrpc":"2.0","id":5,"method":"resources/list"}"#,
            ],
        );
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(answers.len(), 6, "{answers:?}");
        assert_eq!(answers[0]["result"]["structuredContent"]["data"]["available"], 10);
        assert_eq!(answers[1], json!({ "jsonrpc": "2.0", "id": 2, "result": {} }));
        assert_eq!(answers[2]["error"]["code"], -32600);
        assert!(answers[2]["error"]["message"].as_str().unwrap().contains("initialize first"));
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
