//! Refunds while the provider has yet to say whether there is anything to pay back.

use serde_json::{Value, json};

use super::super::{
    OrderCancel, OrderCreate, OrderDeliver, OrderExchange, OrderGet, OrderRefund, OrderReturn,
    OrderSettleRequest, OrderShip, OrderUpdateItems, OrderUpdatePayment,
};
use crate::{
    payments::Worker,
    testing::{Shop, shops},
};
use business_mcp_engine::tool::{Clock, catalogue::AnyKind};

const GIFT: &str = "select balance_minor from payment_methods where id = 'gift_1'";
const ORDER: &str = "ORD-10003";

/// Two red shirts for 18.00, whose charge nobody has heard of yet.
async fn ordered(shop: &Shop, method: &str) {
    shop.run(
        "insert into payment_methods (tenant_id, customer_id, id, kind)
         values ('demo', 'CUST-1', 'declined_1', 'card')",
    )
    .await;
    shop.run("update variants set price_minor = 800 where sku = 'TEE-BLUE-M'").await;
    let order = json!({
        "customer_id": "CUST-1", "total": "18.00", "payment_method_id": method,
        "items": [{ "sku": "TEE-RED-M", "quantity": 2 }],
    });
    shop.call(OrderCreate, order).await.unwrap();
}

/// The provider answers everything that is open.
async fn settle(shop: &Shop) {
    let clock = Clock::movable();
    let worker = Worker::new(shop.db.db.clone(), clock, shop.provider.clone());
    while worker.turn().await.unwrap() > 0 {}
}

/// What is said of a call that went well.
async fn say<K>(shop: &Shop, tool: impl AnyKind<K>, args: Value) -> String {
    let answer = shop.call(tool, args).await.unwrap();
    shop.books_add_up().await;
    answer["say"].as_str().unwrap().to_owned()
}

/// The amounts and states of the order's payments.
async fn payments(shop: &Shop) -> Vec<String> {
    let shown = shop.call(OrderGet, json!({ "order_id": ORDER })).await.unwrap();
    let payments = shown["data"]["payments"].as_array().unwrap().clone();
    let line = |payment: &Value| {
        let text = |field: &str| payment[field].as_str().unwrap().to_owned();
        let amount = payment["amount"]["amount"].as_str().unwrap();
        format!("{} {amount} {}", text("kind"), text("state"))
    };
    payments.iter().map(line).collect()
}

fn to_gift_card() -> Value {
    json!({ "order_id": ORDER, "amount": "18.00", "reason": "late", "refund_to": "gift_1" })
}

const SWAP: &str = "TEE-BLUE-M";

fn swap() -> Value {
    let change = json!({ "sku": "TEE-RED-M", "new_sku": SWAP, "quantity": 2 });
    json!({ "order_id": ORDER, "changes": [change], "payment_method_id": "gift_1" })
}

#[tokio::test]
async fn a_gift_card_gets_nothing_of_a_charge_that_is_declined() {
    for shop in shops().await {
        ordered(&shop, "declined_1").await;
        let say = say(&shop, OrderRefund, to_gift_card()).await;
        assert_eq!(say, "I am refunding 18 dollars to the gift card for your order 1 0 0 0 3.");
        assert_eq!(shop.number(GIFT).await, 5_000);
        assert_eq!(payments(&shop).await, ["charge 18.00 pending", "refund 18.00 pending"]);
        settle(&shop).await;
        assert_eq!(shop.number(GIFT).await, 5_000, "money came from nothing");
        assert_eq!(payments(&shop).await, ["charge 18.00 declined", "refund 18.00 declined"]);
        shop.books_add_up().await;
        // The order is charged anew, as after any declined charge.
        let other = json!({ "order_id": ORDER, "payment_method_id": "gift_1" });
        shop.call(OrderUpdatePayment, other).await.unwrap();
        settle(&shop).await;
        assert_eq!(shop.number(GIFT).await, 5_000 - 1_800);
        shop.books_add_up().await;
    }
}

#[tokio::test]
async fn a_gift_card_gets_it_once_the_charge_is_settled_and_at_once_from_then_on() {
    for shop in shops().await {
        ordered(&shop, "card_1").await;
        let mut half = to_gift_card();
        half["amount"] = json!("9.00");
        let first = say(&shop, OrderRefund, half.clone()).await;
        assert!(first.starts_with("I am refunding 9 dollars to the gift card"), "{first}");
        settle(&shop).await;
        assert_eq!(shop.number(GIFT).await, 5_900);
        half["reason"] = json!("very late");
        let second = say(&shop, OrderRefund, half).await;
        assert!(second.starts_with("I have refunded 9 dollars to the gift card"), "{second}");
        assert_eq!(shop.number(GIFT).await, 6_800);
        let states = ["charge 18.00 settled", "refund 9.00 settled", "refund 9.00 settled"];
        assert_eq!(payments(&shop).await, states);
        assert_eq!(shop.refusal(OrderRefund, to_gift_card()).await.0, "invalid_parameters");
    }
}

#[tokio::test]
async fn a_difference_waits_and_comes_to_no_more_than_the_charges_brought() {
    for shop in shops().await {
        ordered(&shop, "declined_1").await;
        let say = say(&shop, OrderUpdateItems, swap()).await;
        let end = "I am refunding 3 dollars and 60 cents to the gift card.";
        assert!(say.ends_with(end), "{say}");
        assert_eq!(shop.number(GIFT).await, 5_000);
        settle(&shop).await;
        assert_eq!(shop.number(GIFT).await, 5_000);
        shop.books_add_up().await;
    }
}

#[tokio::test]
async fn a_return_and_an_exchange_wait_likewise() {
    for exchange in [true, false] {
        for shop in shops().await {
            ordered(&shop, "declined_1").await;
            let parcel = json!({ "order_id": ORDER, "carrier": "UPS", "tracking_number": "1Z" });
            shop.call(OrderShip, parcel).await.unwrap();
            shop.call(OrderDeliver, json!({ "order_id": ORDER })).await.unwrap();
            let request = if exchange {
                shop.call(OrderExchange, swap()).await.unwrap();
                "EXC-10001"
            } else {
                let items = json!([{ "sku": "TEE-RED-M", "quantity": 2 }]);
                let args = json!({ "order_id": ORDER, "items": items, "refund_to": "gift_1" });
                shop.call(OrderReturn, args).await.unwrap();
                "RET-10001"
            };
            let args = json!({ "order_id": ORDER, "request_id": request });
            let say = say(&shop, OrderSettleRequest, args).await;
            assert!(say.contains("is settled. I am refunding"), "{say}");
            settle(&shop).await;
            assert_eq!(shop.number(GIFT).await, 5_000);
            shop.books_add_up().await;
        }
    }
}

#[tokio::test]
async fn a_gift_card_that_paid_beside_an_open_charge_gets_its_own_back() {
    for shop in shops().await {
        ordered(&shop, "gift_1").await;
        // Two dearer shirts: the difference is charged to a card that will be declined.
        shop.run("update variants set price_minor = 1500 where sku = 'TEE-BLUE-M'").await;
        let mut dearer = swap();
        dearer["payment_method_id"] = json!("declined_1");
        shop.call(OrderUpdateItems, dearer).await.unwrap();
        let refund = json!({ "order_id": ORDER, "amount": "27.00", "reason": "late" });
        let say = say(&shop, OrderRefund, refund).await;
        assert!(say.starts_with("I am refunding 9 dollars to the card and 18 dollars"), "{say}");
        settle(&shop).await;
        assert_eq!(shop.number(GIFT).await, 5_000);
        let states = [
            "charge 18.00 settled",
            "charge 9.00 declined",
            "refund 9.00 declined",
            "refund 18.00 settled",
        ];
        assert_eq!(payments(&shop).await, states);
        shop.books_add_up().await;
    }
}

#[tokio::test]
async fn a_cancelled_order_pays_a_gift_card_back_at_once_where_nothing_is_open() {
    for shop in shops().await {
        ordered(&shop, "gift_1").await;
        let args = json!({ "order_id": ORDER, "reason": "no longer needed" });
        let say = say(&shop, OrderCancel, args).await;
        assert!(say.ends_with("I have refunded 18 dollars to the gift card."), "{say}");
        assert_eq!(shop.number(GIFT).await, 5_000);
    }
}

#[tokio::test]
async fn what_went_back_in_the_end_is_what_is_shown() {
    for shop in shops().await {
        ordered(&shop, "card_1").await;
        // A dearer swap by a card that is declined: 18.00 of 27.00 were brought.
        shop.run("update variants set price_minor = 1500 where sku = 'TEE-BLUE-M'").await;
        let mut dearer = swap();
        dearer["payment_method_id"] = json!("declined_1");
        shop.call(OrderUpdateItems, dearer).await.unwrap();
        let mut all = to_gift_card();
        all["amount"] = json!("27.00");
        say(&shop, OrderRefund, all).await;
        settle(&shop).await;
        assert_eq!(shop.number(GIFT).await, 5_000 + 1_800);
        let states = ["charge 18.00 settled", "charge 9.00 declined", "refund 18.00 settled"];
        assert_eq!(payments(&shop).await, states);
        shop.books_add_up().await;
    }
}
