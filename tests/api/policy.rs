//! A policy file from outside: what it lets pass, what it holds back, and which files are refused.

use std::{
    process::{Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    books::{Books, PolicyFile, change, one, two, unpaid},
    process::program,
    support::{Reply, TestServer, servers},
};
use business_mcp::access::role;

#[tokio::test]
async fn small_orders_take_effect_at_once_and_others_wait() {
    let below = |amount| {
        PolicyFile::new(&format!("[tools.order_create]\nauto_approve_below = \"{amount}\"\n"))
    };
    let policy = below("26.99");
    for server in policy.servers().await {
        let agent = server.agent();
        let before = Books::of(&server.db).await;
        // Exactly that much is not below it.
        agent.call("order_create", one()).await.pending();
        assert_eq!(Books::of(&server.db).await, before.holding(1));
        let higher = below("27.00").replica(&server).await;
        let small = higher.as_subject(role::AGENT, "small").call("order_create", one()).await;
        assert!(small.data()["order_id"].is_string());
        let after = before.holding(1).sold(1, 2699);
        assert_eq!(Books::of(&server.db).await, after);
        let large = higher.as_subject(role::AGENT, "large").call("order_create", unpaid("")).await;
        assert!(large.data()["order_id"].is_string());
        let two = json!({
            "customer_id": "CUST-12345",
            "items": [{ "sku": "SKU-001", "quantity": 2 }],
            "total": "53.98",
        });
        higher.agent().call("order_create", two).await.pending();
    }
}

#[tokio::test]
async fn more_than_so_many_an_hour_wait_for_a_person() {
    let policy =
        PolicyFile::new("[tools.order_create]\nauto_approve_below = \"1000\"\nmax_per_hour = 2\n");
    for server in policy.servers().await {
        let agent = server.agent();
        let call = async |name: &str| agent.call("order_create", unpaid(name)).await;
        assert!(call("first").await.data()["order_id"].is_string());
        assert!(call("second").await.data()["order_id"].is_string());
        let third = call("third").await.pending();
        // A refusal is nothing that was done, and another caller's orders are not this one's.
        let other = server.as_subject(role::AGENT, "another-agent");
        assert!(other.call("order_create", unpaid("other")).await.data()["order_id"].is_string());
        // A call again is the same call, not one more.
        assert_eq!(call("first").await.answer()["replayed"], true);
        assert_eq!(server.approver().approve(&third).await.body["status"], "executed");

        server.advance(59);
        let agent = server.agent();
        agent.call("order_create", unpaid("fourth")).await.pending();
        server.advance(2);
        let agent = server.agent();
        let fifth = agent.call("order_create", unpaid("fifth")).await;
        assert!(fifth.data()["order_id"].is_string(), "the hour is over");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_at_the_same_time_do_not_slip_under_the_hourly_rule() {
    let policy =
        PolicyFile::new("[tools.order_create]\nauto_approve_below = \"1000\"\nmax_per_hour = 3\n");
    for server in policy.servers().await {
        let before = Books::of(&server.db).await;
        let agent = server.agent();
        let calls = (0..12).map(|number| {
            let agent = agent.clone();
            async move { agent.call("order_create", unpaid(&format!("number {number}"))).await }
        });
        let replies: Vec<Reply> = futures::future::join_all(calls).await;
        let waiting = replies.iter().filter(|r| r.answer()["status"] == "approval_pending").count();
        assert_eq!(waiting, 9);
        let after = Books::of(&server.db).await;
        assert_eq!((after.orders - before.orders, after.reserved - before.reserved), (3, 9));
    }
}

#[tokio::test]
async fn a_stricter_policy_gates_what_would_pass_even_a_read() {
    let policy = PolicyFile::new(
        "version = \"strict\"\n\
         [tools.order_quote]\napproval = \"requires_approval\"\n\
         [tools.order_list]\napproval = \"requires_approval\"\nrisk = \"high\"\n\
         [tools.order_get]\napproval = \"disabled\"\n",
    );
    for server in policy.servers().await {
        let (agent, approver) = (server.with_scopes_of(role::AGENT, "agent"), server.approver());
        let listed = agent.tools().await;
        let meta = |name: &str| {
            let tool = listed.iter().find(|tool| tool["name"] == name);
            tool.map(|tool| tool["_meta"].clone())
        };
        assert_eq!(meta("order_quote").unwrap()["approval"], "requires_approval");
        assert_eq!(meta("order_list").unwrap()["riskLevel"], "high");
        assert_eq!(meta("order_get"), None, "what is switched off is not listed");
        let off = agent.call("order_get", json!({ "order_id": "ORD-12345" })).await;
        assert_eq!(off.error(), "disabled");

        let items = json!([{ "sku": "SKU-001", "quantity": 1 }]);
        let quote = json!({ "customer_id": "CUST-12345", "items": items });
        let list = json!({ "customer_id": "CUST-12345" });
        for (tool, arguments) in [("order_quote", quote), ("order_list", list)] {
            let id = agent.call(tool, arguments.clone()).await.pending();
            let decided = approver.approve(&id).await;
            assert_eq!(decided.body["status"], "executed", "{}", decided.body);
            let heard = agent.call(tool, arguments).await;
            assert_eq!(heard.answer()["replayed"], true);
            assert_eq!(heard.data(), &decided.body["result"]["data"]);
        }
        let version = "select policy_version from approvals where tool = 'order_quote'";
        let version = crate::books::text(&server.db, version, &[]).await;
        assert!(version.starts_with("strict+"), "{version}");
    }
}

#[tokio::test]
async fn an_approved_read_that_still_runs_is_to_be_asked_for_again() {
    let policy = PolicyFile::new("[tools.order_list]\napproval = \"requires_approval\"\n");
    for server in policy.servers().await {
        let list = json!({ "customer_id": "CUST-12345" });
        let agent = server.with_scopes_of(role::AGENT, "agent");
        let id = agent.call("order_list", list.clone()).await.pending();
        // As it stands between the mark and the result.
        let marked = "update approvals set status = 'executed' where id = $1";
        change(&server.db, marked, &[id.as_str().into()]).await;
        let heard = agent.call("order_list", list).await;
        assert_eq!(heard.error(), "conflict");
        assert_eq!(heard.body.pointer("/result/_meta/retryable"), Some(&json!(true)));
        assert!(heard.sentence().contains("at this moment"), "{}", heard.sentence());
    }
}

#[tokio::test]
async fn erasing_a_customer_takes_a_policy_and_four_eyes() {
    let policy = PolicyFile::new("[tools.customer_delete]\napproval = \"requires_approval\"\n");
    let erase = json!({ "customer_id": "CUST-12345", "reason": "asked by e-mail" });
    for server in servers().await {
        let admin = server.as_role(role::ADMIN);
        assert_eq!(admin.call("customer_delete", erase.clone()).await.error(), "disabled");
        let listed = admin.tools().await;
        assert!(!listed.iter().any(|tool| tool["name"] == "customer_delete"));

        // Whose orders are still open is not erased.
        let enabled = policy.replica(&server).await;
        let open = enabled.as_role(role::ADMIN).call("customer_delete", erase.clone()).await;
        assert_eq!(open.error(), "invalid_state", "{}", open.body);
        let done = "update orders set status = 'delivered' where customer_id = 'CUST-12345'";
        change(&server.db, done, &[]).await;
        let before = Books::of(&server.db).await;
        let admin = enabled.as_role(role::ADMIN);
        let id = admin.call("customer_delete", erase.clone()).await.pending();
        assert_eq!(named(&server).await, 1, "nothing is erased yet");
        assert_eq!(admin.approve(&id).await.http, 403, "not by whoever asked");
        assert_eq!(named(&server).await, 1);
        let decided = enabled.approver().approve(&id).await;
        assert_eq!(decided.body["status"], "executed", "{}", decided.body);
        assert_eq!(named(&server).await, 0);
        let after = Books::of(&server.db).await;
        assert_eq!((after.orders, after.paid), (before.orders, before.paid), "orders are kept");
    }
}

/// How many rows still say who customer CUST-12345 was.
async fn named(server: &TestServer) -> i64 {
    let sql = "select count(*)
               from customers
               where tenant_id = 'demo' and id = 'CUST-12345'
                 and (name like '%Smith%' or email like '%smith%' or phone is not null
                      or address like '%Main%')";
    crate::books::number(&server.db, sql, &[]).await
}

/// What the program does with a policy.
async fn started_with(toml: &str) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.toml");
    std::fs::write(&policy, toml).unwrap();
    let mut command = program(&format!("sqlite://{}", folder.path().join("test.db").display()));
    command.arg("serve").env("PORT", "0").env("METRICS_PORT", "0").env("POLICY_FILE", policy);
    command.env("JWT_SECRET", "a-secret-that-is-made-for-this-test-only");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > deadline {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("the program serves under this policy:\n{toml}");
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    child.wait_with_output().unwrap()
}

#[tokio::test]
async fn a_policy_that_is_laxer_than_the_tools_is_refused_by_name() {
    let rule = |tool: &str, rule: &str| (tool.to_owned(), format!("[tools.{tool}]\n{rule}\n"));
    let refused = [
        rule("order_create", "approval = \"auto_approved\""),
        rule("order_create", "risk = \"low\""),
        rule("order_create", "approval = \"auto\""),
        rule("order_create", "risk = \"enormous\""),
        rule("order_create", "risk = \"high\"\nauto_approve_below = \"5.00\""),
        rule("order_create", "auto_approve_below = \"a lot\""),
        rule("order_create", "auto_approve_below = \"-1\""),
        rule("order_create", "max_per_hour = -1"),
        rule("order_quote", "risk = \"high\""),
        rule("order_list", "max_per_hour = 5"),
        rule("order_cancel", "approval = \"auto_approved\""),
        rule("order_teleport", "approval = \"disabled\""),
        rule("customer_delete", "approval = \"auto_approved\""),
        rule("customer_delete", "auto_approve_below = \"5.00\""),
    ];
    for (tool, toml) in refused {
        let output = started_with(&toml).await;
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{toml}: {said}");
        assert!(said.contains(&tool), "{toml}: {said}");
        assert_eq!(said.trim().lines().count(), 1, "one sentence: {said}");
    }
    // A setting that does not exist is not passed over.
    let misspelt = started_with("[tools.order_create]\naproval = \"disabled\"\n").await;
    assert_eq!(misspelt.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&misspelt.stderr).contains("aproval"));
}

#[tokio::test]
async fn the_policy_in_force_can_be_read() {
    let policy = PolicyFile::new(
        "[tools.order_create]\nrisk = \"high\"\napproval = \"requires_approval\"\n",
    );
    for server in policy.servers().await {
        let reply = server.agent().rpc("resources/read", json!({ "uri": "policy://tools" })).await;
        let text = reply.body.pointer("/result/contents/0/text").and_then(Value::as_str).unwrap();
        let policy: Value = serde_json::from_str(text).unwrap();
        let tools = policy["tools"].as_array().unwrap();
        let order = tools.iter().find(|tool| tool["name"] == "order_create").unwrap();
        assert_eq!(order["riskLevel"], "high");
        assert_eq!(order["approval"], "requires_approval");
        server.agent().call("order_create", two()).await.pending();
    }
}
