//! What every request passes, whatever its route: an id, and a look at its Host.

use std::{any::Any, sync::Arc};

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tracing::Instrument as _;

use super::problem::Problem;

/// The header that carries a request's id both ways.
static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longer ids than this are replaced.
const LONGEST_ID: usize = 64;

/// The id of a request, in its extensions and in its answer.
#[derive(Debug, Clone)]
pub struct RequestId(pub Arc<str>);

/// Wraps every route.
pub async fn frame(mut request: Request, next: Next) -> Response {
    let id = request_id(&request);
    request.extensions_mut().insert(RequestId(id.clone()));
    let span = tracing::info_span!("request", id = &*id);
    let answer = async {
        // Two hosts are how one request becomes two different ones to two readers (RFC 9112, 3.2).
        if request.headers().get_all(header::HOST).iter().count() != 1 {
            return Problem::bad_request("A request has exactly one Host header.").into_response();
        }
        next.run(request).await
    };
    let mut response = answer.instrument(span).await;
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID.clone(), value);
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// The answer of a route that panicked.
pub fn panicked(_panic: Box<dyn Any + Send>) -> Response {
    tracing::error!("a route panicked");
    let sentence = "Something went wrong on our side.";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, -32603, "internal_error", sentence)
        .into_response()
}

/// The id that the client or a proxy gave, if it is plain and short, else a new one.
fn request_id(request: &Request) -> Arc<str> {
    let given = request.headers().get(&REQUEST_ID).and_then(|value| value.to_str().ok());
    let plain = |id: &&str| {
        (1..=LONGEST_ID).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    match given.filter(plain) {
        Some(id) => id.into(),
        None => uuid::Uuid::now_v7().simple().to_string().into(),
    }
}
