//! Tokens as an issuer signs them, and as others would like them to be.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use business_mcp_engine::tool::Clock;
use jsonwebtoken::{Algorithm, EncodingKey, crypto, jwk::Jwk};
use serde_json::{Value, json};

/// An issuer's private key; made for tests, it opens nothing.
pub const KEY: &str = include_str!("../../engine/src/auth/tests/keys/ec.pem");
/// The key that comes after it.
pub const NEXT_KEY: &str = include_str!("../../engine/src/auth/tests/keys/ec_next.pem");
/// Who issues.
pub const ISSUER: &str = "https://issuer.example.com";
/// For whom.
pub const AUDIENCE: &str = "https://shop.example.com/mcp";

/// Claims that pass, with some of them changed; `null` leaves one out.
pub fn claims(changes: &Value) -> Value {
    let mut claims = json!({
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "anna",
        "tenant": "demo",
        "role": "agent",
        "exp": Clock::System.now().timestamp() + 600,
    });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    claims
}

/// Signs any header and payload, well-formed or not.
pub fn sign(header: &Value, payload: &str, key: &EncodingKey, algorithm: Algorithm) -> String {
    let encode = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let message = format!("{}.{}", encode(&header.to_string()), encode(payload));
    let signature = crypto::sign(message.as_bytes(), key, algorithm).unwrap();
    format!("{message}.{signature}")
}

/// A token that the issuer signed.
pub fn issued(kid: &str, pem: &str, claims: &Value) -> String {
    let header = json!({ "alg": "ES256", "kid": kid, "typ": "at+jwt" });
    sign(&header, &claims.to_string(), &private(pem), Algorithm::ES256)
}

fn private(pem: &str) -> EncodingKey {
    EncodingKey::from_ec_pem(pem.as_bytes()).unwrap()
}

/// The public halves of these keys, as an issuer publishes them.
pub fn key_set(keys: &[(&str, &str)]) -> String {
    let keys = keys.iter().map(|(kid, pem)| {
        let jwk = Jwk::from_encoding_key(&private(pem), Algorithm::ES256).unwrap();
        let mut jwk = serde_json::to_value(jwk).unwrap();
        jwk["kid"] = json!(kid);
        jwk["use"] = json!("sig");
        jwk
    });
    json!({ "keys": keys.collect::<Vec<_>>() }).to_string()
}

/// Tokens that must not open anything, each with what is wrong with it. `secret` is the server's
/// own, and the key `now` is the issuer's.
pub fn forgeries(secret: &str) -> Vec<(String, String)> {
    let good = issued("now", KEY, &claims(&json!({})));
    let secret = EncodingKey::from_secret(secret.as_bytes());
    let hs = |header: Value, key: &EncodingKey, algorithm| {
        sign(&header, &claims(&json!({})).to_string(), key, algorithm)
    };
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let unsigned = |alg: &str| {
        let header = part(&json!({ "alg": alg, "typ": "JWT" }).to_string());
        format!("{header}.{}.", part(&claims(&json!({})).to_string()))
    };
    let parts: Vec<&str> = good.split('.').collect();
    let admin = part(&claims(&json!({ "role": "admin" })).to_string());
    let public = EncodingKey::from_secret(key_set(&[("now", KEY)]).as_bytes());
    let with_header = |name: &str, value: Value| {
        let mut header = json!({ "alg": "ES256", "kid": "now", "typ": "JWT" });
        header[name] = value;
        sign(&header, &claims(&json!({})).to_string(), &private(KEY), Algorithm::ES256)
    };
    let stranger = EncodingKey::from_secret(b"another secret of at least 32 bytes");
    let mut forged = vec![
        ("alg none", unsigned("none")),
        ("alg None", unsigned("None")),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        ("two parts", format!("{}.{}", parts[0], parts[1])),
        ("five parts", format!("{good}.a.b")),
        ("tampered payload", format!("{}.{admin}.{}", parts[0], parts[2])),
        ("short signature", good[..good.len() - 4].to_owned()),
        ("someone's secret", hs(json!({ "alg": "HS256" }), &stranger, Algorithm::HS256)),
        ("another size", hs(json!({ "alg": "HS512" }), &secret, Algorithm::HS512)),
        (
            "public key as a secret",
            hs(json!({ "alg": "HS256", "kid": "now" }), &public, Algorithm::HS256),
        ),
        (
            "secret under the issuer's algorithm",
            hs(json!({ "alg": "ES256", "kid": "now" }), &secret, Algorithm::HS256),
        ),
        ("unknown key", issued("other", KEY, &claims(&json!({})))),
        ("another's key", issued("now", NEXT_KEY, &claims(&json!({})))),
        ("key that is a path", issued("../../etc/passwd", KEY, &claims(&json!({})))),
        ("key that is SQL", issued("' or 1=1 --", KEY, &claims(&json!({})))),
        ("key with NUL", issued("now\0", KEY, &claims(&json!({})))),
        ("key of its own", with_header("jwk", json!({ "kty": "oct", "k": "AA" }))),
        ("key elsewhere", with_header("jku", json!("http://127.0.0.1:1/keys"))),
        ("certificate elsewhere", with_header("x5u", json!("http://127.0.0.1:1/cert"))),
        ("something critical", with_header("crit", json!(["exp"]))),
        ("another type", with_header("typ", json!("JWE"))),
        ("nothing", String::new()),
        ("not a token", "token".to_owned()),
        ("too long", format!("{good}{}", "A".repeat(9_000))),
    ]
    .into_iter()
    .map(|(what, token)| (what.to_owned(), token))
    .collect::<Vec<_>>();
    let now = Clock::System.now().timestamp();
    for (claim, values) in [
        ("exp", json!([null, now - 60, "soon", now.to_string(), 1e300, -1, true, [now + 60]])),
        ("nbf", json!([now + 120, "now", 1e300])),
        ("iss", json!([null, "https://issuer.example.com/", "HTTPS://issuer.example.com", 5, {}])),
        ("aud", json!([null, "https://shop.example.com", [], 5, {}, ["x"], [AUDIENCE, 5]])),
        ("sub", json!([null, "", " ", 5, ["anna"], "key:0123456789ab"])),
        ("tenant", json!([null, "", "*", 5, ["demo"], "demo' or 1=1", "demo\u{0}", {}])),
        ("role", json!(["root", 5, ["admin"]])),
        ("scope", json!([["orders:read"], 5])),
    ] {
        for value in values.as_array().unwrap() {
            let mut claims = claims(&json!({}));
            match value {
                Value::Null => drop(claims.as_object_mut().unwrap().remove(claim)),
                value => claims[claim] = value.clone(),
            }
            forged.push((format!("{claim} is {value}"), issued("now", KEY, &claims)));
        }
    }
    forged
}
