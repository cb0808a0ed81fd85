//! As which customer a call is made: shown once, bound below the model, and never anybody else.

use std::collections::{BTreeMap, BTreeSet};

use business_mcp_engine::{speech::phrases, tool::Role};
use serde_json::{Value, json};

use crate::{
    books::PolicyFile,
    enforcement::{
        dump::Dump,
        samples::{SAMPLES, Sample},
        walk,
    },
    support::{Client, Reply, TestServer, servers, servers_with},
};

const JOHN: &str = "CUST-12345";
const GRACE: &str = "CUST-10011";
const MARIA: &str = "CUST-10001";

fn facts(postal_code: &str, last4: &str) -> Value {
    json!({ "customer_id": JOHN, "postal_code": postal_code, "phone_last4": last4 })
}

/// An agent whose token has scopes and no role: it reaches the tools of the desk as well.
fn open_agent(server: &TestServer) -> Client {
    server.with_scopes_of(Role::Agent, "agent")
}

fn on_line(server: &TestServer, conversation: &str) -> Client {
    open_agent(server).with_header("x-conversation-id", conversation)
}

async fn verified(client: &Client) -> String {
    verified_by(client, facts("two zero zero zero one", "0123")).await
}

async fn verified_as(client: &Client, id: &str) -> String {
    let (postal_code, email) = match id {
        JOHN => ("20001", "john.smith@example.com"),
        GRACE => ("30303", "grace.okafor@example.com"),
        _ => ("97214", "maria.garcia@example.com"),
    };
    let facts = json!({ "customer_id": id, "postal_code": postal_code, "email": email });
    verified_by(client, facts).await
}

async fn verified_by(client: &Client, facts: Value) -> String {
    let reply = client.call("customer_verify", facts).await;
    assert_eq!(reply.data()["verified"], true, "{}", reply.body);
    reply.data()["verification_handle"].as_str().unwrap().to_owned()
}

async fn profile(client: &Client, id: &str) -> Reply {
    client.call("crm_get_customer", json!({ "customer_id": id })).await
}

fn status(reply: &Reply) -> &str {
    reply.answer()["status"].as_str().unwrap()
}

#[tokio::test]
async fn whoever_was_verified_sees_their_own_in_that_conversation_and_nothing_else() {
    for server in servers().await {
        let line = on_line(&server, "call-1");
        assert_eq!(profile(&line, JOHN).await.data()["masked"], true);
        verified(&line).await;
        let own = profile(&line, JOHN).await;
        assert_eq!(own.data()["masked"], false);
        assert_eq!(own.data()["email"], "john.smith@example.com");
        let found = line.call("customer_lookup", json!({ "phone": "202 555 0123" })).await;
        assert_eq!(found.data()["verified"], true);
        let order = line.call("order_get", json!({ "order_id": "ORD-12345" })).await;
        assert_eq!(order.data()["address"]["line1"], "100 Main Street");
        let orders = line.call("order_list", json!({})).await;
        for order in orders.data()["orders"].as_array().unwrap() {
            assert_eq!(order["customer_id"], JOHN, "only their own are listed");
        }

        assert_eq!(profile(&line, GRACE).await.error(), "forbidden");
        let numbers = found.data()["recent_orders"].as_array().unwrap();
        assert!(numbers.iter().all(|order| order["order_id"].is_string()), "they are theirs");

        let other = on_line(&server, "call-2");
        assert_eq!(profile(&other, JOHN).await.data()["masked"], true);
        assert_eq!(profile(&other, GRACE).await.data()["masked"], true);
        server.advance(16);
        let later = on_line(&server, "call-1");
        assert_eq!(profile(&later, JOHN).await.data()["masked"], true, "it has ended");
    }
}

#[tokio::test]
async fn a_handle_binds_by_header_or_argument_and_is_worth_nothing_to_others() {
    for server in servers().await {
        let agent = open_agent(&server);
        let handle = verified(&agent).await;
        assert_eq!(
            profile(&agent, JOHN).await.data()["masked"],
            true,
            "no conversation, no handle"
        );
        let bound = open_agent(&server).with_header("x-verification-handle", &handle);
        assert_eq!(profile(&bound, JOHN).await.data()["masked"], false);
        assert_eq!(profile(&bound, GRACE).await.error(), "forbidden");
        let by_argument = json!({ "customer_id": JOHN, "verificationHandle": handle });
        let reply = agent.call("crm_get_customer", by_argument.clone()).await;
        assert_eq!(reply.data()["masked"], false);

        let stranger = server.with_scopes_of(Role::Agent, "another-agent");
        let refused = stranger.call("crm_get_customer", by_argument).await;
        assert_eq!(status(&refused), "verification_required");
        assert_eq!(refused.answer().get("data"), None);
        server.advance(16);
        let late = open_agent(&server).with_header("x-verification-handle", &handle);
        assert_eq!(status(&profile(&late, JOHN).await), "verification_required");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn three_wrong_tries_lock_also_when_they_come_at_once() {
    for server in servers().await {
        let agent = open_agent(&server);
        for few in
            [json!({ "customer_id": JOHN }), json!({ "customer_id": JOHN, "email": "a@b.example" })]
        {
            assert_eq!(agent.call("customer_verify", few).await.error(), "invalid_parameters");
        }
        let guesses =
            (0..8).map(|number| {
                let agent = agent.clone();
                async move {
                    agent.call("customer_verify", facts(&format!("1000{number}"), "0123")).await
                }
            });
        let replies = futures::future::join_all(guesses).await;
        let mut left: Vec<i64> = replies
            .iter()
            .map(|reply| {
                assert_eq!(status(reply), "verification_required", "{}", reply.body);
                reply.answer()["data"]["tries_left"].as_i64().unwrap()
            })
            .collect();
        left.sort_unstable();
        assert_eq!(left, [0, 0, 0, 0, 0, 0, 1, 2], "two more tries, and no third");

        let right = agent.call("customer_verify", facts("20001", "0123")).await;
        assert_eq!(status(&right), "verification_required", "too late");
        let colleague = server.with_scopes_of(Role::Agent, "another-agent");
        verified(&colleague).await;
        server.advance(61);
        let rested = open_agent(&server);
        verified(&rested).await;
    }
}

#[tokio::test]
async fn a_policy_can_ask_for_a_verified_caller() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.toml");
    std::fs::write(&file, "[tools.order_cancel]\nverified_caller = true\n").unwrap();
    for server in servers_with(&["--policy-file", file.to_str().unwrap()]).await {
        let line = on_line(&server, "call-1");
        let cancel = json!({ "order_id": "ORD-12346", "reason": "no longer needed" });
        let asked = line.call("order_cancel", cancel.clone()).await;
        assert_eq!(status(&asked), "verification_required", "{}", asked.body);
        // The desk sees personal data anyway.
        server.as_role(Role::Desk).call("order_cancel", cancel.clone()).await.pending();
        verified(&line).await;
        let request = line.call("order_cancel", cancel.clone()).await.pending();
        // The decision may come when the verification has ended.
        server.advance(14);
        let decided = server.approver().approve(&request).await;
        assert_eq!(decided.body["status"], "executed", "{}", decided.body);
    }
}

/// How a call is bound to a customer.
#[derive(Debug, Clone, Copy)]
enum Way {
    Conversation,
    Header,
    Argument,
}

/// What only a customer, or the desk, may hear of them.
async fn secrets(server: &TestServer, id: &str) -> Vec<String> {
    let known = profile(&server.as_role(Role::Desk), id).await;
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

fn sample(tool: &str) -> &'static Sample {
    SAMPLES.iter().find(|sample| sample.tool == tool).unwrap()
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
                let arguments = walk::arguments(&approver, &line, sample(&name)).await;
                let asked = walk::arguments(&approver, &line, sample("approval_withdraw")).await;
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
        let orders = profile(&server.as_role(Role::Desk), JOHN).await;
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

#[tokio::test]
async fn a_request_about_another_customer_is_not_shown_to_whoever_is_verified_then() {
    for server in servers().await {
        let line = on_line(&server, "call-1");
        let change = |id: &str| json!({ "customer_id": id, "company": "Harbor Tiles" });
        let of_grace = line.call("crm_update_customer", change(GRACE)).await.pending();
        let asked = json!({ "approval_id": of_grace });
        assert_eq!(line.call("approval_status", json!({})).await.data()["approval_id"], of_grace);
        verified(&line).await;
        let latest = line.call("approval_status", json!({})).await;
        assert_eq!(latest.answer().get("data"), None, "{}", latest.body);
        for tool in ["approval_status", "approval_withdraw"] {
            let refused = line.call(tool, asked.clone()).await;
            assert_eq!(refused.error(), "forbidden", "{tool}: {}", refused.body);
        }
        let own = line.call("crm_update_customer", change(JOHN)).await.pending();
        assert_eq!(line.call("approval_status", json!({})).await.data()["approval_id"], own);

        // His own comes unmasked, to him and in full to nobody else of that token.
        server.approver().approve(&own).await;
        let asked = json!({ "approval_id": own });
        let told = line.call("approval_status", asked.clone()).await;
        assert_eq!(told.data()["result"]["customer"]["email"], "john.smith@example.com");
        let stranger = on_line(&server, "call-2").call("approval_status", asked).await;
        assert_eq!(stranger.data()["status"], "executed");
        assert_eq!(stranger.data().get("result"), None, "{}", stranger.body);
        assert!(
            stranger.answer()["say"].as_str().unwrap().starts_with("This was approved and done")
        );
    }
}

#[tokio::test]
async fn a_request_of_which_nobody_can_say_whom_it_is_about_is_not_shown_either() {
    // A read is stored as it was asked for, so nothing has looked at the customer by then.
    let policy = PolicyFile::new("[tools.crm_get_customer]\napproval = \"requires_approval\"\n");
    for server in policy.servers().await {
        let line = on_line(&server, "call-1");
        let of_grace = profile(&line, GRACE).await.pending();
        verified(&line).await;
        assert_eq!(line.call("approval_status", json!({})).await.answer().get("data"), None);
        let asked = json!({ "approval_id": of_grace });
        for tool in ["approval_status", "approval_withdraw"] {
            assert_eq!(line.call(tool, asked.clone()).await.error(), "forbidden", "{tool}");
        }
        let own = profile(&line, JOHN).await.pending();
        assert_eq!(line.call("approval_status", json!({})).await.data()["approval_id"], own);
    }
}

#[tokio::test]
async fn an_answer_is_repeated_to_the_customer_it_was_made_for_and_to_nobody_else() {
    for server in servers().await {
        let agent = open_agent(&server);
        let bound = |handle: &str| open_agent(&server).with_header("x-verification-handle", handle);
        let grace = bound(&verified_as(&agent, GRACE).await);
        let john = bound(&verified_as(&agent, JOHN).await);
        let derived = json!({ "customer_id": GRACE, "company": "Harbor Tiles" });
        let mut given = json!({ "customer_id": GRACE, "company": "Ironwood Fabrication" });
        given["idempotency_key"] = "update-0001".into();
        let first = grace.call("crm_update_customer", derived.clone()).await.pending();
        let keyed = grace.call("crm_update_customer", given.clone()).await.pending();

        // Waiting or done, she hears of it again, also when she was verified anew.
        let again = bound(&verified_as(&agent, GRACE).await);
        for client in [&grace, &again] {
            for (arguments, id) in [(&derived, &first), (&given, &keyed)] {
                let reply = client.call("crm_update_customer", arguments.clone()).await;
                assert_eq!(
                    (reply.pending(), &reply.answer()["replayed"]),
                    (id.clone(), &json!(true))
                );
            }
        }
        for id in [&first, &keyed] {
            let decided = server.approver().approve(id).await;
            assert_eq!(decided.body["status"], "executed", "{}", decided.body);
        }
        for arguments in [&derived, &given] {
            let reply = again.call("crm_update_customer", arguments.clone()).await;
            assert_eq!(reply.answer()["replayed"], true);
            assert_eq!(reply.data()["customer"]["email"], "grace.okafor@example.com");
        }

        let before = Dump::of(&server.db).await;
        // Nor is it made again, because nobody, or somebody else, is verified now.
        for client in [&john, &agent] {
            for arguments in [&derived, &given] {
                let reply = client.call("crm_update_customer", arguments.clone()).await;
                assert_eq!(reply.error(), "idempotency_conflict", "{}", reply.body);
                assert!(!reply.body.to_string().contains("grace"), "{}", reply.body);
            }
        }
        server.written_down().await;
        let changes = before.changes(&Dump::of(&server.db).await);
        assert_eq!(changes.tables(), BTreeSet::from(["audit"]), "{changes:?}");
        // And what was answered to nobody in particular is not hers, either.
        let mut nobodys = json!({ "customer_id": GRACE, "company": "Golden Oak" });
        nobodys["idempotency_key"] = "update-0002".into();
        agent.call("crm_update_customer", nobodys.clone()).await.pending();
        let reply = grace.call("crm_update_customer", nobodys).await;
        assert_eq!(reply.error(), "idempotency_conflict", "{}", reply.body);
    }
}

#[tokio::test]
async fn whoever_decides_sees_the_old_values_and_whoever_asked_does_not() {
    for server in servers().await {
        let agent = open_agent(&server);
        let change = json!({ "customer_id": JOHN, "email": "john@example.org" });
        let asked = agent.call("crm_update_customer", change.clone()).await;
        let id = asked.pending();
        let status = agent.call("approval_status", json!({ "approval_id": id })).await;
        let again = agent.call("crm_update_customer", change).await;
        for reply in [&asked, &status, &again] {
            assert!(!reply.body.to_string().contains("john.smith@"), "{}", reply.body);
        }
        let shown = server.approver().api("GET", &format!("/{id}"), None).await;
        let changed = json!([
            { "field": "email", "old": "john.smith@example.com", "new": "john@example.org" }
        ]);
        assert_eq!(shown.body["preview"]["details"]["changes"], changed, "{}", shown.body);
    }
}
