//! Headers, segments and signatures.

use super::*;

async fn judge(token: &str) -> Outcome {
    authenticator().authenticate(token, now()).await
}

async fn with_header(header: Value) -> Outcome {
    let token = sign(&header.to_string(), &claims().to_string(), &secret_key(), Algorithm::HS256);
    judge(&token).await
}

#[tokio::test]
async fn a_minted_token_is_accepted() {
    let config = development();
    let request = MintRequest {
        tenant: "demo",
        subject: "anna",
        grant: Grant::Role(CLERK),
        ttl: std::time::Duration::from_mins(1),
        now: now(),
    };
    let token = mint(config.secret.as_ref().unwrap(), &config, &request).unwrap();
    let caller = judge(&token).await.unwrap();
    assert_eq!((&*caller.tenant, &*caller.subject), ("demo", "anna"));
    assert_eq!(caller.scopes, CLERK.scopes());
    assert_eq!(caller.expires_at, Some(after(60)));
    assert!(caller.token_id.as_ref().is_some_and(|id| id.len() == 36));

    for (tenant, subject) in [("*", "anna"), ("", "anna"), ("demo", " "), ("demo", "key:1")] {
        let request = MintRequest { tenant, subject, ..request.clone() };
        assert!(mint(config.secret.as_ref().unwrap(), &config, &request).is_err());
    }
}

#[tokio::test]
async fn usual_headers_are_accepted() {
    for header in [
        json!({"alg": "HS256"}),
        json!({"alg": "HS256", "typ": "JWT", "kid": "main-1", "x5t": "unused"}),
        json!({"typ": "application/at+JWT", "alg": "HS256"}),
    ] {
        assert!(with_header(header.clone()).await.is_ok(), "{header}");
    }
}

#[tokio::test]
async fn other_algorithms_are_refused() {
    for alg in ["none", "None", "hs256", "HS384", "HS512", "RS512", "PS256", "ES384", "", "dir"] {
        assert_eq!(with_header(json!({"alg": alg})).await, Err(Rejected::Algorithm), "{alg}");
    }
    for header in [json!({}), json!({"alg": null}), json!({"alg": ["HS256"]})] {
        assert_eq!(with_header(header.clone()).await, Err(Rejected::Algorithm), "{header}");
    }
    let hs512 = sign(r#"{"alg":"HS512"}"#, &claims().to_string(), &secret_key(), Algorithm::HS512);
    assert_eq!(judge(&hs512).await, Err(Rejected::Algorithm));
    let unsigned = format!("{}.{}.", part(r#"{"alg":"none"}"#), part(&claims().to_string()));
    assert_eq!(judge(&unsigned).await, Err(Rejected::Algorithm));
    let asymmetric = issued("rsa", RSA, Algorithm::RS256);
    assert_eq!(judge(&asymmetric).await, Err(Rejected::Algorithm), "no key set is configured");
}

#[tokio::test]
async fn headers_that_bring_keys_or_demands_are_refused() {
    for (name, value) in [
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("crit", json!(null)),
        ("jwk", json!({"kty": "oct", "k": "AAAA"})),
        ("jku", json!("http://127.0.0.1:1/jwks.json")),
        ("x5u", json!("http://127.0.0.1:1/cert.pem")),
        ("x5c", json!(["MIIB"])),
        ("typ", json!("dpop+jwt")),
        ("typ", json!(5)),
        ("kid", json!(5)),
        ("kid", json!(null)),
    ] {
        let mut header = json!({"alg": "HS256"});
        header[name] = value;
        assert_eq!(with_header(header.clone()).await, Err(Rejected::Header), "{header}");
    }
    for kid in ["../../dev/null", "/dev/null", "' or 1=1 --", "a\0b", "", "a b", "a|id"] {
        let outcome = with_header(json!({"alg": "HS256", "kid": kid})).await;
        assert_eq!(outcome, Err(Rejected::UnknownKey), "{kid:?}");
    }
}

#[tokio::test]
async fn broken_tokens_are_refused() {
    let good = hs256(&claims().to_string());
    assert!(judge(&good).await.is_ok());
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (header, payload) = message.split_once('.').unwrap();
    for broken in [
        String::new(),
        ".".to_owned(),
        "..".to_owned(),
        message.to_owned(),
        format!("{good}."),
        format!("{good}.{signature}"),
        format!(" {good}"),
        format!("{header}=.{payload}.{signature}"),
        format!("{}.{payload}.{signature}", part("[]")),
        format!("{}.{payload}.{signature}", part("not JSON")),
        format!("{}.{payload}.{signature}", part(r#"{"alg":"none","alg":"HS256"}"#)),
        format!("a.b.c.d.{signature}"),
        "x".repeat(9_000),
        hs256("[]"),
        hs256("null"),
        hs256(r#"{"sub":"anna","sub":"bob"}"#),
    ] {
        assert_eq!(judge(&broken).await, Err(Rejected::Malformed), "{broken}");
    }
    let other = EncodingKey::from_secret(b"another secret of more than 32 bytes");
    let forged = sign(r#"{"alg":"HS256"}"#, &claims().to_string(), &other, Algorithm::HS256);
    let swapped = part(&with("tenant", Some(json!("other"))).to_string());
    for wrong in [
        forged,
        format!("{message}."),
        format!("{message}.{}", &signature[..20]),
        format!("{message}.{signature}AAAA"),
        format!("{message}.{signature}="),
        format!("{header}.{swapped}.{signature}"),
    ] {
        assert_eq!(judge(&wrong).await, Err(Rejected::Signature), "{wrong}");
    }
}

#[tokio::test]
async fn every_refusal_looks_the_same() {
    let expired = with("exp", Some(json!(1)));
    for token in ["", "a.b.c", "bmk_1_2", &hs256(&expired.to_string())] {
        let refused = judge(token).await.unwrap_err();
        assert_eq!(refused.to_string(), "invalid_token");
        assert!(!refused.is_temporary());
        assert!(!refused.cause().is_empty());
    }
}
