//! One local client over standard input and output.
//!
//! The library waits for `initialize`, or for a message that names its revision, and leaves at
//! anything else. Whoever pipes one line into the program means no more than that line, so until a
//! client introduces itself its messages are answered here, as they are over HTTP.

use std::io::ErrorKind;

use axum::http::HeaderMap;
use rmcp::ServiceExt as _;
use serde_json::{Value, json};
use tokio::io::{
    AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _,
    BufReader,
};

use super::{McpServer, direct};

/// The longest line that is read before a client introduces itself, in bytes.
const LONGEST: u64 = 1 << 20;

impl McpServer {
    /// Serves one client over standard input and output until it goes.
    ///
    /// # Errors
    /// When the client does not speak the protocol.
    pub async fn serve_stdio(self) -> anyhow::Result<()> {
        let mut input = BufReader::new(tokio::io::stdin());
        let mut output = tokio::io::stdout();
        let first = match self.before_introduction(&mut input, &mut output).await {
            Ok(Some(first)) => first,
            Ok(None) => return Ok(()),
            // It goes without hearing its answer.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let input = std::io::Cursor::new(first).chain(input);
        let running = self.serve((input, output)).await?;
        running.waiting().await?;
        Ok(())
    }

    /// Answers a client that has not introduced itself, and returns the line with which it does;
    /// `None` when it goes before.
    async fn before_introduction(
        &self,
        input: &mut (impl AsyncBufRead + Unpin),
        output: &mut (impl AsyncWrite + Unpin),
    ) -> std::io::Result<Option<Vec<u8>>> {
        loop {
            let mut line = Vec::new();
            if input.take(LONGEST).read_until(b'\n', &mut line).await? == 0 {
                return Ok(None);
            }
            let answer = match Stranger::read(&line) {
                Stranger::Introduces => return Ok(Some(line)),
                Stranger::Tells => continue,
                Stranger::Asks { method, id } => self.to_stranger(&line, &method, &id).await,
                Stranger::Mumbles { code, message } => refusal(&Value::Null, code, message),
            };
            output.write_all(answer.as_bytes()).await?;
            output.write_all(b"\n").await?;
            output.flush().await?;
        }
    }

    async fn to_stranger(&self, line: &[u8], method: &str, id: &Value) -> String {
        if method == "ping" {
            return json!({ "jsonrpc": "2.0", "id": id, "result": {} }).to_string();
        }
        match (&self.0.local, direct::read(&HeaderMap::new(), line)) {
            (Some(info), Some(direct)) => self.answer(info, direct).await,
            _ => refusal(
                id,
                -32600,
                "Send initialize first, or name the revision 2026-07-28 in the _meta of the params.",
            ),
        }
    }
}

fn refusal(id: &Value, code: i32, message: &str) -> String {
    let error = json!({ "code": code, "message": message });
    json!({ "jsonrpc": "2.0", "id": id, "error": error }).to_string()
}

/// What a line of a client is that has not introduced itself.
#[derive(Debug, PartialEq)]
enum Stranger {
    /// A handshake, or a message that says which revision it is of.
    Introduces,
    /// A notification, an answer to nothing, or an empty line.
    Tells,
    /// A request.
    Asks { method: String, id: Value },
    /// Something else, with what is said of it.
    Mumbles { code: i32, message: &'static str },
}

impl Stranger {
    fn read(line: &[u8]) -> Self {
        if line.trim_ascii().is_empty() {
            return Self::Tells;
        }
        let Ok(message) = serde_json::from_slice::<Value>(line) else {
            return Self::Mumbles { code: -32700, message: "The line is not JSON." };
        };
        let revision = "/params/_meta/io.modelcontextprotocol~1protocolVersion";
        let method = message.get("method").and_then(Value::as_str);
        match (method, message.get("id")) {
            (Some("initialize"), Some(_)) => Self::Introduces,
            (Some(_), Some(_)) if message.pointer(revision).is_some() => Self::Introduces,
            (Some(method), Some(id)) if id.is_string() || id.is_i64() => {
                Self::Asks { method: method.to_owned(), id: id.clone() }
            }
            (Some(method), None) if method.starts_with("notifications/") => Self::Tells,
            (None, Some(_)) if message.get("result").or(message.get("error")).is_some() => {
                Self::Tells
            }
            _ => Self::Mumbles { code: -32600, message: "The line is not a JSON-RPC request." },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stranger_is_told_from_a_client_that_says_what_it_speaks() {
        let modern = r#"{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}"#;
        for line in [r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}"#, modern] {
            assert_eq!(Stranger::read(line.as_bytes()), Stranger::Introduces, "{line}");
        }
        for line in [
            " \r\n",
            r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#,
            r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
        ] {
            assert_eq!(Stranger::read(line.as_bytes()), Stranger::Tells, "{line}");
        }
        let asks = r#"{"jsonrpc":"2.0","id":"a","method":"tools/list","params":{"_meta":{"progressToken":1}}}"#;
        assert!(matches!(Stranger::read(asks.as_bytes()), Stranger::Asks { .. }));
        for (line, expected) in [
            ("{", -32700),
            ("[]", -32600),
            (r#"{"jsonrpc":"2.0","id":null,"method":"tools/list"}"#, -32600),
            (r#"{"jsonrpc":"2.0","method":"tools/list"}"#, -32600),
        ] {
            let read = Stranger::read(line.as_bytes());
            assert!(matches!(read, Stranger::Mumbles { code, .. } if code == expected), "{line}");
        }
    }
}
