use serde_json::json;

use super::*;
use crate::{
    db::approvals::Decided,
    testing::access::{AGENT, APPROVER, CLERK},
    testing::{self, Fixture, fixtures},
    tool::ConversationId,
};

async fn ask(fixture: &Fixture, id: &str, requester: &str, conversation: Option<&str>) {
    let conversation = conversation.map(str::to_owned);
    let request = Request { conversation, ..testing::request(id, requester) };
    let mut tx = fixture.db.db.write().await.unwrap().of("demo");
    approvals::insert(&mut tx, &request).await.unwrap();
    tx.commit().await.unwrap();
}

async fn decide(fixture: &Fixture, id: &str, status: &str, result: Option<&str>) {
    let decided =
        Decided { status, by: Some("boss"), at: fixture.now, reason: Some("**Too** late") };
    let mut tx = fixture.db.db.write().await.unwrap().of("demo");
    assert!(approvals::decide(&mut tx, id, decided).await.unwrap());
    if let Some(result) = result {
        approvals::save_result(&mut tx, id, result).await.unwrap();
    }
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn each_outcome_has_its_words() {
    let done = r#"{"say":"Order placed.","status":"ok","data":{"order_id":"ORD-10003"}}"#;
    let failed = r#"{"code":"out_of_stock","message":"None are left.","details":null}"#;
    for fixture in fixtures().await {
        for (id, status, result, words) in [
            ("APR-1", "executed", Some(done), "Order placed."),
            ("APR-2", "executed", None, "This was approved and is being done now"),
            ("APR-3", "failed", Some(failed), "could not be done. None are left."),
            ("APR-4", "denied", None, "The reason given: Too late."),
            ("APR-5", "withdrawn", None, "taken back"),
        ] {
            ask(&fixture, id, "tester", None).await;
            decide(&fixture, id, status, result).await;
            let arguments = json!({ "approval_id": id.to_lowercase() });
            let answer = fixture.call(ApprovalStatus, arguments).await.unwrap();
            assert!(answer["say"].as_str().unwrap().contains(words), "{answer}");
            let told = if id == "APR-2" { "approved" } else { status };
            assert_eq!(answer["data"]["status"], told);
            assert_eq!(answer["data"]["decided_at"], "2026-01-10T17:00:00Z");
            match id {
                "APR-1" => assert_eq!(answer["data"]["result"]["order_id"], "ORD-10003"),
                "APR-3" => assert_eq!(answer["data"]["result"]["code"], "out_of_stock"),
                _ => assert!(answer["data"].get("result").is_none()),
            }
        }
    }
}

#[tokio::test]
async fn a_request_waits_until_its_time_is_over() {
    for mut fixture in fixtures().await {
        let none = fixture.call(ApprovalStatus, json!({})).await.unwrap();
        assert_eq!(none["data"], Value::Null);
        ask(&fixture, "APR-1", "tester", None).await;
        let waits = fixture.call(ApprovalStatus, json!({})).await.unwrap();
        assert_eq!(waits["data"]["status"], "pending");
        assert!(waits["say"].as_str().unwrap().contains("An order of Ana López"));
        // Nothing has swept it up yet.
        fixture.now += TimeDelta::minutes(10);
        let over = fixture.call(ApprovalStatus, json!({})).await.unwrap();
        assert_eq!(over["data"]["status"], "expired");
        assert!(over["say"].as_str().unwrap().starts_with("Nobody decided in time"));
    }
}

#[tokio::test]
async fn others_see_it_only_if_they_may_decide() {
    for mut fixture in fixtures().await {
        ask(&fixture, "APR-1", "someone", None).await;
        let arguments = json!({ "approval_id": "APR-1" });
        let words = "I found no request APR-1. Please check it and try again.";
        let refusal = fixture.refusal(ApprovalStatus, arguments.clone()).await;
        assert_eq!(refusal, ("not_found", words.to_owned()));
        assert_eq!(fixture.call(ApprovalStatus, json!({})).await.unwrap()["data"], Value::Null);
        fixture.role = APPROVER;
        let answer = fixture.call(ApprovalStatus, arguments).await.unwrap();
        assert_eq!(answer["data"]["approval_id"], "APR-1");
    }
}

#[tokio::test]
async fn the_latest_is_the_one_of_this_conversation() {
    for fixture in fixtures().await {
        ask(&fixture, "APR-1", "tester", Some("call-1")).await;
        ask(&fixture, "APR-2", "tester", Some("call-2")).await;
        for (conversation, id) in [("call-1", Some("APR-1")), ("call-3", None)] {
            let mut ctx = fixture.context(false).await;
            ctx.conversation = ConversationId::parse(conversation).ok();
            let found = latest(&mut ctx).await.unwrap().map(|request| request.id);
            assert_eq!(found.as_deref(), id);
        }
    }
}

/// A request about a customer, made in a conversation.
fn about(id: &str, customer: Option<&str>, conversation: &str) -> Request {
    Request {
        conversation: Some(conversation.into()),
        subject_id: customer.map(Into::into),
        ..testing::request(id, "tester")
    }
}

async fn insert(fixture: &Fixture, requests: &[Request]) {
    let mut tx = fixture.db.db.write().await.unwrap().of("demo");
    for request in requests {
        approvals::insert(&mut tx, request).await.unwrap();
    }
    tx.commit().await.unwrap();
}

/// A context of a call in a conversation, perhaps verified as a customer.
async fn on_line(
    fixture: &Fixture,
    conversation: Option<&str>,
    customer: Option<&str>,
) -> CallContext {
    let mut ctx = fixture.context(false).await;
    ctx.conversation = conversation.map(|id| ConversationId::parse(id).unwrap());
    ctx.verified = customer.map(Into::into);
    ctx
}

#[tokio::test]
async fn whoever_calls_again_finds_it_once_they_are_verified() {
    for fixture in fixtures().await {
        let stranger =
            Request { requester: "someone".into(), ..about("APR-3", Some("CUST-1"), "call-1") };
        let requests = [
            about("APR-1", Some("CUST-1"), "call-1"),
            about("APR-2", Some("CUST-2"), "call-1"),
            stranger,
            // Of stock, and of somebody who is not known.
            about("APR-4", None, "call-4"),
            about("APR-5", Some(""), "call-5"),
        ];
        insert(&fixture, &requests).await;
        for (conversation, customer, id) in [
            (Some("call-2"), Some("CUST-1"), Some("APR-1")),
            (Some("call-2"), Some("CUST-2"), Some("APR-2")),
            (Some("call-2"), Some("CUST-3"), None),
            (Some("call-2"), None, None),
            // Of what was asked in this conversation it is only what is about them.
            (Some("call-1"), Some("CUST-1"), Some("APR-1")),
            (Some("call-1"), Some("CUST-3"), None),
            (Some("call-1"), None, Some("APR-2")),
            (Some("call-4"), Some("CUST-3"), Some("APR-4")),
            (Some("call-5"), Some("CUST-3"), None),
            (Some("call-5"), None, Some("APR-5")),
            // Bound by a handle alone.
            (None, Some("CUST-1"), Some("APR-1")),
            (None, Some("CUST-3"), None),
            (None, None, Some("APR-5")),
        ] {
            let mut ctx = on_line(&fixture, conversation, customer).await;
            let found = latest(&mut ctx).await.unwrap().map(|request| request.id);
            assert_eq!(found.as_deref(), id, "{conversation:?} {customer:?}");
        }
        let mut ctx = on_line(&fixture, Some("call-2"), None).await;
        assert!(none_known(&ctx).contains("I have to verify you first"));
        ctx.verified = Some("CUST-3".into());
        assert!(none_known(&ctx).starts_with("No request of this caller"));
    }
}

#[tokio::test]
async fn the_verified_hear_of_nothing_that_is_anothers() {
    for fixture in fixtures().await {
        let requests = [
            about("APR-1", Some("CUST-1"), "call-1"),
            about("APR-2", Some(""), "call-1"),
            about("APR-3", None, "call-1"),
        ];
        insert(&fixture, &requests).await;
        for (id, customer, heard) in [
            ("APR-1", "CUST-1", Ok("APR-1")),
            ("APR-1", "CUST-2", Err("forbidden")),
            ("APR-2", "CUST-2", Err("forbidden")),
            ("APR-3", "CUST-2", Ok("APR-3")),
        ] {
            let mut ctx = on_line(&fixture, Some("call-1"), Some(customer)).await;
            let found = own::one(&mut ctx, id).await.map_err(|error| error.code().as_str());
            assert_eq!(
                found.map(|request| request.id),
                heard.map(str::to_owned),
                "{id} {customer}"
            );
        }
    }
}

#[tokio::test]
async fn what_came_of_it_is_for_those_whom_it_concerns() {
    let result = r#"{"say":"Order 77 is placed.","status":"ok","data":{"order_id":"ORD-77"}}"#;
    for mut fixture in fixtures().await {
        let verified = Request {
            verified_subject: Some("CUST-1".into()),
            ..about("APR-2", Some("CUST-1"), "call-1")
        };
        let desk = Request {
            requester_scopes: CLERK.scopes().to_string(),
            ..about("APR-3", Some("CUST-1"), "call-1")
        };
        let stock = about("APR-4", None, "call-1");
        insert(&fixture, &[about("APR-1", Some("CUST-1"), "call-1"), verified, desk, stock]).await;
        for id in ["APR-1", "APR-2", "APR-3", "APR-4"] {
            decide(&fixture, id, "executed", Some(result)).await;
        }
        for (role, id, customer, is_told) in [
            // It was answered to somebody who was shown no more than this caller.
            (AGENT, "APR-1", None, true),
            // It was answered to the customer, or to the desk.
            (AGENT, "APR-2", None, false),
            (AGENT, "APR-3", None, false),
            (AGENT, "APR-2", Some("CUST-1"), true),
            (AGENT, "APR-3", Some("CUST-1"), true),
            (AGENT, "APR-4", Some("CUST-1"), false),
            (CLERK, "APR-2", None, true),
            (APPROVER, "APR-2", None, true),
        ] {
            fixture.role = role;
            let mut ctx = on_line(&fixture, None, customer).await;
            let request = own::one(&mut ctx, id).await.unwrap();
            let told = format!("{:?}", answer(&ctx, request));
            assert_eq!(told.contains("77"), is_told, "{id} {customer:?}: {told}");
            assert!(told.contains("executed"), "how it stands is told: {told}");
            assert!(is_told || told.contains("This was approved and done: An order"), "{told}");
        }
    }
}

#[tokio::test]
async fn what_waits_is_said_in_words() {
    for fixture in fixtures().await {
        let summary = "Cancel order ORD-10001 of Ana: refund 5.00 USD to the card.".to_owned();
        let request = Request { summary, ..testing::request("APR-1", "tester") };
        let mut tx = fixture.db.db.write().await.unwrap().of("demo");
        approvals::insert(&mut tx, &request).await.unwrap();
        tx.commit().await.unwrap();
        let answer = fixture.call(ApprovalStatus, json!({})).await.unwrap();
        assert_eq!(
            answer["say"],
            "This still waits for a colleague: Cancel order 1 0 0 0 1 of Ana: refund 5 dollars to \
             the card. Nothing has changed yet."
        );
    }
}

#[tokio::test]
async fn a_long_result_is_left_to_the_tool_itself() {
    for fixture in fixtures().await {
        ask(&fixture, "APR-1", "tester", None).await;
        let rows = "x".repeat(LONGEST_RESULT);
        let result = json!({ "say": "Done.", "status": "ok", "data": { "rows": rows } });
        decide(&fixture, "APR-1", "executed", Some(&result.to_string())).await;
        let answer = fixture.call(ApprovalStatus, json!({})).await.unwrap();
        assert!(answer["data"].get("result").is_none());
        assert!(answer["say"].as_str().unwrap().contains("Call order create again"));
    }
}
