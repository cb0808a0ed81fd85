//! Requests byte by byte, as no HTTP client would send them, and what comes back.

use std::{net::SocketAddr, time::Duration};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
};

/// Longer than anything that the server may take its time for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A request as it is written.
#[derive(Clone)]
pub struct Wire {
    url: String,
    line: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    /// The last part of the address that it comes from, 127.0.0.x.
    from: u8,
}

/// One answer as it was read.
#[derive(Clone)]
pub struct Answer {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: String,
}

impl Wire {
    /// A request with a Host and nothing else; `line` is such as `GET /health`.
    pub fn new(url: &str, line: &str) -> Self {
        let close = ("connection".to_owned(), "close".to_owned());
        let host = ("host".to_owned(), "localhost".to_owned());
        let (url, line) = (url.to_owned(), line.to_owned());
        Self { url, line, headers: vec![host, close], body: Vec::new(), from: 1 }
    }

    /// A POST to `/mcp` with a token.
    pub fn mcp(url: &str, token: &str) -> Self {
        Self::new(url, "POST /mcp")
            .with("authorization", &format!("Bearer {token}"))
            .with("content-type", "application/json")
    }

    /// The same for another path.
    pub fn on(mut self, path: &str) -> Self {
        let (method, _) = self.line.split_once(' ').unwrap();
        self.line = format!("{method} {path}");
        self
    }

    /// The same from another address of this machine, 127.0.0.x.
    pub fn from(mut self, last: u8) -> Self {
        self.from = last;
        self
    }

    /// The same with one header more.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same without a header.
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    /// The same with another value of a header.
    pub fn instead(self, name: &str, value: &str) -> Self {
        self.without(name).with(name, value)
    }

    /// The same with this body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// The same with a JSON-RPC request.
    pub fn rpc(self, method: &str, params: &Value) -> Self {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        self.body(body.to_string())
    }

    /// Everything before the body, with a length unless the headers frame the body themselves.
    pub fn head(&self) -> String {
        let mut lines = vec![format!("{} HTTP/1.1", self.line)];
        lines.extend(self.headers.iter().map(|(name, value)| format!("{name}: {value}")));
        let framed = |name: &str| matches!(name, "content-length" | "transfer-encoding");
        if !self.body.is_empty() && !self.headers.iter().any(|(name, _)| framed(name)) {
            lines.push(format!("content-length: {}", self.body.len()));
        }
        lines.join("\r\n") + "\r\n\r\n"
    }

    /// The body alone.
    pub fn content(&self) -> &[u8] {
        &self.body
    }

    /// Sends it on a connection of its own and reads the one answer.
    pub async fn send(&self) -> Answer {
        let mut answers = self.send_all().await;
        assert_eq!(answers.len(), 1, "one request, one answer: {answers:?}");
        answers.remove(0)
    }

    /// Sends it and reads until the server hangs up.
    pub async fn send_all(&self) -> Vec<Answer> {
        let mut bytes = self.head().into_bytes();
        bytes.extend_from_slice(&self.body);
        let mut line = Line::open_from(&self.url, self.from).await;
        line.write(&bytes).await;
        line.rest().await
    }
}

/// A connection.
pub struct Line(TcpStream);

impl Line {
    pub async fn open(url: &str) -> Self {
        Self::open_from(url, 1).await
    }

    async fn open_from(url: &str, last: u8) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::from(([127, 0, 0, last], 0))).unwrap();
        let address = url.trim_start_matches("http://").parse().unwrap();
        Self(socket.connect(address).await.unwrap())
    }

    /// Writes while it reads nothing; a server that has heard enough may hang up meanwhile.
    pub async fn write(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.0.write_all(bytes.as_ref()).await;
    }

    /// Reads until a text has come.
    pub async fn until(&mut self, text: &str) -> String {
        let mut read = Vec::new();
        let reading = async {
            while !String::from_utf8_lossy(&read).contains(text) {
                let count = self.0.read_buf(&mut read).await.unwrap();
                assert!(count > 0, "closed after {:?}", String::from_utf8_lossy(&read));
            }
        };
        tokio::time::timeout(PATIENCE, reading).await.expect("nothing more comes");
        String::from_utf8(read).unwrap()
    }

    /// Every answer until the server hangs up.
    pub async fn rest(mut self) -> Vec<Answer> {
        let mut read = Vec::new();
        let reading = async { while let Ok(1..) = self.0.read_buf(&mut read).await {} };
        tokio::time::timeout(PATIENCE, reading).await.expect("the connection stays open");
        Answer::all(&String::from_utf8(read).unwrap())
    }
}

/// Its beginning, which is enough to see what went wrong.
impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?} {:.500}", self.status, self.headers, self.body)
    }
}

impl Answer {
    fn all(mut text: &str) -> Vec<Self> {
        let mut answers = Vec::new();
        while let Some((head, rest)) = text.split_once("\r\n\r\n") {
            let mut lines = head.lines();
            let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
            let header = |line: &str| {
                let (name, value) = line.split_once(':').unwrap();
                (name.to_ascii_lowercase(), value.trim().to_owned())
            };
            let headers = lines.map(header).collect();
            let mut answer = Self { status, headers, body: String::new() };
            let length = match answer.header("content-length") {
                Some(length) => length.parse().unwrap(),
                // Chunked: kept as it came, to the end.
                None if answer.header("transfer-encoding").is_some() => rest.len(),
                None => 0,
            };
            answer.body = rest[..length.min(rest.len())].to_owned();
            text = &rest[length.min(rest.len())..];
            answers.push(answer);
        }
        answers
    }

    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// What every answer has, whatever it is about; returns the body.
    #[track_caller]
    pub fn framed(&self) -> Value {
        assert_eq!(self.header("cache-control"), Some("no-store"), "{self:?}");
        assert!(self.header("x-request-id").is_some_and(|id| !id.is_empty()), "{self:?}");
        assert_eq!(self.header("content-type"), Some("application/json"), "{self:?}");
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// A refusal with this status; returns its JSON-RPC code.
    #[track_caller]
    pub fn refused(&self, status: u16) -> i64 {
        assert_eq!(self.status, status, "{self:?}");
        let body = self.framed();
        assert_eq!(body["jsonrpc"], "2.0", "{body}");
        assert!(body.get("result").is_none(), "{body}");
        assert!(body["error"]["message"].as_str().is_some_and(|said| !said.is_empty()), "{body}");
        body["error"]["code"].as_i64().unwrap()
    }

    /// The result of a request that was answered.
    #[track_caller]
    pub fn result(&self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        let body = self.framed();
        assert!(body.get("error").is_none(), "{body}");
        body["result"].clone()
    }
}
