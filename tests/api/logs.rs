//! The log of a process: one line a call, and one by which each failure on our side is found.

use std::{fs, path::PathBuf};

use serde_json::{Value, json};

use crate::{
    process::{HotShop, Process, free_port},
    support::Client,
    wire::Wire,
};
use business_mcp::access::role;

/// A program whose log can be read.
struct Logged {
    process: Process,
    path: PathBuf,
    shop: HotShop,
}

impl Logged {
    async fn on(shop: HotShop) -> Self {
        Self::with(shop, "info,rmcp=warn").await
    }

    async fn with(shop: HotShop, filter: &str) -> Self {
        Self::started(shop, filter, "0").await
    }

    /// With its figures on this port.
    async fn started(shop: HotShop, filter: &str, metrics: &str) -> Self {
        let path = std::env::temp_dir().join(format!("log-{:016x}", rand::random::<u64>()));
        let log = fs::File::create(&path).unwrap();
        let process = shop.serve_with(|command| {
            command.env("RUST_LOG", filter).env("LOG_FORMAT", "json").stderr(log);
            command.env("METRICS_PORT", metrics);
        });
        Self { process: process.await, path, shop }
    }

    fn agent(&self) -> Client {
        self.shop.agent(&self.process)
    }

    /// Every line that says this.
    fn lines(&self, message: &str) -> Vec<Value> {
        let log = fs::read_to_string(&self.path).unwrap();
        let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line["message"] == message).collect()
    }
}

impl Drop for Logged {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn order() -> Value {
    json!({
        "customer_id": "C-1",
        "items": [{ "sku": "HOT-1", "quantity": 1 }],
        "total": "10.00",
    })
}

#[tokio::test]
async fn each_call_is_one_line_without_what_was_sent_and_answered() {
    for shop in HotShop::on_both(10).await {
        let logged = Logged::with(shop, "info,business_mcp_engine::gate=debug,rmcp=warn").await;
        let agent = logged.agent().with_header("x-request-id", "call-1");
        agent.call("customer_lookup", json!({ "customer_id": "C-1" })).await.data();
        agent.call("order_create", order()).await.data();
        let again = agent.call("order_create", order()).await;
        assert_eq!(again.answer()["replayed"], true);
        assert_eq!(
            agent.call("get_order_status", json!({ "order_id": "NOBODY" })).await.error(),
            "not_found"
        );
        agent.call("SECRET_TOOL", json!({})).await;
        let stock = logged.shop.client(&logged.process, role::STOCK, "stock");
        assert_eq!(stock.call("order_create", order()).await.http.as_u16(), 403);
        // The library's way is logged as the short one is.
        let events = agent.post().header("accept", "text/event-stream");
        let call = json!({
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": { "name": "customer_lookup", "arguments": { "customer_id": "C-1" } },
        });
        events.body(call.to_string()).send().await.unwrap().text().await.unwrap();

        let calls = logged.lines("a tool was called");
        let told: Vec<_> = calls
            .iter()
            .map(|line| {
                (
                    line["tool"].as_str().unwrap(),
                    line["outcome"].as_str().unwrap(),
                    line["replayed"] == true,
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                ("customer_lookup", "ok", false),
                ("order_create", "ok", false),
                ("order_create", "ok", true),
                ("get_order_status", "not_found", false),
                ("unknown", "tool_not_found", false),
                ("order_create", "forbidden", false),
                ("customer_lookup", "ok", false),
            ]
        );
        for line in &calls {
            // A read that went well is told to whoever asks for it.
            let is_read = line["tool"] == "customer_lookup" && line["outcome"] == "ok";
            assert_eq!(line["level"], if is_read { "DEBUG" } else { "INFO" }, "{line}");
            assert_eq!(line["tenant"], "demo", "{line}");
            let principal = if line["outcome"] == "forbidden" { "stock" } else { "agent" };
            assert_eq!(line["principal"], principal, "{line}");
            assert!(line["millis"].as_f64().is_some_and(|millis| millis >= 0.0), "{line}");
            if principal == "agent" {
                assert_eq!(line["request_id"], "call-1", "{line}");
            }
            let text = line.to_string();
            for word in ["C-1", "HOT-1", "NOBODY", "SECRET_TOOL", "López", "10.00"] {
                assert!(!text.contains(word), "{word} is in {text}");
            }
        }
    }
}

#[tokio::test]
async fn what_waits_and_what_a_decision_does_is_logged_and_counted_as_what_it_is() {
    for shop in HotShop::on_both(10).await {
        shop.let_orders_wait();
        let port = free_port().to_string();
        let logged = Logged::started(shop, "info,rmcp=warn", &port).await;
        let agent = logged.agent();
        let approver = logged.shop.client(&logged.process, role::APPROVER, "dana");
        let asked = agent.call("order_create", order()).await.pending();
        agent.call("order_create", order()).await.pending();
        let mut other = order();
        other["idempotency_key"] = json!("second-order");
        let denied = agent.call("order_create", other.clone()).await.pending();
        other["idempotency_key"] = json!("third-order");
        let failing = agent.call("order_create", other).await.pending();
        let waits = logged.lines("a tool was called");
        let told: Vec<_> = waits.iter().map(|line| line["outcome"].as_str().unwrap()).collect();
        assert_eq!(told, ["approval_pending"; 4]);
        assert_eq!(waits[1]["replayed"], true);

        approver.approve(&asked).await;
        approver.approve(&asked).await;
        approver.api("POST", &format!("/{denied}/deny"), None).await;
        let db = business_mcp_engine::cli::start::open(&logged.shop.database_url).unwrap();
        crate::books::change(&db, "update variants set price_minor = price_minor + 1", &[]).await;
        approver.approve(&failing).await;
        approver.approve("APR-SOMEBODYS-WORDS").await;
        let decisions = logged.lines("a request was decided");
        let told: Vec<_> = decisions
            .iter()
            .map(|line| {
                (
                    line["approval_id"].as_str().unwrap_or("none"),
                    line["decision"].as_str().unwrap(),
                    line["outcome"].as_str().unwrap(),
                    line["replayed"] == true,
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                (&*asked, "approve", "ok", false),
                (&*asked, "approve", "ok", true),
                (&*denied, "deny", "ok", false),
                (&*failing, "approve", "price_changed", false),
                ("none", "approve", "not_found", false),
            ]
        );
        for line in &decisions {
            assert_eq!((&line["approver"], &line["tenant"]), (&json!("dana"), &json!("demo")));
            assert!(line["millis"].as_f64().is_some_and(|millis| millis > 0.0), "{line}");
            let known = line["outcome"] != "not_found";
            assert_eq!(line["tool"] == "order_create", known, "{line}");
            assert!(!line.to_string().contains("SOMEBODYS"), "{line}");
        }

        let figures = reqwest::get(format!("http://127.0.0.1:{port}/metrics")).await.unwrap();
        let figures = figures.text().await.unwrap();
        for line in [
            "tool_calls_total{tool=\"order_create\",outcome=\"approval_pending\"} 4",
            "tool_calls_total{tool=\"order_create\",outcome=\"ok\"} 1",
            "tool_calls_total{tool=\"order_create\",outcome=\"price_changed\"} 1",
            "tool_call_seconds_count{tool=\"order_create\"} 6",
        ] {
            assert!(figures.contains(line), "{line} is not in\n{figures}");
        }
    }
}

#[tokio::test]
async fn an_argument_that_is_dropped_is_told_of_once() {
    let [shop, _] = HotShop::on_both(10).await;
    let logged = Logged::on(shop).await;
    let agent = logged.agent();
    for call in ["first-call", "second-call"] {
        let injected = json!({ "customer_id": "C-1", "call_id": call, "tenantId": "another" });
        agent.call("customer_lookup", injected).await.data();
    }
    let dropped = "an argument that the platform injects was dropped; this is said once";
    let lines = logged.lines(dropped);
    let names: Vec<_> = lines.iter().map(|line| line["argument"].as_str().unwrap()).collect();
    assert_eq!(names, ["call_id", "tenant_id"]);
    for line in &lines {
        assert_eq!(line["level"], "INFO");
        let text = line.to_string();
        assert!(!text.contains("first-call") && !text.contains("another"), "{text}");
    }
}

#[tokio::test]
async fn a_refused_token_is_logged_with_the_address_it_came_from() {
    let [shop, _] = HotShop::on_both(10).await;
    let logged = Logged::on(shop).await;
    let wrong = Wire::mcp(&logged.process.url, "wrong").rpc("ping", &json!({}));
    wrong.from(23).send().await.refused(401);
    let lines = logged.lines("a token was refused");
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(lines[0]["peer"], "127.0.0.23");
    assert!(lines[0]["cause"].as_str().is_some_and(|cause| cause.contains("malformed")));
}

#[tokio::test]
async fn a_failure_on_our_side_is_found_in_the_log_by_its_incident() {
    for shop in HotShop::on_both(10).await {
        let logged = Logged::on(shop).await;
        let db = business_mcp_engine::cli::start::open(&logged.shop.database_url).unwrap();
        for sql in [
            "alter table orders rename to orders_gone",
            "alter table approvals rename to approvals_gone",
        ] {
            crate::books::change(&db, sql, &[]).await;
        }
        let agent = logged.agent();
        let mut incidents = Vec::new();
        for _ in 0..2 {
            let reply = agent.call("get_order_status", json!({ "order_id": "O-1" })).await;
            assert_eq!(reply.error(), "internal_error");
            incidents.push(reply.body["result"]["_meta"]["incident"].clone());
        }
        assert_ne!(incidents[0], incidents[1]);
        let lines = logged.lines("a tool call failed on our side");
        let named: Vec<_> = lines.iter().map(|line| line["incident"].clone()).collect();
        assert_eq!(named, incidents);
        assert!(
            lines.iter().all(|line| line["level"] == "ERROR" && line["source"] != ""),
            "{lines:?}"
        );

        let approver = logged.shop.client(&logged.process, role::APPROVER, "approver");
        let failed = approver.api("GET", "", None).await;
        assert_eq!(failed.http.as_u16(), 500, "{}", failed.body);
        let incident = &failed.body["error"]["data"]["incident"];
        assert!(incident.is_string(), "{}", failed.body);
        let lines = logged.lines("a decision failed on our side");
        assert_eq!(&lines[0]["incident"], incident);
        // An ordinary refusal is no incident.
        let refused = agent.call("get_order_status", json!({})).await;
        assert!(refused.body["result"]["_meta"].get("incident").is_none(), "{}", refused.body);
    }
}
