//! Reading a body: whole, within its limit, within its time.

use std::time::Duration;

use axum::{
    body::Body,
    http::{HeaderMap, StatusCode, header},
};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Body as _, Bytes};

use super::problem::Problem;

/// The largest body, in bytes.
pub const LARGEST: usize = 1 << 20;
/// How long a body may take to arrive.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Reads a JSON body.
///
/// # Errors
/// 415 for another content type or an encoding, 413 over the limit, 408 when it is slow, 400 when
/// the connection breaks.
pub async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let refuse = |status, error, message: &str| Err(Problem::new(status, -32600, error, message));
    if headers.contains_key(header::CONTENT_ENCODING) {
        let message = "Send the body without Content-Encoding.";
        return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message);
    }
    if !is_json(headers) {
        let message = "Send the body with Content-Type: application/json.";
        return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", message);
    }
    let too_large = || {
        let message = "The body is larger than 1 MiB.";
        refuse(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", message)
    };
    // One that announces too much is not waited for.
    if body.size_hint().lower() > LARGEST as u64 {
        return too_large();
    }
    let whole = Limited::new(body, LARGEST).collect();
    match tokio::time::timeout(TIMEOUT, whole).await {
        Ok(Ok(whole)) => Ok(whole.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => too_large(),
        Ok(Err(_)) => Err(Problem::bad_request("The body did not arrive whole.")),
        Err(_elapsed) => {
            let message = "The body took longer than 10 seconds.";
            refuse(StatusCode::REQUEST_TIMEOUT, "request_timeout", message)
        }
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type
        .and_then(|value| value.split(';').next())
        .is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/json"))
}
