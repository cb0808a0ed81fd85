//! What a call that is bound to one customer, or to nobody, finds of another.

use std::collections::{BTreeMap, BTreeSet};

use business_mcp::{access::role, application};
use business_mcp_engine::speech::phrases;
use serde_json::{Value, json};

use super::{JOHN, MARIA, on_line, open_agent, profile, verified_as};
use crate::{
    enforcement::{
        dump::Dump,
        samples::{self, Sample},
        walk,
    },
    support::{Client, TestServer, servers},
};

/// How a call is bound to a customer.
#[derive(Debug, Clone, Copy)]
enum Way {
    Conversation,
    Header,
    Argument,
}

/// What only a customer, or the desk, may hear of them.
async fn secrets(server: &TestServer, id: &str) -> Vec<String> {
    let known = profile(&server.as_role(role::DESK), id).await;
    let known = known.data();
    let text = |place: &str| known.pointer(place).unwrap().as_str().unwrap().to_owned();
    let orders = known["order_ids"].as_array().unwrap().iter();
    let orders: Vec<String> = orders.map(|id| id.as_str().unwrap().to_owned()).collect();
    let mut secrets = vec![text("/name"), text("/email"), text("/phone"), text("/address/line1")];
    secrets.extend(orders.iter().map(|id| phrases::order_id(id)));
    secrets.extend(orders);
    assert!(secrets.len() > 5, "{secrets:?}");
    secrets
}

/// The arguments with which the walk calls a tool: those of its sample, about the customer where it takes one,
/// and where a tool needs nothing, each single thing by which it could be told whom it is about.
fn about_john(tool: &Value, sample: Value, approval_id: &str) -> Vec<Value> {
    let takes = |name: &str| tool["inputSchema"]["properties"].get(name).is_some();
    let mut sample = sample;
    if takes("customer_id") && sample.get("order_id").is_none() {
        sample["customer_id"] = JOHN.into();
    }
    let mut all = vec![sample];
    if tool["inputSchema"]["required"].as_array().is_none_or(Vec::is_empty) {
        let clues = [
            ("email", "john.smith@example.com"),
            ("phone", "+1 202 555 0123"),
            ("order_id", "ORD-12345"),
            ("approval_id", approval_id),
        ];
        all.extend(clues.iter().filter(|(name, _)| takes(name)).map(|(k, v)| json!({ *k: v })));
    }
    all
}

/// The tools of the sets that serve customers.
async fn tools_for_customers(client: &Client) -> BTreeMap<String, Value> {
    let mut tools = BTreeMap::new();
    for set in ["voice", "desk"] {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {} });
        let url = format!("{}/mcp?toolset={set}", client.url);
        let request = client.http.post(url).bearer_auth(&client.token).json(&body);
        let answer: Value = request.send().await.unwrap().json().await.unwrap();
        for tool in answer["result"]["tools"].as_array().unwrap() {
            tools.insert(tool["name"].as_str().unwrap().to_owned(), tool.clone());
        }
    }
    assert!(tools.len() > 25, "{:?}", tools.keys());
    tools
}

fn sample(tool: &str) -> Sample {
    let tools = application().tools(Vec::new());
    samples::of(tools.find(tool).unwrap().spec.name)
}

#[tokio::test]
async fn no_tool_reaches_another_customer_however_the_call_is_bound() {
    for server in servers().await {
        let secrets = secrets(&server, JOHN).await;
        let (approver, agent) = (server.approver(), open_agent(&server));
        let handle = verified_as(&agent, MARIA).await;
        for (name, tool) in tools_for_customers(&agent).await {
            for way in [Way::Conversation, Way::Header, Way::Argument] {
                // What has to come first, and a request about him, is asked before anyone is verified.
                let line = on_line(&server, &format!("{name}-{way:?}"));
                let arguments = walk::arguments(&approver, &line, &sample(&name)).await;
                let asked = walk::arguments(&approver, &line, &sample("approval_withdraw")).await;
                let approval_id = asked["approval_id"].as_str().unwrap();
                let bound = match way {
                    Way::Conversation => {
                        verified_as(&line, MARIA).await;
                        line
                    }
                    Way::Header => line.with_header("x-verification-handle", &handle),
                    Way::Argument => line,
                };
                for mut arguments in about_john(&tool, arguments, approval_id) {
                    if matches!(way, Way::Argument) {
                        arguments["verification_handle"] = handle.as_str().into();
                    }
                    reaches_nothing(&server, (&bound, &name), &arguments, &secrets).await;
                }
                approver.api("POST", &format!("/{approval_id}/deny"), None).await;
            }
        }
    }
}

/// A bound call about another customer is refused and changes nothing; no answer tells anything of theirs that
/// was not given.
async fn reaches_nothing(
    server: &TestServer,
    (bound, tool): (&Client, &str),
    arguments: &Value,
    secrets: &[String],
) {
    let at = format!("{tool} {arguments} on {}", server.db.kind());
    let before = Dump::of(&server.db).await;
    let reply = bound.call(tool, arguments.clone()).await;
    let names = ["customer_id", "order_id", "approval_id", "email", "phone"];
    if names.iter().any(|name| arguments.get(name).is_some()) {
        let code = reply.error();
        assert!(["forbidden", "not_found"].contains(&code), "{at}: {}", reply.body);
        let changes = before.changes(&Dump::of(&server.db).await);
        assert!(changes.tables().is_subset(&BTreeSet::from(["audit"])), "{at}: {changes:?}");
    }
    let (given, answer) = (arguments.to_string(), reply.body.to_string());
    for secret in secrets.iter().filter(|secret| !given.contains(*secret)) {
        assert!(!answer.contains(secret), "{at} tells {secret}: {answer}");
    }
}

#[tokio::test]
async fn what_a_stranger_is_told_is_nothing_to_be_verified_by() {
    for server in servers().await {
        let line = on_line(&server, "call-1");
        let told = line.call("customer_lookup", json!({ "customer_id": JOHN })).await;
        let [postal_code, last4, email] = ["20001", "0123", "john.smith@example.com"];
        let orders = profile(&server.as_role(role::DESK), JOHN).await;
        let orders = orders.data()["order_ids"].as_array().unwrap().clone();
        let orders: Vec<&str> = orders.iter().map(|id| id.as_str().unwrap()).collect();
        let spoken: Vec<String> = orders.iter().map(|id| phrases::order_id(id)).collect();
        let facts = [postal_code, last4, email].into_iter().chain(orders.iter().copied());
        for fact in facts.chain(spoken.iter().map(String::as_str)) {
            assert!(!told.body.to_string().contains(fact), "{fact}: {}", told.body);
        }
        // Nor does any other tool of theirs make a whole number of its end.
        let end = |id: &str| id.chars().skip(id.len() - 3).collect::<String>();
        for order in &orders {
            let escalate = json!({ "reason": "late", "summary": "s", "order_id": end(order) });
            let note = json!({ "customer_id": JOHN, "text": "Late.", "order_id": end(order) });
            for (tool, arguments) in [
                ("get_order_status", json!({ "order_id": end(order) })),
                ("order_cancel", json!({ "order_id": end(order), "reason": "mistake" })),
                ("support_escalate", escalate),
                ("crm_create_note", note),
            ] {
                let reply = line.call(tool, arguments).await;
                assert!(!reply.body.to_string().contains(order), "{tool}: {}", reply.body);
            }
        }
    }
}
