use serde_json::json;

use super::*;
use crate::{
    access::role,
    testing::{self, Shop, shops},
};
use business_mcp_engine::db::params;

/// Puts an order in transit, due on a day.
async fn ship(shop: &Shop, order_id: &str, expected_on: &str) {
    let mut tx = shop.db.db.write().await.unwrap().of("demo");
    tx.execute(
        "insert into shipments (tenant_id, order_id, tracking_number, carrier, skus, expected_on)
         values ('demo', $1, '1Z999', 'UPS', '[\"TEE-RED-M\"]', $2)",
        params![order_id, expected_on],
    )
    .await
    .unwrap();
    tx.execute("update orders set status = 'shipped' where id = $1", params![order_id])
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn an_order_is_found_however_its_number_is_said() {
    for mut shop in shops().await {
        shop.role = role::DESK;
        for said in ["ORD-10001", "ord 10001", "one zero zero zero one", "0001", "O R D 1 0 0 0 1"]
        {
            let answer = shop.call(GetOrderStatus, json!({ "order_id": said })).await.unwrap();
            assert_eq!(answer["data"]["order_id"], "ORD-10001", "{said}");
            assert_eq!(answer["data"]["status"], "pending");
            let say = answer["say"].as_str().unwrap();
            assert_eq!(say, "Your order 1 0 0 0 1, placed on Monday, is pending.");
        }
    }
}

#[tokio::test]
async fn a_stranger_hears_no_more_of_a_number_than_they_said() {
    for shop in shops().await {
        let answer = shop.call(GetOrderStatus, json!({ "order_id": "001" })).await.unwrap();
        assert_eq!(answer["say"], "Your order 0 0 1, placed on Monday, is pending.");
        assert_eq!(answer["data"]["order_id"], "001");
        assert_eq!(answer["data"]["status"], "pending");
        assert!(!answer.to_string().contains("10001"), "{answer}");
        let whole = shop.call(GetOrderStatus, json!({ "order_id": "10001" })).await.unwrap();
        assert_eq!(whole["data"]["order_id"], "ORD-10001");
        let mut ctx = shop.context(false).await;
        ctx.verified = Some("CUST-1".into());
        let args = Args { order_id: "001".to_owned() };
        let own = format!("{:?}", GetOrderStatus.call(&mut ctx, args).await.unwrap());
        assert!(own.contains("ORD-10001"), "{own}");
    }
}

#[tokio::test]
async fn a_parcel_is_told_with_its_day() {
    for shop in shops().await {
        ship(&shop, "ORD-10001", "2026-01-13").await;
        let answer = shop.call(GetOrderStatus, json!({ "order_id": "10001" })).await.unwrap();
        let data = &answer["data"];
        assert_eq!(data["tracking_number"], "1Z999");
        assert_eq!(data["carrier"], "UPS");
        assert_eq!(data["expected_date"], "2026-01-13");
        let say = answer["say"].as_str().unwrap();
        assert!(say.ends_with("is on its way with UPS and should arrive on Tuesday."), "{say}");
    }
}

#[tokio::test]
async fn an_end_that_several_share_asks_which_one() {
    for mut shop in shops().await {
        let mut tx = shop.db.db.write().await.unwrap().of("demo");
        for id in ["A-20001", "A-30001", "A-40001", "10001"] {
            let tail = business_mcp_engine::speech::reference::tail(id);
            tx.execute(
                "insert into orders
                     (tenant_id, id, id_tail, customer_id, status, placed_at, placed_on,
                      subtotal_minor, discount_minor, tax_minor, total_minor, version)
                 values ('demo', $1, $2, 'CUST-2', 'pending', $3, '2026-01-08', 0, 0, 0, 0, 1)",
                params![id, &tail, shop.now - chrono::TimeDelta::days(2)],
            )
            .await
            .unwrap();
        }
        tx.commit().await.unwrap();
        let answer = shop.call(GetOrderStatus, json!({ "order_id": "0001" })).await.unwrap();
        let say = "Several orders end like this. What is the whole number?";
        assert_eq!(answer, json!({ "say": say, "status": "ambiguous" }), "numbers are secret");
        shop.role = role::DESK;
        let answer = shop.call(GetOrderStatus, json!({ "order_id": "0001" })).await.unwrap();
        assert_eq!(answer["status"], "ambiguous");
        let candidates = answer["candidates"].as_array().unwrap();
        assert_eq!(candidates.len(), 3);
        assert_eq!(candidates[0]["id"], "10001");
        assert_eq!(candidates[0]["hint"], "placed on Thursday, 0 items");
        assert!(!answer.to_string().contains("Smith"));
        // The literal number is not ambiguous, though another one sounds like it.
        let answer = shop.call(GetOrderStatus, json!({ "order_id": "10001" })).await.unwrap();
        assert_eq!(answer["data"]["order_id"], "10001");
        let spoken = json!({ "order_id": "one zero zero zero one" });
        let answer = shop.call(GetOrderStatus, spoken).await.unwrap();
        let ids = [&answer["candidates"][0]["id"], &answer["candidates"][1]["id"]];
        assert_eq!(ids, ["10001", "ORD-10001"]);
        let say = answer["say"].as_str().unwrap();
        assert!(say.contains("O R D, 1 0 0 0 1 from"), "{say}");
    }
}

#[tokio::test]
async fn many_that_end_alike_are_counted_and_three_are_named() {
    for mut shop in shops().await {
        shop.role = role::DESK;
        let mut tx = shop.db.db.write().await.unwrap().of("demo");
        for n in 2..7 {
            testing::another_order(&mut tx, "CUST-2", &format!("ORD-{n}0001"), shop.now).await;
        }
        tx.commit().await.unwrap();
        let ask = || shop.call(GetOrderStatus, json!({ "order_id": "it ends in oh oh oh one" }));
        let answer = ask().await.unwrap();
        assert_eq!(answer["candidates"].as_array().unwrap().len(), 3);
        assert_eq!(
            answer["say"],
            "Several orders end like this: 2 0 0 0 1 from today, 3 0 0 0 1 from today, 4 0 0 0 1 from \
             today and 3 more. What is the whole number?"
        );
        let mut tx = shop.db.db.write().await.unwrap().of("demo");
        for n in 10..40 {
            testing::another_order(&mut tx, "CUST-2", &format!("ORD-{n}0001"), shop.now).await;
        }
        tx.commit().await.unwrap();
        let answer = ask().await.unwrap();
        let say = "20 or more orders end like this. What is the whole number?";
        assert_eq!(answer["say"], say);
    }
}

#[tokio::test]
async fn an_order_is_found_in_whatever_is_said_around_its_number() {
    for mut shop in shops().await {
        let ends = json!({ "order_id": "it ends in triple oh one" });
        let answer = shop.call(GetOrderStatus, ends).await.unwrap();
        assert_eq!(answer["data"]["order_id"], "0001", "a stranger hears what they said");
        shop.role = role::DESK;
        for said in [
            "10001 please",
            "um, 10001",
            "my order number is one oh oh oh one",
            "one zero zero zero won",
            "it ends in triple oh one",
            "o as in oscar r as in robert d as in david 10001",
            "ocean robert david 10001",
        ] {
            let answer = shop.call(GetOrderStatus, json!({ "order_id": said })).await.unwrap();
            assert_eq!(answer["data"]["order_id"], "ORD-10001", "{said}");
        }
    }
}

#[tokio::test]
async fn what_is_not_ours_is_not_found() {
    for shop in shops().await {
        for said in ["ORD-99999", "01", "…"] {
            let (code, words) = shop.refusal(GetOrderStatus, json!({ "order_id": said })).await;
            assert_eq!(code, "not_found", "{said}: {words}");
        }
    }
}
