//! The audit trail: a line for each write and each refusal, with ids and digests and no one's data.

use business_mcp_engine::db::Db;
use serde_json::{Value, json};

use crate::{
    books::{PolicyFile, keyed, order, two, unpaid},
    support::{Client, TestServer, servers},
};

/// One line of the trail.
#[derive(Debug)]
struct Line {
    action: String,
    outcome: String,
    principal: String,
    tool: String,
    approval_id: String,
    subject: String,
    arguments_hash: String,
    /// Every column of it.
    whole: String,
}

/// The whole trail, oldest first.
async fn trail(db: &Db) -> Vec<Line> {
    let mut tx = db.read().await.unwrap().of("demo");
    let rows: Vec<(String,)> = tx
        .fetch_all(
            "select action || '|' || outcome || '|' || principal || '|' || tool || '|'
                    || coalesce(approval_id, '') || '|' || coalesce(subject, '') || '|'
                    || coalesce(arguments_hash, '') || '|' || coalesce(token_id, '') || '|'
                    || coalesce(conversation, '') || '|' || coalesce(request_id, '') || '|'
                    || tenant_id || '|' || id
             from audit
             order by id",
            &[],
        )
        .await
        .unwrap();
    let line = |(whole,): (String,)| {
        let mut fields = whole.split('|').map(str::to_owned);
        let mut next = || fields.next().unwrap();
        Line {
            action: next(),
            outcome: next(),
            principal: next(),
            tool: next(),
            approval_id: next(),
            subject: next(),
            arguments_hash: next(),
            whole,
        }
    };
    rows.into_iter().map(line).collect()
}

/// What was written since the last look.
async fn new_lines(server: &TestServer, seen: &mut usize) -> Vec<Line> {
    server.written_down().await;
    let lines: Vec<Line> = trail(&server.db).await.into_iter().skip(*seen).collect();
    *seen += lines.len();
    lines
}

#[track_caller]
fn is_digest(text: &str) {
    assert!(text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()), "{text:?}");
}

/// What the trail says: action, outcome and principal of each line.
fn said(lines: &[Line]) -> Vec<(&str, &str, &str)> {
    lines.iter().map(|line| (&*line.action, &*line.outcome, &*line.principal)).collect()
}

async fn ask(agent: &Client, order: Value) -> String {
    agent.call("order_create", order).await.pending()
}

#[tokio::test]
async fn a_request_leaves_a_line_for_each_step() {
    for server in servers().await {
        let mut seen = trail(&server.db).await.len();
        let (agent, approver) = (server.agent(), server.approver());
        let id = ask(&agent, two()).await;
        approver.approve(&id).await;
        let order = agent.call("order_create", two()).await.data()["order_id"].clone();
        let lines = new_lines(&server, &mut seen).await;
        let steps = [
            ("requested", "ok", "agent"),
            ("approved", "ok", "approver"),
            ("executed", "ok", "agent"),
        ];
        assert_eq!(said(&lines), steps, "a repeated call is none");
        for line in &lines {
            assert_eq!((line.tool.as_str(), line.approval_id.as_str()), ("order_create", &*id));
            is_digest(&line.arguments_hash);
            assert_eq!(line.arguments_hash, lines[0].arguments_hash);
        }
        assert_eq!(json!(lines[2].subject), order);

        let denied = ask(&agent, unpaid("denied")).await;
        approver.api("POST", &format!("/{denied}/deny"), None).await;
        let lines = new_lines(&server, &mut seen).await;
        assert_eq!(said(&lines), [("requested", "ok", "agent"), ("denied", "ok", "approver")]);

        let failing = ask(&agent, unpaid("failing")).await;
        let raised = "update variants set price_minor = price_minor + 500 where sku = 'SKU-001'";
        crate::books::change(&server.db, raised, &[]).await;
        approver.approve(&failing).await;
        let lines = new_lines(&server, &mut seen).await;
        let steps = [
            ("requested", "ok", "agent"),
            ("approved", "ok", "approver"),
            ("failed", "price_changed", "agent"),
        ];
        assert_eq!(said(&lines), steps);
        assert!(lines.iter().all(|line| line.approval_id == failing));

        let cancel = json!({ "order_id": "ORD-12346", "reason": "no longer needed" });
        let expiring = agent.call("order_cancel", cancel.clone()).await.pending();
        server.advance(16);
        let late = server.agent().call("order_cancel", cancel).await;
        assert_eq!(late.error(), "approval_expired");
        let lines = new_lines(&server, &mut seen).await;
        let steps = [
            ("requested", "ok", "agent"),
            ("expired", "ok", "agent"),
            ("failed", "approval_expired", "agent"),
        ];
        assert_eq!(said(&lines), steps);
        assert!(lines[..2].iter().all(|line| line.approval_id == expiring), "{lines:?}");
    }
}

#[tokio::test]
async fn what_was_refused_is_written_down_too() {
    let off = PolicyFile::new("[tools.order_cancel]\napproval = \"disabled\"\n");
    for server in off.servers().await {
        let mut seen = trail(&server.db).await.len();
        let agent = server.agent();
        let mut unknown = two();
        unknown["discount"] = json!("50");
        agent.call("order_create", unknown).await;
        agent.call("order_create", order(2, "1.00")).await;
        agent.call("order_create", keyed(two(), "short")).await;
        let cancel = json!({ "order_id": "ORD-12346", "reason": "no longer needed" });
        agent.call("order_cancel", cancel).await;
        assert_eq!(server.approver().call("order_create", two()).await.http, 403);
        let lines = new_lines(&server, &mut seen).await;
        let refusals = [
            ("refused", "invalid_parameters", "agent"),
            ("failed", "total_mismatch", "agent"),
            ("refused", "invalid_parameters", "agent"),
            ("refused", "disabled", "agent"),
            ("refused", "forbidden", "approver"),
        ];
        assert_eq!(said(&lines), refusals);
        is_digest(&lines[1].arguments_hash);
        assert!(lines.iter().all(|line| line.approval_id.is_empty() && line.subject.is_empty()));
    }
}

#[tokio::test]
async fn a_line_says_which_conversation_and_nobodys_name() {
    let pass = PolicyFile::orders_pass();
    for server in pass.servers().await {
        let mut seen = trail(&server.db).await.len();
        let agent = server.agent().with_header("x-conversation-id", "conversation-77");
        let note = "ring Mrs. Secretperson at secret.person@example.com";
        let mut placed = two();
        placed["note"] = json!(note);
        let placed = agent.call("order_create", placed).await;
        let cancel =
            json!({ "order_id": placed.data()["order_id"], "reason": "moved to Exampleton" });
        let cancel = agent.call("order_cancel", cancel).await.pending();
        let reason = json!({ "reason": "Mrs. Secretperson said no" });
        server.approver().api("POST", &format!("/{cancel}/deny"), Some(reason)).await;
        let mut wrong = two();
        wrong["customer_id"] = json!("secret.person@example.com");
        agent.call("order_create", wrong).await;
        let lines = new_lines(&server, &mut seen).await;
        assert_eq!(lines.len(), 4, "{lines:?}");
        for line in &lines {
            assert!(line.whole.contains("conversation-77"), "{}", line.whole);
            let lower = line.whole.to_lowercase();
            for personal in ["smith", "secret", "example", "main street", "4242", "2025550123"] {
                assert!(!lower.contains(personal), "{personal} in {}", line.whole);
            }
        }
    }
}
