//! What the engine promises of every call, whatever the business is.

use business_mcp_engine::testing::{
    Client, TestServer,
    access::{ADMIN, READER},
    databases_with,
};
use serde_json::{Value, json};

use crate::numbers::application;

/// A server of the numbers on each database.
async fn servers(flags: &[&str]) -> Vec<TestServer> {
    let application = application();
    let mut servers = Vec::new();
    for database in databases_with(&application.migrations().unwrap()).await {
        servers.push(TestServer::start(&application, database, flags).await);
    }
    servers
}

async fn number(client: &Client, name: &str) -> Value {
    client.call("number_get", json!({ "name": name })).await.data()["value"].clone()
}

fn set(value: i64) -> Value {
    json!({ "name": "n", "value": value })
}

#[tokio::test]
async fn a_gated_call_changes_nothing_until_someone_else_approves_it() {
    for server in servers(&[]).await {
        let admin = server.as_role(ADMIN).with_header("x-conversation-id", "call-7001");
        let id = admin.call("number_set", set(7)).await.pending();
        assert_eq!(number(&admin, "n").await, 0);
        assert_eq!(admin.approve(&id).await.http, 403, "nobody approves their own request");

        let decided = server.approver().approve(&id).await;
        assert_eq!(decided.body["status"], "executed", "{}", decided.body);
        assert_eq!(number(&admin, "n").await, 7);

        let again = admin.call("number_set", set(7)).await;
        assert_eq!(again.data()["value"], 7);
        assert_eq!(again.answer()["replayed"], true);

        admin.call("number_add", json!({ "name": "n", "value": 1 })).await.answer();
        server.approver().approve(&id).await;
        assert_eq!(number(&admin, "n").await, 8, "it is executed once");
    }
}

#[tokio::test]
async fn an_approved_call_is_checked_again_and_fails_as_a_whole() {
    for server in servers(&[]).await {
        let agent = server.agent();
        let id = agent.call("number_set", set(7)).await.pending();
        agent.call("number_add", set(7)).await.answer();
        let decided = server.approver().approve(&id).await;
        assert_eq!(decided.body["status"], "failed", "{}", decided.body);
        assert_eq!(number(&agent, "n").await, 7);
    }
}

#[tokio::test]
async fn a_retry_in_a_conversation_happens_once() {
    for server in servers(&[]).await {
        let agent = server.agent().with_header("x-conversation-id", "call-7001");
        let other = server.agent().with_header("x-conversation-id", "call-7002");
        for arguments in [json!({ "name": "n", "value": 2 }), json!({ "value": "2", "name": "n" })]
        {
            assert_eq!(agent.call("number_add", arguments).await.data()["value"], 2);
        }
        assert_eq!(other.call("number_add", set(2)).await.data()["value"], 4);
    }
}

#[tokio::test]
async fn a_call_that_fails_leaves_nothing_behind() {
    for server in servers(&["--tool-timeout", "2s"]).await {
        let agent = server.agent();
        for (name, code) in
            [("refuse", "invalid_state"), ("panic", "internal_error"), ("hang", "timeout")]
        {
            let reply = agent.call("number_break", json!({ "name": name, "value": 1 })).await;
            assert_eq!(reply.error(), code, "{}", reply.body);
            assert_eq!(number(&agent, name).await, 0, "{name} on {}", server.db.kind());
        }
        server.written_down().await;
        let mut tx = server.db.read().await.unwrap();
        let sql = "select count(*) from audit where tool = 'number_break' and action = 'failed'";
        let (lines,): (i64,) = tx.fetch_one(sql, &[]).await.unwrap();
        assert_eq!(lines, 3, "each failure is in the audit log");
    }
}

#[tokio::test]
async fn a_caller_sees_and_calls_what_its_token_allows() {
    for server in servers(&[]).await {
        let names = |tools: Vec<Value>| tools.iter().map(|t| t["name"].clone()).collect::<Vec<_>>();
        assert_eq!(
            names(server.agent().tools().await),
            [
                "number_get",
                "number_add",
                "number_set",
                "number_break",
                "approval_status",
                "approval_withdraw"
            ]
        );
        let reader = server.with_scopes_of(READER, "reader");
        assert_eq!(
            names(reader.tools().await),
            ["number_get", "approval_status", "approval_withdraw"]
        );
        let refused = reader.call("number_add", set(1)).await;
        assert_eq!(refused.http, 403, "{}", refused.body);
        // An older name of the tool still reaches it.
        assert_eq!(reader.call("get_number", set(0)).await.data()["value"], 0);
    }
}

#[tokio::test]
async fn a_refusal_of_the_address_answers_the_request() {
    for server in servers(&[]).await {
        let agent = server.agent();
        let body = json!({ "jsonrpc": "2.0", "id": "a-7", "method": "tools/list" });
        let request = agent.http.post(format!("{}/mcp?toolset=nonsense", server.url));
        let response = request.bearer_auth(&agent.token).json(&body).send().await.unwrap();
        assert_eq!(response.status(), 400);
        let answer: Value = response.json().await.unwrap();
        assert_eq!(answer["id"], "a-7", "{answer}");
    }
}

#[tokio::test]
async fn a_policy_takes_a_tool_out_of_a_toolset() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.toml");
    std::fs::write(&file, "[tools.number_add]\ntoolsets = []\n").unwrap();
    for server in servers(&["--policy-file", file.to_str().unwrap()]).await {
        let (agent, admin) = (server.agent(), server.as_role(ADMIN));
        let shows = |tools: Vec<Value>| tools.iter().any(|tool| tool["name"] == "number_add");
        assert!(!shows(agent.tools().await) && shows(admin.tools().await));
        assert_eq!(agent.call("number_add", set(1)).await.error(), "forbidden");
        admin.call("number_add", set(1)).await.answer();
    }
}
