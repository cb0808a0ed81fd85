//! Rotation, floods, and issuers that lie, hang or go away.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use super::{issuer::Issuer, *};

/// The usual pace, ten times as fast.
fn pace() -> Pace {
    Pace {
        max_age: Duration::from_mins(1),
        between_reads: Duration::from_millis(100),
        retry: Duration::from_millis(100),
        timeout: Duration::from_millis(300),
    }
}

fn room(source: &KeySource, pace: Pace) -> Authenticator {
    let ours = Some("business-mcp".to_owned());
    let config = AuthConfig { issuer: ours.clone(), audience: ours, ..development() };
    let keys = KeySet::new(source, pace).unwrap();
    Authenticator::with_keys(&config, Some(keys), None).unwrap()
}

async fn wait(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

fn first() -> Value {
    published("first", EC, Algorithm::ES256)
}

fn first_token() -> String {
    issued("first", EC, Algorithm::ES256)
}

fn next() -> Value {
    published("next", EC_NEXT, Algorithm::ES256)
}

fn next_token() -> String {
    issued("next", EC_NEXT, Algorithm::ES256)
}

#[tokio::test]
async fn three_algorithms_verify_with_one_fetch() {
    let keys = [
        published("rsa", RSA, Algorithm::RS256),
        published("ec", EC, Algorithm::ES256),
        published("ed", ED, Algorithm::EdDSA),
    ];
    let (issuer, source) = Issuer::start(&keys).await;
    let room = room(&source, pace());
    for (kid, pem, algorithm) in
        [("rsa", RSA, Algorithm::RS256), ("ec", EC, Algorithm::ES256), ("ed", ED, Algorithm::EdDSA)]
    {
        let token = issued(kid, pem, algorithm);
        assert!(room.authenticate(&token, now()).await.is_ok(), "{kid}");
        let (message, signature) = token.rsplit_once('.').unwrap();
        for signature in ["", &signature[..8], &signature[4..]] {
            let broken = format!("{message}.{signature}");
            let outcome = room.authenticate(&broken, now()).await;
            assert_eq!(outcome, Err(Rejected::Signature), "{kid}");
        }
    }
    assert!(room.authenticate(&hs256(&claims().to_string()), now()).await.is_ok());
    assert_eq!(issuer.fetches(), 1);
}

#[tokio::test]
async fn a_key_works_with_its_own_algorithm_only() {
    let rsa = published("rsa", RSA, Algorithm::RS256);
    let (issuer, source) = Issuer::start(&[rsa.clone(), first()]).await;
    let room = room(&source, pace());
    let modulus = URL_SAFE_NO_PAD.decode(rsa["n"].as_str().unwrap()).unwrap();
    let public_text = rsa.to_string();
    for public in [modulus.as_slice(), public_text.as_bytes(), b""] {
        let header = r#"{"alg":"HS256","kid":"rsa"}"#;
        let key = EncodingKey::from_secret(public);
        let confused = sign(header, &claims().to_string(), &key, Algorithm::HS256);
        let outcome = room.authenticate(&confused, now()).await;
        assert_eq!(outcome, Err(Rejected::Signature));
    }
    let rs512 = issued("rsa", RSA, Algorithm::RS512);
    assert_eq!(room.authenticate(&rs512, now()).await, Err(Rejected::Algorithm));
    let pinned = issued("rsa", EC, Algorithm::ES256);
    assert_eq!(room.authenticate(&pinned, now()).await, Err(Rejected::Algorithm));
    let borrowed = issued("first", EC_NEXT, Algorithm::ES256);
    assert_eq!(room.authenticate(&borrowed, now()).await, Err(Rejected::Signature));
    assert_eq!(issuer.fetches(), 1);
}

#[tokio::test]
async fn symmetric_encryption_and_weak_keys_are_passed_over() {
    let change = |mut key: Value, name: &str, value: Value| {
        key[name] = value;
        key
    };
    let oct = json!({"kty": "oct", "kid": "oct", "alg": "HS256", "k": part(SECRET)});
    let (_, source) = Issuer::start(&[
        oct,
        change(first(), "use", json!("enc")),
        change(published("ops", EC, Algorithm::ES256), "key_ops", json!(["encrypt"])),
        change(published("alg", EC, Algorithm::ES256), "alg", json!("ES384")),
        change(published("point", EC, Algorithm::ES256), "x", json!("AAAA")),
        change(published("rsa", RSA, Algorithm::RS256), "n", json!("AQAB")),
        json!("not a key"),
        json!({"kty": "EC"}),
        next(),
    ])
    .await;
    let room = room(&source, pace());
    assert_eq!(room.load_keys().await.unwrap(), Some(1));
    assert!(room.authenticate(&next_token(), now()).await.is_ok());
    for kid in ["first", "ops", "alg", "point"] {
        let token = issued(kid, EC, Algorithm::ES256);
        assert_eq!(room.authenticate(&token, now()).await, Err(Rejected::UnknownKey), "{kid}");
    }
    let token = issued("rsa", RSA, Algorithm::RS256);
    assert_eq!(room.authenticate(&token, now()).await, Err(Rejected::UnknownKey));
}

#[tokio::test]
async fn a_token_without_a_kid_needs_a_set_with_one_such_key() {
    let (issuer, source) = Issuer::start(&[first(), published("rsa", RSA, Algorithm::RS256)]).await;
    let room = room(&source, pace());
    let key = private_key(EC, Algorithm::ES256);
    let token = sign(r#"{"alg":"ES256"}"#, &claims().to_string(), &key, Algorithm::ES256);
    assert!(room.authenticate(&token, now()).await.is_ok());
    issuer.publish(&[first(), next()]);
    room.load_keys().await.unwrap();
    assert_eq!(room.authenticate(&token, now()).await, Err(Rejected::UnknownKey));
}

#[tokio::test]
async fn a_new_key_is_found_by_its_name() {
    let (issuer, source) = Issuer::start(&[first()]).await;
    let room = room(&source, pace());
    assert!(room.authenticate(&first_token(), now()).await.is_ok());
    assert_eq!(room.authenticate(&next_token(), now()).await, Err(Rejected::UnknownKey));

    issuer.publish(&[first(), next()]);
    wait(120).await;
    assert!(room.authenticate(&next_token(), now()).await.is_ok());
    assert!(room.authenticate(&first_token(), now()).await.is_ok());
    assert_eq!(issuer.fetches(), 2);
}

#[tokio::test]
async fn a_withdrawn_key_is_out_at_the_age_of_the_set_even_for_remembered_tokens() {
    let (issuer, source) = Issuer::start(&[first(), next()]).await;
    let room = room(&source, Pace { max_age: Duration::from_millis(300), ..pace() });
    assert!(room.authenticate(&first_token(), now()).await.is_ok());
    let remembered = first_token();
    assert!(room.authenticate(&remembered, now()).await.is_ok());

    issuer.publish(&[next()]);
    assert!(room.authenticate(&remembered, now()).await.is_ok());
    assert_eq!(issuer.fetches(), 1);
    wait(320).await;
    assert_eq!(room.authenticate(&remembered, now()).await, Err(Rejected::UnknownKey));
    assert!(room.authenticate(&next_token(), now()).await.is_ok());
}

#[tokio::test]
async fn a_flood_of_unknown_names_fetches_once_a_second() {
    let (issuer, source) = Issuer::start(&[first()]).await;
    let room = Arc::new(room(&source, Pace::of(&source, Duration::from_mins(10))));
    assert!(room.authenticate(&first_token(), now()).await.is_ok());
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(1_500) {
        let flood = (0..50).map(|n| {
            let (room, kid) = (Arc::clone(&room), format!("unknown-{n}"));
            let token =
                format!("{}.e30.AAAA", part(&json!({"alg": "ES256", "kid": kid}).to_string()));
            tokio::spawn(async move { room.authenticate(&token, now()).await })
        });
        for outcome in futures::future::join_all(flood).await {
            assert_eq!(outcome.unwrap(), Err(Rejected::UnknownKey));
        }
    }
    assert!((2..=3).contains(&issuer.fetches()), "{} fetches", issuer.fetches());

    let before = issuer.fetches();
    wait(1_100).await;
    for kid in ["../../etc/passwd", "/etc/passwd", "' or 1=1 --", "a\0b", "http://evil/\n"] {
        let token = issued(kid, EC, Algorithm::ES256);
        assert_eq!(room.authenticate(&token, now()).await, Err(Rejected::UnknownKey));
    }
    assert_eq!(issuer.fetches(), before, "such names are not worth a fetch");
}

#[tokio::test]
async fn known_keys_outlive_an_issuer_that_is_down_or_hangs() {
    let (issuer, source) = Issuer::start(&[first()]).await;
    let room = room(&source, Pace { max_age: Duration::from_millis(100), ..pace() });
    assert!(room.authenticate(&first_token(), now()).await.is_ok());

    issuer.fails.store(true, Ordering::SeqCst);
    for _ in 0..5 {
        wait(60).await;
        assert!(room.authenticate(&first_token(), now()).await.is_ok());
    }
    issuer.fails.store(false, Ordering::SeqCst);
    issuer.hangs.store(true, Ordering::SeqCst);
    let mut waits = Vec::new();
    for _ in 0..10 {
        wait(60).await;
        let begun = Instant::now();
        assert!(room.authenticate(&first_token(), now()).await.is_ok());
        waits.push(begun.elapsed());
    }
    assert!(waits.iter().all(|wait| *wait < Duration::from_secs(1)), "{waits:?}");
    let slow = waits.iter().filter(|wait| **wait > Duration::from_millis(200)).count();
    assert!(slow <= 1, "only the first waits: {waits:?}");

    issuer.hangs.store(false, Ordering::SeqCst);
    issuer.publish(&[next()]);
    wait(600).await;
    drop(room.authenticate(&first_token(), now()).await);
    wait(150).await;
    assert!(room.authenticate(&first_token(), now()).await.is_err(), "it recovers");
}

#[tokio::test]
async fn whoever_waits_for_a_slow_read_shares_it() {
    let (issuer, source) = Issuer::start(&[first()]).await;
    let room = Arc::new(room(&source, pace()));
    assert!(room.authenticate(&first_token(), now()).await.is_ok());
    issuer.hangs.store(true, Ordering::SeqCst);
    wait(120).await;
    let begun = Instant::now();
    let waiting = (0..5).map(|_| {
        let room = Arc::clone(&room);
        tokio::spawn(async move { room.authenticate(&next_token(), now()).await })
    });
    for outcome in futures::future::join_all(waiting).await {
        assert_eq!(outcome.unwrap(), Err(Rejected::UnknownKey));
    }
    assert_eq!(issuer.fetches(), 2);
    assert!(begun.elapsed() < Duration::from_millis(600), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn without_any_keys_the_fault_is_not_the_tokens() {
    let (issuer, source) = Issuer::start(&[first()]).await;
    issuer.fails.store(true, Ordering::SeqCst);
    let room = room(&source, pace());
    assert!(room.load_keys().await.is_err());
    let refused = room.authenticate(&first_token(), now()).await.unwrap_err();
    assert_eq!(refused, Rejected::KeySetUnavailable);
    assert!(refused.is_temporary());
    issuer.fails.store(false, Ordering::SeqCst);
    wait(120).await;
    assert!(room.authenticate(&first_token(), now()).await.is_ok());
}

#[tokio::test]
async fn redirects_large_bodies_and_other_documents_are_refused() {
    let (issuer, source) = Issuer::start(&[first()]).await;
    let KeySource::Url(url) = &source else { unreachable!() };
    let moved = KeySource::Url(url.replace("/jwks", "/moved"));
    assert!(matches!(room(&moved, pace()).load_keys().await, Err(SourceError::Status(_))));
    *issuer.body.lock().unwrap() = " ".repeat(300 * 1024);
    assert!(matches!(room(&source, pace()).load_keys().await, Err(SourceError::TooLarge)));
    *issuer.body.lock().unwrap() = "<html></html>".to_owned();
    assert!(matches!(room(&source, pace()).load_keys().await, Err(SourceError::NotAKeySet)));
}

#[tokio::test]
async fn a_file_is_read_again_when_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jwks.json");
    std::fs::write(&path, json!({"keys": [first()]}).to_string()).unwrap();
    let source = KeySource::File(path.clone());
    let room = room(&source, Pace { max_age: Duration::from_millis(100), ..pace() });
    let remembered = first_token();
    assert!(room.authenticate(&remembered, now()).await.is_ok());

    std::fs::write(&path, json!({"keys": [next()]}).to_string()).unwrap();
    wait(120).await;
    assert_eq!(room.authenticate(&remembered, now()).await, Err(Rejected::UnknownKey));
    assert!(room.authenticate(&next_token(), now()).await.is_ok());

    std::fs::remove_file(&path).unwrap();
    wait(120).await;
    assert!(room.authenticate(&next_token(), now()).await.is_ok(), "the known keys stay");
}
