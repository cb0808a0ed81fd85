//! What a request says twice, in its headers and in its body, has to agree: whoever routes by the headers must
//! not be told something else than what is done (2026-07-28, Streamable HTTP).

use axum::http::{HeaderMap, StatusCode};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::Value;

use super::{App, problem::Problem};
use crate::mcp::{Message, Revision};

const VERSION: &str = "mcp-protocol-version";
const METHOD: &str = "mcp-method";
const NAME: &str = "mcp-name";
const PARAMETER: &str = "mcp-param-";

/// The revision that a message is of, as its header and its body say.
///
/// # Errors
/// 400 with -32020 where they differ, with -32602 where the body does not say what its revision asks for.
pub fn revision(app: &App, headers: &HeaderMap, message: &Message) -> Result<Revision, Problem> {
    let said = message.params.version();
    let header = headers.get(VERSION).and_then(|value| value.to_str().ok());
    let of_header = header.map_or(Revision::Legacy, Revision::of);
    let method = message.method.as_deref().unwrap_or_default();
    if method == "initialize" {
        return handshake(header, of_header, message);
    }
    if of_header == Revision::Modern {
        routed(app, headers, method, message)?;
    }
    if message.id.is_none() {
        return Ok(of_header);
    }
    if said.is_some() && said != header {
        return Err(mismatch(format!(
            "The header MCP-Protocol-Version is {}, and the _meta of the params says {}.",
            header.unwrap_or("missing"),
            said.unwrap_or_default()
        )));
    }
    let missing = if of_header == Revision::Modern || method == "server/discover" {
        message.params.missing()
    } else {
        Vec::new()
    };
    if missing.is_empty() {
        return Ok(of_header);
    }
    let message = format!("The _meta of the params lacks, or misstates: {}.", missing.join(", "));
    Err(Problem::new(StatusCode::BAD_REQUEST, -32602, "invalid_params", message))
}

/// A handshake is of an older revision, and in the one that says that it is of 2026-07-28 it does not exist.
fn handshake(
    header: Option<&str>,
    of_header: Revision,
    message: &Message,
) -> Result<Revision, Problem> {
    let of_body = message.params.version().map_or(Revision::Legacy, Revision::of);
    if of_header == Revision::Modern || of_body == Revision::Modern {
        return Ok(Revision::Modern);
    }
    match (header, message.handshake_version()) {
        (Some(header), Some(asked)) if header != asked => Err(Problem::bad_request(format!(
            "The header MCP-Protocol-Version is {header}, and initialize asks for {asked}."
        ))),
        _ => Ok(Revision::Legacy),
    }
}

/// The headers that a gateway routes by.
fn routed(app: &App, headers: &HeaderMap, method: &str, message: &Message) -> Result<(), Problem> {
    if one(headers, METHOD)? != Some(method) {
        return Err(mismatch("The header Mcp-Method is not the method of the message."));
    }
    if let Some(name) = message.name()
        && value(headers, NAME)?.as_deref() != Some(name)
    {
        return Err(mismatch("The header Mcp-Name is not what the params name."));
    }
    let tool = message.tool().unwrap_or_default();
    for parameter in app.dispatcher.parameter_headers(tool) {
        let said = message.argument(&parameter.path).and_then(plain);
        let header = format!("{PARAMETER}{}", parameter.header.to_ascii_lowercase());
        if value(headers, &header)? != said {
            let argument = parameter.path.join(".");
            let header = &parameter.header;
            return Err(mismatch(format!(
                "The header Mcp-Param-{header} is not the argument {argument}."
            )));
        }
    }
    Ok(())
}

/// A header that stands there once at most.
fn one<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Problem> {
    let mut values = headers.get_all(name).iter();
    let (first, more) = (values.next(), values.next());
    if more.is_some() {
        return Err(mismatch(format!("The header {name} is there twice.")));
    }
    let unreadable = || mismatch(format!("The header {name} is not plain text."));
    first.map(|value| value.to_str().map_err(|_| unreadable())).transpose()
}

/// The same for one whose value is `=?base64?..?=` where it cannot stand in a header.
fn value(headers: &HeaderMap, name: &str) -> Result<Option<String>, Problem> {
    let Some(given) = one(headers, name)? else { return Ok(None) };
    let coded = given.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?="));
    let Some(coded) = coded else { return Ok(Some(given.to_owned())) };
    let decoded =
        BASE64_STANDARD.decode(coded).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    match decoded {
        Some(decoded) => Ok(Some(decoded)),
        None => Err(mismatch(format!("The header {name} is not text in Base64."))),
    }
}

/// A value as a header repeats it; what is absent, null, or made of other values is not repeated.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn mismatch(message: impl Into<String>) -> Problem {
    Problem::new(StatusCode::BAD_REQUEST, -32020, "header_mismatch", message)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(NAME, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn a_value_that_cannot_stand_in_a_header_is_read_from_base64() {
        for (given, read) in [
            ("order_get", "order_get"),
            ("=?base64?w7xiZXI=?=", "über"),
            ("=?base64?", "=?base64?"),
        ] {
            assert_eq!(value(&headers(&[given]), NAME).unwrap().as_deref(), Some(read));
        }
        assert_eq!(value(&headers(&[]), NAME).unwrap(), None);
        for wrong in [&["=?base64?***?="][..], &["=?base64?/w==?="], &["a", "a"]] {
            assert_eq!(value(&headers(wrong), NAME).unwrap_err().code(), -32020, "{wrong:?}");
        }
    }
}
