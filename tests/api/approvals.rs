//! A request from the call that makes it to the decision that ends it.

use business_mcp::access::role;
use business_mcp_engine::auth::Grant;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::{
    books::{Books, number, one, status_of, two, unpaid},
    support::{Reply, TestServer, servers},
};

/// The word for what went wrong in a decision.
pub fn problem(reply: &Reply) -> &str {
    reply.body.pointer("/error/data/code").and_then(Value::as_str).unwrap_or("no problem")
}

/// Waits until the server has ended a request by itself.
async fn swept(server: &TestServer, id: &str) {
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(30);
    while status_of(&server.db, id).await == "pending" {
        assert!(tokio::time::Instant::now() < deadline, "nobody ends the request");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn an_approved_order_is_placed_once_and_every_way_of_asking_tells_the_same() {
    for server in servers().await {
        let (agent, approver) = (server.agent(), server.approver());
        let before = Books::of(&server.db).await;
        let asked = agent.call("order_create", two()).await;
        let id = asked.pending();
        let say = asked.answer()["say"].as_str().unwrap();
        assert!(say.contains("Nothing has been changed yet"), "{say}");
        assert_eq!(Books::of(&server.db).await, before.holding(2), "held, and nothing else");

        // Impatience makes no second request.
        let again = agent.call("order_create", two()).await;
        assert_eq!(again.pending(), id);
        assert_eq!(again.answer()["replayed"], true);
        assert_eq!(Books::of(&server.db).await, before.holding(2));
        let waiting = agent.call("approval_status", json!({})).await;
        assert_eq!(waiting.data()["approval_id"], id.as_str());
        assert_eq!(waiting.data()["status"], "pending");

        let shown = approver.api("GET", "?status=pending", None).await;
        let request = &shown.body["approvals"][0];
        assert_eq!(request["approval_id"], id.as_str());
        let summary = request["summary"].as_str().unwrap();
        assert!(
            summary.contains("John Smith") && summary.contains("53 dollars and 98 cents"),
            "{summary}"
        );
        assert_eq!(request["arguments"]["items"][0]["quantity"], 2);

        let decided = approver.approve(&id).await;
        assert_eq!(decided.http, StatusCode::OK, "{}", decided.body);
        assert_eq!(decided.body["status"], "executed", "{}", decided.body);
        assert_eq!(decided.body["decided_by"], "approver");
        let order = decided.body["result"]["data"]["order_id"].as_str().unwrap();
        assert_eq!(Books::of(&server.db).await, before.sold(2, 5398));

        let heard = agent.call("order_create", two()).await;
        assert_eq!(heard.data()["order_id"], order);
        assert_eq!(heard.answer()["replayed"], true);
        let status = agent.call("approval_status", json!({ "approval_id": id })).await;
        assert_eq!(status.data()["status"], "executed");
        assert!(status.data().to_string().contains(order), "{}", status.data());
        assert_eq!(Books::of(&server.db).await, before.sold(2, 5398), "once");
    }
}

#[tokio::test]
async fn a_denied_request_lets_its_stock_go_and_the_agent_hears_why() {
    for server in servers().await {
        let (agent, approver) = (server.agent(), server.approver());
        let before = Books::of(&server.db).await;
        let id = agent.call("order_create", two()).await.pending();
        let reason = json!({ "reason": "The card was reported stolen" });
        let decided = approver.api("POST", &format!("/{id}/deny"), Some(reason)).await;
        assert_eq!(decided.body["status"], "denied", "{}", decided.body);
        assert_eq!(Books::of(&server.db).await, before);

        let heard = agent.call("order_create", two()).await;
        assert_eq!(heard.error(), "approval_denied");
        assert!(heard.sentence().contains("reported stolen"), "{}", heard.sentence());
        let status = agent.call("approval_status", json!({ "approval_id": id })).await;
        assert_eq!(status.data()["status"], "denied");
        assert!(status.answer().to_string().contains("reported stolen"), "{}", status.answer());
        assert_eq!(Books::of(&server.db).await, before);
    }
}

#[tokio::test]
async fn no_answer_in_time_is_a_no() {
    for server in servers().await {
        let agent = server.agent();
        let before = Books::of(&server.db).await;
        let decided_late = agent.call("order_create", two()).await.pending();
        let asked_late = agent.call("order_create", one()).await.pending();
        let swept_away = agent.call("order_create", unpaid("a third")).await.pending();
        assert_eq!(Books::of(&server.db).await, before.holding(4));
        server.advance(16);
        let approver = server.approver();

        // The first of these finds that the time is over, the second that it has been over.
        for verb in ["approve", "approve", "deny"] {
            let late = approver.api("POST", &format!("/{decided_late}/{verb}"), None).await;
            assert_eq!(late.http, StatusCode::CONFLICT, "{}", late.body);
            assert_eq!(problem(&late), "approval_expired");
            let held = Books::of(&server.db).await.reserved - before.reserved;
            assert!(held <= 2, "what the expired request held is free at once");
        }
        for (id, order) in [(&decided_late, two()), (&asked_late, one())] {
            let heard = agent.call("order_create", order).await;
            assert_eq!(heard.error(), "approval_expired");
            assert_eq!(status_of(&server.db, id).await, "expired");
            let status = agent.call("approval_status", json!({ "approval_id": id })).await;
            assert_eq!(status.data()["status"], "expired");
        }
        swept(&server, &swept_away).await;
        assert_eq!(status_of(&server.db, &swept_away).await, "expired");
        assert_eq!(Books::of(&server.db).await, before, "everything held is free again");
    }
}

#[tokio::test]
async fn the_same_decision_twice_is_one_and_another_one_comes_too_late() {
    for server in servers().await {
        let (agent, approver) = (server.agent(), server.approver());
        let before = Books::of(&server.db).await;
        let yes = agent.call("order_create", two()).await.pending();
        let no = agent.call("order_create", unpaid("no")).await.pending();
        let path = |id: &str, verb: &str| format!("/{id}/{verb}");

        for (id, verb, other, state) in
            [(&yes, "approve", "deny", "executed"), (&no, "deny", "approve", "denied")]
        {
            let first = approver.api("POST", &path(id, verb), None).await;
            assert_eq!(first.body["status"], state, "{}", first.body);
            assert_eq!(first.body.get("replayed"), None);
            // Whoever decides the same, even someone else, hears what it came to.
            for again in [&approver, &server.as_subject(role::APPROVER, "second")] {
                let again = again.api("POST", &path(id, verb), None).await;
                assert_eq!(again.body["status"], state, "{}", again.body);
                assert_eq!(again.body["replayed"], true);
                assert_eq!(again.body["result"], first.body["result"]);
                assert_eq!(again.body["decided_by"], "approver");
            }
            let late = approver.api("POST", &path(id, other), None).await;
            assert_eq!(late.http, StatusCode::CONFLICT, "{}", late.body);
            assert_eq!(problem(&late), "conflict");
            assert_eq!(status_of(&server.db, id).await, state);
        }
        assert_eq!(Books::of(&server.db).await, before.sold(2, 5398));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn approvers_at_the_same_time_on_two_replicas_execute_once() {
    for server in servers().await {
        let replica = server.replica(&[]).await;
        let before = Books::of(&server.db).await;
        let id = server.agent().call("order_create", two()).await.pending();
        let decisions = (0..12).map(|number| {
            let at = if number % 2 == 0 { &server } else { &replica };
            let approver = at.as_subject(role::APPROVER, &format!("approver-{number}"));
            let id = id.clone();
            async move { approver.approve(&id).await }
        });
        let replies = futures::future::join_all(decisions).await;
        let first: Vec<_> = replies.iter().filter(|r| r.body.get("replayed").is_none()).collect();
        assert_eq!(first.len(), 1, "one of them executed it");
        for reply in &replies {
            assert_eq!(reply.body["status"], "executed", "{}", reply.body);
            assert_eq!(reply.body["result"], first[0].body["result"]);
        }
        assert_eq!(Books::of(&server.db).await, before.sold(2, 5398));
        let executed = "select count(*) from audit where action = 'executed' and approval_id = $1";
        assert_eq!(number(&server.db, executed, &[id.as_str().into()]).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_yes_and_a_no_at_the_same_time_leave_one_of_the_two() {
    for server in servers().await {
        let mut expected = Books::of(&server.db).await;
        for round in 0..6 {
            let order = unpaid(&format!("round {round}"));
            let id = server.agent().call("order_create", order).await.pending();
            let decisions = (0..6).map(|number| {
                let approver = server.as_subject(role::APPROVER, &format!("approver-{number}"));
                let path = format!("/{id}/{}", if number % 2 == 0 { "approve" } else { "deny" });
                async move { (number % 2 == 0, approver.api("POST", &path, None).await) }
            });
            let replies = futures::future::join_all(decisions).await;
            let executed = status_of(&server.db, &id).await == "executed";
            for (approve, reply) in &replies {
                let stands =
                    if *approve == executed { StatusCode::OK } else { StatusCode::CONFLICT };
                assert_eq!(reply.http, stands, "{}", reply.body);
            }
            if executed {
                expected = Books { gift_cards: expected.gift_cards, ..expected.sold(1, 0) };
            }
        }
        assert_eq!(Books::of(&server.db).await, expected);
    }
}

#[tokio::test]
async fn only_whoever_asked_takes_a_request_back() {
    for server in servers().await {
        let agent = server.agent();
        let before = Books::of(&server.db).await;
        let id = agent.call("order_create", two()).await.pending();
        let this = json!({ "approval_id": id });
        let stranger = server.as_subject(role::AGENT, "another-agent");
        assert_eq!(stranger.call("approval_withdraw", this.clone()).await.error(), "not_found");
        assert_eq!(stranger.call("approval_status", this.clone()).await.error(), "not_found");
        assert_eq!(Books::of(&server.db).await, before.holding(2));

        let withdrawn = agent.call("approval_withdraw", this.clone()).await;
        assert_eq!(withdrawn.answer()["status"], "ok");
        assert_eq!(status_of(&server.db, &id).await, "withdrawn");
        assert_eq!(Books::of(&server.db).await, before);
        let late = server.approver().approve(&id).await;
        assert_eq!((late.http, problem(&late)), (StatusCode::CONFLICT, "conflict"));
        let heard = agent.call("order_create", two()).await;
        assert_eq!(heard.error(), "invalid_state");
        assert!(heard.sentence().contains("withdrawn"), "{}", heard.sentence());
        assert_eq!(Books::of(&server.db).await, before);
    }
}

#[tokio::test]
async fn nobody_without_the_right_decides() {
    for server in servers().await {
        crate::books::open_other_shop(&server).await;
        let before = Books::of(&server.db).await;
        // The administrator may decide, but not about a request of their own.
        let admin = server.as_role(role::ADMIN);
        let id = admin.call("order_create", two()).await.pending();
        let client =
            |tenant, subject, role| server.client(server.token(tenant, subject, Grant::Role(role)));
        let refused = [
            (admin.clone(), StatusCode::FORBIDDEN, "forbidden"),
            (client("demo", "admin", role::APPROVER), StatusCode::FORBIDDEN, "forbidden"),
            (client("demo", "someone", role::DESK), StatusCode::FORBIDDEN, "insufficient_scope"),
            (client("other", "approver", role::APPROVER), StatusCode::NOT_FOUND, "not_found"),
            (client("other", "admin", role::ADMIN), StatusCode::NOT_FOUND, "not_found"),
        ];
        for (client, status, word) in &refused {
            for verb in ["approve", "deny"] {
                let reply = client.api("POST", &format!("/{id}/{verb}"), None).await;
                assert_eq!((reply.http, problem(&reply)), (*status, *word), "{}", reply.body);
            }
        }
        let foreign = client("other", "approver", role::APPROVER);
        let guessed = foreign.approve("APR-00000000000000000000000000000000").await;
        let existing = foreign.approve(&id).await;
        let told = |reply: &Reply| reply.body["error"]["message"].as_str().unwrap().len();
        assert_eq!(told(&guessed), told(&existing), "a foreign id is answered as a missing one");
        assert_eq!(foreign.api("GET", &format!("/{id}"), None).await.http, StatusCode::NOT_FOUND);
        assert_eq!(foreign.api("GET", "", None).await.body["approvals"], json!([]));

        assert_eq!(status_of(&server.db, &id).await, "pending");
        assert_eq!(Books::of(&server.db).await, before.holding(2));
        assert_eq!(server.approver().approve(&id).await.body["status"], "executed");
    }
}
