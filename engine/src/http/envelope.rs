//! JSON-RPC 2.0, strictly: what is not one well-formed message is refused here, in the codes of the
//! specification, before the protocol library sees it.

use axum::http::StatusCode;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, value::RawValue};

use super::problem::Problem;

/// The deepest nesting that is read; the protocol needs a handful.
const DEEPEST: usize = 100;

/// What the edge needs to know of a message.
#[derive(Debug)]
pub struct Envelope {
    /// The id; `None` for a notification.
    pub id: Option<Value>,
    /// The method; `None` for an answer, which asks for nothing.
    pub method: Option<String>,
    /// The tool that a `tools/call` names.
    pub tool: Option<String>,
}

#[derive(Deserialize)]
struct Message<'a> {
    jsonrpc: Option<Value>,
    // Serde reads `null` as absent; a null id has to be seen to be refused.
    #[serde(default, deserialize_with = "present")]
    id: Option<Value>,
    method: Option<Value>,
    #[serde(borrow)]
    params: Option<&'a RawValue>,
    result: Option<serde::de::IgnoredAny>,
    error: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Params<'a> {
    name: Option<Value>,
    #[serde(borrow, rename = "_meta")]
    meta: Option<&'a RawValue>,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Reads the envelope of one message.
///
/// # Errors
/// 400 with -32700 for what is not JSON, with -32600 for what is not one JSON-RPC message.
pub fn read(body: &[u8]) -> Result<Envelope, Problem> {
    let invalid = |message: &str| Problem::bad_request(message);
    if depth(body) > DEEPEST {
        let message = format!("The body nests deeper than {DEEPEST} levels.");
        return Err(Problem::new(StatusCode::BAD_REQUEST, -32700, "parse_error", message));
    }
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        let _: serde::de::IgnoredAny = serde_json::from_slice(body).map_err(|_| not_json())?;
        return Err(invalid("Batches are not taken. Send one message a request."));
    }
    let message: Message<'_> = serde_json::from_slice(body).map_err(|error| {
        if error.is_data() { invalid("This is not a JSON-RPC message.") } else { not_json() }
    })?;
    if message.id.as_ref().is_some_and(|id| !(id.is_string() || id.is_i64())) {
        return Err(invalid("The id of a message is a string or a whole number of 64 bits."));
    }
    let id = message.id.clone().unwrap_or_default();
    if message.jsonrpc.as_ref().and_then(Value::as_str) != Some("2.0") {
        return Err(invalid("A message says \"jsonrpc\": \"2.0\".").answering(id));
    }
    let method = match message.method {
        Some(Value::String(method)) => Some(method),
        None if message.result.is_some() || message.error.is_some() => None,
        _ => return Err(invalid("A message has a method, which is a string.").answering(id)),
    };
    let params = message.params.map_or("{}", RawValue::get);
    if !is_object(params) {
        return Err(invalid_params("The params of a message are an object.").answering(id));
    }
    // What cannot be read here, such as a name that is given twice, names no tool.
    let params = serde_json::from_str::<Params<'_>>(params).ok();
    if params.as_ref().and_then(|params| params.meta).is_some_and(|meta| !is_object(meta.get())) {
        return Err(invalid_params("The _meta of a message is an object.").answering(id));
    }
    let name =
        params.filter(|_| method.as_deref() == Some("tools/call")).and_then(|params| params.name);
    let tool = name.and_then(|name| name.as_str().map(str::to_owned));
    // A call is never executed without anyone to answer.
    let asks = |method: &String| !method.starts_with("notifications/");
    if message.id.is_none() && method.as_ref().is_some_and(asks) {
        return Err(invalid("A request has an id."));
    }
    Ok(Envelope { id: message.id, method, tool })
}

fn is_object(json: &str) -> bool {
    json.trim_start().starts_with('{')
}

fn invalid_params(message: &str) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, -32602, "invalid_params", message)
}

/// How deep brackets nest, outside of strings. What is skipped unread below is not counted there.
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

fn not_json() -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, -32700, "parse_error", "The body is not JSON.")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(body: &str) -> i32 {
        read(body.as_bytes()).unwrap_err().code()
    }

    #[test]
    fn a_call_names_its_tool() {
        let call = r#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"x"}}"#;
        let envelope = read(call.as_bytes()).unwrap();
        let method = envelope.method.as_deref();
        assert_eq!((method, envelope.tool.as_deref()), (Some("tools/call"), Some("x")));
        assert_eq!(envelope.id, Some(7.into()));
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
            read(body.as_bytes()).unwrap();
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
