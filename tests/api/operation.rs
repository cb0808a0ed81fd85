//! What whoever runs the server relies on: honest health, figures, and an end that loses nothing.

use std::{process::Stdio, time::Duration};

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use tokio::{net::TcpStream, time::Instant};

use crate::{
    books::{change, number},
    process::{HotShop, free_port, program},
    support::{server_with, servers},
    wire::{Line, Wire},
};
use business_mcp::access::role;

#[tokio::test]
async fn a_server_says_how_it_is() {
    for server in servers().await {
        let get = |path: &str| Wire::new(&server.url, &format!("GET {path}"));
        let health = get("/health").send().await;
        assert_eq!(health.status, 200);
        let health = health.framed();
        assert_eq!(health["status"], "healthy");
        assert_eq!(health["tools_count"], health["toolCount"]);
        // What is switched off can be listed by nobody.
        let listed = server.as_role(role::ADMIN).tools().await.len();
        assert_eq!(health["tools_count"], listed, "{health}");
        assert_eq!(get("/mcp").send().await.framed()["tools_count"], listed);
        assert_eq!(health["version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(health["database"]["status"], "up");
        let kind = if server.database_url.starts_with("sqlite") { "sqlite" } else { "postgres" };
        assert_eq!(health["database"]["kind"], kind);
        for path in ["/livez", "/readyz"] {
            let well = get(path).send().await;
            assert_eq!(well.status, 200, "{path}");
            well.framed();
            // A probe asks by address, whatever the host is called.
            assert_eq!(get(path).instead("host", "10.0.0.7:3000").send().await.status, 200);
        }
    }
}

#[tokio::test]
async fn a_server_whose_schema_is_not_current_is_not_ready() {
    for server in servers().await {
        let get = |path: &str| Wire::new(&server.url, &format!("GET {path}"));
        change(&server.db, "update applied_migrations set version = -version", &[]).await;
        let ready = get("/readyz").send().await;
        assert_eq!(ready.status, 503);
        assert!(ready.framed()["reason"].as_str().unwrap().contains("migrate"), "{ready:?}");
        let health = get("/health").send().await;
        assert_eq!(health.status, 503);
        assert_eq!(health.framed()["database"]["status"], "not migrated");
        assert_eq!(get("/livez").send().await.status, 200);
        change(&server.db, "update applied_migrations set version = -version", &[]).await;
        assert_eq!(get("/readyz").send().await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_without_its_database_is_alive_and_not_ready() {
    let server = servers().await.pop().unwrap();
    let get = |path: &str| Wire::new(&server.url, &format!("GET {path}"));
    let admin = std::env::var("TEST_DATABASE_URL").unwrap();
    let (_, name) = server.database_url.rsplit_once('/').unwrap();
    let name = name.split('?').next().unwrap();
    let mut connection = PgConnection::connect(&admin).await.unwrap();
    let drop = AssertSqlSafe(format!("drop database {name} with (force)"));
    connection.execute(drop).await.unwrap();

    let asked = Instant::now();
    for path in ["/readyz", "/health"] {
        let answer = get(path).send().await;
        assert_eq!(answer.status, 503, "{path}");
        assert!(!answer.framed().to_string().contains(name), "no inside words: {answer:?}");
    }
    assert!(asked.elapsed() < Duration::from_secs(10), "{:?}", asked.elapsed());
    assert_eq!(get("/livez").send().await.status, 200);
    let reply = server.agent().call("get_order_status", json!({ "order_id": "ORD-12345" })).await;
    assert_eq!((reply.http.as_u16(), reply.error()), (200, "internal_error"));
    assert!(!reply.sentence().contains(name), "{}", reply.sentence());
    let checked =
        program("sqlite://none").args(["healthcheck", "--url", &server.url]).output().unwrap();
    assert_eq!(checked.status.code(), Some(1));
}

#[tokio::test]
async fn a_server_that_is_about_to_stop_is_not_ready() {
    let mut server = server_with(&[]).await;
    let get = Wire::new(&server.url, "GET /readyz").head();
    let (begun, rest) = get.split_at(get.len() - 2);
    let mut waiting = Line::open(&server.url).await;
    waiting.write(begun).await;
    // By the time these are answered, the server has seen the line that waits.
    for _ in 0..3 {
        assert_eq!(Wire::new(&server.url, "GET /livez").send().await.status, 200);
    }
    let url = server.url.clone();
    let finish = async {
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(url.trim_start_matches("http://")).await.is_ok() {
            assert!(Instant::now() < deadline, "it still takes connections");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        waiting.write(rest).await;
        waiting.rest().await
    };
    let (answers, ()) = tokio::join!(finish, server.stop());
    assert_eq!(answers[0].status, 503);
    assert_eq!(answers[0].framed()["reason"], "draining");
}

#[tokio::test]
async fn a_balancer_that_connects_anew_hears_that_it_drains() {
    let mut server = server_with(&["--drain-delay", "2s"]).await;
    let url = server.url.clone();
    let asks = async {
        let deadline = Instant::now() + Duration::from_secs(10);
        let ready = Wire::new(&url, "GET /readyz");
        while ready.send().await.status == 200 {
            assert!(Instant::now() < deadline, "it never says that it drains");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let draining = ready.send().await;
        assert_eq!((draining.status, &draining.framed()["reason"]), (503, &json!("draining")));
        let alive = Wire::new(&url, "GET /livez").send().await;
        assert_eq!(alive.status, 200, "what still comes is answered");
    };
    tokio::join!(asks, server.stop());
    assert!(TcpStream::connect(url.trim_start_matches("http://")).await.is_err());
}

#[tokio::test]
async fn what_runs_when_the_program_is_asked_to_stop_is_finished() {
    for shop in HotShop::on_both(10).await {
        let mut process = shop.serve().await;
        let agent = shop.agent(&process);
        let order = json!({
            "customer_id": "C-1",
            "items": [{ "sku": "HOT-1", "quantity": 1 }],
            "total": "10.00",
        });
        let call = json!({ "name": "order_create", "arguments": order });
        let call = Wire::mcp(&process.url, &agent.token).rpc("tools/call", &call);
        let idle = Line::open(&process.url).await;
        let mut line = Line::open(&process.url).await;
        line.write(call.clone().with("expect", "100-continue").head()).await;
        // The call has passed the door, and its body is asked for.
        line.until("100 Continue\r\n\r\n").await;

        process.terminate();
        let deadline = Instant::now() + Duration::from_secs(10);
        while reqwest::get(format!("{}/livez", process.url)).await.is_ok() {
            assert!(Instant::now() < deadline, "it still takes requests");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        line.write(call.content()).await;
        let answers = line.rest().await;
        let result = answers[0].result();
        assert_eq!(result["structuredContent"]["status"], "ok", "{result}");
        assert_eq!(process.ended().await.code(), Some(0));
        assert!(idle.rest().await.is_empty());

        let db = business_mcp_engine::cli::start::open(&shop.database_url).unwrap();
        assert_eq!(number(&db, "select count(*) from orders", &[]).await, 1, "and it is kept");
    }
}

#[tokio::test]
async fn figures_have_a_port_of_their_own() {
    for shop in HotShop::on_both(10).await {
        let port = free_port().to_string();
        let process = shop.serve_with(|command| {
            command.env("METRICS_PORT", &port);
        });
        let process = process.await;
        let agent = shop.agent(&process);
        agent.call("customer_lookup", json!({ "customer_id": "C-1" })).await.data();
        agent.call("get_order_status", json!({ "order_id": "none" })).await;
        Wire::mcp(&process.url, "wrong").rpc("ping", &json!({})).send().await.refused(401);
        Wire::new(&process.url, "GET /metrics").send().await.refused(404);

        let figures = reqwest::get(format!("http://127.0.0.1:{port}/metrics")).await.unwrap();
        assert!(figures.headers()["content-type"].to_str().unwrap().starts_with("text/plain"));
        let figures = figures.text().await.unwrap();
        for line in [
            "tool_calls_total{tool=\"customer_lookup\",outcome=\"ok\"} 1",
            "tool_calls_total{tool=\"get_order_status\",outcome=\"not_found\"} 1",
            "authentication_failures_total 1",
            "tool_call_seconds_count{tool=\"customer_lookup\"} 1",
        ] {
            assert!(figures.contains(line), "{line} is not in\n{figures}");
        }
        // Nobody's names or words become labels.
        assert!(!figures.contains("C-1") && !figures.contains("agent"), "{figures}");
    }
}

#[tokio::test]
async fn several_processes_may_bring_one_database_up_to_date_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = format!("sqlite://{}", folder.path().join("new.db").display());
    for url in [sqlite, crate::support::fresh_postgres().await] {
        let migrate = || {
            let mut command = program(&url);
            command.arg("migrate").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let processes: Vec<_> = (0..4).map(|_| migrate()).collect();
        for process in processes {
            let output = process.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
        let db = business_mcp_engine::cli::start::open(&url).unwrap();
        db.check(&business_mcp::application().migrations().unwrap()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_without_curl_asks_whether_it_is_ready() {
    let server = server_with(&[]).await;
    let ask = |arguments: &[&str]| {
        program("sqlite://none").arg("healthcheck").args(arguments).output().unwrap()
    };
    let (_, port) = server.url.rsplit_once(':').unwrap();
    for arguments in [["--url", &server.url], ["--port", port]] {
        let ready = ask(&arguments);
        assert_eq!(ready.status.code(), Some(0), "{}", String::from_utf8_lossy(&ready.stderr));
    }
    let nobody = ask(&["--port", &free_port().to_string()]);
    assert_eq!(nobody.status.code(), Some(1));
    let said = String::from_utf8(nobody.stderr).unwrap();
    assert!(said.contains("does not answer") && said.trim_end().lines().count() == 1, "{said}");
}

#[tokio::test]
async fn log_lines_are_json_and_carry_no_names() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let [shop, _] = HotShop::on_both(10).await;
    let log = std::fs::File::create(&path).unwrap();
    let process = shop.serve_with(|command| {
        command.env("RUST_LOG", "debug,rmcp=warn").env("LOG_FORMAT", "json").stderr(log);
    });
    let mut process = process.await;
    let agent = shop.agent(&process);
    let injected = "x\n{\"level\":\"ERROR\"}\u{1b}[31m";
    agent.call("customer_lookup", json!({ "name": injected, "postal_code": "1" })).await;
    agent.call("customer_lookup", json!({ "email": "ana@example.com" })).await;
    agent.call("customer_lookup", json!({ "customer_id": "C-1" })).await.data();
    process.terminate();
    process.ended().await;
    let log = std::fs::read_to_string(path).unwrap();
    assert!(log.contains("a tool was called"), "{log}");
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        assert!(line["level"].is_string() && line["timestamp"].is_string(), "{line}");
    }
    for personal in ["ana@example.com", "López"] {
        assert!(!log.contains(personal), "the log holds {personal}");
    }
}

#[tokio::test]
async fn a_program_that_is_ready_may_be_stopped_at_once() {
    let [shop, _] = HotShop::on_both(1).await;
    for _ in 0..5 {
        let mut process = shop.serve().await;
        process.terminate();
        assert_eq!(process.ended().await.code(), Some(0), "it ends by itself");
    }
}
