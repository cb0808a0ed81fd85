//! A day at the service desk: whoever is new, what changes, and what a person has to see to.

use business_mcp::access::role;
use business_mcp_engine::{auth::Grant, tool::Scopes};
use serde_json::{Value, json};

use crate::{
    books::{change, number, open_other_shop},
    support::{Client, TENANT, TestServer, servers},
};

const JOHN: &str = "CUST-12345";

fn desk(server: &TestServer) -> Client {
    server.as_role(role::DESK)
}

async fn card(client: &Client, id: &str) -> Value {
    client.call("crm_get_customer", json!({ "customer_id": id })).await.data().clone()
}

fn wants_a_person() -> Value {
    json!({ "reason": "Asked for a manager.", "summary": "The saw came twice.", "customer_id": JOHN })
}

#[tokio::test]
async fn a_new_customer_is_created_once_however_often_it_is_sent() {
    for server in servers().await {
        let count = "select count(*) from customers";
        let before = number(&server.db, count, &[]).await;
        let arguments = json!({ "name": "Jon Smyth", "email": "jon at smyth dot example dot com" });
        let here = desk(&server).with_header("x-conversation-id", "call-of-jon-smyth");
        let first = here.call("crm_create_customer", arguments.clone()).await;
        let id = first.data()["customer"]["customer_id"].as_str().unwrap().to_owned();
        let again = here.call("crm_create_customer", arguments).await;
        assert_eq!(again.answer()["replayed"], true);
        assert_eq!(again.answer()["data"], *first.data());
        assert_eq!(number(&server.db, count, &[]).await, before + 1);
        assert_eq!(card(&desk(&server), &id).await["email"], "jon@smyth.example.com");
        let alike = first.data()["possible_duplicates"].as_array().unwrap();
        assert!(alike.iter().any(|one| one["customer_id"] == JOHN), "{alike:?}");
    }
}

#[tokio::test]
async fn a_change_is_seen_by_a_colleague_before_it_is_made() {
    for server in servers().await {
        let before = card(&desk(&server), JOHN).await;
        let arguments = json!({
            "customer_id": JOHN, "email": "john@new.example.com",
            "expected_version": before["version"],
        });
        let pending = desk(&server).call("crm_update_customer", arguments.clone()).await.pending();
        assert_eq!(card(&desk(&server), JOHN).await, before, "nothing is changed yet");

        let seen = server.approver().api("GET", &format!("/{pending}"), None).await;
        let details = seen.body.pointer("/preview/details/changes/0").unwrap();
        let expected = json!({
            "field": "email", "old": before["email"], "new": "john@new.example.com",
        });
        assert_eq!(*details, expected);
        let decided = server.approver().approve(&pending).await;
        assert_eq!(decided.body["status"], "executed", "{}", decided.body);
        let after = card(&desk(&server), JOHN).await;
        assert_eq!(after["email"], "john@new.example.com");
        assert_eq!(after["version"], before["version"].as_i64().unwrap() + 1);
        let by_email = json!({ "email": "john@new.example.com" });
        let found = desk(&server).call("customer_lookup", by_email).await;
        assert_eq!(found.data()["customer_id"], JOHN);
    }
}

#[tokio::test]
async fn a_change_of_what_somebody_else_changed_meanwhile_fails() {
    for server in servers().await {
        let version = card(&desk(&server), JOHN).await["version"].clone();
        let arguments =
            json!({ "customer_id": JOHN, "company": "Smith and Son", "expected_version": version });
        let pending = desk(&server).call("crm_update_customer", arguments.clone()).await.pending();
        let quicker = "update customers set company = 'Acme', version = version + 1 where id = $1";
        change(&server.db, quicker, &[JOHN.into()]).await;
        let decided = server.approver().approve(&pending).await;
        assert_eq!(decided.body["status"], "failed", "{}", decided.body);
        assert_eq!(card(&desk(&server), JOHN).await["company"], "Acme");
        let again = desk(&server).call("crm_update_customer", arguments).await;
        assert_eq!(again.error(), "conflict", "{}", again.body);
    }
}

#[tokio::test]
async fn any_valid_token_hands_over_to_a_person_and_the_desk_reads_it() {
    for server in servers().await {
        let nobody = server.client(server.token(TENANT, "bot", Grant::Scopes(Scopes::NONE)));
        let ticket = nobody.call("support_escalate", wants_a_person()).await;
        let id = ticket.data()["ticket_id"].as_str().unwrap().to_owned();
        assert!(ticket.data()["callback"]["from"].is_string(), "{}", ticket.body);
        let again = nobody.call("support_escalate", wants_a_person()).await;
        assert_eq!(again.answer()["replayed"], true);
        let count = "select count(*) from tickets where customer_id = $1";
        assert_eq!(number(&server.db, count, &[JOHN.into()]).await, 1);

        let newest = json!({ "customer_id": JOHN, "limit": 1 });
        let read = desk(&server).call("crm_get_interactions", newest).await;
        let newest = &read.data()["interactions"][0];
        assert_eq!((&newest["kind"], &newest["author"]), (&json!("escalation"), &json!("bot")));
        let text = format!("{id}, Asked for a manager: The saw came twice.");
        assert_eq!(newest["text"], text);
    }
}

#[tokio::test]
async fn another_tenant_neither_sees_nor_numbers_with_this_one() {
    for server in servers().await {
        open_other_shop(&server).await;
        let ours = desk(&server).call("support_escalate", wants_a_person()).await;
        let other = server.client(server.token("other", "desk", Grant::Role(role::DESK)));
        let about_nobody = json!({ "reason": "late", "summary": "Where is it?" });
        let theirs = other.call("support_escalate", about_nobody).await;
        assert_eq!(theirs.data()["ticket_id"], ours.data()["ticket_id"], "each counts its own");
        let kinds = json!({ "customer_id": JOHN, "kind": "escalation" });
        let read = other.call("crm_get_interactions", kinds).await;
        assert_eq!(read.data()["interactions"], json!([]), "their John has none");
    }
}
