//! Answers and failures as the protocol writes them.

use std::{fmt::Write as _, sync::LazyLock};

use rmcp::{
    ErrorData,
    model::{CallToolResult, ContentBlock, ErrorCode as RpcCode, JsonObject, MetaObject},
};
use serde::Serialize;
use serde_json::Value;

use super::Revision;
use crate::tool::{ErrorCode, ToolError, incident};

/// How long a client may keep a list (milliseconds).
pub(super) const LIST_TTL: u64 = 60_000;

/// A list, or what was read, with what its revision says of it.
macro_rules! stamped {
    ($result:ident, $revision:expr) => {{
        let mut result = $result;
        match $revision {
            $crate::mcp::Revision::Legacy => result.result_type = None,
            $crate::mcp::Revision::Modern => {
                result.meta = Some($crate::mcp::results::server_info_meta());
                result.ttl_ms = Some($crate::mcp::results::LIST_TTL);
                result.cache_scope = Some(rmcp::model::CacheScope::Private);
            }
        }
        result
    }};
}
pub(super) use stamped;

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

/// The beginning of an answer; its result follows, and a brace.
pub(super) fn opening(id: &Value) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"result":"#)
}

/// A whole answer that is an error.
pub(super) fn error(id: &Value, error: &ErrorData) -> String {
    // These are texts and numbers, which can always be written.
    let error = serde_json::to_string(error).unwrap_or_default();
    format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{error}}}"#)
}

/// Writes a result.
pub(super) fn write(body: &mut String, result: &impl Serialize) -> Result<(), ErrorData> {
    let written = serde_json::to_string(result).map_err(|error| internal(&error.to_string()))?;
    body.push_str(&written);
    Ok(())
}

/// Writes the answer of a tool, which stands in the result twice: as the text of the one block, and as it is.
/// It is JSON already, so it is not read again; a test holds this against what rmcp writes.
pub(super) fn success(body: &mut String, answer: &str, revision: Revision) {
    static END: LazyLock<String> = LazyLock::new(|| {
        let meta = serde_json::to_string(&server_info_meta()).unwrap_or_default();
        format!(r#","isError":false,"_meta":{meta}}}"#)
    });
    body.reserve(answer.len() * 2 + answer.len() / 4 + 320);
    body.push_str(match revision {
        Revision::Legacy => r#"{"content":[{"type":"text","text":"#,
        Revision::Modern => r#"{"resultType":"complete","content":[{"type":"text","text":"#,
    });
    body.push_str(&serde_json::to_string(answer).unwrap_or_default());
    // Writing to a string cannot fail.
    let _ = write!(body, r#"}}],"structuredContent":{answer}"#);
    body.push_str(match revision {
        Revision::Legacy => r#","isError":false}"#,
        Revision::Modern => &END,
    });
}

/// Writes a failure that the caller can do something about, which is a result too. Only an unknown tool is a
/// fault of the protocol (2025-06-18 and later: Tools, Error Handling).
pub(super) fn failure(
    body: &mut String,
    error: &ToolError,
    revision: Revision,
) -> Result<(), ErrorData> {
    if error.code() == ErrorCode::ToolNotFound {
        return Err(ErrorData::invalid_params(error.to_string(), None));
    }
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
    match revision {
        Revision::Legacy => result.result_type = None,
        Revision::Modern => meta.extend(server_info_meta().0),
    }
    result.meta = Some(MetaObject(meta));
    write(body, &result)
}

/// A defect of the server that no tool's result can tell. What it is goes to the log.
fn internal(cause: &str) -> ErrorData {
    let incident = incident::new_id();
    tracing::error!(incident, cause, "a request failed on our side");
    let code = ErrorCode::InternalError.as_str();
    let data = serde_json::json!({ "code": code, "incident": incident });
    ErrorData::internal_error("Something went wrong on our side.", Some(data))
}

/// A method that is offered, with parameters that cannot be read.
pub(super) fn malformed() -> ErrorData {
    ErrorData::invalid_params("The parameters do not have the form of this method", None)
}

/// A request of 2026-07-28 that does not say of itself what it has to.
pub(super) fn missing(keys: &[&str]) -> ErrorData {
    let message = format!("The _meta of the params lacks, or misstates: {}.", keys.join(", "));
    ErrorData::invalid_params(message, None)
}

/// A revision that nobody speaks, with those that are spoken.
pub(super) fn unknown_version(requested: &str) -> ErrorData {
    let supported: Vec<&str> = super::protocol_versions().collect();
    let message = format!("This server speaks the protocol versions {}.", supported.join(", "));
    let data = serde_json::json!({ "supported": supported, "requested": requested });
    ErrorData::new(RpcCode::UNSUPPORTED_PROTOCOL_VERSION, message, Some(data))
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_is_written_as_the_protocols_types_write_it() {
        let answer = json!({ "say": "Ana \"López\"\n", "status": "ok", "data": { "n": 1 } });
        for revision in [Revision::Legacy, Revision::Modern] {
            let mut written = String::new();
            success(&mut written, &answer.to_string(), revision);
            let mut result = CallToolResult::success(vec![ContentBlock::text(answer.to_string())]);
            result.structured_content = Some(answer.clone());
            match revision {
                Revision::Legacy => result.result_type = None,
                Revision::Modern => result.meta = Some(server_info_meta()),
            }
            assert_eq!(written, serde_json::to_string(&result).unwrap());
        }
    }
}
