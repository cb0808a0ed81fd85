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

/// A red shirt of `ORD-10001`, which is delivered, paid half by card and half by gift card.
async fn paid_by_two(shop: &crate::testing::Shop) {
    shop.run("update payments set amount_minor = 600 where id = 'ORD-10001'").await;
    shop.run(
        "insert into payments
             (tenant_id, id, order_id, kind, amount_minor, payment_method_id, at, at_day)
         select tenant_id, 'by-gift', order_id, kind, 400, 'gift_1', at, at_day
         from payments
         where id = 'ORD-10001'",
    )
    .await;
    shop.run("update orders set status = 'delivered' where id = 'ORD-10001'").await;
}

#[tokio::test]
async fn a_method_that_is_named_takes_all_of_it_or_nothing_goes_back() {
    let named = |amount: &str, method: &str| {
        let mut args = args(amount);
        args["refund_to"] = json!(method);
        args
    };
    for shop in shops().await {
        paid_by_two(&shop).await;
        let (code, words) = shop.refusal(OrderRefund, named("7", "card_1")).await;
        assert_eq!(code, "invalid_parameters");
        assert!(words.contains("Only 6.00 USD was paid with that"), "{words}");
        let items = json!([{ "sku": "TEE-RED-M", "quantity": 1 }]);
        let args = json!({ "order_id": "ORD-10001", "items": items, "refund_to": "card_1" });
        let (code, words) = shop.refusal(super::super::OrderReturn, args).await;
        assert_eq!((code, words.contains("Only 6.00 USD")), ("invalid_parameters", true));
        shop.call(OrderRefund, named("6", "card_1")).await.unwrap();
        let back = "select count(*) from payments
                    where kind = 'refund' and payment_method_id = 'card_1' and amount_minor = 600";
        assert_eq!(shop.number(back).await, 1);
    }
}

#[tokio::test]
async fn a_refund_is_planned_for_what_was_charged_when_it_was_asked_for() {
    for shop in shops().await {
        for named in [json!(null), json!("card_1")] {
            let mut asked = args("4");
            asked["refund_to"] = named;
            let mut ctx = shop.context(true).await;
            let asked = serde_json::from_value(asked).unwrap();
            let intent = OrderRefund.resolve(&mut ctx, asked).await.unwrap();
            // Before it is approved, something else pays instead.
            for sql in [
                "insert into payments
                     (tenant_id, id, order_id, kind, amount_minor, payment_method_id, at, at_day)
                 select tenant_id, 'again', order_id, kind, amount_minor, 'gift_1', at, at_day
                 from payments
                 where id = 'ORD-10001'",
                "insert into payments
                     (tenant_id, id, order_id, kind, amount_minor, payment_method_id, at, at_day)
                 select tenant_id, 'back', order_id, 'refund', amount_minor, 'card_1', at, at_day
                 from payments
                 where id = 'ORD-10001'",
            ] {
                ctx.tx.execute(sql, &[]).await.unwrap();
            }
            let refused = OrderRefund.plan(&mut ctx, intent).await.map(drop).unwrap_err();
            assert_eq!(refused.code().as_str(), "invalid_parameters", "{refused}");
        }
    }
}
