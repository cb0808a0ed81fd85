//! Tokens as attackers, issuers and clocks make them. The private keys under `keys/` were made for
//! these tests and open nothing.

mod api_keys;
mod forms;
mod issuer;
mod key_sets;
mod statements;

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, EncodingKey, crypto, jwk::Jwk};
use serde_json::{Value, json};

use super::*;
use crate::testing::access::{ACCESS, AGENT, CLERK, READ};

const SECRET: &str = "q8Zt2w5yBk1mP0sVx7cN4jR9hLfDgT3u";
const RSA: &str = include_str!("keys/rsa.pem");
const EC: &str = include_str!("keys/ec.pem");
const EC_NEXT: &str = include_str!("keys/ec_next.pem");
const ED: &str = include_str!("keys/ed.pem");

type Outcome = Result<Arc<Caller>, Rejected>;

/// A fixed moment, later than all examples.
fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

fn after(seconds: i64) -> DateTime<Utc> {
    now() + TimeDelta::seconds(seconds)
}

fn development() -> AuthConfig {
    AuthConfig { secret: Some(JwtSecret::parse(SECRET).unwrap()), ..AuthConfig::new(&ACCESS) }
}

fn authenticator() -> Authenticator {
    Authenticator::new(&development(), None).unwrap()
}

/// Claims that pass.
fn claims() -> Value {
    json!({
        "iss": "business-mcp",
        "aud": "business-mcp",
        "sub": "anna",
        "tenant": "demo",
        "role": "agent",
        "exp": now().timestamp() + 600,
    })
}

/// The claims above with one of them changed, or left out with `None`.
fn with(name: &str, value: Option<Value>) -> Value {
    let mut claims = claims();
    let object = claims.as_object_mut().unwrap();
    match value {
        Some(value) => drop(object.insert(name.to_owned(), value)),
        None => drop(object.shift_remove(name)),
    }
    claims
}

fn part(json: &str) -> String {
    URL_SAFE_NO_PAD.encode(json)
}

/// Signs any header and payload, well-formed or not.
fn sign(header: &str, payload: &str, key: &EncodingKey, algorithm: Algorithm) -> String {
    let message = format!("{}.{}", part(header), part(payload));
    let signature = crypto::sign(message.as_bytes(), key, algorithm).unwrap();
    format!("{message}.{signature}")
}

fn secret_key() -> EncodingKey {
    EncodingKey::from_secret(SECRET.as_bytes())
}

/// A token of the development secret with any payload.
fn hs256(payload: &str) -> String {
    sign(r#"{"alg":"HS256","typ":"JWT"}"#, payload, &secret_key(), Algorithm::HS256)
}

fn private_key(pem: &str, algorithm: Algorithm) -> EncodingKey {
    let pem = pem.as_bytes();
    match algorithm {
        Algorithm::ES256 => EncodingKey::from_ec_pem(pem),
        Algorithm::EdDSA => EncodingKey::from_ed_pem(pem),
        _ => EncodingKey::from_rsa_pem(pem),
    }
    .unwrap()
}

/// A token of an issuer's key.
fn issued(kid: &str, pem: &str, algorithm: Algorithm) -> String {
    let header = json!({"alg": algorithm, "kid": kid, "typ": "at+jwt"}).to_string();
    sign(&header, &claims().to_string(), &private_key(pem, algorithm), algorithm)
}

/// The public half of a key, as an issuer publishes it.
fn published(kid: &str, pem: &str, algorithm: Algorithm) -> Value {
    let jwk = Jwk::from_encoding_key(&private_key(pem, algorithm), algorithm).unwrap();
    let mut jwk = serde_json::to_value(jwk).unwrap();
    jwk["kid"] = json!(kid);
    jwk["use"] = json!("sig");
    jwk
}
