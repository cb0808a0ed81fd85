use serde_json::json;

use super::*;
use crate::{access::role, testing::shops};
use business_mcp_engine::db::params;

const ADDRESS: &str = r#"{"line1":"1 Main Street","city":"New York","region":"NY","postal_code":"10001","country":"USA"}"#;

#[tokio::test]
async fn an_order_is_shown_in_full_and_its_address_by_scope() {
    for mut shop in shops().await {
        let mut tx = shop.db.db.write().await.unwrap().of("demo");
        tx.execute("update orders set address = $1", params![ADDRESS]).await.unwrap();
        tx.execute(
            "insert into shipments (tenant_id, order_id, tracking_number, carrier, skus)
             values ('demo', 'ORD-10001', '1Z999', null, '[\"TEE-RED-M\"]')",
            params![],
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
        let args = json!({ "order_id": "0001" });
        let answer = shop.call(OrderGet, args.clone()).await.unwrap();
        let data = &answer["data"];
        assert_eq!(data["customer_id"], "CUST-1");
        assert_eq!(data["currency"], "USD");
        let item = json!({
            "sku": "TEE-RED-M", "name": "T-Shirt", "options": { "color": "red", "size": "M" },
            "quantity": 1, "unit_price": { "amount": "10.00", "currency": "USD" },
        });
        assert_eq!(data["items"], json!([item]));
        assert_eq!(data["payments"][0]["kind"], "charge");
        assert_eq!(data["payments"][0]["state"], "settled");
        assert_eq!(data["payments"][0]["payment_method_id"], "card_1");
        assert_eq!(
            data["shipments"],
            json!([{ "tracking_number": "1Z999", "skus": ["TEE-RED-M"] }])
        );
        assert_eq!(data["requests"], json!([]));
        assert_eq!(data["address"]["city"], "New York");
        assert!(!answer.to_string().contains("Main Street"));
        assert!(data["address"].get("postal_code").is_none());
        assert_eq!(answer["say"], "Order 1 0 0 0 1 is pending: 1 item for 10 dollars in all.");

        shop.role = role::DESK;
        let answer = shop.call(OrderGet, args).await.unwrap();
        assert_eq!(answer["data"]["address"]["line1"], "1 Main Street");
    }
}

#[tokio::test]
async fn how_far_the_provider_is_with_a_charge_is_shown() {
    for shop in shops().await {
        let states = [
            ("queued", "pending"),
            ("leased", "pending"),
            ("done", "settled"),
            ("failed", "failed"),
            ("declined", "declined"),
        ];
        for (stored, shown) in states {
            let mut tx = shop.db.db.write().await.unwrap().of("demo");
            tx.execute(
                "insert into provider_calls
                     (tenant_id, id, order_id, customer_id, kind, amount_minor, payment_method_id,
                      state, attempts)
                 values ('demo', 'ORD-10001', 'ORD-10001', 'CUST-1', 'charge', 1000, 'card_1', $1, 1)
                 on conflict (tenant_id, id) do update set state = $1",
                params![stored],
            )
            .await
            .unwrap();
            tx.commit().await.unwrap();
            let answer = shop.call(OrderGet, json!({ "order_id": "ORD-10001" })).await.unwrap();
            assert_eq!(answer["data"]["payments"][0]["state"], shown);
            let say = answer["say"].as_str().unwrap();
            assert_eq!(say.ends_with("The charge for it was declined."), shown == "declined");
        }
    }
}

#[tokio::test]
async fn an_order_that_is_too_long_says_how_much_is_missing() {
    for shop in shops().await {
        let mut tx = shop.db.db.write().await.unwrap().of("demo");
        for line in 2..=200_i64 {
            tx.execute(
                "insert into order_items
                     (tenant_id, order_id, line, sku, quantity, unit_price_minor, discount_minor)
                 values ('demo', 'ORD-10001', $1, 'TEE-BLUE-M', 1, 1000, 0)",
                params![line],
            )
            .await
            .unwrap();
            let id = format!("more-{line}");
            tx.execute(
                "insert into payments
                     (tenant_id, id, order_id, kind, amount_minor, payment_method_id, at, at_day)
                 values ('demo', $1, 'ORD-10001', 'charge', 1, 'card_1', $2, '2026-01-05')",
                params![&id, shop.now],
            )
            .await
            .unwrap();
        }
        tx.commit().await.unwrap();
        // The shop itself refuses answers beyond 8 KB.
        let answer = shop.call(OrderGet, json!({ "order_id": "ORD-10001" })).await.unwrap();
        let data = &answer["data"];
        for (list, more) in [("items", "more_items"), ("payments", "more_payments")] {
            let shown = u64::try_from(data[list].as_array().unwrap().len()).unwrap();
            assert!(shown > 3);
            assert_eq!(shown + data[more].as_u64().unwrap(), 200);
        }
    }
}
