//! An approval is executed for exactly the records that were named, and never for others whose ids sound alike.

use business_mcp_engine::db::value::Value as Bound;
use serde_json::json;

use crate::{
    books::{Books, change, number, two},
    support::{TestServer, servers},
};

/// Changes the database behind the server's back.
async fn run(server: &TestServer, sql: &'static str) {
    change(&server.db, sql, &[]).await;
}

async fn count(server: &TestServer, sql: &'static str, param: &str) -> i64 {
    number(&server.db, sql, &[Bound::from(param)]).await
}

/// A customer `CUST12345` beside `CUST-12345`, with a gift card of the same id and as much on it.
async fn another_customer_alike(server: &TestServer) {
    run(
        server,
        "insert into customers
             (tenant_id, id, name, name_key, version, created_at, created_on)
         select tenant_id, 'CUST12345', 'Somebody Else', 'somebody else', 1, created_at, created_on
         from customers
         where tenant_id = 'demo' and id = 'CUST-12345'",
    )
    .await;
    run(
        server,
        "insert into payment_methods
             (tenant_id, customer_id, id, kind, balance_minor)
         values ('demo', 'CUST12345', 'gift_12345', 'gift_card', 0)",
    )
    .await;
}

#[tokio::test]
async fn an_approval_is_not_executed_for_a_customer_alike() {
    let of_customer = "select count(*) from orders where tenant_id = 'demo' and customer_id = $1";
    for server in servers().await {
        another_customer_alike(&server).await;
        let agent = server.agent();
        let before = count(&server, of_customer, "CUST-12345").await;
        let id = agent.call("order_create", two()).await.pending();
        assert_eq!(server.approver().approve(&id).await.body["status"], "executed");
        assert_eq!(count(&server, of_customer, "CUST-12345").await, before + 1);

        let later = json!({
            "customer_id": "CUST-12345", "total": "26.99",
            "items": [{ "sku": "SKU-001", "quantity": 1 }],
        });
        let id = agent.call("order_create", later).await.pending();
        let erased = "update customers set erased_at = created_at where id = 'CUST-12345'";
        run(&server, erased).await;
        let books = Books::of(&server.db).await;
        let decided = server.approver().approve(&id).await;
        assert_eq!(decided.body["status"], "failed", "{}", decided.body);
        assert_eq!(decided.body["result"]["code"], "not_found", "{}", decided.body);
        assert_eq!(count(&server, of_customer, "CUST12345").await, 0);
        assert_eq!(Books::of(&server.db).await, books.holding(-1));
    }
}

#[tokio::test]
async fn an_approval_is_not_executed_with_a_payment_method_alike() {
    for server in servers().await {
        let id = server.agent().call("order_create", two()).await.pending();
        let renamed = "update payment_methods set id = 'gift-12345' where id = 'gift_12345'";
        run(&server, renamed).await;
        let decided = server.approver().approve(&id).await;
        assert_eq!(decided.body["result"]["code"], "not_found", "{}", decided.body);
        let left = "select count(*) from payments where payment_method_id = $1";
        assert_eq!(count(&server, left, "gift-12345").await, 0);
    }
}

#[tokio::test]
async fn an_approval_is_executed_on_the_order_it_names() {
    for server in servers().await {
        run(
            &server,
            "insert into orders
                 (tenant_id, id, id_tail, customer_id, status, placed_at, placed_on,
                  subtotal_minor, discount_minor, tax_minor, total_minor, version)
             select tenant_id, 'ORD12345', id_tail, customer_id, 'pending', placed_at, placed_on,
                    0, 0, 0, 0, 1
             from orders
             where tenant_id = 'demo' and id = 'ORD-12345'",
        )
        .await;
        run(&server, "update orders set status = 'pending' where id = 'ORD-12345'").await;
        let cancel = json!({ "order_id": "ORD-12345", "reason": "no longer needed" });
        let id = server.agent().call("order_cancel", cancel.clone()).await.pending();
        let alike = json!({ "order_id": "ORD12345", "reason": "no longer needed" });
        let other = server.agent().call("order_cancel", alike).await.pending();
        assert_ne!(id, other);
        let decided = server.approver().approve(&id).await;
        assert_eq!(decided.body["status"], "executed", "{}", decided.body);
        let cancelled = "select count(*) from orders where id = $1 and status = 'cancelled'";
        assert_eq!(count(&server, cancelled, "ORD-12345").await, 1);
        assert_eq!(count(&server, cancelled, "ORD12345").await, 0);
    }
}
