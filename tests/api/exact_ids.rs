//! A request is executed for the record that was approved, or not at all: never for another one whose id is said
//! alike.

use business_mcp::access::role;
use serde_json::json;

use crate::{
    books::{change, number, status_of},
    support::{TestServer, servers},
};

async fn fails(server: &TestServer, id: &str) {
    let decided = server.approver().approve(id).await;
    assert_eq!(decided.body["result"]["code"], "not_found", "{}", decided.body);
    assert_eq!(status_of(&server.db, id).await, "failed");
}

/// Puts `CUST12345` beside `CUST-12345`.
async fn add_namesake(server: &TestServer) {
    let copied = "insert into customers
                      (tenant_id, id, name, name_key, id_number, version, created_at, created_on)
                  select tenant_id, 'CUST12345', 'Jane Roe', 'jane roe', id_number, 1, created_at,
                         created_on
                  from customers
                  where id = 'CUST-12345'";
    assert_eq!(change(&server.db, copied, &[]).await, 1);
}

#[tokio::test]
async fn an_approved_change_is_made_for_no_other_customer() {
    for server in servers().await {
        let arguments = json!({ "customer_id": "CUST-12345", "company": "Harbor Tiles" });
        let id = server.as_role(role::DESK).call("crm_update_customer", arguments).await.pending();
        add_namesake(&server).await;
        let erased = "update customers set erased_at = created_at where id = 'CUST-12345'";
        change(&server.db, erased, &[]).await;
        fails(&server, &id).await;
        let changed = "select count(*) from customers where company = 'Harbor Tiles'";
        assert_eq!(number(&server.db, changed, &[]).await, 0);
    }
}

#[tokio::test]
async fn an_approved_price_is_set_for_no_other_sku() {
    for server in servers().await {
        let arguments = json!({ "sku": "SKU-001", "price": "31.00" });
        let id = server.as_role(role::STOCK).call("product_update", arguments).await.pending();
        let renamed = "update variants set sku = 'SKU001' where sku = 'SKU-001'";
        assert_eq!(change(&server.db, renamed, &[]).await, 1);
        fails(&server, &id).await;
        let changed = "select count(*) from variants where price_minor = 3100";
        assert_eq!(number(&server.db, changed, &[]).await, 0);
    }
}

#[tokio::test]
async fn a_number_that_two_customers_have_is_a_question() {
    for server in servers().await {
        let desk = server.as_role(role::DESK);
        add_namesake(&server).await;
        let change = |said: &str| json!({ "customer_id": said, "company": "Harbor Tiles" });
        let asked = desk.call("crm_update_customer", change("12345")).await;
        assert_eq!(asked.answer()["status"], "ambiguous", "{}", asked.body);
        assert_eq!(asked.answer()["candidates"].as_array().unwrap().len(), 2);
        for id in ["CUST-12345", "CUST12345"] {
            let pending = desk.call("crm_update_customer", change(id)).await.pending();
            let decided = server.approver().approve(&pending).await;
            assert_eq!(decided.body["result"]["data"]["customer"]["customer_id"], id);
        }
    }
}
