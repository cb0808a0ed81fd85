//! What every request passes, whatever its route: an id, and a look at its Host.

use std::{any::Any, sync::Arc};

use axum::{
    Router,
    extract::Request,
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use tower_http::catch_panic::CatchPanicLayer;
use tracing::Instrument as _;

use super::problem::Problem;
use crate::tool::incident;

/// The header that carries a request's id both ways.
static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longer ids than this are replaced.
const LONGEST_ID: usize = 64;

/// The id of a request, in its extensions and in its answer.
#[derive(Debug, Clone)]
pub struct RequestId(pub Arc<str>);

/// Wraps every route.
async fn frame(mut request: Request, next: Next) -> Response {
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

/// Puts the frame around every route, and a net for panics below it.
pub fn around<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    let net = CatchPanicLayer::custom(|panic: Box<dyn Any + Send>| panicked(&*panic));
    router.layer(net).layer(middleware::from_fn(frame))
}

/// The answer of a route that panicked.
fn panicked(panic: &(dyn Any + Send)) -> Response {
    let sentence = "Something went wrong on our side.";
    let status = StatusCode::INTERNAL_SERVER_ERROR;
    Problem::internal(status, &incident::of_panic(panic), sentence).into_response()
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

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Mutex, PoisonError},
    };

    use axum::routing::get;
    use serde_json::Value;
    use tokio::net::TcpListener;
    use tokio_util::sync::CancellationToken;

    use super::*;

    /// A log that can be read.
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_route_that_panics_is_an_incident_and_the_server_goes_on() {
        let log = Log::default();
        let writer = log.clone();
        let subscriber =
            tracing_subscriber::fmt().json().with_writer(move || writer.clone()).finish();
        let _log = tracing::subscriber::set_default(subscriber);
        let panics = || async { panic!("a secret of the implementation") as &'static str };
        let routes = Router::new().route("/panics", get(panics)).route("/goes-on", get("yes"));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        let served =
            tokio::spawn(super::super::server::serve(listener, around(routes), stop.clone()));

        let client = reqwest::Client::new();
        let mut incidents = Vec::new();
        for _ in 0..2 {
            let answer = client.get(format!("{url}/panics")).send().await.unwrap();
            assert_eq!(answer.status(), 500);
            assert!(answer.headers().contains_key("x-request-id"));
            let body = answer.text().await.unwrap();
            assert!(!body.contains("secret"), "{body}");
            let body: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(body["error"]["code"], -32603, "{body}");
            assert_eq!(body["error"]["data"]["code"], "internal_error", "{body}");
            incidents.push(body["error"]["data"]["incident"].as_str().unwrap().to_owned());
        }
        assert_ne!(incidents[0], incidents[1], "each has a name of its own");
        let alive = client.get(format!("{url}/goes-on")).send().await.unwrap();
        assert_eq!(alive.text().await.unwrap(), "yes");

        let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        for incident in incidents {
            let line = log.lines().find(|line| line.contains(&incident)).unwrap();
            assert!(line.contains("ERROR") && line.contains("a secret"), "{line}");
        }
        stop.cancel();
        assert!(served.await.unwrap());
    }
}
