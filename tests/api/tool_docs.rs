//! `docs/tools.md`: each tool with a call and its answer, made by running them on the demo shop.
//!
//! `UPDATE=1 scripts/test tool_docs` writes it anew.

use std::{fmt::Write as _, fs, path::Path};

use business_mcp::{
    access::{ACCESS, role},
    application,
};
use business_mcp_engine::tool::{Approval, Clock, Toolset, catalogue::Entry};
use serde_json::{Value, json};

use crate::{
    enforcement::{samples, walk},
    support::{Client, TestServer, demo_servers},
};

/// When the examples take place: a Wednesday morning in the shop's zone.
const MOMENT: &str = "2026-03-18T17:00:00Z";

const HEAD: &str = "\
# The tools, one call each

<!-- Written by `UPDATE=1 scripts/test tool_docs`. Do not edit. -->

Each call was made on the demo shop (`business-mcp demo` has the same one, with other dates), one after the
other, by a token of the role `admin`. What waits for a person was approved by somebody else, and the answer
is what the agent then hears from `approval_status`. `…` stands for what is random.

Every answer has `say`, to be spoken as it is, and `status`; `data` is described by the tool's output schema.
Every tool that writes also takes an `idempotency_key`.
";

#[tokio::test]
async fn the_tools_are_shown_by_calling_them() {
    let stopped = || Clock::stopped(MOMENT.parse().unwrap());
    let [on_sqlite, on_postgres] = &demo_servers(stopped).await[..] else {
        panic!("two databases")
    };
    let written = document(on_sqlite).await;
    assert!(document(on_postgres).await == written, "the database makes no difference");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/tools.md");
    let kept = fs::read_to_string(&path).unwrap_or_default();
    if kept == written {
        return;
    }
    assert!(
        std::env::var("UPDATE").is_ok_and(|update| update == "1"),
        "docs/tools.md is out of date; run `UPDATE=1 scripts/test tool_docs`"
    );
    fs::write(path, written).unwrap();
}

async fn document(server: &TestServer) -> String {
    let (caller, approver) = (server.as_role(role::ADMIN), server.approver());
    let mut text = HEAD.to_owned();
    for entry in application().tools(Vec::new()).iter() {
        // The latest request, for one, is another one for each tool.
        server.clock.advance(chrono::TimeDelta::seconds(10));
        let shown = example(&caller, &approver, entry).await;
        write!(text, "\n{shown}").unwrap();
    }
    masked(&text)
}

/// A tool, its call and its answer.
async fn example(caller: &Client, approver: &Client, entry: &Entry) -> String {
    let spec = entry.spec;
    let sample = samples::of(spec.name);
    let arguments = walk::arguments(approver, caller, &sample).await;
    let mut text = format!("## `{}`\n\n{}\n\n", spec.name, spec.description);
    let effect = if spec.effect.writes() { "writes" } else { "reads" };
    let scope = spec.scope.map_or("any token", |scope| scope.as_str());
    let sets: Vec<&str> = ACCESS.toolsets_of(spec).into_iter().map(Toolset::as_str).collect();
    let sets = if sets.is_empty() { "none".to_owned() } else { sets.join(", ") };
    writeln!(
        text,
        "{effect} · risk {} · {} · scope `{scope}` · toolsets {sets}\n",
        spec.risk.as_str(),
        spec.approval.as_str()
    )
    .unwrap();
    block(&mut text, &json!({ "name": spec.name, "arguments": arguments }));
    let reply = caller.call(spec.name, arguments).await;
    if reply.is_error() {
        assert_eq!(spec.approval, Approval::Disabled, "{}: {}", spec.name, reply.body);
        writeln!(text, "\nAs shipped it is off: \"{}\"\n", reply.sentence()).unwrap();
        return text;
    }
    let mut answer = reply.answer().clone();
    if answer["status"] == "approval_pending" {
        writeln!(text, "\nThe agent hears: \"{}\" Once it is approved:\n", say(&answer)).unwrap();
        let decided = approver.approve(&reply.pending()).await;
        assert_eq!(decided.body["status"], "executed", "{}: {}", spec.name, decided.body);
        answer = decided.body["result"].clone();
    }
    block(&mut text, &answer);
    text
}

fn say(answer: &Value) -> &str {
    answer["say"].as_str().unwrap()
}

fn block(text: &mut String, value: &Value) {
    let json = serde_json::to_string_pretty(value).unwrap();
    writeln!(text, "```json\n{json}\n```").unwrap();
}

/// The text without what is random: uuids, and the ends of ids that are.
fn masked(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_part) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c| !is_part(c)).unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        masked.push_str(before);
        masked.push_str(&mask(word));
        rest = after;
    }
    masked + rest
}

fn mask(word: &str) -> String {
    let lengths: Vec<usize> = word.split('-').map(str::len).collect();
    let is_hex = word.len() == 32 && word.chars().all(|c| c.is_ascii_hexdigit());
    if is_hex || lengths == [8, 4, 4, 4, 12] {
        return "…".to_owned();
    }
    match word.split_once('-') {
        Some((kind @ ("APR" | "VRF" | "RES" | "TRF" | "QUO" | "Q"), end)) if end.len() > 6 => {
            format!("{kind}-…")
        }
        _ => word.to_owned(),
    }
}

#[test]
fn only_what_is_random_is_masked() {
    for (text, shown) in [
        ("`APR-0A1B2C3D4E5F60718293`.", "`APR-…`."),
        ("a 0190b2f4-7c1e-7aaa-8bbb-1234567890ab b", "a … b"),
        ("ORD-12345 and WHIT-24X36IN", "ORD-12345 and WHIT-24X36IN"),
    ] {
        assert_eq!(masked(text), shown);
    }
}
