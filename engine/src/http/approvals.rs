//! `/api/approvals`: the decisions of the console and the command line, for other programs.

use std::{net::IpAddr, sync::Arc};

use axum::{
    Json,
    body::Body,
    extract::{ConnectInfo, Path, Query, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::SemaphorePermit;
use tracing::Instrument as _;

use super::{App, body, mcp::authenticate, metadata, problem::Problem, server::Peer};
use crate::{
    gate::approvals::{ApprovalView, Decision},
    tool::{Caller, ErrorCode, Scope, ToolError},
};

/// What to list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListQuery {
    status: Option<String>,
    limit: Option<i64>,
    cursor: Option<String>,
}

/// Why it was decided so.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct DecisionBody {
    reason: Option<String>,
}

/// Whoever decides, in one of the places for requests.
struct Decider<'a> {
    caller: Arc<Caller>,
    _place: SemaphorePermit<'a>,
}

/// Who decides: a token with the scope, within its budget.
async fn decider<'a>(
    app: &'a App,
    peer: IpAddr,
    headers: &HeaderMap,
) -> Result<Decider<'a>, Problem> {
    app.guard.check(headers)?;
    let place = app.limits.enter()?;
    let scope = Scope::APPROVALS_DECIDE;
    let caller = authenticate(app, peer, headers, &[scope].into_iter().collect()).await?;
    app.limits.take(&caller)?;
    if caller.may(Some(scope)) {
        return Ok(Decider { caller, _place: place });
    }
    Err(metadata::insufficient_scope(app, scope))
}

/// `GET /api/approvals?status=pending&limit=20&cursor=…`, newest first.
///
/// # Errors
/// As a token is refused, and 400 for an unknown status or cursor.
pub async fn list(
    State(app): State<Arc<App>>,
    ConnectInfo(Peer(peer)): ConnectInfo<Peer>,
    headers: HeaderMap,
    query: Result<Query<ListQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<Value>, Problem> {
    let decider = decider(&app, peer, &headers).await?;
    let Ok(Query(query)) = query else {
        return Err(Problem::bad_request("The query takes status, limit and cursor."));
    };
    let limit = query.limit.unwrap_or(20).clamp(1, 100);
    let page =
        app.gate.list(&decider.caller, query.status.as_deref(), query.cursor.as_deref(), limit);
    let (approvals, cursor) = page.await.map_err(|error| problem(&error))?;
    Ok(Json(json!({ "approvals": approvals, "next_cursor": cursor })))
}

/// `GET /api/approvals/{id}`.
///
/// # Errors
/// As a token is refused, and 404.
pub async fn show(
    State(app): State<Arc<App>>,
    ConnectInfo(Peer(peer)): ConnectInfo<Peer>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<ApprovalView>, Problem> {
    let decider = decider(&app, peer, &headers).await?;
    app.gate.show(&decider.caller, &id).await.map(Json).map_err(|error| problem(&error))
}

/// `POST /api/approvals/{id}/approve` with an optional `{"reason"}`: executes the stored call.
pub async fn approve(
    State(app): State<Arc<App>>,
    ConnectInfo(Peer(peer)): ConnectInfo<Peer>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    decide(&app, peer, &id, request, Decision::Approve).await
}

/// `POST /api/approvals/{id}/deny` with an optional `{"reason"}`.
pub async fn deny(
    State(app): State<Arc<App>>,
    ConnectInfo(Peer(peer)): ConnectInfo<Peer>,
    Path(id): Path<String>,
    request: Request,
) -> Response {
    decide(&app, peer, &id, request, Decision::Deny).await
}

async fn decide(
    app: &Arc<App>,
    peer: IpAddr,
    id: &str,
    request: Request,
    decision: Decision,
) -> Response {
    let (parts, body) = request.into_parts();
    let decided = async {
        let decider = decider(app, peer, &parts.headers).await?;
        let reason = reason(&parts.headers, body).await?;
        // A decision that has begun is not lost with the connection that asked for it.
        let (app, id, caller) = (app.clone(), id.to_owned(), decider.caller.clone());
        let decide =
            async move { app.gate.decide(&caller, &id, decision, reason.as_deref()).await };
        let task = tokio::spawn(decide.in_current_span());
        let outcome = task.await.map_err(|panic| problem(&ToolError::internal(panic)))?;
        outcome.map_err(|error| problem(&error))
    };
    match decided.await {
        Ok(outcome) => {
            let repeated = outcome.repeated;
            let mut view = json!(ApprovalView::from(outcome.approval));
            if let Value::Object(view) = &mut view
                && repeated
            {
                view.insert("replayed".to_owned(), Value::Bool(true));
            }
            Json(view).into_response()
        }
        Err(problem) => problem.into_response(),
    }
}

async fn reason(headers: &HeaderMap, body: Body) -> Result<Option<String>, Problem> {
    let has_body = headers.get("content-length").is_some_and(|length| length != "0")
        || headers.contains_key("transfer-encoding");
    if !has_body {
        return Ok(None);
    }
    let body = body::read(headers, body).await?;
    let body: DecisionBody = serde_json::from_slice(&body)
        .map_err(|_| Problem::bad_request("The body is {\"reason\": \"…\"} or empty."))?;
    let checked = body.reason.map(|reason| crate::speech::text::check(&reason, 500)).transpose();
    let reason = checked.map_err(|why| Problem::bad_request(format!("The reason {why}.")))?;
    Ok(reason.filter(|reason| !reason.is_empty()))
}

/// A failure of the gate as HTTP has it.
fn problem(error: &ToolError) -> Problem {
    let status = match error.code() {
        ErrorCode::NotFound => StatusCode::NOT_FOUND,
        ErrorCode::Forbidden => StatusCode::FORBIDDEN,
        ErrorCode::InvalidParameters => StatusCode::BAD_REQUEST,
        ErrorCode::Conflict | ErrorCode::ApprovalExpired | ErrorCode::InvalidState => {
            StatusCode::CONFLICT
        }
        ErrorCode::RateLimitExceeded => StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::Timeout => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    if status == StatusCode::INTERNAL_SERVER_ERROR {
        let source = std::error::Error::source(error).map(ToString::to_string);
        tracing::error!(incident = error.incident(), source, "a decision failed on our side");
    }
    let mut problem = Problem::new(status, -32600, error.code().as_str(), error.to_string());
    if status == StatusCode::SERVICE_UNAVAILABLE {
        problem = problem.with_header(header::RETRY_AFTER, "1");
    }
    match error.incident() {
        Some(incident) => problem.with_data("incident", incident.into()),
        None => problem,
    }
}
