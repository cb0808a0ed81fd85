//! JSON-RPC 2.0, strictly: a message is parsed here, once, and what is not one well-formed message is
//! refused in the codes of the specification.

use std::borrow::Cow;

use rmcp::{ErrorData, model::ErrorCode};
use serde::{Deserialize, Deserializer, de::IgnoredAny};
use serde_json::Value;

use super::params::{Given, Params};

/// The deepest nesting that is read; the protocol needs a handful.
const DEEPEST: usize = 100;

/// One message of a client.
#[derive(Debug)]
pub struct Message {
    /// The id; `None` for a notification.
    pub id: Option<Value>,
    /// The method; `None` for an answer, which asks for nothing.
    pub method: Option<String>,
    /// What the method is given.
    pub params: Params,
}

/// Why something is not a message, and the id of the request where that could be read.
#[derive(Debug)]
pub struct Malformed {
    /// JSON-RPC 2.0, section 5.1.
    pub code: i32,
    /// A stable word for programs.
    pub word: &'static str,
    /// What is wrong.
    pub message: Cow<'static, str>,
    /// Null where no request could be made out.
    pub id: Value,
}

#[derive(Deserialize)]
struct Written {
    jsonrpc: Option<Value>,
    // Serde reads `null` as absent; a null id has to be seen to be refused.
    #[serde(default, deserialize_with = "present")]
    id: Option<Value>,
    method: Option<Value>,
    #[serde(default)]
    params: Given,
    result: Option<IgnoredAny>,
    error: Option<IgnoredAny>,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl Message {
    /// Reads one message.
    ///
    /// # Errors
    /// -32700 for what is not JSON, -32600 for what is not one JSON-RPC message, -32602 for params that are
    /// not an object.
    pub fn read(body: &[u8]) -> Result<Self, Malformed> {
        if depth(body) > DEEPEST {
            return Err(Malformed::parse(format!("The body nests deeper than {DEEPEST} levels.")));
        }
        if body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
            let _: IgnoredAny = serde_json::from_slice(body).map_err(|_| not_json())?;
            return Err(Malformed::request("Batches are not taken. Send one message a request."));
        }
        let written: Written = serde_json::from_slice(body).map_err(|error| {
            if error.is_data() {
                Malformed::request("This is not a JSON-RPC message.")
            } else {
                not_json()
            }
        })?;
        if written.id.as_ref().is_some_and(|id| !(id.is_string() || id.is_i64())) {
            return Err(Malformed::request(
                "The id of a message is a string or a whole number of 64 bits.",
            ));
        }
        let Written { jsonrpc, id, method, params, result, error } = written;
        let answering = |malformed: Malformed| malformed.answering(id.clone().unwrap_or_default());
        if jsonrpc.as_ref().and_then(Value::as_str) != Some("2.0") {
            let refused = Malformed::request("A message says \"jsonrpc\": \"2.0\".");
            return Err(answering(refused));
        }
        let method = match method {
            Some(Value::String(method)) => Some(method),
            None if result.is_some() || error.is_some() => None,
            _ => {
                let refused = Malformed::request("A message has a method, which is a string.");
                return Err(answering(refused));
            }
        };
        let params = Params::read(params).map_err(answering)?;
        // A call is never executed without anyone to answer.
        let asks = |method: &String| !method.starts_with("notifications/");
        if id.is_none() && method.as_ref().is_some_and(asks) {
            return Err(Malformed::request("A request has an id."));
        }
        Ok(Self { id, method, params })
    }

    /// The tool that a `tools/call` names.
    pub fn tool(&self) -> Option<&str> {
        if self.method.as_deref() == Some("tools/call") { self.params.text("name") } else { None }
    }

    /// What the method is about: a tool, a prompt, a resource or a task.
    pub fn name(&self) -> Option<&str> {
        match self.method.as_deref()? {
            "tools/call" | "prompts/get" => self.params.text("name"),
            "resources/read" | "resources/subscribe" | "resources/unsubscribe" => {
                self.params.text("uri")
            }
            "tasks/get" | "tasks/update" | "tasks/cancel" => self.params.text("taskId"),
            _ => None,
        }
    }

    /// The revision that an `initialize` asks for.
    pub fn handshake_version(&self) -> Option<&str> {
        self.params.text("protocolVersion")
    }

    /// An argument of a `tools/call`, by the names that lead to it.
    pub fn argument(&self, path: &[String]) -> Option<&Value> {
        let arguments = self.params.given.get("arguments")?;
        path.iter().try_fold(arguments, |value, name| value.get(name))
    }
}

impl Malformed {
    fn parse(message: impl Into<Cow<'static, str>>) -> Self {
        let (code, word) = (ErrorCode::PARSE_ERROR.0, "parse_error");
        Self { code, word, message: message.into(), id: Value::Null }
    }

    fn request(message: &'static str) -> Self {
        let (code, word) = (ErrorCode::INVALID_REQUEST.0, "invalid_request");
        Self { code, word, message: message.into(), id: Value::Null }
    }

    pub(super) fn params(message: &'static str) -> Self {
        let (code, word) = (ErrorCode::INVALID_PARAMS.0, "invalid_params");
        Self { code, word, message: message.into(), id: Value::Null }
    }

    fn answering(mut self, id: Value) -> Self {
        self.id = id;
        self
    }

    /// The same as the protocol writes it.
    pub(super) fn into_error(self) -> ErrorData {
        ErrorData::new(ErrorCode(self.code), self.message, None)
    }
}

fn not_json() -> Malformed {
    Malformed::parse("The body is not JSON.")
}

/// How deep brackets nest, outside of strings, so that too deep a body hears why.
fn depth(body: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0_usize);
    let (mut in_string, mut escaped) = (false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(body: &str) -> i32 {
        Message::read(body.as_bytes()).unwrap_err().code
    }

    #[test]
    fn a_call_names_its_tool() {
        let call = r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"x"}}"#;
        let message = Message::read(call.as_bytes()).unwrap();
        assert_eq!((message.method.as_deref(), message.tool()), (Some("tools/call"), Some("x")));
        assert_eq!(message.id, Some(7.into()));
        let twice = call.replace("}}", r#","name":"y"}}"#);
        assert_eq!(Message::read(twice.as_bytes()).unwrap().tool(), None);
    }

    #[test]
    fn what_is_not_json_is_a_parse_error() {
        let deep = format!("{}1{}", "[".repeat(500), "]".repeat(500));
        let deep = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"x","params":{deep}}}"#);
        for body in ["", "{", "hello", "[1,", "\u{0}", deep.as_str()] {
            assert_eq!(code(body), -32700, "{body:.40}");
        }
    }

    #[test]
    fn params_and_their_meta_are_objects() {
        for params in ["5", "[]", "\"x\"", r#"{"_meta":5}"#, r#"{"_meta":[]}"#] {
            let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"ping","params":{params}}}"#);
            assert_eq!(code(&body), -32602, "{body}");
        }
        for params in ["null", "{}", " { } ", r#"{"_meta":null}"#, r#"{"_meta": {}}"#] {
            let body = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"ping","params":{params}}}"#);
            Message::read(body.as_bytes()).unwrap();
        }
    }

    #[test]
    fn what_is_not_one_message_is_an_invalid_request() {
        for body in [
            "[]",
            r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#,
            "1",
            "null",
            r#"{"id":1,"method":"ping"}"#,
            r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":18446744073709551615,"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#,
            r#"{"jsonrpc":"2.0","id":1}"#,
            r#"{"jsonrpc":"2.0","id":1,"method":5}"#,
            r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"x"}}"#,
        ] {
            assert_eq!(code(body), -32600, "{body}");
        }
    }
}
