use serde_json::{Value, json};

use super::*;
use crate::testing::shops;

fn args(amount: &str) -> Value {
    json!({ "order_id": "ORD-10001", "amount": amount, "reason": "A sleeve is torn." })
}

#[tokio::test]
async fn an_amount_goes_back_and_the_reason_is_noted() {
    for shop in shops().await {
        let preview = shop.preview(OrderRefund, args("4.5")).await.unwrap();
        let summary =
            "Refund 4.50 USD to the card for order ORD-10001 of Ana López: A sleeve is torn.";
        assert_eq!(preview.summary, summary);
        assert_eq!(preview.amount.unwrap().minor, 450);
        let answer = shop.call(OrderRefund, args("4.5")).await.unwrap();
        let say = "I am refunding 4 dollars and 50 cents to the card for your order 1 0 0 0 1.";
        assert_eq!(answer["say"], say);
        assert_eq!(answer["data"]["still_paid"]["amount"], "5.50");
        assert_eq!(answer["data"]["status"], "pending");
        let noted = "select count(*) from interactions
                     where customer_id = 'CUST-1' and order_id = 'ORD-10001'
                       and text = 'Refund of 4.50 USD: A sleeve is torn.'";
        assert_eq!(shop.number(noted).await, 1);
        shop.books_add_up().await;
    }
}

#[tokio::test]
async fn refunds_never_add_up_to_more_than_was_paid() {
    for shop in shops().await {
        let calls = (0..6).map(|_| shop.call(OrderRefund, args("3")));
        futures::future::join_all(calls).await;
        while shop.call(OrderRefund, args("3")).await.is_ok() {}
        let paid_back = "select cast(sum(amount_minor) as bigint) from payments
                         where order_id = 'ORD-10001' and kind = 'refund'";
        assert_eq!(shop.number(paid_back).await, 900);
        let (code, words) = shop.refusal(OrderRefund, args("1.01")).await;
        assert_eq!(code, "invalid_parameters");
        assert!(words.contains("only 1.00 USD"), "{words}");
        shop.call(OrderRefund, args("1")).await.unwrap();
        let (code, words) = shop.refusal(OrderRefund, args("0.01")).await;
        assert_eq!(code, "invalid_parameters");
        assert!(words.contains("Nothing is paid"), "{words}");
        shop.books_add_up().await;
    }
}

#[tokio::test]
async fn what_is_no_refund_is_refused() {
    for shop in shops().await {
        for (amount, code) in
            [("0", "invalid_parameters"), ("-1", "invalid_parameters"), ("x", "invalid_parameters")]
        {
            assert_eq!(shop.refusal(OrderRefund, args(amount)).await.0, code, "{amount}");
        }
        let mut elsewhere = args("1");
        elsewhere["order_id"] = json!("ORD-10002");
        elsewhere["refund_to"] = json!("card_1");
        assert_eq!(shop.refusal(OrderRefund, elsewhere).await.0, "invalid_parameters");
        assert_eq!(shop.number("select count(*) from payments").await, 2);
    }
}
