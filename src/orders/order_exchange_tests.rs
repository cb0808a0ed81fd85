use serde_json::{Value, json};

use super::{
    super::{get_order_status::GetOrderStatus, order_get::OrderGet},
    *,
};
use crate::testing::{Shop, shops};

fn args(order_id: &str, sku: &str, new_sku: &str) -> Value {
    json!({
        "order_id": order_id, "payment_method_id": "card_1",
        "changes": [{ "sku": sku, "new_sku": new_sku }],
    })
}

async fn delivered(shop: &Shop) {
    shop.run("update orders set status = 'delivered' where id = 'ORD-10001'").await;
    shop.run("update variants set price_minor = 1250 where sku = 'TEE-BLUE-M'").await;
}

#[tokio::test]
async fn an_exchange_is_noted_and_nothing_moves_yet() {
    for shop in shops().await {
        delivered(&shop).await;
        let call = args("10001", "TEE-RED-M", "TEE-BLUE-M");
        let preview = shop.preview(OrderExchange, call.clone()).await.unwrap();
        let summary = "Exchange in order ORD-10001 of Ana López: 1 T-Shirt blue M instead of T-Shirt \
                       red M; charge 2.50 USD to the card once they are back";
        assert_eq!(preview.summary, summary);
        assert_eq!(preview.holds.len(), 1);
        let answer = shop.call(OrderExchange, call.clone()).await.unwrap();
        let say = "Your exchange is noted, its number is 1 0 0 0 1: 1 T-Shirt blue M instead of \
                   T-Shirt red M. It costs 2 dollars and 50 cents more, once the goods are here.";
        assert_eq!(answer["say"], say);
        assert_eq!(answer["data"]["request_id"], "EXC-10001");
        assert_eq!(shop.number("select count(*) from payments").await, 2);
        assert_eq!(
            shop.number("select total_minor from orders where id = 'ORD-10001'").await,
            1000
        );
        let stock = "select on_hand from stock where sku = 'TEE-RED-M'";
        assert_eq!(shop.number(stock).await, 10);
        let order = shop.call(OrderGet, json!({ "order_id": "ORD-10001" })).await.unwrap();
        let request = json!({
            "request_id": "EXC-10001", "kind": "exchange", "status": "open",
            "changes": [{ "sku": "TEE-RED-M", "new_sku": "TEE-BLUE-M", "quantity": 1 }],
            "payment_method_id": "card_1",
            "price_difference": { "amount": "2.50", "currency": "USD" },
        });
        assert_eq!(order["data"]["requests"], json!([request]));
        let status = shop.call(GetOrderStatus, json!({ "order_id": "ORD-10001" })).await.unwrap();
        assert!(status["say"].as_str().unwrap().contains("exchange under way"));
        assert_eq!(status["data"]["requests"][0]["status"], "open");
        assert_eq!(shop.refusal(OrderExchange, call).await.0, "invalid_state");
    }
}

#[tokio::test]
async fn only_another_variant_of_the_same_product_that_is_there() {
    for shop in shops().await {
        delivered(&shop).await;
        for (call, code) in [
            (args("ORD-10001", "TEE-RED-M", "MUG-1"), "invalid_parameters"),
            (args("ORD-10001", "TEE-RED-M", "tee-red-m"), "invalid_parameters"),
            (args("ORD-10001", "TEE-BLUE-M", "TEE-RED-M"), "invalid_parameters"),
        ] {
            let error = shop.preview(OrderExchange, call.clone()).await.unwrap_err();
            assert_eq!(error.code().as_str(), code, "{call}");
        }
        shop.run("update stock set on_hand = 0 where sku = 'TEE-BLUE-M'").await;
        let gone = args("ORD-10001", "TEE-RED-M", "TEE-BLUE-M");
        assert_eq!(
            shop.preview(OrderExchange, gone).await.unwrap_err().code().as_str(),
            "out_of_stock"
        );
        shop.run("update variants set active = false where sku = 'TEE-BLUE-M'").await;
        let off = args("ORD-10001", "TEE-RED-M", "TEE-BLUE-M");
        assert_eq!(shop.refusal(OrderExchange, off).await.0, "invalid_state");
        assert_eq!(shop.number("select count(*) from order_requests").await, 0);
    }
}
