//! How the server is: for people and portals, for the process's keeper, and for the balancer.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;

use super::App;
use crate::db::StoreError;

/// A database that takes longer than this to answer is taken for down.
const PATIENCE: Duration = Duration::from_secs(1);

async fn database(app: &App) -> Result<(), StoreError> {
    match tokio::time::timeout(PATIENCE, app.db.check(&app.migrations)).await {
        Ok(checked) => checked,
        Err(elapsed) => Err(StoreError::Unavailable(elapsed.into())),
    }
}

/// `/health`: 503 when the database is down.
pub async fn health(State(app): State<Arc<App>>) -> Response {
    let tools = app.gate.switched_on();
    let (status, word, database) = match database(&app).await {
        Ok(()) => (StatusCode::OK, "healthy", "up"),
        Err(StoreError::Unavailable(_) | StoreError::Unfit(_)) => {
            (StatusCode::SERVICE_UNAVAILABLE, "unhealthy", "down")
        }
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "unhealthy", "not migrated"),
    };
    let body = json!({
        "status": word,
        "tools_count": tools,
        "toolCount": tools,
        "version": env!("CARGO_PKG_VERSION"),
        "database": { "kind": app.db.kind(), "status": database },
    });
    (status, Json(body)).into_response()
}

/// `/livez`: the process runs.
pub async fn livez() -> Response {
    Json(json!({ "status": "alive" })).into_response()
}

/// `/readyz`: the database answers, its schema is current, and the server is not about to stop.
pub async fn readyz(State(app): State<Arc<App>>) -> Response {
    let reason = match database(&app).await {
        _ if app.is_draining() => Some("draining".to_owned()),
        Ok(()) => None,
        Err(error) => Some(error.to_string()),
    };
    match reason {
        None => Json(json!({ "status": "ready" })).into_response(),
        Some(reason) => {
            let body = json!({ "status": "not ready", "reason": reason });
            (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
        }
    }
}
