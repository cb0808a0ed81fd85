//! `demo` prints what to try, the README shows the same, and all of it works as it is printed. It is the demo of the
//! shipped facts and records, whichever they are.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};

use crate::{process::program, readme, support::Client};

/// The running demo; ended when it goes out of scope.
struct Demo {
    child: Child,
    printed: String,
}

impl Demo {
    fn start() -> Self {
        let mut child = program("sqlite://the demo does not look here")
            .env_remove("BUSINESS_FILE")
            .args(["demo", "--port", "0", "--metrics-port", "0"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut printed = String::new();
        for line in BufReader::new(child.stdout.take().unwrap()).lines() {
            let line = line.unwrap();
            printed.push_str(&line);
            printed.push('\n');
            if line.starts_with("Stop with") {
                break;
            }
        }
        Self { child, printed }
    }

    /// What follows a word on the line that begins with it.
    fn after(&self, word: &str) -> &str {
        let line = self.printed.lines().find_map(|line| line.strip_prefix(word));
        line.unwrap_or_else(|| panic!("the demo prints no {word}")).trim()
    }

    /// The bodies of the printed calls, in order.
    fn bodies(&self) -> Vec<Value> {
        let quoted = self.printed.split("-d '").skip(1).filter_map(|rest| rest.split('\'').next());
        quoted.map(|body| serde_json::from_str(body).unwrap()).collect()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // Asked to stop, it takes its folder along.
        let asked = Command::new("kill").arg(self.child.id().to_string()).status();
        if !asked.is_ok_and(|asked| asked.success()) {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

#[tokio::test]
async fn the_demo_works_and_the_readme_shows_its_answer() {
    let demo = Demo::start();
    let url = demo.after("A business to talk to:").trim_end_matches("/mcp").to_owned();
    let agent = Client::new(url.clone(), demo.after("export AGENT=").to_owned());
    let approver = Client::new(url, demo.after("export APPROVER=").to_owned());
    let bodies = demo.bodies();
    assert_eq!(bodies.len(), 6);
    for body in bodies {
        let method = body["method"].as_str().unwrap();
        let reply = agent.rpc(method, body["params"].clone()).await;
        let tool = &body["params"]["name"];
        if *tool == "order_create" {
            let id = reply.pending();
            let (say, summary) = (&reply.answer()["say"], &reply.answer()["approval"]["summary"]);
            let shown = format!(
                "```json\n{{\n  \"say\": {say},\n  \"status\": \"approval_pending\",\n  \
                 \"approval\": {{ \"approval_id\": \"APR-…\", \"expires_at\": \"…\", \
                 \"summary\": {summary} }}\n}}\n```"
            );
            readme::keep("README.md", "demo-answer", &shown);
            let waiting = approver.api("GET", "", None).await.body;
            assert_eq!(waiting["approvals"][0]["approval_id"], json!(id));
            assert_eq!(approver.approve(&id).await.body["status"], "executed");
        } else {
            assert!(reply.body.get("error").is_none(), "{}", reply.body);
            assert_ne!(reply.body["result"]["isError"], true, "{}", reply.body);
        }
    }
}

/// Holds the README's block against what the demo prints.
fn show_in_readme(demo: &Demo, url: &str) {
    let begin = demo.printed.find("# What can").unwrap();
    let end = demo.printed.find("Stop with").unwrap();
    let shown = demo.printed[begin..end].replace(url, "http://localhost:3000");
    // The command as it was called is a path of this machine.
    let called = shown.lines().map(|line| match line.split_once(" approvals list") {
        Some((_, rest)) => {
            format!("BUSINESS_MCP_TOKEN=$APPROVER target/release/business-mcp approvals list{rest}")
        }
        None => line.to_owned(),
    });
    let shown = called.collect::<Vec<_>>().join("\n");
    readme::keep("README.md", "demo", &format!("```sh\n{}\n```", shown.trim_end()));
}

/// The stock of the order's product, as the demo's own call reads it.
async fn in_stock(agent: &Client, call: &Value) -> i64 {
    let reply = agent.rpc("tools/call", call["params"].clone()).await;
    reply.data()["available"].as_i64().unwrap()
}

#[tokio::test]
async fn the_readme_shows_the_demo_which_runs_in_a_shell() {
    let demo = Demo::start();
    let url = demo.after("A business to talk to:").trim_end_matches("/mcp").to_owned();
    show_in_readme(&demo, &url);
    let (token, approver) = (demo.after("export AGENT="), demo.after("export APPROVER="));
    let agent = Client::new(url.clone(), token.to_owned());
    let bodies = demo.bodies();
    let [_, customer, stock, ..] = &bodies[..] else { panic!("the demo prints less") };
    let before = in_stock(&agent, stock).await;
    let customer = customer["params"]["arguments"]["customer_id"].as_str().unwrap();

    let readme = readme::file("README.md");
    let block = readme.split("<!-- demo:begin -->").nth(1).unwrap();
    let block = block.split("<!-- demo:end -->").next().unwrap();
    let script = block.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    // The port and the place of the program are the reader's own.
    let script = script
        .replace("http://localhost:3000", &url)
        .replace("target/release/business-mcp", env!("CARGO_BIN_EXE_business-mcp"));
    let output = Command::new("sh")
        .args(["-e", "-u", "-c", &script])
        .env("AGENT", token)
        .env("APPROVER", approver)
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));

    // Each step's answer, in the order of the steps.
    let mut rest = said.as_str();
    for expected in [
        "\"tools\":[",
        &format!("\"customer_id\":\"{customer}\""),
        &format!("\"available\":{before},"),
        "\"status\":\"approval_pending\"",
        "pending    medium",
        "\"status\":\"executed\"",
        "\"id\":5,",
        &format!("\"available\":{},", before - 2),
        "\"id\":6,",
        "\"executed\"",
    ] {
        let found = rest.find(expected);
        let at = found.unwrap_or_else(|| panic!("{expected} does not follow in\n{said}"));
        rest = &rest[at..];
    }
    assert_eq!(in_stock(&agent, stock).await, before - 2, "two were ordered");
}
