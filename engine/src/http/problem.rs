//! Refusals of the edge, always as JSON: JSON-RPC errors on `/mcp`, plain ones elsewhere.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

use crate::{mcp::Malformed, tool::incident};

/// A refusal before any tool is reached.
#[derive(Debug, Clone)]
pub struct Problem(Box<Refusal>);

#[derive(Debug, Clone)]
struct Refusal {
    status: StatusCode,
    /// JSON-RPC 2.0, section 5.1.
    code: i32,
    message: String,
    headers: Vec<(header::HeaderName, HeaderValue)>,
    /// What programs read; above all `code`, a stable word.
    data: Map<String, Value>,
    /// The id of the request it answers, where that could be read.
    id: Value,
}

impl Problem {
    /// A refusal with its status, JSON-RPC code, stable word, and the sentence that says what is
    /// wrong and what to do.
    pub fn new(
        status: StatusCode,
        code: i32,
        error: &'static str,
        message: impl Into<String>,
    ) -> Self {
        let message = message.into();
        let data = Map::from_iter([("code".to_owned(), error.into())]);
        let (headers, id) = (Vec::new(), Value::Null);
        Self(Box::new(Refusal { status, code, message, headers, data, id }))
    }

    /// The request itself is malformed.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, -32600, "invalid_request", message)
    }

    /// A failure on our side: a new incident, which is logged with its cause and named in the answer.
    pub fn internal(status: StatusCode, cause: &str, message: &str) -> Self {
        let incident = incident::new_id();
        tracing::error!(incident, cause, "a request failed on our side");
        Self::new(status, -32603, "internal_error", message).with_data("incident", incident.into())
    }

    /// The same with a header.
    #[must_use]
    pub fn with_header(mut self, name: header::HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.0.headers.push((name, value));
        }
        self
    }

    /// The same with something more for programs to read.
    #[must_use]
    pub fn with_data(mut self, name: &str, value: Value) -> Self {
        self.0.data.insert(name.to_owned(), value);
        self
    }

    /// The same as an answer to the request with this id.
    #[must_use]
    pub fn answering(mut self, id: Value) -> Self {
        self.0.id = id;
        self
    }

    /// The JSON-RPC code.
    pub fn code(&self) -> i32 {
        self.0.code
    }

    /// Written as a JSON-RPC error that also has the plain form's words.
    fn body(&self) -> String {
        json!({
            "jsonrpc": "2.0",
            "id": self.0.id,
            "error": {
                "code": self.0.code,
                "message": self.0.message,
                "data": self.0.data,
            },
        })
        .to_string()
    }
}

impl From<Malformed> for Problem {
    fn from(malformed: Malformed) -> Self {
        let Malformed { code, word, message, id } = malformed;
        Self::new(StatusCode::BAD_REQUEST, code, word, message).answering(id)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body()));
        *response.status_mut() = self.0.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.extend(self.0.headers);
        response
    }
}

/// No such path.
pub async fn not_found() -> Problem {
    Problem::new(
        StatusCode::NOT_FOUND,
        -32601,
        "not_found",
        "There is nothing here. The MCP endpoint is /mcp, and /health says how the server is.",
    )
}

/// The path exists, the method does not.
pub async fn method_not_allowed() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        -32600,
        "method_not_allowed",
        "This path does not take this method.",
    )
}
