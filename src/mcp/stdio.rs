//! One local client over standard input and output.
//!
//! The library waits for `initialize`, or for a message that names its revision, and leaves at
//! anything else. Whoever pipes one line into the program means no more than that line, so until a
//! client introduces itself its messages are answered here, as they are over HTTP.

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
        let Some(first) = self.before_introduction(&mut input, &mut output).await? else {
            return Ok(());
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
            if line.trim_ascii().is_empty() {
                continue;
            }
            let Some(answer) = self.to_stranger(&line).await else { return Ok(Some(line)) };
            output.write_all(answer.as_bytes()).await?;
            output.write_all(b"\n").await?;
            output.flush().await?;
        }
    }

    /// The answer to a line from a client that has not introduced itself; `None` for a line that the
    /// library understands.
    async fn to_stranger(&self, line: &[u8]) -> Option<String> {
        let refusal = |id: &Value, code: i32, message: &str| {
            let error = json!({ "code": code, "message": message });
            Some(json!({ "jsonrpc": "2.0", "id": id, "error": error }).to_string())
        };
        let Ok(message) = serde_json::from_slice::<Value>(line) else {
            return refusal(&Value::Null, -32700, "The line is not JSON.");
        };
        let method = message.get("method").and_then(Value::as_str);
        let id = message.get("id").filter(|id| id.is_string() || id.is_i64());
        let (Some(method), Some(id)) = (method, id) else {
            // A notification or an answer asks for nothing.
            let asks = message.get("method").is_none() && message.get("result").is_none();
            return if asks || message.get("id").is_some() {
                refusal(&Value::Null, -32600, "The line is not a JSON-RPC request.")
            } else {
                None
            };
        };
        if method == "initialize" || message.pointer("/params/_meta").is_some() {
            return None;
        }
        if let (Some(info), Some(direct)) = (&self.0.local, direct::read(&HeaderMap::new(), line)) {
            return Some(self.answer(info, direct).await);
        }
        refusal(
            id,
            -32600,
            "Send initialize first, or name the revision 2026-07-28 in the _meta of the params.",
        )
    }
}
