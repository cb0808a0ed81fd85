//! The edge: routes, and the order of what stands in front of them.
//!
//! From the outside in: [`server`] accepts connections with its time-outs; [`frame`] gives each
//! request an id, looks at its hosts and catches panics; then the route.
//!
//! * [`mcp`]: `/mcp`: token, limit, body, message, scope, and only then the protocol;
//! * [`approvals`]: the same decisions for programs;
//! * [`health`]: `/health`, `/livez`, `/readyz`;
//! * [`metadata`]: where tokens come from (RFC 9728), and the card;
//! * [`auth`](crate::auth): tokens; [`conversation`]: which conversation a call belongs to; [`limits`]: budgets;
//!   [`agreement`]: what headers and body both say; [`problem`]: refusals.

pub mod agreement;
pub mod approvals;
pub mod body;
pub mod conversation;
pub mod frame;
pub mod guard;
pub mod health;
pub mod limits;
pub mod mcp;
pub mod metadata;
pub mod metrics;
pub mod problem;
pub mod server;

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use axum::{
    Router,
    routing::{any, get, post},
};

use self::{conversation::ConversationHeaders, guard::Guard, limits::Limits};
use crate::auth::Authenticator;
use crate::{
    db::{Db, Migrations},
    gate::Gate,
    mcp::Dispatcher,
};

/// What the routes share.
pub struct App {
    /// Every call goes through it.
    pub gate: Arc<Gate>,
    /// For health only; calls reach the database through the gate.
    pub db: Db,
    /// The schema of this build.
    pub migrations: Migrations,
    /// Who calls.
    pub auth: Authenticator,
    /// How often.
    pub limits: Limits,
    /// Which hosts and origins.
    pub guard: Guard,
    /// The protocol.
    pub dispatcher: Dispatcher,
    /// Headers that name a conversation, in order.
    pub conversation_headers: ConversationHeaders,
    /// The address under which clients reach the server.
    pub public_url: String,
    /// Who issues tokens, where that is someone else.
    pub issuer: Option<String>,
    draining: AtomicBool,
}

/// What an [`App`] is made of.
pub struct Parts {
    /// See [`App::gate`].
    pub gate: Arc<Gate>,
    /// See [`App::db`].
    pub db: Db,
    /// See [`App::migrations`].
    pub migrations: Migrations,
    /// See [`App::auth`].
    pub auth: Authenticator,
    /// See [`App::limits`].
    pub limits: Limits,
    /// Host names to answer to.
    pub hosts: Vec<String>,
    /// Origins that may call, each with its port.
    pub origins: Vec<String>,
    /// See [`App::conversation_headers`].
    pub conversation_headers: ConversationHeaders,
    /// See [`App::public_url`].
    pub public_url: String,
    /// See [`App::issuer`].
    pub issuer: Option<String>,
}

impl App {
    /// The edge in front of a gate.
    pub fn new(parts: Parts) -> Arc<Self> {
        Arc::new(Self {
            dispatcher: Dispatcher::new(parts.gate.clone()),
            guard: Guard::new(&parts.hosts, &parts.origins),
            gate: parts.gate,
            db: parts.db,
            migrations: parts.migrations,
            auth: parts.auth,
            limits: parts.limits,
            conversation_headers: parts.conversation_headers,
            public_url: parts.public_url,
            issuer: parts.issuer,
            draining: AtomicBool::new(false),
        })
    }

    /// Tells `/readyz` that no new traffic should come.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// The address of the endpoint, which is the resource that tokens are for.
    pub fn resource(&self) -> String {
        format!("{}/mcp", self.public_url)
    }

    /// Whether the server is about to stop.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }
}

/// Every public route.
pub fn router(app: Arc<App>) -> Router {
    let routes = Router::new()
        .route("/mcp", any(mcp::serve))
        .route("/mcp/", any(mcp::serve))
        .route("/api/approvals", get(approvals::list))
        .route("/api/approvals/{id}", get(approvals::show))
        .route("/api/approvals/{id}/approve", post(approvals::approve))
        .route("/api/approvals/{id}/deny", post(approvals::deny))
        .route("/health", get(health::health))
        .route("/livez", get(health::livez))
        .route("/readyz", get(health::readyz))
        .route("/.well-known/oauth-protected-resource", get(metadata::protected_resource))
        .route("/.well-known/oauth-protected-resource/mcp", get(metadata::protected_resource))
        .fallback(problem::not_found)
        .method_not_allowed_fallback(problem::method_not_allowed)
        .layer(metadata::cors(&app));
    frame::around(routes).with_state(app)
}
