use serde_json::{Value, json};

use super::{super::order_create::OrderCreate, *};
use crate::{
    sales,
    testing::{Shop, shops},
};
use business_mcp_engine::period::DayRange;

fn args(order_id: &str, sku: &str, new_sku: &str, method: &str) -> Value {
    json!({
        "order_id": order_id,
        "changes": [{ "sku": sku, "new_sku": new_sku }],
        "payment_method_id": method,
    })
}

async fn on_hand(shop: &Shop) -> (i64, i64) {
    let red = "select on_hand from stock where sku = 'TEE-RED-M'";
    let blue = "select cast(sum(on_hand) as bigint) from stock where sku = 'TEE-BLUE-M'";
    (shop.number(red).await, shop.number(blue).await)
}

#[tokio::test]
async fn pieces_change_places_and_the_difference_is_charged() {
    for shop in shops().await {
        shop.run("update variants set price_minor = 1250 where sku = 'TEE-BLUE-M'").await;
        let call = args("10001", "tee red m", "T E E blue M", "gift_1");
        let preview = shop.preview(OrderUpdateItems, call.clone()).await.unwrap();
        let summary = "Change order ORD-10001 of Ana López: 1 T-Shirt blue M instead of T-Shirt \
                       red M; charge 2.50 USD to the gift card";
        assert_eq!(preview.summary, summary);
        assert_eq!(preview.amount.unwrap().minor, 250);
        assert_eq!((preview.holds[0].item.as_str(), preview.holds[0].quantity), ("TEE-BLUE-M", 1));

        let answer = shop.call(OrderUpdateItems, call).await.unwrap();
        let say = "Your order 1 0 0 0 1 is changed: 1 T-Shirt blue M instead of T-Shirt red M. I \
                   have charged 2 dollars and 50 cents to the gift card.";
        assert_eq!(answer["say"], say);
        let data = &answer["data"];
        assert_eq!(data["status"], "pending_modified");
        assert_eq!(data["total"]["amount"], "12.50");
        assert_eq!(data["price_difference"]["amount"], "2.50");
        assert_eq!(data["payments"][0]["kind"], "charge");
        assert_eq!(on_hand(&shop).await, (11, 4));
        let line = "select line from order_items
                    where order_id = 'ORD-10001' and sku = 'TEE-BLUE-M' and unit_price_minor = 1250";
        assert_eq!(shop.number(line).await, 1);
        let kept = "select total_minor from orders
                    where id = 'ORD-10001' and subtotal_minor = 1250 and version = 2";
        assert_eq!(shop.number(kept).await, 1250);
        let balance = "select balance_minor from payment_methods where id = 'gift_1'";
        assert_eq!(shop.number(balance).await, 4750);
        shop.books_add_up().await;

        let again = args("10001", "TEE-BLUE-M", "TEE-RED-M", "gift_1");
        let (code, words) = shop.refusal(OrderUpdateItems, again).await;
        assert_eq!(code, "invalid_state");
        assert!(words.contains("once"), "{words}");
    }
}

#[tokio::test]
async fn a_cheaper_variant_is_refunded_and_a_discount_stays() {
    for shop in shops().await {
        let order = json!({
            "customer_id": "CUST-1", "total": "36.00", "payment_method_id": "card_1",
            "items": [{ "sku": "TEE-RED-M", "quantity": 4 }],
        });
        shop.call(OrderCreate, order).await.unwrap();
        shop.run("update variants set price_minor = 500 where sku = 'TEE-BLUE-M'").await;
        let call = json!({
            "order_id": "ORD-10003", "payment_method_id": "card_1",
            "changes": [{ "sku": "TEE-RED-M", "new_sku": "TEE-BLUE-M", "quantity": 3 }],
        });
        let answer = shop.call(OrderUpdateItems, call).await.unwrap();
        // Three of them cost 5.00 less, of which a premium customer had paid 90 percent.
        assert_eq!(answer["data"]["price_difference"]["amount"], "-13.50");
        assert_eq!(answer["data"]["payments"][0]["kind"], "refund");
        assert_eq!(answer["data"]["payments"][0]["amount"]["amount"], "13.50");
        assert_eq!(on_hand(&shop).await, (9, 2));
        let lines = "select count(*) from order_items where order_id = 'ORD-10003'";
        assert_eq!(shop.number(lines).await, 2);
        let net = "select cast(sum(quantity * unit_price_minor - discount_minor) as bigint)
                   from order_items where order_id = 'ORD-10003'";
        assert_eq!(shop.number(net).await, 2250);
        // The order costs less now; that is no refund on top of it.
        let mut ctx = shop.context(false).await;
        let today = DayRange::new(ctx.today(), ctx.today()).unwrap();
        let days = sales::by_day(&mut ctx.tx, today).await.unwrap();
        assert_eq!(days[0].revenue_minor, 2250);
        let refunds = sales::other_totals(&mut ctx.tx, today).await.unwrap().refunds_minor;
        assert_eq!(refunds, 0);
        shop.books_add_up().await;
    }
}

#[tokio::test]
async fn an_order_that_is_paid_later_only_gets_a_new_total() {
    for shop in shops().await {
        shop.run("delete from payments where order_id = 'ORD-10001'").await;
        shop.run("update variants set price_minor = 1500 where sku = 'TEE-BLUE-M'").await;
        let call = args("ORD-10001", "TEE-RED-M", "TEE-BLUE-M", "card_1");
        let answer = shop.call(OrderUpdateItems, call).await.unwrap();
        assert_eq!(answer["data"]["payments"], json!([]));
        assert_eq!(answer["data"]["total"]["amount"], "15.00");
        assert!(answer["say"].as_str().unwrap().ends_with("Nothing is charged."));
    }
}

#[tokio::test]
async fn what_cannot_be_swapped_changes_nothing() {
    for shop in shops().await {
        shop.run("update variants set price_minor = 9000 where sku = 'TEE-BLUE-M'").await;
        for (call, code) in [
            (args("ORD-10001", "TEE-RED-M", "MUG-1", "card_1"), "invalid_parameters"),
            (args("ORD-10001", "TEE-RED-M", "TEE-RED-M", "card_1"), "invalid_parameters"),
            (args("ORD-10001", "TEE-RED-M", "NOTHING", "card_1"), "invalid_parameters"),
            (args("ORD-10001", "MUG-1", "TEE-RED-M", "card_1"), "invalid_parameters"),
            (args("ORD-10001", "TEE-RED-M", "TEE-BLUE-M", "card_9"), "not_found"),
            (args("ORD-10001", "TEE-RED-M", "TEE-BLUE-M", "gift_1"), "insufficient_balance"),
            (args("ORD-10002", "MUG-1", "MUG-1", "card_1"), "invalid_state"),
        ] {
            let error = shop.preview(OrderUpdateItems, call.clone()).await.unwrap_err();
            assert_eq!(error.code().as_str(), code, "at the call: {call}");
            let (later, words) = shop.refusal(OrderUpdateItems, call.clone()).await;
            assert_eq!(later, code, "when it is executed: {call}: {words}");
        }
        let mut twice = args("ORD-10001", "TEE-RED-M", "TEE-BLUE-M", "card_1");
        twice["changes"] = json!([
            { "sku": "TEE-RED-M", "new_sku": "TEE-BLUE-M" },
            { "sku": "tee-red-m", "new_sku": "TEE-BLUE-M" },
        ]);
        let (code, words) = shop.refusal(OrderUpdateItems, twice).await;
        assert_eq!(code, "invalid_parameters");
        assert!(words.contains("only 1 of T-Shirt red M"), "{words}");
        shop.run("update stock set on_hand = 0 where sku = 'TEE-BLUE-M'").await;
        let gone = args("ORD-10001", "TEE-RED-M", "TEE-BLUE-M", "card_1");
        assert_eq!(shop.refusal(OrderUpdateItems, gone).await.0, "out_of_stock");
        assert_eq!(shop.number("select version from orders where id = 'ORD-10001'").await, 1);
        assert_eq!(on_hand(&shop).await, (10, 0));
    }
}

#[tokio::test]
async fn of_many_changes_at_once_one_is_made() {
    for shop in shops().await {
        let call = || args("ORD-10001", "TEE-RED-M", "TEE-BLUE-M", "card_1");
        let calls = (0..5).map(|_| shop.call(OrderUpdateItems, call()));
        let made = futures::future::join_all(calls).await;
        assert_eq!(made.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        assert_eq!(on_hand(&shop).await, (11, 4));
        shop.books_add_up().await;
    }
}
