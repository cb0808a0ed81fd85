//! The baseline: bare axum routes that run the statements of the tools, on the same runtime, the
//! same driver and the same file, without MCP, tokens, limits, gate, audit of reads or telemetry.
//!
//! What the server costs beyond these is what its layers cost.

use std::{
    cell::RefCell,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Context as _;
use axum::{
    Json, Router,
    extract::{self, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
    serve::ListenerExt as _,
};
use clap::Args;
use rusqlite::Connection;

mod statements;

/// How to serve the baseline.
#[derive(Debug, Args)]
pub struct Options {
    /// The SQLite file, as `business-mcp seed` makes it
    #[arg(long)]
    pub database: PathBuf,
    /// Where to listen, on 127.0.0.1
    #[arg(long, default_value_t = 3901)]
    pub port: u16,
    /// Threads of the runtime; as many as the server's, which has one for each core it may use
    #[arg(long)]
    pub worker_threads: Option<usize>,
    /// A file with a `tools/list` answer to send as it is
    #[arg(long)]
    pub tools_list: Option<PathBuf>,
    /// The tenant whose records are read
    #[arg(long, default_value = "demo")]
    pub tenant: String,
}

/// Serves until it is killed.
pub fn main(options: &Options) -> anyhow::Result<ExitCode> {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    if let Some(threads) = options.worker_threads {
        runtime.worker_threads(threads.max(1));
    }
    runtime.enable_all().build()?.block_on(serve(options))?;
    Ok(ExitCode::SUCCESS)
}

async fn serve(options: &Options) -> anyhow::Result<()> {
    let tools_list = match &options.tools_list {
        Some(path) => std::fs::read(path).with_context(|| path.display().to_string())?,
        None => br#"{"jsonrpc":"2.0","id":1,"result":{"tools":[]}}"#.to_vec(),
    };
    let routes = routes(&options.database, &options.tenant, tools_list)?;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", options.port)).await?;
    let listener = listener.tap_io(|stream| {
        // Without it nothing is wrong, only slower.
        let _ = stream.set_nodelay(true);
    });
    axum::serve(listener, routes).await?;
    Ok(())
}

fn routes(database: &Path, tenant: &str, tools_list: Vec<u8>) -> anyhow::Result<Router> {
    let shared = Shared {
        writer: Mutex::new(statements::open_writer(database)?),
        database: database.to_owned(),
        tenant: tenant.to_owned(),
        tools_list: tools_list.into(),
    };
    Ok(Router::new()
        .route("/hello", get(async || "hello"))
        .route("/tools", get(tools))
        .route("/customer/{id}", get(customer))
        .route("/order", post(order))
        .with_state(Arc::new(shared)))
}

struct Shared {
    database: PathBuf,
    tenant: String,
    writer: Mutex<Connection>,
    tools_list: axum::body::Bytes,
}

thread_local! {
    /// Each thread of the runtime reads on a connection of its own.
    static READER: RefCell<Option<Connection>> = const { RefCell::new(None) };
}

async fn tools(State(shared): State<Arc<Shared>>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], shared.tools_list.clone()).into_response()
}

async fn customer(
    State(shared): State<Arc<Shared>>,
    extract::Path(id): extract::Path<String>,
) -> Result<Response, Failure> {
    let card = READER.with_borrow_mut(|reader| {
        let reader = match reader {
            Some(reader) => reader,
            None => reader.insert(statements::open_reader(&shared.database)?),
        };
        statements::customer(reader, &shared.tenant, &id)
    })?;
    Ok(match card {
        Some(card) => Json(card).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    })
}

async fn order(
    State(shared): State<Arc<Shared>>,
    Json(wanted): Json<statements::WantedOrder>,
) -> Result<Response, Failure> {
    let mut writer = shared.writer.lock().unwrap_or_else(PoisonError::into_inner);
    let placed = statements::place_order(&mut writer, &shared.tenant, &wanted)?;
    Ok(Json(placed).into_response())
}

/// An error as an answer; the baseline has no better manners.
struct Failure(anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, format!("{:#}", self.0)).into_response()
    }
}

#[cfg(test)]
mod tests;
