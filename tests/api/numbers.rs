//! Numbers that sound alike: none is made, and where some are on file, the caller is asked.

use serde_json::{Value, json};

use crate::{
    process::program,
    support::{Client, Reply, TestServer, fresh_postgres},
};
use business_mcp::access::role;

const CUSTOMERS: &str = r#"{"id":"10001","name":"Ana López","email":"ana@example.com","address":{"line1":"1 Main St","city":"Portland","postal_code":"97201","country":"US"}}
{"id":"C-10002","name":"Bo Hart","email":"bo@example.com","address":{"line1":"2 Main St","city":"Salem","postal_code":"97301","country":"US"}}
"#;
const PRODUCTS: &str = r#"{"id":"CUP","name":"Cup","variants":[{"sku":"CUP-1","price":"10.00","on_hand":100}]}
"#;

/// A server with a shop that has been imported.
struct Shop {
    server: TestServer,
    folder: tempfile::TempDir,
}

impl Shop {
    async fn on_both() -> Vec<Self> {
        let mut shops = Vec::new();
        for is_sqlite in [true, false] {
            let folder = tempfile::tempdir().unwrap();
            let sqlite = format!("sqlite://{}", folder.path().join("shop.db").display());
            let url = if is_sqlite { sqlite } else { fresh_postgres().await };
            import(&url, &folder, "customers.jsonl", CUSTOMERS);
            import(&url, &folder, "products.jsonl", PRODUCTS);
            shops.push(Self { server: TestServer::on(&url).await, folder });
        }
        shops
    }

    /// Imports orders with these numbers, of these customers.
    fn orders(&self, orders: &[(&str, &str)]) {
        let line = |(id, customer): &(&str, &str)| {
            let items = json!([{ "sku": "CUP-1", "quantity": 1, "unit_price": "10.00" }]);
            let placed = "2026-05-01T12:00:00Z";
            json!({ "id": id, "customer_id": customer, "status": "pending", "placed_at": placed, "items": items })
        };
        let lines: Vec<String> = orders.iter().map(|order| line(order).to_string()).collect();
        import(&self.server.database_url, &self.folder, "orders.jsonl", &lines.join("\n"));
    }

    fn desk(&self) -> Client {
        self.server.as_role(role::ADMIN)
    }

    /// The number of a new order.
    async fn order(&self) -> String {
        let order = json!({
            "customer_id": "C-10002",
            "items": [{ "sku": "CUP-1", "quantity": 1 }],
            "total": "10.00",
            "idempotency_key": uuid(),
        });
        let asked = self.desk().call("order_create", order).await.pending();
        let approved = self.server.approver().approve(&asked).await;
        let number = approved.body.pointer("/result/data/order_id");
        number.and_then(Value::as_str).unwrap_or_else(|| panic!("{}", approved.body)).to_owned()
    }
}

fn import(url: &str, folder: &tempfile::TempDir, name: &str, text: &str) {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    let output = program(url).arg("import").arg(&path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn uuid() -> String {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!("number-{:06}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

/// The ids among which a reply asks to choose.
#[track_caller]
fn asked(reply: &Reply) -> Vec<String> {
    let answer = reply.answer();
    assert_eq!(answer["status"], "ambiguous", "{answer}");
    let candidates = answer["candidates"].as_array().unwrap_or_else(|| panic!("{answer}"));
    let hints: Vec<&Value> = candidates.iter().map(|candidate| &candidate["hint"]).collect();
    assert!(hints.iter().all(|hint| hint.is_string()), "{answer}");
    let mut ids: Vec<String> =
        candidates.iter().map(|candidate| candidate["id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

#[tokio::test]
async fn a_new_number_sounds_like_none_on_file() {
    for shop in Shop::on_both().await {
        shop.orders(&[("#10001", "10001"), ("W-10002", "10001"), ("310003", "10001")]);
        assert_eq!(shop.order().await, "ORD-10003");
        // An import comes after numbers were made, and far ahead of them a whole row.
        let later: Vec<String> = (10_004..10_300).map(|n| format!("#{n}")).collect();
        let later: Vec<(&str, &str)> = later.iter().map(|id| (id.as_str(), "10001")).collect();
        shop.orders(&later);
        assert_eq!(shop.order().await, "ORD-10300");
        let ahead: Vec<String> = (10_302..10_400).map(|n| format!("a{n}")).collect();
        let ahead: Vec<(&str, &str)> = ahead.iter().map(|id| (id.as_str(), "10001")).collect();
        shop.orders(&ahead);
        assert_eq!(shop.order().await, "ORD-10301");
        let next = shop.order().await;
        let number: i64 = next.strip_prefix("ORD-").unwrap().parse().unwrap();
        assert!((10_400..11_000).contains(&number), "{next}");

        let new = async |name: &str| {
            let new = json!({ "name": name, "idempotency_key": uuid() });
            let reply = shop.desk().call("crm_create_customer", new).await;
            reply.data()["customer"]["customer_id"].as_str().unwrap().to_owned()
        };
        assert_eq!(new("Cy Young").await, "CUST-10003");
        assert_eq!(new("Di Young").await, "CUST-10004");
    }
}

#[tokio::test]
async fn an_order_number_of_several_is_asked_about_before_anything() {
    for shop in Shop::on_both().await {
        let ours = shop.order().await;
        assert_eq!(ours, "ORD-10001");
        shop.orders(&[("#10001", "10001"), ("#210001", "10001"), ("#310001", "10001")]);
        let both = ["#10001".to_owned(), "ORD-10001".to_owned()];
        for said in ["10001", "1 0 0 0 1", "one double oh oh one", "order number 10001"] {
            for client in [shop.server.with_scopes_of(role::AGENT, "agent"), shop.desk()] {
                for (tool, more) in [
                    ("order_get", json!({})),
                    ("get_order_status", json!({})),
                    ("order_cancel", json!({ "reason": "no longer needed" })),
                ] {
                    let mut arguments = more;
                    arguments["order_id"] = json!(said);
                    let reply = client.call(tool, arguments).await;
                    assert_eq!(asked(&reply), both, "{tool}: {said}");
                }
            }
            for (tool, more) in [
                ("order_ship", json!({ "tracking_number": "T-1", "carrier": "Northline" })),
                ("order_update_payment", json!({ "payment_method_id": "card" })),
                ("order_refund", json!({ "amount": "1.00", "reason": "broken" })),
            ] {
                let mut arguments = more;
                arguments["order_id"] = json!(said);
                let reply = shop.desk().call(tool, arguments).await;
                assert_eq!(asked(&reply), both, "{tool}: {said}");
            }
            let escalated = json!({ "reason": "angry", "summary": "Angry.", "order_id": said });
            assert_eq!(asked(&shop.desk().call("support_escalate", escalated).await), both);
        }
        let waiting = shop.server.approver().api("GET", "", None).await;
        assert!(!waiting.body.to_string().contains("order_cancel"), "{}", waiting.body);

        // What is said literally, or with its letters, is that one.
        for (said, meant) in
            [("#10001", "#10001"), ("ORD-10001", "ORD-10001"), ("O R D 1 0 0 0 1", "ORD-10001")]
        {
            let got = shop.desk().call("order_get", json!({ "order_id": said })).await;
            assert_eq!(got.data()["order_id"], meant, "{said}");
        }
        let cancel = json!({ "order_id": "#10001", "reason": "no longer needed" });
        let cancel = shop.server.agent().call("order_cancel", cancel).await;
        let id = cancel.pending();
        shop.server.approver().approve(&id).await;
        let ours = shop.desk().call("order_get", json!({ "order_id": "ORD-10001" })).await;
        assert_eq!(ours.data()["status"], "pending");
    }
}

#[tokio::test]
async fn a_literal_number_wins_over_one_that_sounds_like_it() {
    for shop in Shop::on_both().await {
        shop.orders(&[("10001", "10001"), ("W10001", "C-10002")]);
        let got = shop.desk().call("order_get", json!({ "order_id": "10001" })).await;
        assert_eq!(got.data()["order_id"], "10001");
        let got = shop.desk().call("order_get", json!({ "order_id": "1 0 0 0 1" })).await;
        assert_eq!(asked(&got), ["10001", "W10001"]);
        let found =
            shop.server.agent().call("customer_lookup", json!({ "order_id": "10001" })).await;
        assert_eq!(found.data()["customer_id"], "10001");
        let found = json!({ "order_id": "one zero zero zero one" });
        let found = shop.server.agent().call("customer_lookup", found).await;
        assert_eq!(asked(&found), ["10001", "C-10002"]);
    }
}

#[tokio::test]
async fn a_customer_number_of_several_is_asked_about() {
    for shop in Shop::on_both().await {
        // One that an import brought after ours was made.
        let new = json!({ "name": "Cy Young", "email": "cy@example.com" });
        let ours = shop.desk().call("crm_create_customer", new).await;
        assert_eq!(ours.data()["customer"]["customer_id"], "CUST-10003");
        let alike = r##"{"id":"#10003","name":"Di Young","email":"di@example.com"}"##;
        import(&shop.server.database_url, &shop.folder, "customers.jsonl", alike);
        let both = ["#10003".to_owned(), "CUST-10003".to_owned()];
        let agent = shop.server.agent();
        for said in ["10003", "1 0 0 0 3", "customer number one triple oh three"] {
            let lookup = agent.call("customer_lookup", json!({ "customer_id": said })).await;
            assert_eq!(asked(&lookup), both, "{said}");
            let facts = json!({ "customer_id": said, "email": "cy@example.com", "order_id": "1" });
            assert_eq!(asked(&agent.call("customer_verify", facts).await), both, "{said}");
            let note = json!({ "customer_id": said, "text": "Called." });
            assert_eq!(asked(&agent.call("crm_create_note", note).await), both, "{said}");
            let order = json!({
                "customer_id": said,
                "items": [{ "sku": "CUP-1", "quantity": 1 }],
                "total": "10.00",
            });
            assert_eq!(asked(&agent.call("order_create", order).await), both, "{said}");
        }
        for (said, meant) in [("CUST-10003", "CUST-10003"), ("#10003", "#10003")] {
            let lookup = agent.call("customer_lookup", json!({ "customer_id": said })).await;
            assert_eq!(lookup.data()["customer_id"], meant);
        }
        let lookup = agent.call("customer_lookup", json!({ "customer_id": "1 0 0 0 2" })).await;
        assert_eq!(lookup.data()["customer_id"], "C-10002");
        let literal = agent.call("customer_lookup", json!({ "customer_id": "10001" })).await;
        assert_eq!(literal.data()["customer_id"], "10001");
    }
}

#[tokio::test]
async fn an_order_number_verifies_whoever_has_one_like_it_only() {
    for shop in Shop::on_both().await {
        assert_eq!(shop.order().await, "ORD-10001");
        let many = [("#10001", "10001"), ("#110001", "C-10002"), ("#210001", "C-10002")];
        shop.orders(&many);
        let verify = async |customer: &str, postal: &str, order: &str| {
            let facts =
                json!({ "customer_id": customer, "postal_code": postal, "order_id": order });
            let agent = shop.server.agent();
            let reply = agent.call("customer_verify", facts).await;
            reply.answer()["data"]["verified"].as_bool().unwrap()
        };
        for (customer, postal, literal, other) in
            [("10001", "97201", "#10001", "ORD-10001"), ("C-10002", "97301", "ORD-10001", "#10001")]
        {
            assert!(verify(customer, postal, literal).await, "{customer}");
            assert!(verify(customer, postal, "1 0 0 0 1").await, "{customer}");
            assert!(!verify(customer, postal, other).await, "{customer}");
            assert!(!verify(customer, postal, "0001").await, "{customer}");
        }
    }
}
