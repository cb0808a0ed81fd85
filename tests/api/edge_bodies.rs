//! Bodies and heads that are too much, too slow, or two things at once.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use crate::{
    support::{TestServer, server_with},
    wire::{Line, Wire},
};

fn mcp(server: &TestServer) -> Wire {
    Wire::mcp(&server.url, &server.agent().token)
}

fn ping() -> String {
    json!({ "jsonrpc": "2.0", "id": 1, "method": "ping" }).to_string()
}

/// A ping with so many bytes of nothing behind it.
fn padded(bytes: usize) -> String {
    let ping = ping();
    let padding = " ".repeat(bytes - ping.len());
    ping + &padding
}

fn chunked(body: &str, size: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for chunk in body.as_bytes().chunks(size) {
        bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        bytes.extend_from_slice(chunk);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"0\r\n\r\n");
    bytes
}

#[tokio::test]
async fn a_body_is_plain_json_and_says_so() {
    let server = server_with(&[]).await;
    for content_type in ["application/json; charset=utf-8", "Application/JSON"] {
        let sent = mcp(&server).instead("content-type", content_type).body(ping());
        sent.send().await.result();
    }
    // What a page can send without asking first is refused.
    for content_type in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "text/plain; application/json",
        "application/jsonp",
        "",
    ] {
        let sent = mcp(&server).instead("content-type", content_type).body(ping());
        sent.send().await.refused(415);
    }
    mcp(&server).without("content-type").body(ping()).send().await.refused(415);
    for encoding in ["gzip", "deflate", "br", "identity"] {
        let sent = mcp(&server).with("content-encoding", encoding).body(ping());
        sent.send().await.refused(415);
    }
}

#[tokio::test]
async fn a_body_has_at_most_a_mebibyte_however_it_is_sent() {
    let server = server_with(&[]).await;
    let largest = 1 << 20;
    mcp(&server).body(padded(largest)).send().await.result();
    mcp(&server).body(padded(largest + 1)).send().await.refused(413);
    let framed = mcp(&server).with("transfer-encoding", "chunked");
    framed.clone().body(chunked(&padded(largest), 10_000)).send().await.result();
    framed.clone().body(chunked(&padded(largest + 1), 10_000)).send().await.refused(413);
    // Far more than the limit is refused as well as a little more: the client hears it.
    for _ in 0..10 {
        mcp(&server).body(padded(4 * largest)).send().await.refused(413);
        framed.clone().body(chunked(&padded(4 * largest), 60_000)).send().await.refused(413);
    }
    // The edge speaks before it has read what was announced.
    let announced = mcp(&server).with("content-length", "99999999999").body(ping());
    announced.send().await.refused(413);
}

#[tokio::test]
async fn a_head_has_its_limits() {
    let server = server_with(&[]).await;
    let large = mcp(&server).with("x-large", &"x".repeat(300 * 1024)).body(ping()).send_all().await;
    assert_eq!(large.len(), 1, "{large:?}");
    assert_eq!(large[0].status, 431);
    let many = (0..100).fold(mcp(&server), |wire, number| wire.with(&format!("x-{number}"), "x"));
    assert_eq!(many.body(ping()).send().await.status, 431);
    let long = format!("GET /{}", "x".repeat(70 * 1024));
    assert!(matches!(Wire::new(&server.url, &long).send().await.status, 414 | 431));
}

#[tokio::test]
async fn messages_made_to_cost_much_are_refused_at_once() {
    let server = server_with(&[]).await;
    let began = Instant::now();
    let nested = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let nested = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"ping","params":{{"a":{nested}}}}}"#);
    assert_eq!(mcp(&server).body(nested).send().await.refused(400), -32700);

    let keys: serde_json::Map<_, _> = (0..60_000).map(|n| (format!("k{n}"), json!(n))).collect();
    let call = json!({ "name": "get_order_status", "arguments": keys });
    let answer = mcp(&server).rpc("tools/call", &call).send().await;
    assert_eq!(answer.result()["isError"], true, "{answer:?}");
    assert!(answer.body.len() < 10_000, "{answer:?}");

    let items: Vec<_> = (0..20_000).map(|_| json!({ "sku": "SKU-001", "quantity": 1 })).collect();
    let order = json!({ "customer_id": "CUST-12345", "items": items, "total": "1" });
    let call = json!({ "name": "order_create", "arguments": order });
    let answer = mcp(&server).rpc("tools/call", &call).send().await;
    assert_eq!(answer.result()["isError"], true, "{answer:?}");
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
}

#[tokio::test]
async fn one_request_is_never_two() {
    let server = server_with(&[]).await;
    let hidden = mcp(&server).body(ping());
    let hidden = format!("{}{}", hidden.head(), ping());
    let keep = || mcp(&server).without("connection");

    // Both lengths at once: the chunks count, and the connection ends, so that what follows is
    // nobody's request.
    for order in [["content-length", "transfer-encoding"], ["transfer-encoding", "content-length"]]
    {
        let mut body = chunked(&ping(), 10);
        body.extend_from_slice(hidden.as_bytes());
        let both = order.iter().fold(keep(), |wire, name| {
            wire.with(name, if *name == "content-length" { "4" } else { "chunked" })
        });
        let answers = both.body(body).send_all().await;
        assert_eq!(answers.len(), 1, "{answers:?}");
        assert!(matches!(answers[0].status, 200 | 400), "{answers:?}");
    }

    // Framing that two readers could understand differently.
    for (name, value) in [
        ("transfer-encoding", "chunked, identity"),
        ("transfer-encoding", "xchunked"),
        ("transfer-encoding", "identity"),
        ("content-length", "+4"),
        ("content-length", "4, 5"),
        ("content-length", "-1"),
        ("content-length", "0x4"),
        ("content-length", "99999999999999999999999"),
    ] {
        let answers = keep().with(name, value).body(hidden.clone()).send_all().await;
        assert_eq!(answers.len(), 1, "{name}: {value}: {answers:?}");
        assert!(matches!(answers[0].status, 400 | 501), "{name}: {value}: {answers:?}");
    }
    let twice = keep().with("content-length", "4").with("content-length", "5");
    let answers = twice.body(hidden.clone()).send_all().await;
    assert!(matches!(answers.as_slice(), [answer] if answer.status == 400), "{answers:?}");
    for line in ["transfer-encoding : chunked", "content-length : 4", " folded: x", "no colon"] {
        let head = keep().head().replacen("\r\n", &format!("\r\n{line}\r\n"), 1);
        let mut connection = Line::open(&server.url).await;
        connection.write(format!("{head}{hidden}")).await;
        let answers = connection.rest().await;
        assert!(matches!(answers.as_slice(), [answer] if answer.status == 400), "{answers:?}");
    }
}

#[tokio::test]
async fn a_malformed_chunk_is_the_senders_fault() {
    let server = server_with(&[]).await;
    for body in [
        "zz\r\n{}\r\n0\r\n\r\n",
        "-1\r\n{}\r\n0\r\n\r\n",
        "ffffffffffffffffff\r\n{}\r\n0\r\n\r\n",
        "2\r\n{}XX0\r\n\r\n",
        "\r\n\r\n",
    ] {
        let sent = mcp(&server).with("transfer-encoding", "chunked").body(body);
        sent.send().await.refused(400);
    }
}

#[tokio::test]
async fn whoever_takes_too_long_is_cut_off_and_holds_nobody_else_up() {
    let server = server_with(&[]).await;
    let began = Instant::now();
    let mut slow_heads = Vec::new();
    for _ in 0..120 {
        let mut line = Line::open(&server.url).await;
        line.write("POST /mcp HTTP/1.1\r\nHost: loc").await;
        slow_heads.push(line);
    }
    let stalled = mcp(&server).with("content-length", "100");
    let mut slow_body = Line::open(&server.url).await;
    slow_body.write(stalled.head()).await;
    slow_body.write("{").await;

    let asked = Instant::now();
    mcp(&server).body(ping()).send().await.result();
    assert!(asked.elapsed() < Duration::from_millis(2_500), "{:?}", asked.elapsed());

    slow_body.rest().await[0].refused(408);
    for line in slow_heads {
        for answer in line.rest().await {
            assert_eq!(answer.status, 408);
        }
    }
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
}
