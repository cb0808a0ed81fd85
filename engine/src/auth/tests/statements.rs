//! Claims.

use super::*;
use crate::tool::Scopes;

async fn judge(claims: &Value) -> Outcome {
    judge_text(&claims.to_string()).await
}

async fn judge_text(payload: &str) -> Outcome {
    authenticator().authenticate(&hs256(payload), now()).await
}

/// Every one of these values of a claim is refused for the cause given.
async fn refuses(name: &str, cause: Rejected, values: &[Value]) {
    for value in values {
        let outcome = judge(&with(name, Some(value.clone()))).await;
        assert_eq!(outcome, Err(cause), "{name} {value}");
    }
}

#[tokio::test]
async fn the_end_is_required_and_a_whole_number() {
    assert_eq!(judge(&with("exp", None)).await, Err(Rejected::Expiry));
    let values = [json!("1800000600"), json!(null), json!([1_800_000_600]), json!(true), json!({})];
    refuses("exp", Rejected::Expiry, &values).await;
    refuses("exp", Rejected::Expiry, &[json!(1_800_000_600.5), json!(u64::MAX)]).await;
    refuses("exp", Rejected::Expiry, &[json!(i64::MAX)]).await;
    refuses("exp", Rejected::Expired, &[json!(0), json!(-5), json!(1_700_000_000)]).await;
    let text = claims().to_string();
    let infinite = text.replace("1800000600", "1e999");
    assert_eq!(judge_text(&infinite).await, Err(Rejected::Malformed));
    let not_json = text.replace("1800000600", "NaN");
    assert_eq!(judge_text(&not_json).await, Err(Rejected::Malformed));
}

#[tokio::test]
async fn clocks_may_be_off_by_thirty_seconds_on_both_ends() {
    let at = |seconds: i64| Some(json!(now().timestamp() + seconds));
    assert!(judge(&with("exp", at(-29))).await.is_ok());
    assert_eq!(judge(&with("exp", at(-30))).await, Err(Rejected::Expired));
    assert!(judge(&with("nbf", at(30))).await.is_ok());
    assert_eq!(judge(&with("nbf", at(31))).await, Err(Rejected::NotYetValid));
    let values = [json!("0"), json!(null), json!(0.5), json!([])];
    refuses("nbf", Rejected::NotYetValid, &values).await;
}

#[tokio::test]
async fn a_remembered_token_ends_with_its_leeway() {
    let authenticator = authenticator();
    let token = hs256(&claims().to_string());
    for seconds in [0, 1, 600, 629] {
        assert!(authenticator.authenticate(&token, after(seconds)).await.is_ok(), "{seconds}");
    }
    let late = authenticator.authenticate(&token, after(630)).await;
    assert_eq!(late, Err(Rejected::Expired));
}

#[tokio::test]
async fn a_remembered_token_is_the_same_caller() {
    let authenticator = authenticator();
    let token = hs256(&claims().to_string());
    let first = authenticator.authenticate(&token, now()).await.unwrap();
    let second = authenticator.authenticate(&token, now()).await.unwrap();
    assert!(Arc::ptr_eq(&first, &second));
}

#[tokio::test]
async fn the_issuer_is_exact() {
    assert_eq!(judge(&with("iss", None)).await, Err(Rejected::Issuer));
    let values = [
        json!("evil"),
        json!("business-mcp/"),
        json!("business-mc"),
        json!("Business-MCP"),
        json!(5),
        json!(null),
        json!({}),
        json!(["business-mcp"]),
    ];
    refuses("iss", Rejected::Issuer, &values).await;
}

#[tokio::test]
async fn the_audience_holds_this_server() {
    assert!(judge(&with("aud", Some(json!(["other", "business-mcp"])))).await.is_ok());
    assert_eq!(judge(&with("aud", None)).await, Err(Rejected::Audience));
    let values = [
        json!("other"),
        json!("business-mcp/admin"),
        json!("business"),
        json!("BUSINESS-MCP"),
        json!(123),
        json!(null),
        json!({}),
        json!([]),
        json!(["other"]),
        json!(["business-mcp", 5]),
        json!([["business-mcp"]]),
    ];
    refuses("aud", Rejected::Audience, &values).await;
}

#[tokio::test]
async fn the_subject_is_a_short_text() {
    assert_eq!(judge(&with("sub", None)).await, Err(Rejected::Subject));
    let values = [
        json!(""),
        json!("  "),
        json!(" anna"),
        json!(7),
        json!(null),
        json!(["anna"]),
        json!("a\u{0}b"),
        json!("a\nb"),
        json!("x".repeat(129)),
        json!("key:0123456789ab"),
    ];
    refuses("sub", Rejected::Subject, &values).await;
    refuses("jti", Rejected::TokenId, &[json!(5), json!(""), json!(null)]).await;
}

#[tokio::test]
async fn the_tenant_is_the_id_of_one() {
    assert!(judge(&with("tenant", Some(json!("acme_gmbh.berlin-2")))).await.is_ok());
    assert_eq!(judge(&with("tenant", None)).await, Err(Rejected::Tenant));
    let values = [
        json!("*"),
        json!(""),
        json!(" "),
        json!(".."),
        json!(5),
        json!(null),
        json!(["demo"]),
        json!({"id": "demo"}),
        json!("demo' or '1'='1"),
        json!("demo\u{0}"),
        json!("demo\n"),
        json!("dèmo"),
        json!("a/b"),
        json!("%"),
        json!("x".repeat(65)),
    ];
    refuses("tenant", Rejected::Tenant, &values).await;
}

#[tokio::test]
async fn the_tenant_claim_has_a_configurable_name() {
    let config = AuthConfig { tenant_claim: "org_id".to_owned(), ..development() };
    let authenticator = Authenticator::new(&config, None).unwrap();
    let token = hs256(&with("org_id", Some(json!("acme"))).to_string());
    assert_eq!(&*authenticator.authenticate(&token, now()).await.unwrap().tenant, "acme");
    let token = hs256(&claims().to_string());
    assert_eq!(authenticator.authenticate(&token, now()).await, Err(Rejected::Tenant));
}

#[tokio::test]
async fn scope_and_role_allow_what_they_say() {
    let scopes_of = async |role: Option<Value>, scope: Option<Value>| {
        let mut claims = with("role", role);
        if let Some(scope) = scope {
            claims["scope"] = scope;
        }
        judge(&claims).await.map(|caller| caller.scopes.clone())
    };
    assert_eq!(judge(&with("role", Some(json!("agent")))).await.unwrap().role, Some(AGENT));
    assert_eq!(judge(&with("role", None)).await.unwrap().role, None);
    let mut both = with("role", Some(json!("clerk")));
    both["scope"] = json!("notes:read");
    assert_eq!(judge(&both).await.unwrap().role, Some(CLERK));
    let agent = Some(json!("agent"));
    assert_eq!(scopes_of(agent.clone(), None).await, Ok(AGENT.scopes()));
    assert_eq!(scopes_of(None, None).await, Ok(Scopes::NONE));
    let read = Some(json!("notes:read openid"));
    assert_eq!(scopes_of(None, read.clone()).await, Ok([READ].into_iter().collect()));
    assert_eq!(scopes_of(agent.clone(), read).await, Ok([READ].into_iter().collect()));
    let decide = Some(json!("approvals:decide"));
    assert_eq!(scopes_of(agent, decide).await, Ok(Scopes::NONE));
    for role in [json!("root"), json!("Agent"), json!(["agent"]), json!(1), json!(null)] {
        assert_eq!(scopes_of(Some(role.clone()), None).await, Err(Rejected::Scope), "{role}");
    }
    for scope in [json!(["notes:read"]), json!(1), json!(null)] {
        assert_eq!(scopes_of(None, Some(scope.clone())).await, Err(Rejected::Scope), "{scope}");
    }
}

#[test]
fn unsafe_configurations_are_refused() {
    let file = Some(KeySource::File("jwks.json".into()));
    let leeway = std::time::Duration::from_secs(61);
    for config in [
        AuthConfig { key_source: file.clone(), ..development() },
        AuthConfig { key_source: file, issuer: Some("issuer".into()), ..development() },
        AuthConfig { leeway, ..development() },
        AuthConfig { tenant_claim: "sub".into(), ..development() },
        AuthConfig { tenant_claim: String::new(), ..development() },
    ] {
        assert!(Authenticator::new(&config, None).is_err(), "{config:?}");
    }
}
