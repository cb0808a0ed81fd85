//! Which conversation a header names, and that a header which was never filled in names none: the next
//! caller must not act as the one who was verified before.

use std::fs;

use serde_json::{Value, json};

use crate::{
    process::HotShop,
    support::{Client, TestServer, servers},
};
use business_mcp::access::role;

/// What platforms send where nobody filled in the template, and what tells no call from another.
const UNUSABLE: [&str; 16] = [
    "{{system__conversation_id}}",
    "${conversation}",
    "<conversation-id>",
    "conversation-%s",
    "[object Object]",
    "undefined",
    " NULL ",
    "\"undefined\"",
    "unknown",
    "default",
    "",
    "-",
    "0",
    "call7",
    "000000000000",
    "+12025550123",
];

async fn verify(client: &Client) -> Value {
    let facts = json!({
        "customer_id": "CUST-12345",
        "postal_code": "20001",
        "email": "john.smith@example.com",
    });
    client.call("customer_verify", facts).await.data().clone()
}

/// Whether this call is made as the customer who was verified.
async fn is_bound(client: &Client) -> bool {
    let found = client.call("customer_lookup", json!({ "customer_id": "CUST-12345" })).await;
    found.data()["verified"] == true
}

fn line(server: &TestServer, headers: &[(&'static str, &str)]) -> Client {
    let agent = server.agent();
    headers.iter().fold(agent, |agent, (name, value)| agent.with_header(name, value))
}

#[tokio::test]
async fn a_header_that_was_not_filled_in_verifies_nobody_else() {
    for server in servers().await {
        for value in UNUSABLE {
            let first = line(&server, &[("x-conversation-id", value)]);
            let verified = verify(&first).await;
            assert_eq!(verified["verified"], true, "{value}");
            assert_eq!(verified["bound"], false, "{value}");
            let next = line(&server, &[("x-conversation-id", value)]);
            assert!(!is_bound(&next).await, "the next caller is the verified one: {value:?}");
            // The handle binds all the same.
            let handle = verified["verification_handle"].as_str().unwrap();
            assert!(is_bound(&first.with_header("x-verification-handle", handle)).await);
            // A verification is a write, and equal ones within ten minutes are one.
            server.advance(11);
        }
    }
}

#[tokio::test]
async fn verifying_says_whether_the_conversation_is_bound() {
    for server in servers().await {
        let named = line(&server, &[("x-conversation-id", "conversation-1")]);
        let wrong = json!({
            "customer_id": "CUST-12345",
            "postal_code": "99999",
            "email": "john.smith@example.com",
        });
        let refused = named.call("customer_verify", wrong).await;
        assert_eq!(refused.answer()["data"]["bound"], false);
        assert_eq!(verify(&named).await["bound"], true);
        assert!(is_bound(&named).await);
        assert!(!is_bound(&line(&server, &[("x-conversation-id", "conversation-2")])).await);

        let unnamed = server.agent();
        assert_eq!(verify(&unnamed).await["bound"], false);
        assert!(!is_bound(&unnamed).await);
    }
}

#[tokio::test]
async fn a_header_that_names_nothing_does_not_hide_the_next() {
    for server in servers().await {
        let names = ["x-conversation-id", "x-call-id", "x-chat-id", "x-session-id"];
        for (position, name) in names.into_iter().enumerate() {
            let id = format!("conversation-{position}");
            let mut headers: Vec<_> = names[..position].iter().map(|n| (*n, "{{id}}")).collect();
            headers.push((name, &id));
            assert_eq!(verify(&line(&server, &headers)).await["bound"], true, "{headers:?}");
            assert!(is_bound(&line(&server, &[(name, &id)])).await, "{name}");
            // Whichever header names it, it is the same conversation.
            assert!(is_bound(&line(&server, &[("x-call-id", &id)])).await, "{name}");
            server.advance(16);
        }
        // The first that names one counts.
        let first = [("x-conversation-id", "conversation-8"), ("x-call-id", "conversation-9")];
        verify(&line(&server, &first)).await;
        assert!(is_bound(&line(&server, &[("x-session-id", "conversation-8")])).await);
        assert!(!is_bound(&line(&server, &[("x-session-id", "conversation-9")])).await);
    }
}

#[tokio::test]
async fn the_log_tells_once_of_each_header_that_was_not_filled_in() {
    let [shop, _] = HotShop::on_both(10).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let log = fs::File::create(&path).unwrap();
    let process = shop.serve_with(|command| {
        command.env("LOG_FORMAT", "json").stderr(log);
    });
    let process = process.await;
    for subject in ["phone", "phone", "chat"] {
        for (header, value) in [
            ("x-conversation-id", "{{system__conversation_id}}"),
            ("x-conversation-id", "{{another_name}}"),
            ("x-conversation-id", "+12025550123"),
            ("x-chat-id", "undefined"),
            ("x-call-id", "call-1"),
        ] {
            let agent = shop.client(&process, role::AGENT, subject).with_header(header, value);
            agent.call("customer_lookup", json!({ "customer_id": "C-1" })).await.data();
        }
    }
    let log = fs::read_to_string(&path).unwrap();
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let told: Vec<Value> = lines.filter(|line| line.get("header").is_some()).collect();
    let short: Vec<_> = told
        .iter()
        .map(|line| (line["principal"].as_str().unwrap(), line["header"].as_str().unwrap()))
        .collect();
    let each = |who| [(who, "x-conversation-id"), (who, "x-conversation-id"), (who, "x-chat-id")];
    assert_eq!(short, [each("phone"), each("chat")].concat());
    assert_eq!(told[0]["why"], "it is a template that was not filled in");
    assert_eq!(told[1]["why"], "it is a phone number, which is the same in every call");
    assert!(told.iter().all(|line| line["level"] == "WARN"), "{told:?}");
    assert!(!log.contains("2025550123"), "the log tells nobody's number");
}
