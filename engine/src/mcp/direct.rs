//! The short way for the two hot methods.
//!
//! rmcp serves each request with a service of its own: several tasks, channels and token trees, which
//! together cost as much as a whole look-up. A plain `tools/call` or `tools/list` of a revision
//! before 2026-07-28 needs none of that: one message comes, one answer goes. So it is answered here,
//! in the very words that rmcp would use, and everything else goes the long way. A test asks both
//! ways the same questions and compares the answers.

use std::fmt::Write as _;

use axum::http::HeaderMap;
use rmcp::model::{JsonObject, ListToolsResult, ProtocolVersion};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::{CallInfo, McpServer, results};
use crate::{
    gate::CallRequest,
    tool::{ErrorCode, ToolError, catalogue::Rendered},
};

/// A message that can go the short way.
#[derive(Deserialize)]
pub(super) struct Direct<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
    method: Method,
    #[serde(default)]
    params: Params,
}

#[derive(Deserialize, PartialEq, Eq)]
enum Method {
    #[serde(rename = "tools/call")]
    Call,
    #[serde(rename = "tools/list")]
    List,
}

/// Only what a plain call has; anything more, such as `_meta`, goes the long way.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Params {
    name: Option<String>,
    arguments: Option<JsonObject>,
}

/// Reads a message, if it can go the short way. `None` says nothing about whether it is well formed.
pub(super) fn read<'a>(headers: &HeaderMap, body: &'a [u8]) -> Option<Direct<'a>> {
    let plain = match headers.get("mcp-protocol-version") {
        None => true,
        Some(version) => {
            let version = version.to_str().ok()?;
            let mut known = ProtocolVersion::KNOWN_VERSIONS.iter();
            version < ProtocolVersion::V_2026_07_28.as_str()
                && known.any(|known| known.as_str() == version)
        }
    };
    if !plain || headers.keys().any(|name| name.as_str().starts_with("mcp-param")) {
        return None;
    }
    let direct: Direct<'a> = serde_json::from_slice(body).ok()?;
    let complete = match direct.method {
        Method::Call => direct.params.name.is_some(),
        Method::List => direct.params.name.is_none() && direct.params.arguments.is_none(),
    };
    complete.then_some(direct)
}

impl McpServer {
    /// Answers a message the short way. The call runs in a task of its own, because the server drops
    /// what it does for a client that goes away: so the call is told, rolls back and is written down.
    pub(super) async fn answer(&self, info: &CallInfo, direct: Direct<'_>) -> String {
        let id = direct.id.get();
        let Some(tool) = direct.params.name else {
            return response(id, "result", &self.listed(info).written);
        };
        let cancelled = CancellationToken::new();
        let _client = cancelled.clone().drop_guard();
        let request = CallRequest {
            caller: info.caller.clone(),
            tool,
            arguments: direct.params.arguments.unwrap_or_default(),
            conversation: info.conversation.clone(),
            verification: info.verification.clone(),
            toolset: info.toolset,
            request_id: info.request_id.clone(),
            cancelled,
        };
        let gate = self.0.gate.clone();
        let call = async move { gate.call(request).await };
        match tokio::spawn(call.in_current_span()).await {
            Ok(Ok(Rendered(answer))) => success(id, &answer),
            Ok(Err(error)) => failure(id, &error),
            Err(end) => {
                let error = ToolError::internal(end.to_string());
                tracing::error!(incident = error.incident(), %end, "a call ended badly");
                failure(id, &error)
            }
        }
    }
}

/// The answer stands in the result twice: as the text of the one block, and as it is.
fn success(id: &str, answer: &str) -> String {
    let mut body = String::with_capacity(answer.len() * 2 + answer.len() / 4 + 160);
    // Writing to a string cannot fail.
    let _ = write!(
        body,
        r#"{{"jsonrpc":"2.0","id":{id},"result":{{"content":[{{"type":"text","text":"#
    );
    escape(&mut body, answer);
    let _ = write!(body, r#"}}],"structuredContent":{answer},"isError":false}}}}"#);
    body
}

fn failure(id: &str, error: &ToolError) -> String {
    let (member, written) = if error.code() == ErrorCode::ToolNotFound {
        ("error", serde_json::to_string(&results::not_found(error)))
    } else {
        let mut result = results::failure(error);
        result.result_type = None;
        ("result", serde_json::to_string(&result))
    };
    // These are texts and numbers, which can always be written.
    response(id, member, &written.unwrap_or_default())
}

fn response(id: &str, member: &str, value: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":{id},"{member}":{value}}}"#)
}

/// Writes a text as JSON does.
fn escape(body: &mut String, text: &str) {
    match serde_json::to_string(text) {
        Ok(escaped) => body.push_str(&escaped),
        Err(_) => body.push_str("\"\""),
    }
}

/// A list as it is sent, written once for all callers with the same scopes.
pub(super) fn written_list(mut result: ListToolsResult) -> String {
    result.result_type = None;
    serde_json::to_string(&result).unwrap_or_default()
}
