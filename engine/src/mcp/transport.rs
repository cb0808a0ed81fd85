//! The protocol library behind `/mcp`, without sessions: any replica serves any request.

use std::sync::Arc;

use axum::{
    body::Body,
    http::{HeaderValue, Request, StatusCode, header},
    response::Response,
};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
};
use tokio_util::sync::CancellationToken;

use super::{CallInfo, McpServer, direct, results};

type Service = StreamableHttpService<McpServer, NeverSessionManager>;

/// The library, once for each way of answering.
pub struct Transport {
    server: McpServer,
    json: Service,
    /// For clients that take nothing but event streams.
    events: Service,
    stop: CancellationToken,
}

impl Transport {
    /// A transport that answers to these hosts and origins. Bodies are at most `largest` bytes.
    pub fn new(server: &McpServer, hosts: &[String], origins: &[String], largest: usize) -> Self {
        let stop = CancellationToken::new();
        let service = |json| {
            let server = server.clone();
            let config = StreamableHttpServerConfig::default()
                .with_legacy_session_mode(false)
                .with_json_response(json)
                .with_sse_retry(None)
                .with_allowed_hosts(hosts.to_vec())
                .with_allowed_origins(origins.to_vec())
                .enforce_origin_validation()
                .with_max_request_body_bytes(largest)
                .with_cancellation_token(stop.clone());
            Service::new(move || Ok(server.clone()), Arc::default(), config)
        };
        Self { server: server.clone(), json: service(true), events: service(false), stop }
    }

    /// Answers one message of this method, as an event stream where the client takes nothing else.
    pub async fn handle(&self, request: Request<Bytes>, method: &str, events: bool) -> Response {
        if !events
            && let Some(info) = request.extensions().get::<CallInfo>()
            && let Some(direct) = direct::read(request.headers(), request.body())
        {
            let body = self.server.answer(info, direct).await;
            let mut response = Response::new(Body::from(body));
            let json = HeaderValue::from_static("application/json");
            response.headers_mut().insert(header::CONTENT_TYPE, json);
            return response;
        }
        let service = if events { &self.events } else { &self.json };
        // Boxed, because it is large and the short way does not need its room.
        let response = Box::pin(service.handle(request.map(Full::new))).await.map(Body::new);
        // A method that is offered may be gone in the revision that a client speaks.
        let is_gone = response.status() == StatusCode::NOT_FOUND;
        if is_gone || !results::is_offered(method) {
            return in_words(response, method).await;
        }
        response
    }

    /// Ends what still runs; called when the drain is over and not before, because what is ended
    /// in the middle answers with an error.
    pub fn stop(&self) {
        self.stop.cancel();
    }
}

/// What the library refuses before it asks the handler has the bare name of the method for a message.
async fn in_words(response: Response, method: &str) -> Response {
    let (mut parts, body) = response.into_parts();
    let Ok(body) = body.collect().await else { return Response::from_parts(parts, Body::empty()) };
    let body = String::from_utf8_lossy(&body.to_bytes()).into_owned();
    let sentence = format!("\"message\":\"{}\"", results::no_method(method).message);
    let body = body.replacen(&format!("\"message\":\"{method}\""), &sentence, 1);
    parts.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(body))
}
