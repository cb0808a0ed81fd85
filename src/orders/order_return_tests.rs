use serde_json::{Value, json};

use super::{super::order_get::OrderGet, *};
use crate::testing::shops;

fn args(order_id: &str, sku: &str, quantity: i64) -> Value {
    json!({ "order_id": order_id, "items": [{ "sku": sku, "quantity": quantity }] })
}

#[tokio::test]
async fn a_return_is_noted_and_nothing_moves_yet() {
    for shop in shops().await {
        let preview = shop.preview(OrderReturn, args("10002", "mug 1", 1)).await.unwrap();
        let summary = "Return 1 Coffee Mug of order ORD-10002 of Ana López: refund 7.50 USD to the \
                       gift card once they are back";
        assert_eq!(preview.summary, summary);
        assert_eq!(preview.amount.unwrap().minor, 750);
        let answer = shop.call(OrderReturn, args("10002", "mug 1", 1)).await.unwrap();
        let say = "Your return is noted, its number is 1 0 0 0 1. Once the goods are here, I refund \
                   7 dollars and 50 cents to the gift card.";
        assert_eq!(answer["say"], say);
        assert_eq!(answer["data"]["request_id"], "RET-10001");
        assert_eq!(answer["data"]["status"], "return_requested");
        assert_eq!(shop.number("select count(*) from payments").await, 2);
        let stock = "select on_hand from stock where sku = 'MUG-1'";
        assert_eq!(shop.number(stock).await, 0);
        let order = shop.call(OrderGet, json!({ "order_id": "ORD-10002" })).await.unwrap();
        let request = json!({
            "request_id": "RET-10001", "kind": "return", "status": "open",
            "items": [{ "sku": "MUG-1", "quantity": 1 }],
            "refund_to": "gift_1",
            "refund_amount": { "amount": "7.50", "currency": "USD" },
        });
        assert_eq!(order["data"]["requests"], json!([request]));

        let (code, words) = shop.refusal(OrderReturn, args("10002", "MUG-1", 1)).await;
        assert_eq!(code, "invalid_state");
        assert!(words.contains("one return or exchange per order"), "{words}");
    }
}

#[tokio::test]
async fn a_refund_goes_to_what_paid_or_to_a_gift_card_only() {
    for shop in shops().await {
        shop.run("update orders set status = 'delivered' where id = 'ORD-10001'").await;
        let to = |order: &str, sku: &str, method: &str| {
            let mut args = args(order, sku, 1);
            args["refund_to"] = json!(method);
            args
        };
        let card = to("ORD-10002", "MUG-1", "card_1");
        let (code, words) = shop.refusal(OrderReturn, card).await;
        assert_eq!(code, "invalid_parameters");
        assert!(words.contains("gift card"), "{words}");
        let nothing = to("ORD-10002", "MUG-1", "card_9");
        assert_eq!(shop.refusal(OrderReturn, nothing).await.0, "not_found");
        let gift = to("ORD-10001", "TEE-RED-M", "gift_1");
        let answer = shop.call(OrderReturn, gift).await.unwrap();
        assert_eq!(answer["data"]["refund_to"], "gift_1");
        assert!(answer["say"].as_str().unwrap().ends_with("10 dollars to the gift card."));
    }
}

#[tokio::test]
async fn no_more_comes_back_than_was_ordered_and_paid() {
    for shop in shops().await {
        for (call, code) in [
            (args("ORD-10002", "MUG-1", 2), "invalid_parameters"),
            (args("ORD-10002", "TEE-RED-M", 1), "invalid_parameters"),
            (args("ORD-10001", "TEE-RED-M", 1), "invalid_state"),
        ] {
            let error = shop.preview(OrderReturn, call.clone()).await.unwrap_err();
            assert_eq!(error.code().as_str(), code, "{call}");
            assert_eq!(shop.refusal(OrderReturn, call).await.0, code);
        }
        let mut twice = args("ORD-10002", "MUG-1", 1);
        twice["items"] =
            json!([{ "sku": "MUG-1", "quantity": 1 }, { "sku": "mug1", "quantity": 1 }]);
        assert_eq!(shop.refusal(OrderReturn, twice).await.0, "invalid_parameters");
        shop.run("delete from payments where order_id = 'ORD-10002'").await;
        let answer = shop.call(OrderReturn, args("ORD-10002", "MUG-1", 1)).await.unwrap();
        assert_eq!(answer["data"]["refund_amount"]["amount"], "0.00");
        assert!(answer["say"].as_str().unwrap().contains("Nothing was paid"));
    }
}

#[tokio::test]
async fn of_many_returns_at_once_one_is_noted() {
    for shop in shops().await {
        let calls = (0..5).map(|_| shop.call(OrderReturn, args("ORD-10002", "MUG-1", 1)));
        let noted = futures::future::join_all(calls).await;
        assert_eq!(noted.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        assert_eq!(shop.number("select count(*) from order_requests").await, 1);
    }
}
