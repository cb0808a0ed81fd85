//! Deciding on the command line.

use std::process::Output;

use business_mcp::access::role;
use business_mcp_engine::auth::Grant;
use serde_json::Value;

use crate::{
    approvals_cut_off::{cut, holding},
    books::{Books, status_of, two, unpaid},
    process::program,
    support::{TENANT, TestServer, servers},
};

/// Runs `approvals` with a token.
async fn approvals(server: &TestServer, token: Option<&str>, arguments: &[&str]) -> Output {
    let mut command = program("sqlite://not-needed.db");
    command.arg("approvals").args(["--url", &server.url]).args(arguments);
    if let Some(token) = token {
        command.env("BUSINESS_MCP_TOKEN", token);
    }
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

/// What was printed by a command that went well.
#[track_caller]
fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The one sentence of a command that failed.
#[track_caller]
fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    assert_eq!(said.lines().count(), 1, "{said}");
    said
}

#[tokio::test]
async fn requests_are_listed_approved_and_denied() {
    for server in servers().await {
        let token = server.token(TENANT, "boss", Grant::Role(role::APPROVER));
        let token = Some(token.as_str());
        assert_eq!(printed(&approvals(&server, token, &["list"]).await), "Nothing waits.\n");

        let agent = server.agent();
        let before = Books::of(&server.db).await;
        let yes = agent.call("order_create", two()).await.pending();
        let no = agent.call("order_create", unpaid("no")).await.pending();
        let list = printed(&approvals(&server, token, &["list"]).await);
        assert!(list.contains(&yes) && list.contains(&no), "{list}");
        assert!(list.contains("53 dollars and 98 cents") && list.contains("medium"), "{list}");
        let list = printed(&approvals(&server, token, &["list", "--json"]).await);
        let list: Value = serde_json::from_str(&list).unwrap();
        assert_eq!(list["approvals"].as_array().unwrap().len(), 2);

        let approved = printed(&approvals(&server, token, &["approve", &yes]).await);
        assert!(
            approved.contains("executed") && approved.contains("order is placed"),
            "{approved}"
        );
        let arguments = ["deny", no.as_str(), "--reason", "Too many of them"];
        let denied = printed(&approvals(&server, token, &arguments).await);
        assert!(denied.contains("denied"), "{denied}");
        assert_eq!(Books::of(&server.db).await, before.sold(2, 5398));
        let heard = agent.call("order_create", unpaid("no")).await;
        assert!(heard.sentence().contains("Too many of them"), "{}", heard.sentence());

        assert_eq!(printed(&approvals(&server, token, &["list"]).await), "Nothing waits.\n");
        let all = printed(&approvals(&server, token, &["list", "--status", "all"]).await);
        assert!(all.contains(&yes) && all.contains(&no), "{all}");
    }
}

#[tokio::test]
async fn what_cannot_be_decided_is_said_in_one_sentence() {
    for server in servers().await {
        let approver = server.token(TENANT, "boss", Grant::Role(role::APPROVER));
        let agent = server.token(TENANT, "agent", Grant::Role(role::AGENT));
        let id = server.agent().call("order_create", two()).await.pending();
        let before = Books::of(&server.db).await;

        let nobody = refused(&approvals(&server, None, &["approve", &id]).await);
        assert!(nobody.contains("BUSINESS_MCP_TOKEN"), "{nobody}");
        let lacking = refused(&approvals(&server, Some(&agent), &["approve", &id]).await);
        assert!(lacking.contains("approvals:decide"), "{lacking}");
        let own = server.token(TENANT, "agent", Grant::Role(role::ADMIN));
        let own = refused(&approvals(&server, Some(&own), &["approve", &id]).await);
        assert!(own.contains("their own request"), "{own}");
        let unknown = refused(&approvals(&server, Some(&approver), &["deny", "APR-1"]).await);
        assert!(unknown.contains("APR-1"), "{unknown}");
        let forged = refused(&approvals(&server, Some("not.a.token"), &["list"]).await);
        assert!(!forged.is_empty());
        assert_eq!(Books::of(&server.db).await, before);

        // What was approved and could not be done is a failure of the command too.
        let raised = "update variants set price_minor = price_minor + 1 where sku = 'SKU-001'";
        crate::books::change(&server.db, raised, &[]).await;
        let failed = refused(&approvals(&server, Some(&approver), &["approve", &id]).await);
        assert!(failed.contains("54 dollars"), "{failed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_that_is_cut_off_is_said_to_be_worth_repeating() {
    let server = servers().await.pop().unwrap();
    let token = server.token(TENANT, "boss", Grant::Role(role::APPROVER));
    let id = server.agent().call("order_create", two()).await.pending();
    let held = holding(&server, "lock table orders in share row exclusive mode").await;
    let arguments = ["approve", id.as_str()];
    let decided = approvals(&server, Some(&token), &arguments);
    let (output, ()) = tokio::join!(decided, cut(&server.db));
    let said = refused(&output);
    assert!(said.contains("nothing was changed. Please decide again"), "{said}");
    drop(held);
    assert_eq!(status_of(&server.db, &id).await, "pending");
    let again = printed(&approvals(&server, Some(&token), &arguments).await);
    assert!(again.contains("executed"), "{again}");
}
