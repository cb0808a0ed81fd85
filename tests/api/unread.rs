//! Commands whose output nobody reads, or that cannot be written.

use std::process::{Output, Stdio};

use business_mcp_engine::auth::JwtSecret;
use serde_json::json;

use crate::{commands::said, process::program, support::server_with};

/// Runs a command whose standard output nobody reads.
fn unread(url: &str, arguments: &[&str], secret: &JwtSecret) -> Output {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = program(url);
    command.env("JWT_SECRET", secret.expose()).env("BUSINESS_MCP_TOKEN", "none");
    command.args(arguments).stdin(Stdio::null()).stdout(writer).output().unwrap()
}

#[test]
fn a_reader_who_has_seen_enough_is_no_failure() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("a.db").display());
    let lock = folder.path().join("tools.lock");
    let lock = lock.to_str().unwrap();
    let secret = JwtSecret::generate();
    for (arguments, code) in [
        (&["migrate"][..], 0),
        (&["seed", "--size", "small"], 0),
        (&["tools"], 0),
        (&["tools", "--json"], 0),
        (&["tools", "--lock", lock], 0),
        (&["doctor"], 0),
        (&["token", "--role", "agent"], 0),
        (&["key", "create", "--name", "phone", "--role", "agent"], 0),
        (&["key", "list"], 0),
        (&["--help"], 0),
        (&["import", "/no/such/folder"], 1),
    ] {
        let output = unread(&url, arguments, &secret);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", said(&output));
        assert!(!said(&output).contains("Broken pipe"), "{arguments:?}: {}", said(&output));
    }
    // One that reads nothing at all, neither what is printed nor why it failed.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = program("sqlite:///proc/none.db");
    let deaf = writer.try_clone().unwrap();
    let ended = command.arg("doctor").stdout(writer).stderr(deaf).status().unwrap();
    assert_eq!(ended.code(), Some(1));
}

#[test]
fn a_full_disk_is_a_failure() {
    let Ok(full) = std::fs::File::options().write(true).open("/dev/full") else { return };
    let output = program("sqlite://none").arg("tools").stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("standard output cannot be written to"), "{}", said(&output));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_reading_hinders_neither_a_decision_nor_a_local_client() {
    let server = server_with(&[]).await;
    let order = json!({
        "customer_id": "CUST-12345",
        "items": [{ "sku": "SKU-001", "quantity": 1 }],
        "total": "26.99",
    });
    let id = server.agent().call("order_create", order).await.pending();
    let token = server.approver().token;
    for arguments in [&["approvals", "list"][..], &["approvals", "approve", &id]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = program("sqlite://none");
        command.args(arguments).args(["--url", &server.url]).env("BUSINESS_MCP_TOKEN", &token);
        let output = command.stdout(writer).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", said(&output));
    }
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("a.db").display());
    let line = folder.path().join("line");
    std::fs::write(&line, r#"{"jsonrpc":"2.0","id":1,"method":"tools/list"}"#.to_owned() + "\n")
        .unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = program(&url);
    let line = std::fs::File::open(line).unwrap();
    let output = command.arg("stdio").stdin(line).stdout(writer).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}
