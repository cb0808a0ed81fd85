//! The `import` command beside a server that works: what happened between two imports stays.

use std::path::Path;

use serde_json::json;

use crate::{
    process::program,
    support::{TestServer, fresh_postgres},
};
use business_mcp::access::role;

const CUSTOMER: &str = r#"{"id":"C-1","name":"Ana López","email":"ana@example.com","payment_methods":[{"id":"gift","kind":"gift_card","balance":"50.00"},{"id":"card","kind":"card","last4":"4242"}]}"#;
const PRODUCT: &str = r#"{"id":"CUP","name":"Cup","category":"Kitchen","variants":[{"sku":"CUP-1","price":"10.00","on_hand":10,"reorder_point":2}]}"#;

/// A folder of records for a database, and the command that imports them.
struct Records {
    folder: tempfile::TempDir,
    url: String,
}

impl Records {
    async fn on_both() -> Vec<Self> {
        let mut all = Vec::new();
        for is_sqlite in [true, false] {
            let folder = tempfile::tempdir().unwrap();
            let sqlite = format!("sqlite://{}", folder.path().join("shop.db").display());
            let url = if is_sqlite { sqlite } else { fresh_postgres().await };
            all.push(Self { folder, url });
        }
        all
    }

    fn put(&self, name: &str, text: &str) {
        let records = self.folder.path().join("records");
        std::fs::create_dir_all(&records).unwrap();
        std::fs::write(records.join(name), text).unwrap();
    }

    /// Imports all files, or this one, and answers whether it went well and what was said.
    fn import(&self, file: &str) -> (bool, String) {
        let path = self.folder.path().join("records");
        let path = if file.is_empty() { path } else { path.join(Path::new(file)) };
        let output = program(&self.url).arg("import").arg(path).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(said).unwrap())
    }

    fn imported(&self, file: &str) -> String {
        let (went_well, said) = self.import(file);
        assert!(went_well, "{said}");
        said
    }
}

#[tokio::test]
async fn an_import_keeps_what_the_server_did_since() {
    for records in Records::on_both().await {
        records.put("customers.jsonl", &format!("{CUSTOMER}\n"));
        records.put("products.jsonl", &format!("{PRODUCT}\n"));
        let said = records.imported("");
        assert!(said.contains("customers.jsonl: 1 new, 0 changed, 0 unchanged"), "{said}");

        let server = TestServer::on(&records.url).await;
        let (desk, approver) = (server.as_role(role::ADMIN), server.approver());
        let order = json!({
            "customer_id": "C-1",
            "items": [{ "sku": "CUP-1", "quantity": 2 }],
            "total": "20.00",
            "payment_method_id": "gift",
        });
        let created = desk.call("order_create", order).await;
        approver.approve(&created.pending()).await;
        let price = json!({ "sku": "CUP-1", "price": "12.00" });
        approver.approve(&desk.call("product_update", price).await.pending()).await;
        let moved = json!({ "customer_id": "C-1", "company": "Bolt" });
        let moved = desk.call("crm_update_customer", moved).await;
        if moved.answer()["status"] == "approval_pending" {
            approver.approve(&moved.pending()).await;
        }
        let balance = async || -> (i64, i64, i64, String) {
            let mut tx = server.db.read().await.unwrap().of("demo");
            let row: Option<(i64, i64, i64, String)> = tx
                .fetch_optional(
                    "select p.balance_minor, s.on_hand, v.price_minor, coalesce(c.company, '')
                     from payment_methods p, stock s, variants v, customers c
                     where p.id = 'gift' and s.sku = 'CUP-1' and v.sku = 'CUP-1' and c.id = 'C-1'",
                    &[],
                )
                .await
                .unwrap();
            row.unwrap()
        };
        let after = (3000, 8, 1200, "Bolt".to_owned());
        assert_eq!(balance().await, after);

        // The same files with a record more.
        records.put("customers.jsonl", &format!("{CUSTOMER}\n{}\n", r#"{"id":"C-2","name":"Bo"}"#));
        let vest = r#"{"id":"VEST","name":"Vest","variants":[{"sku":"V","price":5,"on_hand":1}]}"#;
        records.put("products.jsonl", &format!("{PRODUCT}\n{vest}\n"));
        let said = records.imported("");
        assert!(said.contains("customers.jsonl: 1 new, 0 changed, 1 unchanged"), "{said}");
        assert!(said.contains("products.jsonl: 1 new, 0 changed, 1 unchanged"), "{said}");
        assert_eq!(balance().await, after);

        // Fewer columns, and a delivery of five.
        records.put("customers.csv", "id,tier\nC-1,premium\n");
        records.put("products.jsonl", &PRODUCT.replace("\"on_hand\":10", "\"on_hand\":15"));
        let said = records.imported("customers.csv");
        assert!(said.contains("customers.csv: 0 new, 1 changed, 0 unchanged"), "{said}");
        records.imported("products.jsonl");
        assert_eq!(balance().await, (3000, 13, 1200, "Bolt".to_owned()));
        let known = json!({ "customer_id": "C-1" });
        let known = desk.call("crm_get_customer", known).await;
        assert!(known.answer().to_string().contains("ana@example.com"), "{}", known.body);

        // More is taken off than is left.
        records.put("customers.jsonl", &CUSTOMER.replace("50.00", "10.00"));
        let (went_well, said) = records.import("customers.jsonl");
        let named = "customers.jsonl:1: payment_methods[0].balance: would end below zero";
        assert!(!went_well && said.contains(named), "{said}");
        assert_eq!(balance().await.0, 3000);
    }
}
