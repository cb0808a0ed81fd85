//! `GET /metrics` on a port of its own, which is not public.

use axum::{Router, http::header, routing::get};
use metrics_exporter_prometheus::PrometheusHandle;

/// The route of the metrics' own port.
pub fn router(handle: PrometheusHandle) -> Router {
    let render = move || {
        let text = handle.render();
        async move { ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text) }
    };
    Router::new().route("/metrics", get(render)).fallback(super::problem::not_found)
}
