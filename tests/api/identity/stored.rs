//! What was kept for one customer, a request or an answer, is shown to no other one.

use std::collections::BTreeSet;

use serde_json::json;

use super::{GRACE, JOHN, on_line, open_agent, profile, verified, verified_as};
use crate::{books::PolicyFile, enforcement::dump::Dump, support::servers};

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
        let mut given = json!({ "customer_id": GRACE, "phone": "+1 404 555 0177" });
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
