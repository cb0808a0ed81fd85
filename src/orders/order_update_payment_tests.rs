use serde_json::{Value, json};

use super::*;
use crate::testing::shops;

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
                   gift card, and I am refunding 10 dollars to the card.";
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

#[tokio::test]
async fn an_order_whose_charge_was_declined_is_charged_anew() {
    for shop in shops().await {
        let declined = "insert into provider_calls
                            (tenant_id, id, order_id, customer_id, kind, amount_minor,
                             payment_method_id, state, attempts)
                        values ('demo', 'ORD-10001', 'ORD-10001', 'CUST-1', 'charge', 1000,
                                'card_1', 'declined', 1)";
        shop.run(declined).await;
        for (method, kind) in [("gift_1", "gift card"), ("card_1", "card")] {
            let preview = shop.preview(OrderUpdatePayment, args("10001", method)).await.unwrap();
            let summary = format!("Order ORD-10001 of Ana López: charge 10.00 USD to the {kind}");
            assert_eq!((preview.summary, preview.amount.unwrap().minor), (summary, 1_000));
        }
        let answer = shop.call(OrderUpdatePayment, args("10001", "gift_1")).await.unwrap();
        let say = "The payment of your order 1 0 0 0 1 is changed. I have charged 10 dollars to the \
                   gift card.";
        assert_eq!(answer["say"], say);
        assert_eq!(answer["data"]["payments"].as_array().unwrap().len(), 1);
        assert_eq!(shop.number(BALANCE).await, 4000);
        assert_eq!(shop.number("select count(*) from payments where kind = 'refund'").await, 0);
        shop.books_add_up().await;

        // A charge of which nobody knows is no reason to charge again.
        shop.run("delete from payments where payment_method_id = 'gift_1' and reason is not null")
            .await;
        for state in ["queued", "failed"] {
            let sql = if state == "queued" {
                "update provider_calls set state = 'queued'"
            } else {
                "update provider_calls set state = 'failed'"
            };
            shop.run(sql).await;
            let charged_again = shop.preview(OrderUpdatePayment, args("10001", "card_1")).await;
            assert!(charged_again.is_err(), "{state}");
        }
    }
}
