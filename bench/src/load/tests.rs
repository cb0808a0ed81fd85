//! Loads against servers in this process that stall or lie.

use std::sync::atomic::AtomicUsize;

use axum::{Json, Router, routing};
use clap::Parser;
use serde_json::{Value, json};
use tokio::sync::RwLock;

use super::*;

#[derive(Parser)]
struct Only {
    #[command(flatten)]
    options: Options,
}

async fn serve(routes: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    format!("http://{address}/mcp")
}

fn options(url: &str, flags: &str) -> Options {
    let words = ["load", "--url", url].into_iter().chain(flags.split(' '));
    Only::parse_from(words).options
}

/// A server that greets at once, but for one second in which it answers nobody.
async fn stalling(after: Duration) -> String {
    let door = Arc::new(RwLock::new(()));
    let closing = door.clone();
    tokio::spawn(async move {
        tokio::time::sleep(after).await;
        let _closed = closing.write().await;
        tokio::time::sleep(Duration::from_secs(1)).await;
    });
    let greet = async move || {
        let _open = door.read().await;
        "hello"
    };
    serve(Router::new().route("/hello", routing::get(greet))).await
}

#[tokio::test]
async fn a_stall_shows_in_an_open_loop() {
    let url = stalling(Duration::from_millis(700)).await;
    // Four lines at 200 a second: nearly every request of that second finds no line free, and a
    // generator that measured from the moment of sending would report four slow ones.
    let flags = "--workload raw-hello --connections 4 --rate 200 --duration 2 --warmup 0.2";
    let report = measure(&options(&url, flags)).await.unwrap();
    assert_eq!((report.measured, report.wrong), (400, 0));
    assert!(report.p99_ms > 900.0 && report.p99_ms < 1_500.0, "{report}");
    assert!(report.sent_late > 100, "{report}");
}

#[tokio::test]
async fn a_closed_loop_hides_the_same_stall() {
    let url = stalling(Duration::from_millis(700)).await;
    let flags = "--workload raw-hello --connections 4 --duration 2 --warmup 0.2";
    let report = measure(&options(&url, flags)).await.unwrap();
    assert!(report.measured > 500, "{report}");
    assert!(report.max_ms > 900.0 && report.p99_ms < 100.0, "{report}");
}

#[tokio::test]
async fn an_open_loop_keeps_its_rate() {
    let url = serve(Router::new().route("/hello", routing::get(async || "hello"))).await;
    let flags = "--workload raw-hello --connections 8 --rate 500 --duration 1 --warmup 0.1";
    let report = measure(&options(&url, flags)).await.unwrap();
    assert_eq!(report.measured, 500);
    assert!((report.per_second - 500.0).abs() < 50.0, "{report}");
}

#[tokio::test]
async fn enough_answers_end_the_measurement() {
    let url = serve(Router::new().route("/hello", routing::get(async || "hello"))).await;
    let flags = "--workload raw-hello --connections 2 --requests 100 --duration 60 --warmup 0";
    let report = measure(&options(&url, flags)).await.unwrap();
    assert!(report.measured >= 100 && report.seconds < 30.0, "{report}");
}

#[tokio::test]
async fn memory_and_processor_time_are_those_of_the_process() {
    let url = serve(Router::new().route("/hello", routing::get(async || "hello"))).await;
    let flags = format!(
        "--workload raw-hello --connections 2 --duration 1 --warmup 0 --pid {}",
        std::process::id()
    );
    let report = measure(&options(&url, &flags)).await.unwrap();
    assert!(report.cpu_micros.unwrap() > 1.0 && report.resident_mb.unwrap() > 1.0, "{report}");
}

/// A server that looks customers up rightly, but for each tenth, whom it takes for another.
async fn confused() -> String {
    let asked = AtomicUsize::new(0);
    let lookup = async move |Json(request): Json<Value>| {
        let customer = if asked.fetch_add(1, Ordering::Relaxed) % 10 == 9 {
            json!("CUST-1")
        } else {
            request["params"]["arguments"]["customer_id"].clone()
        };
        let envelope = json!({"say": "Hello.", "status": "ok", "data": {"customer_id": customer}});
        Json(json!({
            "jsonrpc": "2.0",
            "id": request["id"],
            "result": {"content": [], "structuredContent": envelope},
        }))
    };
    let lookup = Arc::new(lookup);
    let handler = move |request| {
        let lookup = lookup.clone();
        async move { lookup(request).await }
    };
    serve(Router::new().route("/mcp", routing::post(handler))).await
}

#[tokio::test]
async fn wrong_answers_are_found_and_not_measured() {
    let url = confused().await;
    let flags = "--workload lookup --connections 2 --rate 200 --duration 1 --warmup 0";
    let report = measure(&options(&url, flags)).await.unwrap();
    assert_eq!((report.measured, report.wrong), (180, 20));
    assert!(report.first_wrong.as_deref().unwrap().contains("CUST-1 answered"));
    assert!(!report.all_right());
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_error() {
    let flags = "--workload raw-hello --connections 1";
    assert!(measure(&options("http://127.0.0.1:9", flags)).await.is_err());
}
