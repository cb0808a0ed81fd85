//! API keys: made and revoked on the command line, while servers run.

use std::{process::Output, time::Duration};

use serde_json::json;
use tokio::time::Instant;

use crate::{
    process::program,
    support::{TestServer, servers},
    wire::{Answer, Wire},
};

fn key(server: &TestServer, arguments: &[&str]) -> Output {
    program(&server.database_url).arg("key").args(arguments).output().unwrap()
}

/// Makes a key, and returns it with its id.
fn create(server: &TestServer, arguments: &[&str]) -> (String, String) {
    let made = key(server, &[&["create", "--name", "platform"], arguments].concat());
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let printed = String::from_utf8(made.stdout).unwrap();
    let secret = printed.trim_end_matches('\n').to_owned();
    assert!(!secret.contains(char::is_whitespace), "the key alone: {printed}");
    let id = secret.split('_').nth(1).unwrap().to_owned();
    (secret, id)
}

async fn ping(server: &TestServer, key: &str) -> Answer {
    Wire::mcp(&server.url, key).rpc("ping", &json!({})).send().await
}

#[tokio::test]
async fn a_key_opens_the_door_at_once_and_for_what_it_allows() {
    for server in servers().await {
        let (secret, id) = create(&server, &["--role", "agent"]);
        let client = server.client(secret.clone());
        let found = client.call("get_order_status", json!({ "order_id": "ORD-12345" })).await;
        assert_eq!(found.data()["order_id"], "ORD-12345");
        assert_eq!(client.call("analytics_kpis", json!({})).await.http.as_u16(), 403);
        // A key is a principal of its own: what it asked for carries its name.
        let approval = client.call("order_create", crate::books::two()).await.pending();
        let seen = server.approver().api("GET", &format!("/{approval}"), None).await;
        assert_eq!(seen.body["requester"], format!("key:{id}"), "{}", seen.body);

        let (narrow, _) = create(&server, &["--scope", "orders:read"]);
        let narrow = server.client(narrow);
        assert_eq!(narrow.call("order_create", crate::books::two()).await.http.as_u16(), 403);

        let listed = String::from_utf8(key(&server, &["list"]).stdout).unwrap();
        assert!(listed.contains(&id) && listed.contains("active"), "{listed}");
        let hidden = secret.rsplit_once('_').unwrap().1;
        assert!(!listed.contains(&hidden[..16]), "{listed}");
    }
}

#[tokio::test]
async fn a_revoked_key_is_refused_within_seconds() {
    for server in servers().await {
        let (secret, id) = create(&server, &["--role", "agent"]);
        ping(&server, &secret).await.result();
        // It is this tenant's to revoke.
        let foreign = key(&server, &["revoke", &id, "--tenant", "other"]);
        assert_eq!(foreign.status.code(), Some(1));
        ping(&server, &secret).await.result();

        let revoked = key(&server, &["revoke", &id]);
        assert!(revoked.status.success(), "{}", String::from_utf8_lossy(&revoked.stderr));
        let deadline = Instant::now() + Duration::from_secs(10);
        while ping(&server, &secret).await.status != 401 {
            assert!(Instant::now() < deadline, "a revoked key still opens the door");
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        assert_eq!(key(&server, &["revoke", &id]).status.code(), Some(1), "it is revoked already");
        let listed = String::from_utf8(key(&server, &["list"]).stdout).unwrap();
        assert!(listed.contains("revoked"), "{listed}");
    }
}

#[tokio::test]
async fn a_key_ends_when_it_was_made_to() {
    for server in servers().await {
        let (secret, _) = create(&server, &["--role", "agent", "--ttl", "1h"]);
        ping(&server, &secret).await.result();
        server.advance(59);
        ping(&server, &secret).await.result();
        server.advance(2);
        ping(&server, &secret).await.refused(401);
    }
}

#[tokio::test]
async fn what_only_looks_like_a_key_is_refused() {
    for server in servers().await {
        let (secret, id) = create(&server, &["--role", "agent"]);
        let (other, _) = create(&server, &["--role", "admin"]);
        let (_, other_half) = other.rsplit_once('_').unwrap();
        for forged in [
            format!("bmk_{id}_{other_half}"),
            format!("bmk_{id}_{}", "0".repeat(64)),
            format!("bmk_{id}_"),
            format!("bmk_{id}"),
            "bmk_".to_owned(),
            secret.to_uppercase(),
            format!("{secret}0"),
            secret[..secret.len() - 1].to_owned(),
            format!("bmk_' or 1=1 --_{other_half}"),
        ] {
            ping(&server, &forged).await.refused(401);
        }
        ping(&server, &secret).await.result();
    }
}
