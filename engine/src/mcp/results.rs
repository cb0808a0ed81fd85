//! Answers and failures as the protocol writes them.

use std::sync::LazyLock;

use rmcp::{
    ErrorData,
    model::{
        CallToolResult, ContentBlock, ErrorCode as RpcCode, JsonObject, MetaObject,
        PaginatedRequestParams,
    },
};
use serde_json::Value;

use crate::tool::{ErrorCode, ToolError, catalogue::Rendered, incident};

/// Methods that are offered. One of these that arrives as a custom request had parameters that could
/// not be read.
const KNOWN_METHODS: [&str; 8] = [
    "initialize",
    "server/discover",
    "ping",
    "tools/list",
    "tools/call",
    "resources/list",
    "resources/templates/list",
    "resources/read",
];

/// The `_meta` by which a result says who made it (2026-07-28).
pub(super) fn server_info_meta() -> MetaObject {
    static META: LazyLock<MetaObject> = LazyLock::new(|| {
        let server = super::implementation();
        let key = "io.modelcontextprotocol/serverInfo".to_owned();
        let info = serde_json::to_value(server).unwrap_or_default();
        MetaObject(JsonObject::from_iter([(key, info)]))
    });
    META.clone()
}

/// One text block that holds the whole answer, and the same as structured content. A failure that
/// the caller can do something about is a result too; only an unknown tool is a fault of the
/// protocol.
pub(super) fn call_result(
    outcome: Result<Rendered, ToolError>,
    modern: bool,
) -> Result<CallToolResult, ErrorData> {
    let mut result = match outcome {
        Ok(Rendered(text)) => {
            let structured =
                serde_json::from_str(&text).map_err(|_| internal("an answer is not JSON"))?;
            let mut result = CallToolResult::success(vec![ContentBlock::text(text)]);
            result.structured_content = Some(structured);
            result
        }
        Err(error) if error.code() == ErrorCode::ToolNotFound => {
            return Err(not_found(&error));
        }
        Err(error) => failure(&error),
    };
    if modern {
        let meta = result.meta.get_or_insert_default();
        meta.0.extend(server_info_meta().0);
    }
    Ok(result)
}

/// A defect of the server that no tool's result can tell. What it is goes to the log.
pub(super) fn internal(cause: &str) -> ErrorData {
    let incident = incident::new_id();
    tracing::error!(incident, cause, "a request failed on our side");
    let code = ErrorCode::InternalError.as_str();
    let data = serde_json::json!({ "code": code, "incident": incident });
    ErrorData::internal_error("Something went wrong on our side.", Some(data))
}

/// An unknown tool is a fault of the protocol (2025-06-18 and later: Tools, Error Handling).
pub(super) fn not_found(error: &ToolError) -> ErrorData {
    ErrorData::invalid_params(error.to_string(), None)
}

/// A failure that the caller can do something about.
pub(super) fn failure(error: &ToolError) -> CallToolResult {
    let mut result = CallToolResult::error(vec![ContentBlock::text(error.to_string())]);
    let mut meta = JsonObject::from_iter([
        ("code".to_owned(), Value::from(error.code().as_str())),
        ("retryable".to_owned(), Value::from(error.is_retryable())),
    ]);
    if let Some(details) = error.details() {
        meta.insert("details".to_owned(), details.clone());
    }
    if let Some(incident) = error.incident() {
        meta.insert("incident".to_owned(), incident.into());
    }
    result.meta = Some(MetaObject(meta));
    result
}

/// Every list has one page, so no cursor was ever given out.
pub(super) fn only_page(request: Option<&PaginatedRequestParams>) -> Result<(), ErrorData> {
    match request.and_then(|request| request.cursor.as_ref()) {
        None => Ok(()),
        Some(_) => Err(ErrorData::invalid_params("The cursor is not one of this list", None)),
    }
}

/// Whether a method is answered here; nothing that a client only tells is refused.
pub(super) fn is_offered(method: &str) -> bool {
    KNOWN_METHODS.contains(&method) || method.starts_with("notifications/")
}

/// A method whose parameters could not be read, or one that does not exist.
pub(super) fn unreadable(method: &str) -> ErrorData {
    if is_offered(method) {
        return ErrorData::invalid_params(
            "The parameters do not have the form of this method",
            None,
        );
    }
    no_method(method)
}

/// A method that is not offered.
pub(super) fn no_method(method: &str) -> ErrorData {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '.');
    let sentence = if (1..=40).contains(&method.len()) && method.chars().all(plain) {
        format!("This server has no method {method}.")
    } else {
        "This server has no method of this name.".to_owned()
    };
    ErrorData::new(RpcCode::METHOD_NOT_FOUND, sentence, None)
}
