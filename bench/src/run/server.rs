//! What is measured: the server and the baseline, started with the settings of the benchmark, and asked.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::{
    Options,
    child::{Process, pinned, this_program},
    database::{Dataset, Hot},
};
use crate::{
    client::{Connection, Target},
    workload::{Script, Subjects, Workload},
};

const SECRET: &str = "a secret of the benchmark that protects nothing at all";
const CALLERS: usize = 8;
const POLICY: &str = include_str!("../../policy.toml");

/// The server's own command, with the settings of the benchmark and nothing of this environment.
fn business(options: &Options, database: &Path) -> Command {
    let mut command = Command::new(&options.server);
    set(&mut command, options, database);
    command
}

fn set(command: &mut Command, options: &Options, database: &Path) {
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("DATABASE_URL", format!("sqlite://{}", database.display()))
        .env("JWT_SECRET", SECRET)
        .env("PORT", options.port.to_string())
        .env("METRICS_PORT", options.metrics_port().to_string())
        .env("RATE_LIMIT_PER_MINUTE", "100000000")
        .env("RATE_LIMIT_BURST", "1000000");
}

/// Runs one of the server's commands to its end and returns what it printed.
pub fn command(options: &Options, database: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let name = arguments.first().copied().unwrap_or_default();
    let output = business(options, database)
        .args(arguments)
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("{} cannot be started", options.server.display()))?;
    ensure!(output.status.success(), "`business-mcp {name}` failed");
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// The running server.
pub struct Business {
    /// Its process.
    pub process: Process,
    /// Tokens of its callers.
    pub tokens: Vec<String>,
    authority: String,
}

impl Business {
    /// Starts it and waits for the first right answer; returns how long that took.
    pub async fn start(options: &Options, dataset: &Dataset) -> anyhow::Result<(Self, Duration)> {
        let database = dataset.working();
        let tokens = (1..=CALLERS)
            .map(|number| {
                let subject = format!("caller-{number}");
                command(options, &database, &["token", "--role", "agent", "--subject", &subject])
            })
            .collect::<anyhow::Result<Vec<_>>>()?;
        let policy = options.policy.clone().unwrap_or_else(|| dataset.file("policy.toml"));
        if options.policy.is_none() {
            fs::write(&policy, POLICY)?;
        }
        let authority = format!("127.0.0.1:{}", options.port);
        let target = Target { authority: authority.clone(), path: "/mcp".to_owned() };
        let subjects = subjects(options);
        let script = Script::new(Workload::Lookup, target, tokens.clone(), subjects)?;

        let mut command = pinned(options.server_core, &options.server);
        command.arg("serve");
        set(&mut command, options, &database);
        command.env("POLICY_FILE", policy);
        let began = Instant::now();
        let process = Process::start(command, &dataset.file("server.log"))?;
        let mut server = Self { process, tokens, authority };
        let took = server.process.first_answer(&script, began).await?;
        let (status, _) = server.get("/readyz").await?;
        ensure!(status == 200, "/readyz says {status} after the first answer");
        Ok((server, took))
    }

    /// Tokens of so many callers who may do everything.
    pub fn everyone(
        options: &Options,
        database: &Path,
        many: usize,
    ) -> anyhow::Result<Vec<String>> {
        let token = |number| {
            let subject = everyones_name(number);
            command(options, database, &["token", "--role", "admin", "--subject", &subject])
        };
        (0..many).map(token).collect()
    }

    /// The MCP endpoint.
    pub fn url(&self) -> String {
        format!("http://{}/mcp", self.authority)
    }

    /// What one piece of the hot product costs its buyer.
    pub async fn quote(&self, hot: &Hot) -> anyhow::Result<String> {
        let params = json!({
            "name": "order_quote",
            "arguments": {
                "customer_id": hot.buyer,
                "items": [{"sku": hot.sku, "quantity": 1}],
            },
        });
        let answer: Value = serde_json::from_slice(&self.ask("tools/call", &params).await?)?;
        let total = answer.pointer("/result/structuredContent/data/total");
        let amount = total.and_then(|total| total.get("amount").or(Some(total)));
        let amount = amount.and_then(Value::as_str);
        Ok(amount.with_context(|| format!("no total in the quote: {answer}"))?.to_owned())
    }

    /// The bytes of a `tools/list` answer.
    pub async fn tools_list(&self) -> anyhow::Result<Vec<u8>> {
        self.ask("tools/list", &json!({})).await
    }

    async fn ask(&self, method: &str, params: &Value) -> anyhow::Result<Vec<u8>> {
        let body =
            json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
        let token = self.tokens.first().context("no token")?;
        let request = format!(
            "POST /mcp HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\naccept: application/json, text/event-stream\r\n\
             content-length: {}\r\n\r\n{body}",
            self.authority,
            body.len()
        );
        let mut connection = Connection::open(&self.authority).await?;
        let answer = connection.call(request.as_bytes()).await?;
        ensure!(answer.status == 200, "{method} was answered with HTTP {}", answer.status);
        Ok(answer.body.to_vec())
    }

    async fn get(&self, path: &str) -> anyhow::Result<(u16, Vec<u8>)> {
        let request = format!("GET {path} HTTP/1.1\r\nhost: {}\r\n\r\n", self.authority);
        let mut connection = Connection::open(&self.authority).await?;
        let answer = connection.call(request.as_bytes()).await?;
        Ok((answer.status, answer.body.to_vec()))
    }
}

/// The principal of one of [`Business::everyone`].
pub fn everyones_name(number: usize) -> String {
    format!("anyone-{number}")
}

/// The running baseline.
pub struct Raw {
    /// Its process.
    pub process: Process,
    authority: String,
}

impl Raw {
    /// Starts it and waits for the first right answer.
    pub async fn start(
        options: &Options,
        dataset: &Dataset,
        tools_list: &[u8],
    ) -> anyhow::Result<Self> {
        let list = dataset.file("tools-list.json");
        fs::write(&list, tools_list)?;
        let authority = format!("127.0.0.1:{}", options.raw_port());
        let target = Target { authority: authority.clone(), path: "/".to_owned() };
        let subjects = subjects(options);
        let script = Script::new(Workload::RawLookup, target, Vec::new(), subjects)?;
        let mut command = pinned(options.server_core, &this_program()?);
        command
            .arg("raw")
            .args(["--port", &options.raw_port().to_string()])
            .arg("--database")
            .arg(dataset.working())
            .arg("--tools-list")
            .arg(list);
        let process = Process::start(command, &dataset.file("raw.log"))?;
        let mut raw = Self { process, authority };
        raw.process.first_answer(&script, Instant::now()).await?;
        Ok(raw)
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://{}", self.authority)
    }
}

fn subjects(options: &Options) -> Subjects {
    Subjects {
        customer_prefix: "CUST-".to_owned(),
        first_customer: options.first_customer,
        last_customer: options.last_customer,
        buyer: String::new(),
        sku: Vec::new(),
        total: Vec::new(),
        payment_method: None,
        calls: None,
    }
}
