//! `approvals`: decides as the principal whose token is in `BUSINESS_MCP_TOKEN`, through the same
//! door as every other program.

use anyhow::{Context as _, bail};
use clap::Subcommand;
use reqwest::{Method, Response};
use serde_json::{Value, json};

use super::output;
use crate::config::web_address;

/// Which server, and what to do.
#[derive(clap::Args)]
pub struct ApprovalsArgs {
    /// The server's address
    #[arg(long, global = true, env = "PUBLIC_URL", default_value = "http://127.0.0.1:3000", value_parser = web_address)]
    url: String,
    /// The token of whoever decides; the scope approvals:decide is needed
    #[arg(long, global = true, env = "BUSINESS_MCP_TOKEN", hide_env_values = true)]
    token: Option<String>,
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// List requests, newest first
    List {
        /// pending, executed, denied, expired, failed, withdrawn, or all
        #[arg(long, default_value = "pending")]
        status: String,
        /// How many at most
        #[arg(long, default_value_t = 20)]
        limit: u32,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Approve a request, which executes it
    Approve {
        /// The request's id
        id: String,
        /// Why
        #[arg(long)]
        reason: Option<String>,
    },
    /// Deny a request
    Deny {
        /// The request's id
        id: String,
        /// Why
        #[arg(long)]
        reason: Option<String>,
    },
}

pub(super) async fn run(args: ApprovalsArgs) -> anyhow::Result<()> {
    let Some(token) = &args.token else {
        bail!("BUSINESS_MCP_TOKEN is not set: it says who decides");
    };
    let token = token.trim();
    if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
        bail!(
            "BUSINESS_MCP_TOKEN is not one token: it holds a space, a line break or a letter that no token has"
        );
    }
    let server = Server { url: &args.url, token };
    match &args.action {
        Action::List { status, limit, json } => {
            let status = if status == "all" { String::new() } else { format!("&status={status}") };
            let path = format!("?limit={limit}{status}");
            let page = server.ask(Method::GET, &path, None).await?;
            if *json {
                output::line(format_args!("{page:#}"));
            } else {
                print_list(&page);
            }
            Ok(())
        }
        Action::Approve { id, reason } => server.decide(id, "approve", reason.as_deref()).await,
        Action::Deny { id, reason } => server.decide(id, "deny", reason.as_deref()).await,
    }
}

struct Server<'a> {
    url: &'a str,
    token: &'a str,
}

impl Server<'_> {
    async fn decide(&self, id: &str, verb: &str, reason: Option<&str>) -> anyhow::Result<()> {
        let body = reason.map(|reason| json!({ "reason": reason }));
        let view = self.ask(Method::POST, &format!("/{id}/{verb}"), body).await?;
        let text = |pointer: &str| view.pointer(pointer).and_then(Value::as_str).unwrap_or("");
        output::line(format_args!(
            "{} is {}: {}",
            text("/approval_id"),
            text("/status"),
            text("/summary")
        ));
        match text("/status") {
            "failed" => bail!("approved, but it could not be done: {}", text("/result/message")),
            "executed" => output::line(format_args!("{}", text("/result/say"))),
            _ => {}
        }
        Ok(())
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> anyhow::Result<Value> {
        let url = format!("{}/api/approvals{path}", self.url);
        let mut request = reqwest::Client::new().request(method, &url).bearer_auth(self.token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.with_context(|| format!("{url} does not answer"))?;
        read(answer).await
    }
}

async fn read(answer: Response) -> anyhow::Result<Value> {
    let status = answer.status();
    let body: Value =
        answer.json().await.with_context(|| format!("the server answers {status}"))?;
    if status.is_success() {
        return Ok(body);
    }
    let message = body.pointer("/error/message").and_then(Value::as_str);
    bail!("{}", message.unwrap_or("the server refuses without a reason"));
}

fn print_list(page: &Value) {
    let requests = page.get("approvals").and_then(Value::as_array);
    let requests = requests.map(Vec::as_slice).unwrap_or_default();
    if requests.is_empty() {
        output::line(format_args!("Nothing waits."));
    }
    for request in requests {
        let text = |name: &str| request.get(name).and_then(Value::as_str).unwrap_or("");
        output::line(format_args!(
            "{}  {:<9}  {:<8}  {}\n    {} asked at {}, expires at {}",
            text("approval_id"),
            text("status"),
            text("risk"),
            text("summary"),
            text("requester"),
            text("created_at"),
            text("expires_at"),
        ));
    }
    if page.get("next_cursor").is_some_and(|cursor| !cursor.is_null()) {
        output::line(format_args!("There are more: raise --limit."));
    }
}
