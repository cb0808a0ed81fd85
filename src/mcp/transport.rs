//! The protocol library behind `/mcp`, without sessions: any replica serves any request.

use std::sync::Arc;

use axum::{
    body::Body,
    http::{HeaderValue, Request, header},
    response::Response,
};
use http_body_util::Full;
use hyper::body::Bytes;
use rmcp::transport::streamable_http_server::{
    StreamableHttpServerConfig, StreamableHttpService, session::never::NeverSessionManager,
};
use tokio_util::sync::CancellationToken;

use super::{CallInfo, McpServer, direct};

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

    /// Answers one message, as an event stream where the client takes nothing else.
    pub async fn handle(&self, request: Request<Bytes>, events: bool) -> Response {
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
        Box::pin(service.handle(request.map(Full::new))).await.map(Body::new)
    }

    /// Ends what still runs; called when the drain is over and not before, because what is ended
    /// in the middle answers with an error.
    pub fn stop(&self) {
        self.stop.cancel();
    }
}
