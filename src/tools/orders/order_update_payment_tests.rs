use serde_json::{Value, json};

use super::*;
use crate::toolkit::testing::shops;

fn args(order_id: &str, method: &str) -> Value {
    json!({ "order_id": order_id, "payment_method_id": method })
}

const BALANCE: &str = "select balance_minor from payment_methods where id = 'gift_1'";

#[tokio::test]
async fn the_new_method_pays_and_the_old_one_is_refunded() {
    for shop in shops().await {
        let preview = shop.preview(OrderUpdatePayment, args("10001", "gift_1")).await.unwrap();
        let summary = "Order ORD-10001 of Ana López: charge 10.00 USD to the gift card, refund \
                       10.00 USD to the card";
        assert_eq!(preview.summary, summary);
        let answer = shop.call(OrderUpdatePayment, args("10001", "gift_1")).await.unwrap();
        let say = "The payment of your order 1 0 0 0 1 is changed. I have charged 10 dollars to the \
                   gift card and refunded 10 dollars to the card.";
        assert_eq!(answer["say"], say);
        assert_eq!(shop.number(BALANCE).await, 4000);
        let refunded = "select amount_minor from payments
                        where order_id = 'ORD-10001' and kind = 'refund'
                          and payment_method_id = 'card_1'";
        assert_eq!(shop.number(refunded).await, 1000);
        shop.books_add_up().await;

        let (code, words) = shop.refusal(OrderUpdatePayment, args("10001", "card_1")).await;
        assert_eq!(code, "invalid_state", "there is more than one charge now: {words}");
    }
}

#[tokio::test]
async fn what_cannot_pay_is_refused_at_the_call() {
    for shop in shops().await {
        shop.run("update orders set status = 'pending_modified' where id = 'ORD-10002'").await;
        for (call, code) in [
            (args("ORD-10001", "card_1"), "invalid_parameters"),
            (args("ORD-10001", "card_9"), "not_found"),
            (args("ORD-10002", "card_1"), "invalid_state"),
        ] {
            let error = shop.preview(OrderUpdatePayment, call.clone()).await.unwrap_err();
            assert_eq!(error.code().as_str(), code, "{call}");
            assert_eq!(shop.refusal(OrderUpdatePayment, call).await.0, code);
        }
        shop.run("update payments set amount_minor = 5001 where order_id = 'ORD-10001'").await;
        let poor = shop.refusal(OrderUpdatePayment, args("ORD-10001", "gift_1")).await;
        assert_eq!(poor.0, "insufficient_balance");
        shop.run("delete from payments where order_id = 'ORD-10001'").await;
        let unpaid = shop.refusal(OrderUpdatePayment, args("ORD-10001", "gift_1")).await;
        assert_eq!(unpaid.0, "invalid_state");
        assert_eq!(shop.number(BALANCE).await, 5000);
    }
}
