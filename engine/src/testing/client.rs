//! A client that speaks to a server over a socket, and reads what it answers.

use reqwest::{RequestBuilder, StatusCode, header::HeaderMap};
use serde_json::{Value, json};

/// Speaks to a server as a voice platform's example does: one POST a call, no handshake.
#[derive(Clone)]
pub struct Client {
    /// The address of the server.
    pub url: String,
    /// The bearer token.
    pub token: String,
    /// Its connections.
    pub http: reqwest::Client,
    headers: HeaderMap,
}

/// The answer to one tool call.
#[derive(Debug)]
pub struct Reply {
    /// The status of the response.
    pub http: StatusCode,
    /// Its JSON.
    pub body: Value,
}

impl Client {
    /// A client of the server at this address.
    pub fn new(url: String, token: String) -> Self {
        Self { url, token, http: reqwest::Client::new(), headers: HeaderMap::new() }
    }

    /// This client with one header more on each request.
    #[must_use]
    pub fn with_header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, value.parse().unwrap());
        self
    }

    /// A POST to `/mcp` with the token.
    pub fn post(&self) -> RequestBuilder {
        let request = self.http.post(format!("{}/mcp", self.url)).bearer_auth(&self.token);
        request.headers(self.headers.clone()).header("content-type", "application/json")
    }

    /// One JSON-RPC request.
    pub async fn rpc(&self, method: &str, params: Value) -> Reply {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let answer = self.post().body(body.to_string()).send().await.unwrap();
        let http = answer.status();
        Reply { http, body: answer.json().await.unwrap() }
    }

    /// One tool call.
    pub async fn call(&self, tool: &str, arguments: Value) -> Reply {
        self.rpc("tools/call", json!({ "name": tool, "arguments": arguments })).await
    }

    /// One tool call to a server that may go away before it answers.
    pub async fn try_call(&self, tool: &str, arguments: Value) -> Option<Reply> {
        let params = json!({ "name": tool, "arguments": arguments });
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        let answer = self.post().body(body.to_string()).send().await.ok()?;
        let http = answer.status();
        Some(Reply { http, body: answer.json().await.ok()? })
    }

    /// The tools this client is shown.
    pub async fn tools(&self) -> Vec<Value> {
        let reply = self.rpc("tools/list", json!({})).await;
        reply.body.pointer("/result/tools").unwrap().as_array().unwrap().clone()
    }

    /// A request to `/api/approvals`.
    pub async fn api(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        let method = method.parse().unwrap();
        let url = format!("{}/api/approvals{path}", self.url);
        let mut request = self.http.request(method, url).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let http = answer.status();
        Reply { http, body: answer.json().await.unwrap() }
    }

    /// Approves a request.
    pub async fn approve(&self, approval_id: &str) -> Reply {
        self.api("POST", &format!("/{approval_id}/approve"), None).await
    }
}

impl Reply {
    /// The envelope of a call that did not fail; the text block holds the same.
    #[track_caller]
    pub fn answer(&self) -> &Value {
        assert_ne!(self.body.pointer("/result/isError"), Some(&json!(true)), "{}", self.body);
        let structured = self.body.pointer("/result/structuredContent");
        let structured = structured.unwrap_or_else(|| panic!("no answer: {}", self.body));
        let text = self.body.pointer("/result/content/0/text").and_then(Value::as_str).unwrap();
        assert_eq!(structured, &serde_json::from_str::<Value>(text).unwrap());
        structured
    }

    /// The `data` of an answer that is `ok`.
    #[track_caller]
    pub fn data(&self) -> &Value {
        let answer = self.answer();
        assert_eq!(answer["status"], "ok", "{answer}");
        &answer["data"]
    }

    /// The id of the request that this call now waits for.
    #[track_caller]
    pub fn pending(&self) -> String {
        let answer = self.answer();
        assert_eq!(answer["status"], "approval_pending", "{answer}");
        answer["approval"]["approval_id"].as_str().unwrap().to_owned()
    }

    /// The code of a call that failed; the text block is one sentence.
    #[track_caller]
    pub fn error(&self) -> &str {
        assert_eq!(self.body.pointer("/result/isError"), Some(&json!(true)), "{}", self.body);
        self.body.pointer("/result/_meta/code").and_then(Value::as_str).unwrap()
    }

    /// Whether the call failed.
    pub fn is_error(&self) -> bool {
        self.body.pointer("/result/isError") == Some(&json!(true))
    }

    /// The sentence of a call that failed.
    #[track_caller]
    pub fn sentence(&self) -> &str {
        self.error();
        self.body.pointer("/result/content/0/text").and_then(Value::as_str).unwrap()
    }
}
