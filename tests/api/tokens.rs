//! Forged, foreign and misplaced tokens open nothing, are told nothing, and stay out of the log even
//! where everything is logged.

use std::fs;

use serde_json::json;

use crate::{
    forge::{AUDIENCE, ISSUER, KEY, claims, forgeries, issued, key_set},
    process::{HotShop, Process, program},
    wire::{Answer, Wire},
};

/// A shop whose program logs everything it can, into a file.
struct Watched {
    shop: HotShop,
    process: Process,
    folder: tempfile::TempDir,
}

impl Watched {
    async fn on(shop: HotShop) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("keys.json");
        fs::write(&keys, key_set(&[("now", KEY)])).unwrap();
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let process = shop.serve_with(|command| {
            command
                .env("RUST_LOG", "trace")
                .env("JWT_JWKS_FILE", keys)
                .env("JWT_ISSUER", ISSUER)
                .env("JWT_AUDIENCE", AUDIENCE)
                .stderr(log);
        });
        let process = process.await;
        Self { shop, process, folder }
    }

    fn ping(&self, token: &str) -> Wire {
        Wire::mcp(&self.process.url, token).rpc("ping", &json!({}))
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }
}

/// Every address guesses a few times only, or it would be refused for that.
fn address(number: usize) -> u8 {
    u8::try_from(2 + number / 8).unwrap()
}

#[track_caller]
fn refused(answer: &Answer, what: &str) {
    assert_eq!(answer.status, 401, "{what}: {answer:?}");
    let challenge = answer.header("www-authenticate").unwrap_or_default();
    assert!(challenge.starts_with("Bearer error=\"invalid_token\""), "{what}: {challenge}");
    assert_eq!(answer.refused(401), -32600);
}

#[tokio::test]
async fn what_was_not_issued_opens_nothing_and_stays_out_of_the_log() {
    for shop in HotShop::on_both(10).await {
        let watched = Watched::on(shop).await;
        let good = issued("now", KEY, &claims(&json!({ "jti": "known-id" })));
        watched.ping(&good).send().await.result();
        let own = claims(&json!({ "sub": "developer" }));
        let own = crate::forge::sign(
            &json!({ "alg": "HS256" }),
            &own.to_string(),
            &jsonwebtoken::EncodingKey::from_secret(watched.shop.secret.expose().as_bytes()),
            jsonwebtoken::Algorithm::HS256,
        );
        watched.ping(&own).send().await.result();
        let call = json!({ "name": "customer_lookup", "arguments": { "customer_id": "C-1" } });
        for accept in ["application/json", "text/event-stream"] {
            let call = watched.ping(&good).rpc("tools/call", &call).with("accept", accept);
            assert_eq!(call.send().await.status, 200);
        }

        let forged = forgeries(watched.shop.secret.expose());
        let mut told = Vec::new();
        for (number, (what, token)) in forged.iter().enumerate() {
            let answer = watched.ping(token).from(address(number)).send().await;
            refused(&answer, what);
            told.push(answer.body.clone());
        }
        told.dedup();
        assert_eq!(told.len(), 1, "one text for all causes: {told:?}");
        // Every door looks at the token first, whatever comes through it.
        let expired = issued("now", KEY, &claims(&json!({ "exp": 1_000_000_000 })));
        for asked in [
            watched.ping(&expired).rpc("initialize", &json!({})),
            watched.ping(&expired).body("not json"),
            watched.ping(&expired).on("/mcp/"),
            watched.ping(&expired).instead("content-type", "text/plain"),
            Wire::new(&watched.process.url, "DELETE /mcp")
                .with("authorization", &format!("Bearer {expired}")),
            Wire::new(&watched.process.url, "GET /api/approvals")
                .with("authorization", &format!("Bearer {expired}")),
            Wire::new(&watched.process.url, "POST /api/approvals/APR-1/approve")
                .with("authorization", &format!("Bearer {expired}")),
        ] {
            refused(&asked.from(200).send().await, "expired");
        }

        let log = watched.log();
        for cause in ["has expired", "signature is wrong", "malformed", "key is not known"] {
            assert!(log.contains(cause), "the cause is logged: {cause}");
        }
        let tokens = forged.iter().map(|(_, token)| token.as_str());
        for token in tokens.chain([good.as_str(), own.as_str(), expired.as_str()]) {
            let secret_parts = token.split('.').filter(|part| part.len() > 20);
            for part in secret_parts {
                assert!(!log.contains(part), "the log holds a part of a token: {part:.60}");
            }
        }
        let secret = watched.shop.secret.expose();
        assert!(!log.contains(secret) && !log.contains("BEGIN"), "the log holds a secret");
    }
}

#[tokio::test]
async fn a_token_counts_in_its_header_only() {
    for shop in HotShop::on_both(10).await {
        let watched = Watched::on(shop).await;
        let token = issued("now", KEY, &claims(&json!({})));
        let bearer = format!("Bearer {token}");
        let bare = watched.ping(&token).without("authorization");
        for misplaced in [
            bare.clone(),
            bare.clone().on(&format!("/mcp?access_token={token}")),
            bare.clone().on(&format!("/mcp?token={token}&authorization=Bearer%20{token}")),
            bare.clone().with("cookie", &format!("access_token={token}")),
            bare.clone().with("x-authorization", &bearer),
            bare.clone().with("x-api-key", &token),
            bare.clone().with("proxy-authorization", &bearer),
            bare.clone().with("x-user", "anna").with("x-forwarded-user", "anna"),
        ] {
            let answer = misplaced.send().await;
            answer.refused(401);
            let challenge = answer.header("www-authenticate").unwrap();
            assert!(
                challenge.starts_with("Bearer ") && !challenge.contains("error"),
                "{challenge}"
            );
        }
        for (number, malformed) in [
            bare.clone().with("authorization", &bearer).with("authorization", &bearer),
            bare.clone().with("authorization", &format!("{bearer}, {bearer}")),
            bare.clone().with("authorization", &format!("Basic {token}")),
            bare.clone().with("authorization", &token),
            bare.clone().with("authorization", &format!("Bearer{token}")),
            bare.clone().with("authorization", "Bearer"),
            bare.clone().with("authorization", ""),
            bare.clone().with("authorization", &format!("Bearer \"{token}\"")),
            bare.clone().with("authorization", &format!("Bearer {token} {token}")),
        ]
        .into_iter()
        .enumerate()
        {
            let head = malformed.head();
            refused(&malformed.from(address(number)).send().await, &head);
        }
        // The scheme's name is of any case (RFC 9110, 11.1).
        let lower = bare.with("authorization", &format!("bearer {token}"));
        lower.send().await.result();

        let log = watched.log();
        for part in token.split('.') {
            assert!(!log.contains(part), "the log holds a part of a token that was misplaced");
        }
    }
}

#[tokio::test]
async fn an_api_key_stays_out_of_the_log() {
    for shop in HotShop::on_both(10).await {
        let watched = Watched::on(shop).await;
        let made = program(&watched.shop.database_url)
            .args(["key", "create", "--name", "platform", "--role", "agent"])
            .env("RUST_LOG", "trace")
            .output()
            .unwrap();
        let key = String::from_utf8(made.stdout).unwrap().trim().to_owned();
        let secret = key.rsplit_once('_').unwrap().1;
        watched.ping(&key).send().await.result();
        let wrong = key.replace(secret, &secret.chars().rev().collect::<String>());
        refused(&watched.ping(&wrong).send().await, "another secret");
        let log = watched.log() + &String::from_utf8_lossy(&made.stderr);
        assert!(log.contains("the API key is not known"));
        assert!(!log.contains(secret) && !log.contains(wrong.rsplit_once('_').unwrap().1));
        let hash = business_mcp_engine::auth::api_key::hash(secret);
        assert!(!log.contains(&business_mcp_engine::auth::api_key::hex(&hash)));
    }
}
