//! What is left of a customer who was erased: nothing that says who they were, in any table.

use business_mcp::access::role;
use serde_json::{Value, json};

use crate::{
    books::{PolicyFile, SKU, change, keyed, number, status_of},
    enforcement::dump::Dump,
    support::{Client, TestServer},
};

/// What is personal about the customer of this test, and stands nowhere else.
const PERSONAL: [&str; 6] =
    ["zebulon", "quimby", "wuthering heights 7", "5550177", "nightingale", "quagga"];

/// New customers, addresses and changes wait for a person, and so does an erasure; orders take effect at once.
fn policy() -> PolicyFile {
    PolicyFile::new(
        "[tools.order_create]\nauto_approve_below = \"1000000\"\n\
         [tools.crm_create_customer]\napproval = \"requires_approval\"\n\
         [tools.order_update_address]\napproval = \"requires_approval\"\n\
         [tools.crm_update_customer]\napproval = \"requires_approval\"\n\
         [tools.customer_delete]\napproval = \"requires_approval\"\n",
    )
}

fn address(line1: &str) -> Value {
    json!({ "line1": line1, "city": "Portland", "postal_code": "97214", "country": "US" })
}

/// Everything that a customer may leave behind: answers under keys, requests in every state, texts.
async fn live(server: &TestServer, admin: &Client) -> (String, String) {
    let person = json!({
        "name": "Zebulon Quimby",
        "email": "zebulon.quimby@example.com",
        "phone": "+1 415 555 0177",
        "address": address("Wuthering Heights 7"),
    });
    let request = admin.call("crm_create_customer", person.clone()).await.pending();
    let created = server.approver().approve(&request).await;
    let customer = &created.body["result"]["data"]["customer"];
    let id = customer["customer_id"].as_str().unwrap().to_owned();
    let mut again = person;
    again["email"] = "quimby@example.com".into();
    let request = admin.call("crm_create_customer", again).await.pending();
    let why = json!({ "reason": "Zebulon is on file." });
    let denied = server.approver().api("POST", &format!("/{request}/deny"), Some(why)).await;
    assert_eq!(denied.body["status"], "denied", "{}", denied.body);
    let note = json!({ "customer_id": id, "text": "Loves the nightingale." });
    admin.call("crm_create_note", note).await.data();
    let wanted = json!({
        "customer_id": id,
        "items": [{ "sku": SKU, "quantity": 1 }],
        "total": "29.99",
        "note": "For the nightingale.",
    });
    let order = admin.call("order_create", wanted).await.data()["order_id"].clone();
    let elsewhere = json!({ "order_id": order, "address": address("Wuthering Heights 7") });
    let request = admin.call("order_update_address", elsewhere).await.pending();
    let approved = server.approver().approve(&request).await;
    assert_eq!(approved.body["status"], "executed", "{}", approved.body);
    let cancelled = json!({ "order_id": order, "reason": "Bought a quagga elsewhere." });
    let request = admin.call("order_cancel", cancelled).await;
    if request.answer()["status"] == "approval_pending" {
        let approved = server.approver().approve(&request.pending()).await;
        assert_eq!(approved.body["status"], "executed", "{}", approved.body);
    }
    let ticket =
        json!({ "customer_id": id, "reason": "quagga", "summary": "Zebulon wants a nightingale." });
    admin.call("support_escalate", ticket).await.data();
    let new_name = json!({ "customer_id": id, "name": "Zebulon Nightingale Quimby" });
    let failed = admin.call("crm_update_customer", new_name).await.pending();
    let age = "update approvals set tool_version = tool_version - 1 where id = $1";
    change(&server.db, age, &[failed.as_str().into()]).await;
    assert_eq!(server.approver().approve(&failed).await.body["status"], "failed");
    let address_change = json!({ "customer_id": id, "address": address("Nightingale Row 1") });
    let pending = admin.call("crm_update_customer", address_change).await.pending();
    (id, pending)
}

#[tokio::test]
async fn an_erasure_reaches_every_copy() {
    for server in policy().servers().await {
        let admin = server.as_role(role::ADMIN);
        let (id, pending) = live(&server, &admin).await;
        let before = Dump::of(&server.db).await;
        for text in PERSONAL {
            assert!(!before.rows_with(text).is_empty(), "{text} is there to be erased");
        }
        let moved = "insert into payments (tenant_id, id, order_id, kind, amount_minor,
                         payment_method_id, at, at_day, reason)
                     select tenant_id, 'payment-1', id, 'refund', 100, 'card', placed_at, placed_on,
                         'item change'
                     from orders
                     where customer_id = $1";
        assert_eq!(change(&server.db, moved, &[id.as_str().into()]).await, 1);
        let ledger = "select count(*) from payments where reason is not null";
        let booked = number(&server.db, ledger, &[]).await;
        let erase = json!({ "customer_id": id, "reason": "asked for it" });
        let request = admin.call("customer_delete", erase).await.pending();
        let decided = server.approver().approve(&request).await;
        assert_eq!(decided.body["status"], "executed", "{}", decided.body);
        let after = Dump::of(&server.db).await;
        for text in PERSONAL {
            assert_eq!(after.rows_with(text), [] as [&str; 0], "{text} is left");
        }
        // Reports go by why money moved, which says nothing of the person.
        assert_eq!(number(&server.db, ledger, &[]).await, booked);
        // What waited is over, and tells nobody whom it was about.
        let late = server.approver().approve(&pending).await;
        assert_eq!(late.http, 409, "{}", late.body);
        assert_eq!(status_of(&server.db, &pending).await, "expired");
    }
}

#[tokio::test]
async fn an_erasure_leaves_namesakes_and_parts_of_words_alone() {
    let policy = "[tools.customer_delete]\napproval = \"requires_approval\"\n";
    for server in PolicyFile::new(policy).servers().await {
        let admin = server.as_role(role::ADMIN);
        let add = |email: &str| {
            let person = json!({ "name": "Al", "email": email });
            keyed(person, &format!("add-al-{}", &email[3..6]))
        };
        let mut ids = Vec::new();
        for email in ["al.one@example.com", "al.two@example.com"] {
            let created = admin.call("crm_create_customer", add(email)).await;
            ids.push(created.data()["customer"]["customer_id"].as_str().unwrap().to_owned());
        }
        let change = json!({ "customer_id": ids[0], "name": "Al Fresco" });
        let waits = admin.call("crm_update_customer", change).await.pending();
        let count =
            json!({ "sku": SKU, "mode": "delta", "quantity": 1, "reason": "total recount" });
        let stock = admin.call("inventory_adjust", count).await.pending();
        let note = json!({ "customer_id": ids[0], "text": "Wants to be called Al." });
        let told = admin.call("crm_create_note", note.clone()).await.data().clone();

        let erase = json!({ "customer_id": ids[1], "reason": "asked for it" });
        let request = admin.call("customer_delete", erase).await.pending();
        let decided = server.approver().approve(&request).await;
        assert_eq!(decided.body["status"], "executed", "{}", decided.body);

        assert_eq!(admin.call("crm_create_note", note).await.data(), &told);
        let created = admin.call("crm_create_customer", add("al.one@example.com")).await;
        assert_eq!(created.data()["customer"]["customer_id"], ids[0]);
        for id in [waits, stock] {
            let decided = server.approver().approve(&id).await;
            assert_eq!(decided.body["status"], "executed", "{}", decided.body);
        }
    }
}
