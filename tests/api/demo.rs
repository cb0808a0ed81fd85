//! `demo` prints what to try, the README shows the same, and all of it works as it is printed.

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
async fn what_the_demo_prints_works_as_it_is_printed() {
    let demo = Demo::start();
    let url = demo.after("A business to talk to:").trim_end_matches("/mcp").to_owned();
    let agent = Client::new(url.clone(), demo.after("export AGENT=").to_owned());
    let approver = Client::new(url, demo.after("export APPROVER=").to_owned());
    let bodies = demo.bodies();
    assert_eq!(bodies.len(), 5);
    for body in bodies {
        let method = body["method"].as_str().unwrap();
        let reply = agent.rpc(method, body["params"].clone()).await;
        let tool = &body["params"]["name"];
        if *tool == "order_create" {
            let id = reply.pending();
            let said = reply.answer()["say"].as_str().unwrap();
            assert!(
                readme::file("README.md").contains(said),
                "the README shows other words: {said}"
            );
            let waiting = approver.api("GET", "", None).await.body;
            assert_eq!(waiting["approvals"][0]["approval_id"], json!(id));
            assert_eq!(approver.approve(&id).await.body["status"], "executed");
        } else {
            assert!(reply.body.get("error").is_none(), "{}", reply.body);
            assert_ne!(reply.body["result"]["isError"], true, "{}", reply.body);
        }
    }
}

#[test]
fn the_readme_shows_what_the_demo_prints() {
    let demo = Demo::start();
    let url = demo.after("A business to talk to:").trim_end_matches("/mcp").to_owned();
    let begin = demo.printed.find("# What can").unwrap();
    let end = demo.printed.find("Stop with").unwrap();
    let shown = demo.printed[begin..end].replace(&url, "http://localhost:3000");
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
