//! The door: what any client may leave out, and which hosts and pages are answered.

use serde_json::{Value, json};

use crate::{
    support::{TestServer, server_with},
    wire::Wire,
};

fn mcp(server: &TestServer) -> Wire {
    Wire::mcp(&server.url, &server.agent().token).rpc("tools/list", &json!({}))
}

#[tokio::test]
async fn whatever_a_client_says_it_accepts_it_is_answered_without_a_handshake() {
    let server = server_with(&[]).await;
    for method in ["tools/list", "ping", "resources/list"] {
        let plain = mcp(&server).rpc(method, &json!({}));
        let expected = plain.send().await.result();
        for accept in [
            "*/*",
            "application/json",
            "text/html, */*;q=0.1",
            "application/json, text/event-stream",
            "text/event-stream, application/json;q=0.5",
        ] {
            assert_eq!(plain.clone().with("accept", accept).send().await.result(), expected);
        }
        let stream = plain.with("accept", "text/event-stream").send().await;
        assert_eq!(stream.status, 200);
        assert_eq!(stream.header("content-type"), Some("text/event-stream"));
        assert!(stream.header("cache-control").is_some_and(|cache| cache.contains("no-")));
        assert!(stream.header("x-request-id").is_some());
        let data = stream.body.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
        let message: Value = serde_json::from_str(data).unwrap();
        assert_eq!(message["result"], expected);
    }
}

#[tokio::test]
async fn a_slash_at_the_end_changes_nothing() {
    let server = server_with(&[]).await;
    let token = format!("Bearer {}", server.agent().token);
    let slashed = Wire::new(&server.url, "POST /mcp/")
        .with("authorization", &token)
        .with("content-type", "application/json")
        .rpc("tools/list", &json!({}));
    assert_eq!(slashed.send().await.result(), mcp(&server).send().await.result());
}

#[tokio::test]
async fn whoever_opens_the_endpoint_sees_a_card_and_there_are_no_streams_to_open() {
    let server = server_with(&[]).await;
    let token = format!("Bearer {}", server.agent().token);
    for path in ["/mcp", "/mcp/"] {
        let get = Wire::new(&server.url, &format!("GET {path}"));
        for get in [get.clone(), get.clone().with("accept", "text/html,*/*;q=0.8")] {
            let card = get.send().await;
            assert_eq!(card.status, 200);
            let card = card.framed();
            assert_eq!(card["name"], "business-mcp");
            assert!(card["tools_count"].as_u64().is_some_and(|count| count > 0), "{card}");
            assert!(card["endpoint"].as_str().is_some_and(|url| url.ends_with("/mcp")), "{card}");
        }
        let listen = get.with("accept", "text/event-stream");
        listen.send().await.refused(401);
        let refused = listen.with("authorization", &token).send().await;
        refused.refused(405);
        assert_eq!(refused.header("allow"), Some("GET, POST"));
        for method in ["DELETE", "PUT", "PATCH"] {
            let other = Wire::new(&server.url, &format!("{method} {path}"));
            other.send().await.refused(401);
            other.with("authorization", &token).send().await.refused(405);
        }
    }
}

#[tokio::test]
async fn only_its_own_host_names_are_answered() {
    let flags = ["--allowed-hosts", "shop.example.com", "--fly-app-name", "my-business"];
    let server = server_with(&flags).await;
    mcp(&server).instead("host", "my-business.fly.dev").send().await.result();
    for host in ["localhost", "127.0.0.1:3000", "[::1]", "shop.example.com", "SHOP.example.com:80"]
    {
        mcp(&server).instead("host", host).send().await.result();
    }
    for host in ["evil.example.com", "localhost.evil.com", "shop.example.com.evil.com", "a@b"] {
        let refused = mcp(&server).instead("host", host);
        refused.send().await.refused(403);
        // What a proxy says of the host is for the proxy to check.
        refused.with("x-forwarded-host", "localhost").send().await.refused(403);
    }
    mcp(&server).with("x-forwarded-host", "evil.example.com").send().await.result();
    mcp(&server).without("host").send().await.refused(400);
    mcp(&server).with("host", "localhost").send().await.refused(400);
    mcp(&server).with("host", "evil.example.com").send().await.refused(400);

    // Decisions stand behind the same door.
    let decisions = Wire::new(&server.url, "GET /api/approvals")
        .with("authorization", &format!("Bearer {}", server.approver().token));
    assert_eq!(decisions.send().await.status, 200);
    decisions.clone().instead("host", "evil.example.com").send().await.refused(403);
    decisions.with("origin", "https://evil.example.com").send().await.refused(403);
}

#[tokio::test]
async fn a_page_calls_only_from_an_origin_that_was_named() {
    let server = server_with(&["--allowed-origins", "https://app.example.com"]).await;
    for origin in [
        "null",
        "https://evil.example.com",
        "http://app.example.com",
        "https://app.example.com:8443",
        "https://app.example.com.evil.com",
        "app.example.com",
        "",
        "https://app.example.com, https://evil.example.com",
    ] {
        let refused = mcp(&server).with("origin", origin).send().await;
        refused.refused(403);
        assert_eq!(refused.header("access-control-allow-origin"), None, "{origin}");
        let asked = Wire::new(&server.url, "OPTIONS /mcp")
            .with("origin", origin)
            .with("access-control-request-method", "POST");
        assert_eq!(asked.send().await.header("access-control-allow-origin"), None, "{origin}");
    }
    // Two origins are no origin.
    let two = mcp(&server)
        .with("origin", "https://app.example.com")
        .with("origin", "https://evil.example.com");
    two.send().await.refused(403);

    for origin in ["https://app.example.com", "https://app.example.com:443"] {
        let asked = Wire::new(&server.url, "OPTIONS /mcp")
            .with("origin", origin)
            .with("access-control-request-method", "POST")
            .with("access-control-request-headers", "authorization,content-type")
            .send()
            .await;
        assert!(matches!(asked.status, 200 | 204), "{asked:?}");
        assert_eq!(asked.header("access-control-allow-origin"), Some(origin));
        let headers = asked.header("access-control-allow-headers").unwrap().to_ascii_lowercase();
        for name in ["authorization", "content-type", "mcp-protocol-version", "mcp-method"] {
            assert!(headers.contains(name), "{headers}");
        }

        let answered = mcp(&server).with("origin", origin).send().await;
        answered.result();
        assert_eq!(answered.header("access-control-allow-origin"), Some(origin));
        let varies = answered.header("vary").unwrap().to_ascii_lowercase();
        assert!(varies.contains("origin"), "{varies}");
        let exposed = answered.header("access-control-expose-headers").unwrap();
        assert!(exposed.to_ascii_lowercase().contains("www-authenticate"), "{exposed}");
        // The page reads why it was refused, too.
        let refused = mcp(&server).without("authorization").with("origin", origin).send().await;
        refused.refused(401);
        assert_eq!(refused.header("access-control-allow-origin"), Some(origin));
    }
}

#[tokio::test]
async fn every_refusal_is_json_with_an_id_and_is_kept_by_nobody() {
    let server = server_with(&[]).await;
    let token = format!("Bearer {}", server.agent().token);
    for (line, status) in [
        ("GET /", 404),
        ("GET /mcp/more", 404),
        ("POST /health", 405),
        ("DELETE /api/approvals", 405),
        ("GET /api/approvals", 403),
        ("POST /api/approvals/APR-1/approve", 403),
        ("GET /metrics", 404),
        ("GET /.well-known/oauth-protected-resource", 404),
        ("GET /%00", 404),
        ("GET /../../etc/passwd", 404),
    ] {
        let refused = Wire::new(&server.url, line).with("authorization", &token).send().await;
        refused.refused(status);
    }
    let other_toolset = Wire::new(&server.url, "POST /mcp?toolset=everything")
        .with("authorization", &token)
        .with("content-type", "application/json")
        .rpc("tools/list", &json!({}));
    let refused = other_toolset.send().await;
    assert_eq!(refused.refused(400), -32600);
    assert!(refused.body.contains("There is no such toolset. There are: "), "{}", refused.body);
}

#[tokio::test]
async fn a_request_keeps_the_id_that_it_came_with_if_that_is_harmless() {
    let server = server_with(&[]).await;
    let given = |id: &str| mcp(&server).with("x-request-id", id);
    let kept = given("call-1_A").send().await;
    assert_eq!(kept.header("x-request-id"), Some("call-1_A"));
    for id in ["", "a b", "<script>", "\"", &"x".repeat(65)] {
        let new = given(id).send().await;
        assert_ne!(new.header("x-request-id").unwrap(), id);
        assert!(!new.header("x-request-id").unwrap().is_empty());
    }
}
