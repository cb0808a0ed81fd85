use serde_json::json;

use super::{
    super::{get_order_status::GetOrderStatus, order_deliver::OrderDeliver},
    *,
};
use crate::testing::shops;

#[tokio::test]
async fn an_order_is_sent_and_arrives_once() {
    for shop in shops().await {
        let parcel = json!({
            "order_id": "10001", "carrier": "UPS", "tracking_number": "1Z 999",
        });
        let early = shop.refusal(OrderDeliver, json!({ "order_id": "10001" })).await;
        assert_eq!(early.0, "invalid_state");
        let answer = shop.call(OrderShip, parcel.clone()).await.unwrap();
        assert_eq!(answer["say"], "Order 1 0 0 0 1 is on its way with UPS.");
        assert_eq!(answer["data"]["skus"], json!(["TEE-RED-M"]));
        let status = shop.call(GetOrderStatus, json!({ "order_id": "10001" })).await.unwrap();
        assert_eq!(status["data"]["tracking_number"], "1Z 999");
        let (code, words) = shop.refusal(OrderShip, parcel).await;
        assert_eq!(code, "invalid_state");
        assert!(words.contains("on its way"), "{words}");
        let arrived = shop.call(OrderDeliver, json!({ "order_id": "10001" })).await.unwrap();
        assert_eq!(arrived["data"]["status"], "delivered");
        let again = shop.refusal(OrderDeliver, json!({ "order_id": "10001" })).await;
        assert_eq!(again.0, "invalid_state");
    }
}

#[tokio::test]
async fn changed_and_packed_orders_are_sent_and_a_cancelled_one_is_not() {
    for shop in shops().await {
        let parcel = || json!({ "order_id": "10001", "carrier": "UPS", "tracking_number": "1Z" });
        shop.run("update orders set status = 'cancelled' where id = 'ORD-10001'").await;
        assert_eq!(shop.refusal(OrderShip, parcel()).await.0, "invalid_state");
        for status in [
            "update orders set status = 'pending_modified' where id = 'ORD-10001'",
            "update orders set status = 'processed' where id = 'ORD-10001'",
        ] {
            shop.run(status).await;
            shop.run("delete from shipments").await;
            shop.call(OrderShip, parcel()).await.unwrap();
        }
        shop.run("update orders set status = 'processed' where id = 'ORD-10001'").await;
        let (code, words) = shop.refusal(OrderShip, parcel()).await;
        assert_eq!(code, "invalid_parameters");
        assert!(words.contains("tracking number"), "{words}");
    }
}

#[tokio::test]
async fn whoever_decides_sees_whose_parcel_it_is_and_where_it_goes() {
    for shop in shops().await {
        let args = serde_json::json!({
            "order_id": "10001", "carrier": "Northline", "tracking_number": "NL1",
        });
        let preview = shop.preview(OrderShip, args).await.unwrap();
        let summary = "Order ORD-10001 of Ana López is with Northline as NL1: 1 T-Shirt red M";
        assert_eq!(preview.summary, summary);
        assert_eq!(preview.details["customer_id"], "CUST-1");
        let moves = serde_json::json!({ "from": "pending", "to": "shipped" });
        assert_eq!(preview.details["status"], moves);
        shop.run("update orders set status = 'shipped' where id = 'ORD-10001'").await;
        let arrived = serde_json::json!({ "order_id": "10001" });
        let preview = shop.preview(super::super::OrderDeliver, arrived).await.unwrap();
        assert_eq!(preview.summary, "Order ORD-10001 has arrived at Ana López");
    }
}
