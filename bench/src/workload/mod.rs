//! What is asked, and the bytes of each request.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use anyhow::{Context as _, bail, ensure};
use clap::{Args, ValueEnum};
use rand::{Rng as _, rngs::StdRng};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::client::Target;

/// The tool of a look-up.
const LOOKUP: &str = "customer_lookup";
/// What a request of 2026-07-28 says of itself.
const META: &str = r#"{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientInfo":{"name":"bench","version":"1"},"io.modelcontextprotocol/clientCapabilities":{}}"#;

/// A kind of load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Workload {
    /// `tools/list`.
    ToolsList,
    /// The same as a client of 2026-07-28 asks.
    ToolsListModern,
    /// `customer_lookup` by random id.
    Lookup,
    /// The same as a client of 2026-07-28 asks.
    LookupModern,
    /// `order_create` of one piece of a hot product, each with its own idempotency key.
    OrderCreate,
    /// Eight in ten `customer_lookup`, one `tools/list`, one `order_create`.
    Mixed,
    /// The calls of a file, one after the other.
    Calls,
    /// The baseline's `GET /hello`.
    RawHello,
    /// The baseline's `GET /tools`: the stored bytes of a `tools/list` answer.
    RawToolsList,
    /// The baseline's `GET /customer/ID`.
    RawLookup,
    /// The baseline's `POST /order`.
    RawOrderCreate,
}

impl Workload {
    /// The name on the command line.
    pub fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// Whether each request says that it is of 2026-07-28.
    fn is_modern(self) -> bool {
        matches!(self, Self::ToolsListModern | Self::LookupModern)
    }

    fn orders(self) -> bool {
        matches!(self, Self::OrderCreate | Self::Mixed | Self::RawOrderCreate)
    }
}

/// Which customers and products the requests name.
#[derive(Debug, Clone, Args)]
pub struct Subjects {
    /// What stands before the number in a customer's id
    #[arg(long, default_value = "CUST-")]
    pub customer_prefix: String,
    /// The number of the first customer
    #[arg(long, default_value_t = 10_001)]
    pub first_customer: u32,
    /// The number of the last customer
    #[arg(long, default_value_t = 110_000)]
    pub last_customer: u32,
    /// The customer who orders
    #[arg(long, default_value = "CUST-10001")]
    pub buyer: String,
    /// A product to order; several are ordered in turn
    #[arg(long)]
    pub sku: Vec<String>,
    /// What one piece of it costs the buyer, for each `--sku` in the same order
    #[arg(long)]
    pub total: Vec<String>,
    /// How the buyer pays, where it must be said
    #[arg(long)]
    pub payment_method: Option<String>,
    /// Calls to make one after the other, a JSON object with `name`, `arguments` and, where that
    /// matters, the number of the `caller` on each line
    #[arg(long)]
    pub calls: Option<PathBuf>,
}

/// A line of such a file.
#[derive(Debug, Clone, Deserialize)]
struct Call {
    name: String,
    arguments: Box<RawValue>,
    caller: Option<usize>,
}

/// One question, with what its answer must be about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// `tools/list`.
    ToolsList,
    /// `customer_lookup` for this customer.
    Lookup(String),
    /// `order_create`.
    OrderCreate,
    /// The call on this line of the file.
    Call(usize),
    /// The baseline's greeting.
    RawHello,
    /// The baseline's stored list.
    RawToolsList,
    /// The baseline's look-up for this customer.
    RawLookup(String),
    /// The baseline's order.
    RawOrderCreate,
}

/// Makes requests.
pub struct Script {
    workload: Workload,
    target: Target,
    tokens: Vec<String>,
    subjects: Subjects,
    calls: Vec<Call>,
    /// Keeps idempotency keys of one run apart from those of another on the same database.
    run: String,
    next_id: AtomicU64,
}

impl Script {
    /// Checks that the workload has what it needs.
    pub fn new(
        workload: Workload,
        target: Target,
        tokens: Vec<String>,
        subjects: Subjects,
    ) -> anyhow::Result<Self> {
        ensure!(
            subjects.first_customer <= subjects.last_customer,
            "--first-customer is behind --last-customer"
        );
        if workload.orders() {
            ensure!(!subjects.sku.is_empty(), "this workload orders: it needs --sku and --total");
            ensure!(
                subjects.sku.len() == subjects.total.len(),
                "each --sku needs a --total, and each --total a --sku"
            );
        }
        let calls = match (&subjects.calls, workload) {
            (Some(file), Workload::Calls) => read_calls(file)?,
            (None, Workload::Calls) => bail!("this workload needs --calls"),
            _ => Vec::new(),
        };
        let run = uuid::Uuid::now_v7().simple().to_string();
        Ok(Self { workload, target, tokens, subjects, calls, run, next_id: AtomicU64::new(1) })
    }

    /// Where the requests go.
    pub fn authority(&self) -> &str {
        &self.target.authority
    }

    /// The next question, and the number it is asked under.
    pub fn next(&self, random: &mut StdRng) -> (Ask, u64) {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let ask = match self.workload {
            Workload::ToolsList | Workload::ToolsListModern => Ask::ToolsList,
            Workload::Lookup | Workload::LookupModern => Ask::Lookup(self.customer(random)),
            Workload::OrderCreate => Ask::OrderCreate,
            Workload::Mixed => match random.random_range(0..10) {
                0 => Ask::OrderCreate,
                1 => Ask::ToolsList,
                _ => Ask::Lookup(self.customer(random)),
            },
            Workload::Calls => {
                let turn = usize::try_from(id - 1).unwrap_or(0);
                Ask::Call(turn.checked_rem(self.calls.len()).unwrap_or(0))
            }
            Workload::RawHello => Ask::RawHello,
            Workload::RawToolsList => Ask::RawToolsList,
            Workload::RawLookup => Ask::RawLookup(self.customer(random)),
            Workload::RawOrderCreate => Ask::RawOrderCreate,
        };
        (ask, id)
    }

    fn customer(&self, random: &mut StdRng) -> String {
        let Subjects { customer_prefix, first_customer, last_customer, .. } = &self.subjects;
        format!("{customer_prefix}{}", random.random_range(*first_customer..=*last_customer))
    }

    /// Writes the request into the buffer, in place of what was there.
    pub fn write(
        &self,
        ask: &Ask,
        id: u64,
        connection: usize,
        buffer: &mut Vec<u8>,
    ) -> anyhow::Result<()> {
        buffer.clear();
        match ask {
            Ask::ToolsList => {
                let params = if self.workload.is_modern() {
                    format!(r#","params":{{"_meta":{META}}}"#)
                } else {
                    String::new()
                };
                let body =
                    format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/list"{params}}}"#);
                self.post(&self.target.path, &body, connection, buffer)
            }
            Ask::Lookup(customer) => {
                let arguments = format!(r#"{{"customer_id":"{customer}"}}"#);
                let mut body = call(LOOKUP, &arguments, id);
                if self.workload.is_modern() {
                    body = body.replacen(
                        r#""params":{"#,
                        &format!(r#""params":{{"_meta":{META},"#),
                        1,
                    );
                }
                self.post(&self.target.path, &body, connection, buffer)
            }
            Ask::OrderCreate => {
                let body = call("order_create", &self.order(id)?, id);
                self.post(&self.target.path, &body, connection, buffer)
            }
            Ask::Call(line) => {
                let Call { name, arguments, caller } = self.calls.get(*line).context("no calls")?;
                let body = call(name, arguments.get(), id);
                self.post(&self.target.path, &body, caller.unwrap_or(connection), buffer)
            }
            Ask::RawOrderCreate => self.post("/order", &self.order(id)?, connection, buffer),
            Ask::RawHello => self.get("/hello", buffer),
            Ask::RawToolsList => self.get("/tools", buffer),
            Ask::RawLookup(customer) => self.get(&format!("/customer/{customer}"), buffer),
        }
    }

    fn order(&self, id: u64) -> anyhow::Result<String> {
        let Subjects { buyer, sku, total, payment_method, .. } = &self.subjects;
        let turn = usize::try_from(id)? % sku.len().max(1);
        let sku = sku.get(turn).context("no --sku")?;
        let total = total.get(turn).context("no --total")?;
        let payment = payment_method
            .as_ref()
            .map(|method| format!(r#""payment_method_id":"{method}","#))
            .unwrap_or_default();
        Ok(format!(
            r#"{{"customer_id":"{buyer}","items":[{{"sku":"{sku}","quantity":1}}],"total":"{total}",{payment}"idempotency_key":"{}-{id}"}}"#,
            self.run
        ))
    }

    fn post(
        &self,
        path: &str,
        body: &str,
        connection: usize,
        buffer: &mut Vec<u8>,
    ) -> anyhow::Result<()> {
        write!(buffer, "POST {path} HTTP/1.1\r\nhost: {}\r\n", self.target.authority)?;
        let turn = connection.checked_rem(self.tokens.len()).unwrap_or(0);
        if let Some(token) = self.tokens.get(turn) {
            write!(buffer, "authorization: Bearer {token}\r\n")?;
        }
        if self.workload.is_modern() {
            let named = match self.workload {
                Workload::ToolsListModern => "mcp-method: tools/list\r\n".to_owned(),
                _ => format!("mcp-method: tools/call\r\nmcp-name: {LOOKUP}\r\n"),
            };
            write!(buffer, "mcp-protocol-version: 2026-07-28\r\n{named}")?;
        }
        write!(
            buffer,
            "content-type: application/json\r\n\
             accept: application/json, text/event-stream\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        )?;
        Ok(())
    }

    fn get(&self, path: &str, buffer: &mut Vec<u8>) -> anyhow::Result<()> {
        write!(buffer, "GET {path} HTTP/1.1\r\nhost: {}\r\n\r\n", self.target.authority)?;
        Ok(())
    }
}

/// Reads a file of calls.
fn read_calls(file: &Path) -> anyhow::Result<Vec<Call>> {
    let name = file.display();
    let text = fs::read_to_string(file).with_context(|| format!("{name} cannot be read"))?;
    let lines = (1..).zip(text.lines());
    let calls = lines.map(|(n, line)| {
        serde_json::from_str(line).with_context(|| format!("{name}, line {n} is no call"))
    });
    let calls: Vec<Call> = calls.collect::<anyhow::Result<_>>()?;
    ensure!(!calls.is_empty(), "{name} has no calls");
    Ok(calls)
}

fn call(tool: &str, arguments: &str, id: u64) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"{tool}","arguments":{arguments}}}}}"#
    )
}

#[cfg(test)]
mod tests;
