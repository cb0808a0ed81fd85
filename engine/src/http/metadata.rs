//! Where tokens come from (RFC 9728), the challenges that point there (RFC 6750), what browsers may
//! do, and the card that a plain GET shows.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::State,
    http::{HeaderName, HeaderValue, Method, StatusCode, header, request},
    response::{IntoResponse, Response},
};
use serde_json::json;
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use super::{App, problem::Problem};
use crate::tool::{Scope, Scopes};

/// The document of RFC 9728, where someone else issues the tokens.
pub async fn protected_resource(State(app): State<Arc<App>>) -> Response {
    let Some(issuer) = &app.issuer else {
        return super::problem::not_found().await.into_response();
    };
    let scopes: Vec<&str> = app.auth.access().scopes.iter().map(|scope| scope.as_str()).collect();
    let document = json!({
        // What a client is told to compare with the address that it uses (RFC 9728, section 3.3).
        "resource": app.resource(),
        "authorization_servers": [issuer],
        "scopes_supported": scopes,
        "bearer_methods_supported": ["header"],
        "resource_name": "business-mcp",
    });
    let headers = [
        (header::CACHE_CONTROL, "public, max-age=3600"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    (headers, Json(document)).into_response()
}

fn challenge(app: &App, error: Option<&str>, scopes: &Scopes) -> String {
    let mut parts = Vec::new();
    parts.extend(error.map(|error| format!("error=\"{error}\"")));
    parts.push(format!("scope=\"{scopes}\""));
    parts.extend(app.issuer.as_ref().map(|_| {
        let url = &app.public_url;
        format!("resource_metadata=\"{url}/.well-known/oauth-protected-resource/mcp\"")
    }));
    format!("Bearer {}", parts.join(", "))
}

/// 401, with the scopes to ask for. It says the same whatever was wrong with the token; the log says
/// more.
pub fn unauthorized(app: &App, token_was_sent: bool, scopes: &Scopes) -> Problem {
    let (error, message) = if token_was_sent {
        ("invalid_token", "The bearer token is not valid.")
    } else {
        ("missing_token", "Send a bearer token: Authorization: Bearer TOKEN.")
    };
    let challenge = challenge(app, token_was_sent.then_some("invalid_token"), scopes);
    Problem::new(StatusCode::UNAUTHORIZED, -32600, error, message)
        .with_header(header::WWW_AUTHENTICATE, &challenge)
}

/// 403, with the scope that would be enough.
pub fn insufficient_scope(app: &App, scope: Scope) -> Problem {
    let challenge = challenge(app, Some("insufficient_scope"), &[scope].into_iter().collect());
    let message = format!("This token lacks the scope {scope}.");
    Problem::new(StatusCode::FORBIDDEN, -32600, "insufficient_scope", message)
        .with_header(header::WWW_AUTHENTICATE, &challenge)
}

/// What a portal or a person sees who opens the endpoint.
pub fn card(app: &App) -> Response {
    let tools = app.gate.switched_on();
    Json(json!({
        "name": "business-mcp",
        "version": env!("CARGO_PKG_VERSION"),
        "transport": "streamable-http",
        "endpoint": format!("{}/mcp", app.public_url),
        "tools_count": tools,
        "authentication": "bearer",
        "health": format!("{}/health", app.public_url),
    }))
    .into_response()
}

/// What pages of known origins may send and read; others are refused by the guard.
pub fn cors(app: &Arc<App>) -> CorsLayer {
    let header = HeaderName::from_static;
    let app = app.clone();
    let conversation = app.conversation_headers.names().cloned().collect::<Vec<_>>();
    let known = move |origin: &HeaderValue, _: &request::Parts| {
        origin.to_str().is_ok_and(|origin| app.guard.lets_in(origin))
    };
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(known))
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(AllowHeaders::list(
            [
                header::AUTHORIZATION,
                header::CONTENT_TYPE,
                header("mcp-protocol-version"),
                header("mcp-method"),
                header("mcp-name"),
                header("mcp-session-id"),
                header("last-event-id"),
            ]
            .into_iter()
            .chain(conversation),
        ))
        .expose_headers([
            header::WWW_AUTHENTICATE,
            header::RETRY_AFTER,
            header("x-request-id"),
            header("mcp-session-id"),
            header("mcp-protocol-version"),
        ])
        .max_age(Duration::from_mins(10))
}
