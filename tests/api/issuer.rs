//! Tokens that someone else issues: where to get one, and keys that change while the server runs.

use std::{fs, path::PathBuf, time::Duration};

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    forge::{AUDIENCE, ISSUER, KEY, NEXT_KEY, claims, issued, key_set},
    support::{TestServer, server_with},
    wire::{Answer, Wire},
};
use business_mcp::access::role;

/// An issuer with a file of keys, and a server that trusts it.
struct Issuer {
    server: TestServer,
    file: PathBuf,
    _folder: tempfile::TempDir,
}

impl Issuer {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("keys.json");
        fs::write(&file, key_set(&[("now", KEY)])).unwrap();
        let flags = [
            "--jwt-jwks-file",
            file.to_str().unwrap(),
            "--jwt-issuer",
            ISSUER,
            "--jwt-audience",
            AUDIENCE,
            "--public-url",
            "https://shop.example.com",
        ];
        Self { server: server_with(&flags).await, file, _folder: folder }
    }

    async fn ping(&self, token: &str) -> Answer {
        Wire::mcp(&self.server.url, token).rpc("ping", &json!({})).send().await
    }

    /// Asks until the answer has this status.
    async fn becomes(&self, token: &str, status: u16) {
        let deadline = Instant::now() + Duration::from_secs(15);
        // One guess a second, so that nobody is refused for guessing.
        while self.ping(token).await.status != status {
            assert!(Instant::now() < deadline, "never answered with {status}");
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
}

#[tokio::test]
async fn a_client_without_a_token_finds_out_where_to_get_one() {
    let issuer = Issuer::new().await;
    let url = &issuer.server.url;
    let asked = Wire::new(url, "POST /mcp").rpc("ping", &json!({})).send().await;
    asked.refused(401);
    let challenge = asked.header("www-authenticate").unwrap();
    let metadata = "https://shop.example.com/.well-known/oauth-protected-resource/mcp";
    let usual = role::AGENT.scopes();
    let scope = format!("scope=\"{usual}\"");
    assert_eq!(challenge, format!("Bearer {scope}, resource_metadata=\"{metadata}\""));
    // Each door asks for what opens it.
    let decide = Wire::new(url, "GET /api/approvals").send().await;
    decide.refused(401);
    let wanted = "Bearer scope=\"approvals:decide\", ";
    assert!(decide.header("www-authenticate").unwrap().starts_with(wanted), "{decide:?}");

    for path in ["/.well-known/oauth-protected-resource", metadata.split_at(24).1] {
        let found = Wire::new(url, &format!("GET {path}")).with("origin", "https://any.example");
        let found = found.send().await;
        assert_eq!(found.status, 200, "{path}");
        assert_eq!(found.header("access-control-allow-origin"), Some("*"));
        assert!(found.header("cache-control").unwrap().starts_with("public"));
        let document: Value = serde_json::from_str(&found.body).unwrap();
        let resource = "https://shop.example.com/mcp";
        assert_eq!(document["resource"], resource, "the address that the client uses");
        assert_eq!(document["authorization_servers"], json!([ISSUER]));
        assert_eq!(document["bearer_methods_supported"], json!(["header"]));
        assert!(document["scopes_supported"].as_array().unwrap().contains(&json!("orders:read")));
    }

    let wrong = issuer.ping("wrong").await;
    let challenge = wrong.header("www-authenticate").unwrap();
    assert_eq!(
        challenge,
        format!("Bearer error=\"invalid_token\", {scope}, resource_metadata=\"{metadata}\"")
    );
    let narrow = issued("now", KEY, &claims(&json!({ "role": null, "scope": "crm:read" })));
    let call = json!({ "name": "order_get", "arguments": { "order_id": "ORD-12345" } });
    let refused = Wire::mcp(url, &narrow).rpc("tools/call", &call).send().await;
    refused.refused(403);
    assert_eq!(
        refused.header("www-authenticate").unwrap(),
        format!(
            "Bearer error=\"insufficient_scope\", scope=\"orders:read\", \
             resource_metadata=\"{metadata}\""
        )
    );
}

#[tokio::test]
async fn the_resource_is_the_address_of_the_endpoint_whatever_tokens_are_made_for() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.json");
    fs::write(&file, key_set(&[("now", KEY)])).unwrap();
    let flags = ["--jwt-jwks-file", file.to_str().unwrap(), "--jwt-issuer", ISSUER];
    let more = ["--jwt-audience", "shop", "--public-url", "https://shop.example.com/"];
    let server = server_with(&[flags, more].concat()).await;
    let path = "GET /.well-known/oauth-protected-resource/mcp";
    let found = Wire::new(&server.url, path).send().await;
    let document: Value = serde_json::from_str(&found.body).unwrap();
    assert_eq!(document["resource"], "https://shop.example.com/mcp");
}

#[tokio::test]
async fn keys_come_and_go_while_the_server_runs() {
    let issuer = Issuer::new().await;
    let old = issued("now", KEY, &claims(&json!({})));
    let new = issued("next", NEXT_KEY, &claims(&json!({})));
    issuer.ping(&old).await.result();
    issuer.ping(&new).await.refused(401);

    fs::write(&issuer.file, key_set(&[("now", KEY), ("next", NEXT_KEY)])).unwrap();
    issuer.becomes(&new, 200).await;
    issuer.ping(&old).await.result();

    fs::write(&issuer.file, key_set(&[("next", NEXT_KEY)])).unwrap();
    issuer.becomes(&old, 401).await;
    issuer.ping(&new).await.result();

    // A file that is broken or gone takes nothing away from the keys that are known.
    fs::write(&issuer.file, "{").unwrap();
    issuer.ping(&new).await.result();
    fs::remove_file(&issuer.file).unwrap();
    issuer.ping(&new).await.result();
    fs::write(&issuer.file, key_set(&[("now", KEY)])).unwrap();
    issuer.becomes(&old, 200).await;
    issuer.becomes(&new, 401).await;
}

#[tokio::test]
async fn a_token_ends_when_it_says_so_and_half_a_minute_later_at_most() {
    let issuer = Issuer::new().await;
    let token = issued("now", KEY, &claims(&json!({})));
    issuer.ping(&token).await.result();
    issuer.server.advance(9);
    issuer.ping(&token).await.result();
    issuer.server.advance(2);
    issuer.ping(&token).await.refused(401);
}
