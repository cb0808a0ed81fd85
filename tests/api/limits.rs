//! Budgets: one a caller, whatever the caller changes about itself, and one for addresses that
//! guess.

use std::time::Duration;

use business_mcp::access::role;
use business_mcp_engine::auth::Grant;
use serde_json::json;

use crate::{
    books::{Books, change, two},
    process::program,
    support::{TENANT, TestServer, server_with, servers, servers_with},
    wire::{Answer, Line, Wire},
};

/// One more call becomes possible every minute.
const SLOW: [&str; 4] = ["--rate-limit-per-minute", "1", "--rate-limit-burst", "3"];

/// The seconds that a refusal asks to wait.
fn retry_after(refused: &Answer) -> u64 {
    assert_eq!(refused.refused(429), -32600);
    refused.header("retry-after").unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_caller_over_budget_waits_and_is_then_let_in() {
    let server = server_with(&["--rate-limit-per-minute", "60", "--rate-limit-burst", "2"]).await;
    let ping = Wire::mcp(&server.url, &server.agent().token).rpc("ping", &json!({}));
    for _round in 0..2 {
        let mut answers = 0;
        let refused = loop {
            let answer = ping.send().await;
            if answer.status == 429 {
                break answer;
            }
            answer.result();
            answers += 1;
            assert!(answers < 100, "nobody counts");
        };
        tokio::time::sleep(Duration::from_secs(retry_after(&refused))).await;
        ping.send().await.result();
    }
}

#[tokio::test]
async fn nothing_that_a_caller_changes_about_itself_makes_a_new_budget() {
    let server = server_with(&SLOW).await;
    let spend = Wire::mcp(&server.url, &server.approver().token).rpc("ping", &json!({}));
    for _ in 0..3 {
        spend.send().await.result();
    }
    let refused = spend.send().await;
    let wait = retry_after(&refused);
    assert!((1..=60).contains(&wait), "{wait}");

    let narrower = Grant::Scopes(role::AGENT.scopes());
    let another = server.token(TENANT, "approver", narrower);
    let bearer = format!("Bearer {another}");
    for changed in [
        spend.clone().instead("authorization", &bearer),
        spend.clone().with("user-agent", "another"),
        spend.clone().with("x-forwarded-for", "203.0.113.9"),
        spend.clone().with("forwarded", "for=203.0.113.9"),
        spend.clone().with("x-session-id", "another").with("mcp-session-id", "another"),
        spend.clone().from(77),
        spend.clone().on("/mcp/?toolset=voice"),
        spend.clone().with("accept", "text/event-stream"),
        // The budget is asked before the body is read, so that a bad one costs no less.
        spend.clone().body("{"),
        spend.clone().instead("content-type", "text/plain"),
        Wire::new(&server.url, "GET /api/approvals").with("authorization", &bearer),
        Wire::new(&server.url, "GET /mcp")
            .with("authorization", &bearer)
            .with("accept", "text/event-stream"),
    ] {
        retry_after(&changed.send().await);
    }
}

#[tokio::test]
async fn other_callers_are_not_held_up() {
    let server = server_with(&SLOW).await;
    let ping = |token: &str| Wire::mcp(&server.url, token).rpc("ping", &json!({}));
    let spent = ping(&server.agent().token);
    for _ in 0..4 {
        spent.send().await;
    }
    retry_after(&spent.send().await);
    ping(&server.as_subject(role::AGENT, "another").token).send().await.result();
    let same_name = server.token("other", "agent", Grant::Role(role::AGENT));
    ping(&same_name).send().await.result();
    // Health is for everyone.
    assert_eq!(Wire::new(&server.url, "GET /health").send().await.status, 200);
    retry_after(&spent.send().await);
}

#[tokio::test]
async fn a_call_over_budget_does_nothing_and_burns_no_key() {
    for server in servers_with(&SLOW).await {
        let agent = server.agent();
        for _ in 0..3 {
            agent.rpc("ping", json!({})).await;
        }
        let before = Books::of(&server.db).await;
        let key = json!("limited-key-1");
        let mut order = two();
        order["idempotency_key"] = key.clone();
        assert_eq!(agent.call("order_create", order.clone()).await.http.as_u16(), 429);
        assert_eq!(Books::of(&server.db).await, before);
        // Another replica has a budget of its own, and the key is as good as new.
        let replica = server.replica(&SLOW).await;
        let reply = replica.agent().call("order_create", order).await;
        reply.pending();
        assert_eq!(reply.answer().get("replayed"), None);
    }
}

#[tokio::test]
async fn an_address_that_guesses_is_refused_and_good_tokens_from_it_are_not() {
    let server = server_with(&[]).await;
    let good = Wire::mcp(&server.url, &server.agent().token).rpc("ping", &json!({}));
    let guess = |number: usize| good.clone().instead("authorization", &format!("Bearer {number}"));
    let mut refused = 0;
    let limited = loop {
        let answer = guess(refused).send().await;
        if answer.status == 429 {
            break answer;
        }
        answer.refused(401);
        refused += 1;
        assert!(refused < 200, "nobody counts");
    };
    assert!(refused >= 4, "clients that probe are not locked out: {refused}");
    assert!((1..=60).contains(&retry_after(&limited)));
    assert!(limited.header("www-authenticate").is_none());
    good.send().await.result();
    // Decisions are behind the same count, and what a proxy header says is not believed.
    let decide = Wire::new(&server.url, "GET /api/approvals").with("authorization", "Bearer 0");
    retry_after(&decide.with("x-forwarded-for", "203.0.113.9").send().await);
    guess(1).from(78).send().await.refused(401);
    // Who sends no token at all is only asking where to get one.
    good.without("authorization").send().await.refused(401);
}

/// A key that opens the door, made on the command line.
fn key(server: &TestServer) -> String {
    let mut command = program(&server.database_url);
    let made = command.args(["key", "create", "--name", "x", "--role", "agent"]).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    String::from_utf8(made.stdout).unwrap().trim().to_owned()
}

#[tokio::test]
async fn whoever_guesses_keys_does_not_reach_the_database_each_time() {
    for server in servers().await {
        let ping = |key: &str| Wire::mcp(&server.url, key).rpc("ping", &json!({})).from(91);
        let (known, fresh) = (key(&server), key(&server));
        ping(&known).send().await.result();
        let guess = |number: usize| ping(&format!("bmk_{number:012x}_{}", "0".repeat(64)));
        // A look-up would fail now, and fail in other words.
        change(&server.db, "alter table api_keys rename to api_keys_gone", &[]).await;
        guess(0).send().await.refused(503);
        let spent = async {
            for number in 0..200 {
                // What is no key at all is refused without a look-up, and counted.
                if ping("wrong").send().await.status == 429 {
                    let guessed = guess(number).send().await;
                    if guessed.status == 429 {
                        return guessed;
                    }
                }
            }
            panic!("every guess is looked up");
        };
        let refused = spent.await;
        assert!((1..=60).contains(&retry_after(&refused)));
        guess(0).from(92).send().await.refused(503);
        change(&server.db, "alter table api_keys_gone rename to api_keys", &[]).await;

        // A key that was good before is looked up again, whoever shares its address.
        server.advance(1);
        for _ in 0..5 {
            ping("wrong").send().await;
            ping(&known).send().await.result();
        }
        ping(&fresh).from(92).send().await.result();
    }
}

#[tokio::test]
async fn a_server_with_too_much_to_do_says_so_at_once() {
    let server = server_with(&["--max-in-flight", "1"]).await;
    let ping = Wire::mcp(&server.url, &server.agent().token).rpc("ping", &json!({}));
    let mut line = Line::open(&server.url).await;
    line.write(ping.clone().with("expect", "100-continue").head()).await;
    // It has its place, and its body is asked for.
    line.until("100 Continue\r\n\r\n").await;
    let decisions = Wire::new(&server.url, "GET /api/approvals")
        .with("authorization", &format!("Bearer {}", server.approver().token));
    for more in [&ping, &decisions] {
        let refused = more.send().await;
        assert_eq!(refused.refused(503), -32603);
        assert_eq!(refused.header("retry-after"), Some("1"));
        assert_eq!(refused.framed()["error"]["data"]["code"], "overloaded");
    }
    for probe in ["GET /health", "GET /livez", "GET /readyz"] {
        assert_eq!(Wire::new(&server.url, probe).send().await.status, 200, "{probe}");
    }
    line.write(ping.content()).await;
    line.rest().await[0].result();
    ping.send().await.result();
    assert_eq!(decisions.send().await.status, 200);
}
