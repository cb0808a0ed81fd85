//! `/mcp`: what stands between a connection and the protocol.
//!
//! In order: host and origin, token, budget, body, message, toolset and scope, what headers and body both say. A
//! refusal before the body is read costs next to nothing; a refusal after it names the message it answers.

use std::{net::IpAddr, sync::Arc};

use axum::{
    body::Body,
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header, request},
    response::{IntoResponse, Response},
};
use tokio_util::sync::CancellationToken;

use super::{App, agreement, body, frame::RequestId, metadata, problem::Problem, server::Peer};
use crate::{
    gate::CallRequest,
    mcp::{Answer, CallInfo, Message, Revision, protocol_versions},
    tool::{Access, Caller, Role, Scopes, Spec, Toolset},
};

/// The header that holds a verification handle, where a platform binds it below the model.
const VERIFICATION: &str = "x-verification-handle";

/// Serves `/mcp` and `/mcp/`.
pub async fn serve(
    State(app): State<Arc<App>>,
    ConnectInfo(Peer(peer)): ConnectInfo<Peer>,
    request: Request,
) -> Response {
    match answer(&app, peer, request).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn answer(app: &App, peer: IpAddr, request: Request) -> Result<Response, Problem> {
    app.guard.check(request.headers())?;
    let _place = app.limits.enter()?;
    if request.method() == Method::GET && !accepts_events(request.headers()) {
        return Ok(metadata::card(app));
    }
    let caller =
        authenticate(app, peer, request.headers(), &app.auth.access().agent_scopes()).await?;
    app.limits.take(&caller)?;
    if request.method() != Method::POST {
        return Err(Problem::new(
            StatusCode::METHOD_NOT_ALLOWED,
            -32600,
            "method_not_allowed",
            "There are no sessions here: POST each message to this address.",
        )
        .with_header(header::ALLOW, "GET, POST"));
    }
    let (parts, body) = request.into_parts();
    let body = body::read(&parts.headers, body).await?;
    let message = Message::read(&body)?;
    let id = message.id.clone().unwrap_or_default();
    known_version(&parts.headers).map_err(|problem| problem.answering(id.clone()))?;
    if message.method.is_none() {
        // Nothing was asked of the client, so its answer is taken and answers nothing.
        return Ok(StatusCode::ACCEPTED.into_response());
    }
    let info = call_info(app, &parts, caller).map_err(|problem| problem.answering(id.clone()))?;
    step_up(app, &message, &info)?;
    let revision = agreement::revision(app, &parts.headers, &message)
        .map_err(|problem| problem.answering(id))?;
    if message.id.is_none() {
        return Ok(StatusCode::ACCEPTED.into_response());
    }
    let cancelled = app.dispatcher.cancellation();
    let answer = app.dispatcher.answer(message, revision, &info, cancelled).await;
    let status = status(revision, &answer);
    let events = status == StatusCode::OK && only_events(&parts.headers);
    Ok(if events { in_event(&answer.body) } else { in_json(status, answer.body) })
}

/// Clients of 2026-07-28 read from the status that there is no such method; those of before expect 200.
fn status(revision: Revision, answer: &Answer) -> StatusCode {
    match (revision, answer.code) {
        (Revision::Modern, Some(-32601)) => StatusCode::NOT_FOUND,
        _ => StatusCode::OK,
    }
}

fn in_json(status: StatusCode, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

/// The same for a client that takes nothing but event streams: a stream of one event.
fn in_event(body: &str) -> Response {
    let mut response = Response::new(Body::from(format!("data: {body}\n\n")));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // A proxy would keep it back until more comes.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

/// A revision that a header names and nobody speaks is refused with those that are spoken, whichever
/// revision the message itself is of.
fn known_version(headers: &HeaderMap) -> Result<(), Problem> {
    let Some(asked) = headers.get("mcp-protocol-version") else { return Ok(()) };
    let asked = asked.to_str().unwrap_or_default();
    if protocol_versions().any(|known| known == asked) {
        return Ok(());
    }
    let known: Vec<&str> = protocol_versions().collect();
    let message = format!("This server speaks the protocol versions {}.", known.join(", "));
    let status = StatusCode::BAD_REQUEST;
    Err(Problem::new(status, -32022, "unsupported_protocol_version", message)
        .with_data("supported", known.into())
        .with_data("requested", asked.into()))
}

/// Who calls, or 401 with where tokens come from and the scopes to ask for there.
///
/// # Errors
/// 401, 429 when an address fails too often, 503 when it cannot be known now.
pub async fn authenticate(
    app: &App,
    peer: IpAddr,
    headers: &HeaderMap,
    scopes: &Scopes,
) -> Result<Arc<Caller>, Problem> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let (first, more) = (given.next(), given.next());
    let Some(first) = first else {
        return Err(metadata::unauthorized(app, false, scopes));
    };
    let token = first.to_str().ok().and_then(bearer).filter(|_| more.is_none());
    if token.is_some_and(|token| app.auth.is_new_key(token)) {
        app.limits.may_fail(peer)?;
    }
    let refused = match token {
        None => "the Authorization header is not one bearer token",
        Some(token) => match app.auth.authenticate(token, app.gate.clock().now()).await {
            Ok(caller) => return Ok(caller),
            Err(rejected) if rejected.is_temporary() => {
                let sentence = "Tokens cannot be verified at the moment. Please try again.";
                let status = StatusCode::SERVICE_UNAVAILABLE;
                return Err(Problem::internal(status, rejected.cause(), sentence)
                    .with_header(header::RETRY_AFTER, "5"));
            }
            Err(rejected) => rejected.cause(),
        },
    };
    app.limits.take_failure(peer)?;
    tracing::info!(cause = refused, %peer, "a token was refused");
    metrics::counter!("authentication_failures_total").increment(1);
    Err(metadata::unauthorized(app, true, scopes))
}

/// The token of `Bearer TOKEN` (RFC 6750, section 2.1).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// What the protocol's handler will know of the request.
fn call_info(app: &App, parts: &request::Parts, caller: Arc<Caller>) -> Result<CallInfo, Problem> {
    let conversation = app.conversation_headers.read(&parts.headers, &caller);
    let verification = parts
        .headers
        .get(VERIFICATION)
        .and_then(|value| value.to_str().ok())
        .map(str::trim)
        .filter(|handle| (1..=128).contains(&handle.len()))
        .map(Arc::from);
    let request_id = parts.extensions.get::<RequestId>().map(|RequestId(id)| id.clone());
    let toolset = toolset(app.auth.access(), &parts.uri)?;
    Ok(CallInfo { caller, conversation, verification, toolset, request_id })
}

/// The toolset that `?toolset=` names.
fn toolset(access: &Access, uri: &Uri) -> Result<Option<Toolset>, Problem> {
    let mut pairs = uri.query().unwrap_or_default().split('&').filter_map(|p| p.split_once('='));
    let Some((_, name)) = pairs.find(|(key, _)| *key == "toolset") else { return Ok(None) };
    access.toolset(name).map(Some).ok_or_else(|| {
        let known = access.toolset_names().join(", ");
        Problem::bad_request(format!("There is no such toolset. There are: {known}."))
    })
}

/// 403 for a toolset that the token's role does not have, and for a tool whose scope the token lacks, told
/// from the body, so that a client can ask for a better token (RFC 6750, section 3.1). The gate refuses the
/// tool as well, and writes that down.
fn step_up(app: &App, message: &Message, info: &CallInfo) -> Result<(), Problem> {
    let entry = message.tool().and_then(|name| app.gate.catalogue().find(name));
    let spec = entry.map(|entry| entry.spec);
    let lacked = |spec: &Spec| spec.scope.filter(|_| !info.caller.may(spec.scope));
    let problem = match (info.caller.role, info.toolset) {
        (Some(role), Some(toolset)) if !role.has(toolset) => foreign_toolset(role, toolset),
        _ => match spec.and_then(lacked) {
            Some(scope) => metadata::insufficient_scope(app, scope),
            None => return Ok(()),
        },
    };
    if let Some(spec) = spec {
        let refused = CallRequest {
            caller: info.caller.clone(),
            tool: spec.name.to_owned(),
            arguments: serde_json::Map::new(),
            conversation: info.conversation.clone(),
            verification: None,
            toolset: info.toolset,
            request_id: info.request_id.clone(),
            cancelled: CancellationToken::new(),
        };
        app.gate.note_refusal(spec, &refused);
    }
    Err(problem.answering(message.id.clone().unwrap_or_default()))
}

/// What both have would be a list that nobody meant, so the address is refused.
fn foreign_toolset(role: &Role, toolset: Toolset) -> Problem {
    let own: Vec<&str> = role.toolsets.into_iter().flatten().map(|set| set.as_str()).collect();
    let (role, toolset, own) = (role.name, toolset.as_str(), own.join(", "));
    let message = format!("The role {role} does not have the toolset {toolset}. It has: {own}.");
    Problem::new(StatusCode::FORBIDDEN, -32600, "forbidden", message)
}

fn accepted(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let values = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split(','))
        .filter_map(|range| range.split(';').next())
        .map(str::trim)
}

fn accepts_events(headers: &HeaderMap) -> bool {
    accepted(headers).any(|range| range.eq_ignore_ascii_case("text/event-stream"))
}

/// Whether a client takes event streams and nothing else.
fn only_events(headers: &HeaderMap) -> bool {
    accepts_events(headers)
        && accepted(headers).all(|range| range.eq_ignore_ascii_case("text/event-stream"))
}
