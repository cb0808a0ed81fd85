//! A role is a toolset: an agent that answers strangers reaches the voice tools, whatever its address says.

use std::collections::BTreeSet;

use business_mcp::{
    access::{ACCESS, role, toolset},
    application,
};
use business_mcp_engine::{
    auth::Grant,
    tool::{Scopes, Toolset},
};
use serde_json::{Value, json};

use crate::{
    enforcement::dump::Dump,
    process::program,
    support::{Client, Reply, TENANT, TestServer, servers},
    tools_list::listed_in,
};

/// Tools of the desk that tell card ends, balances and order numbers, and one that pays money back.
fn desk_tools() -> [(&'static str, Value); 4] {
    let customer = json!({ "customer_id": "CUST-12345" });
    [
        ("order_list", customer.clone()),
        ("crm_get_customer", customer.clone()),
        // Its other name is the same tool.
        ("get_customer_data", customer),
        (
            "order_refund",
            json!({ "order_id": "ORD-12345", "amount": "1.00", "reason": "a scratch" }),
        ),
    ]
}

/// A request to an address with a query.
async fn at(client: &Client, query: &str, method: &str, params: &Value) -> Reply {
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let url = format!("{}/mcp{query}", client.url);
    let answer = client.http.post(url).bearer_auth(&client.token).json(&body).send().await.unwrap();
    let http = answer.status();
    Reply { http, body: answer.json().await.unwrap() }
}

async fn call_at(client: &Client, query: &str, tool: &str, arguments: &Value) -> Reply {
    at(client, query, "tools/call", &json!({ "name": tool, "arguments": arguments })).await
}

/// The tools of some toolsets that are on, without those whose scope is missing.
fn tools_of(sets: &[Toolset], scopes: &Scopes) -> BTreeSet<String> {
    let catalogue = application().tools(Vec::new());
    let listed = catalogue.iter().filter(|entry| {
        let spec = entry.spec;
        sets.iter().any(|set| spec.is_in(*set))
            && spec.scope.is_none_or(|scope| scopes.contains(scope))
            && spec.approval.as_str() != "disabled"
    });
    listed.map(|entry| entry.spec.name.to_owned()).collect()
}

fn names(list: &[Value]) -> BTreeSet<String> {
    list.iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
}

/// Whoever calls with the role of an agent, whatever the kind of token.
async fn is_a_voice_agent(server: &TestServer, agent: &Client) {
    let voice = listed_in(agent, toolset::VOICE).await;
    assert_eq!(agent.tools().await, voice, "what is listed without a toolset");
    assert_eq!(names(&voice), tools_of(&[toolset::VOICE], &role::AGENT.scopes()));

    server.written_down().await;
    let before = Dump::of(&server.db).await;
    for (tool, arguments) in desk_tools() {
        let refused = agent.call(tool, arguments.clone()).await;
        assert_eq!(refused.error(), "forbidden", "{tool}: {}", refused.body);
        let sentence = refused.sentence();
        assert!(sentence.contains("role agent does not have that tool"), "{sentence}");

        let outside = call_at(agent, "?toolset=voice", tool, &arguments).await;
        assert_eq!(outside.body["error"]["code"], -32602, "{tool}: {}", outside.body);

        let elsewhere = call_at(agent, "?toolset=desk", tool, &arguments).await;
        is_refused_the_desk(&elsewhere);
    }
    for method in ["initialize", "tools/list", "resources/read"] {
        let params = json!({ "uri": "policy://tools" });
        is_refused_the_desk(&at(agent, "?toolset=desk", method, &params).await);
    }
    server.written_down().await;
    let changes = before.changes(&Dump::of(&server.db).await);
    assert_eq!(changes.tables(), BTreeSet::from(["audit"]), "{changes:?}");
    // By the role, and at the desk's address.
    assert_eq!(changes.rows("audit"), 2 * desk_tools().len());

    let policy = agent.rpc("resources/read", json!({ "uri": "policy://tools" })).await;
    let policy = policy.body["result"]["contents"][0]["text"].as_str().unwrap().to_owned();
    assert!(policy.contains("order_create") && !policy.contains("order_list"), "{policy}");
}

#[track_caller]
fn is_refused_the_desk(reply: &Reply) {
    assert_eq!(reply.http.as_u16(), 403, "{}", reply.body);
    let message = "The role agent does not have the toolset desk. It has: voice.";
    assert_eq!(reply.body["error"]["message"], message);
    assert_eq!(reply.body["error"]["data"]["code"], "forbidden");
}

#[tokio::test]
async fn an_agent_reaches_the_voice_tools_and_no_other() {
    for server in servers().await {
        is_a_voice_agent(&server, &server.agent()).await;
    }
}

#[tokio::test]
async fn each_role_reaches_its_own_toolsets() {
    for server in servers().await {
        for role in ACCESS.roles.iter().copied() {
            let client = server.as_role(role);
            let own = role.toolsets.unwrap_or(ACCESS.toolsets);
            let shown = names(&client.tools().await);
            assert_eq!(shown, tools_of(own, &role.scopes()), "{}", role.name);
            for set in ACCESS.toolsets.iter().copied() {
                let query = format!("?toolset={}", set.as_str());
                let reply = at(&client, &query, "tools/list", &json!({})).await;
                if own.contains(&set) {
                    let listed = reply.body["result"]["tools"].as_array().unwrap();
                    assert_eq!(names(listed), tools_of(&[set], &role.scopes()), "{query}");
                } else {
                    assert_eq!(reply.http.as_u16(), 403, "{} {query}", role.name);
                    let message = reply.body["error"]["message"].as_str().unwrap();
                    assert!(message.contains(role.name) && message.contains(set.as_str()));
                }
            }
        }
        let desk = server.as_role(role::DESK);
        for (tool, arguments) in desk_tools() {
            assert!(!desk.call(tool, arguments).await.is_error(), "{tool}");
        }
        let lookup = json!({ "customer_id": "CUST-12345" });
        desk.call("customer_lookup", lookup).await.data();
    }
}

#[tokio::test]
async fn a_token_with_scopes_reaches_what_they_allow() {
    for server in servers().await {
        let open = server.with_scopes_of(role::AGENT, "open");
        assert_eq!(names(&open.tools().await), tools_of(ACCESS.toolsets, &role::AGENT.scopes()));
        for (tool, arguments) in desk_tools() {
            assert!(!open.call(tool, arguments).await.is_error(), "{tool}");
        }
        for set in ACCESS.toolsets.iter().copied() {
            let listed = listed_in(&open, set).await;
            assert_eq!(names(&listed), tools_of(&[set], &role::AGENT.scopes()));
        }
    }
}

fn key(server: &TestServer, grant: [&str; 2]) -> Client {
    let made = program(&server.database_url)
        .args(["key", "create", "--name", "phone line"])
        .args(grant)
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    server.client(String::from_utf8(made.stdout).unwrap().trim().to_owned())
}

#[tokio::test]
async fn a_key_with_a_role_is_what_a_token_with_that_role_is() {
    for server in servers().await {
        is_a_voice_agent(&server, &key(&server, ["--role", "agent"])).await;
        for role in [role::DESK, role::STOCK, role::ADMIN] {
            let made = key(&server, ["--role", role.name]);
            assert_eq!(made.tools().await, server.as_role(role).tools().await);
        }
        let scopes = role::AGENT.scopes().to_string();
        let open = key(&server, ["--scope", &scopes]);
        let like_a_token = server.with_scopes_of(role::AGENT, "open");
        assert_eq!(open.tools().await, like_a_token.tools().await);
        let listed = program(&server.database_url).args(["key", "list"]).output().unwrap();
        let listed = String::from_utf8(listed.stdout).unwrap();
        assert!(listed.contains("[agent]") && listed.contains(&format!("[{scopes}]")), "{listed}");
    }
}

#[tokio::test]
async fn what_was_asked_with_the_authority_of_then_is_executed() {
    for server in servers().await {
        let (tool, refund) = desk_tools()[3].clone();
        let asked = server.with_scopes_of(role::AGENT, "phone").call(tool, refund.clone()).await;
        let id = asked.pending();
        // From now on its token has a role whose toolset is without the tool.
        let agent = server.client(server.token(TENANT, "phone", Grant::Role(role::AGENT)));
        assert_eq!(agent.call(tool, refund).await.error(), "forbidden");
        let decided = server.approver().approve(&id).await;
        assert_eq!(decided.body["status"], "executed", "{}", decided.body);
        let heard = agent.call("approval_status", json!({ "approval_id": id })).await;
        assert_eq!(heard.data()["status"], "executed");
    }
}
