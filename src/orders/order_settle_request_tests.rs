use serde_json::{Value, json};

use super::{
    super::{
        get_order_status::GetOrderStatus, order_create::OrderCreate, order_deliver::OrderDeliver,
        order_exchange::OrderExchange, order_return::OrderReturn, order_ship::OrderShip,
    },
    *,
};
use crate::testing::{Shop, shops};

fn args(request_id: &str) -> Value {
    json!({ "order_id": "ORD-10003", "request_id": request_id })
}

/// Four blue shirts, from two places, on the gift card, with the customer.
async fn delivered(shop: &Shop) {
    let order = json!({
        "customer_id": "CUST-1", "total": "36.00", "payment_method_id": "gift_1",
        "items": [{ "sku": "TEE-BLUE-M", "quantity": 4 }],
    });
    shop.call(OrderCreate, order).await.unwrap();
    let parcel = json!({ "order_id": "ORD-10003", "carrier": "UPS", "tracking_number": "1Z9" });
    shop.call(OrderShip, parcel).await.unwrap();
    shop.call(OrderDeliver, json!({ "order_id": "ORD-10003" })).await.unwrap();
}

async fn returned(shop: &Shop) {
    delivered(shop).await;
    let call = json!({
        "order_id": "ORD-10003", "items": [{ "sku": "TEE-BLUE-M", "quantity": 3 }],
    });
    shop.call(OrderReturn, call).await.unwrap();
}

const BLUE: &str = "select cast(sum(on_hand) as bigint) from stock where sku = 'TEE-BLUE-M'";
const BALANCE: &str = "select balance_minor from payment_methods where id = 'gift_1'";

#[tokio::test]
async fn what_came_back_is_in_stock_and_refunded() {
    for shop in shops().await {
        returned(&shop).await;
        let preview = shop.preview(OrderSettleRequest, args("RET-10001")).await.unwrap();
        let summary = "Settle RET-10001 of order ORD-10003 of Ana López: 3 of the T-Shirt blue M arrived; \
                       refund 27.00 USD to the gift card";
        assert_eq!(preview.summary, summary);
        assert_eq!(preview.amount.unwrap().minor, 2700);
        let answer = shop.call(OrderSettleRequest, args("ret 10001")).await.unwrap();
        let say = "The return 1 0 0 0 1 is settled. I have refunded 27 dollars to the gift card.";
        assert_eq!(answer["say"], say);
        assert_eq!(answer["data"]["received"], json!([{ "sku": "TEE-BLUE-M", "quantity": 3 }]));
        assert_eq!(shop.number(BLUE).await, 4);
        assert_eq!(shop.number(BALANCE).await, 5000 - 900);
        let closed = "select settled_minor from order_requests
                      where id = 'RET-10001' and status = 'settled' and settled_at is not null";
        assert_eq!(shop.number(closed).await, -2700);
        shop.books_add_up().await;

        assert_eq!(shop.refusal(OrderSettleRequest, args("10001")).await.0, "invalid_state");
        assert_eq!(shop.number(BALANCE).await, 4100);
        let status = shop.call(GetOrderStatus, json!({ "order_id": "10003" })).await.unwrap();
        assert!(status["say"].as_str().unwrap().ends_with("and its return is settled."));
    }
}

#[tokio::test]
async fn a_refund_that_cannot_go_where_it_was_noted_says_so() {
    for shop in shops().await {
        delivered(&shop).await;
        // It was paid by card, and is to go to the gift card, which is gone when the goods arrive.
        for sql in ["update payments set payment_method_id = 'card_1' where order_id = 'ORD-10003'"]
        {
            shop.run(sql).await;
        }
        let call = json!({
            "order_id": "ORD-10003", "items": [{ "sku": "TEE-BLUE-M", "quantity": 3 }],
            "refund_to": "gift_1",
        });
        let noted = shop.call(OrderReturn, call).await.unwrap();
        assert_eq!(noted["data"]["refund_to"], "gift_1");
        let preview = shop.preview(OrderSettleRequest, args("RET-10001")).await.unwrap();
        assert!(preview.summary.ends_with("refund 27.00 USD to the gift card"));
        shop.run("delete from payment_methods where id = 'gift_1'").await;
        let preview = shop.preview(OrderSettleRequest, args("RET-10001")).await.unwrap();
        let because = "refund 27.00 USD to the card, because gift 1 cannot take all of it any more";
        assert!(preview.summary.ends_with(because), "{}", preview.summary);
        assert_eq!(preview.details["refund_to"], "gift_1");
        let answer = shop.call(OrderSettleRequest, args("RET-10001")).await.unwrap();
        let say = "The return 1 0 0 0 1 is settled. I am refunding 27 dollars to the card, because \
                   what was noted for the refund can't take all of it any more.";
        assert_eq!(answer["say"], say);
    }
}

#[tokio::test]
async fn what_did_not_arrive_is_not_paid_for() {
    for shop in shops().await {
        returned(&shop).await;
        let mut part = args("RET-10001");
        part["received"] = json!([{ "sku": "tee blue m", "quantity": 1 }]);
        let answer = shop.call(OrderSettleRequest, part).await.unwrap();
        assert_eq!(answer["data"]["payments"][0]["amount"]["amount"], "9.00");
        assert_eq!(shop.number(BLUE).await, 2);
        let received = "select received from order_request_items where request_id = 'RET-10001'";
        assert_eq!(shop.number(received).await, 1);
        shop.books_add_up().await;
    }
}

#[tokio::test]
async fn more_than_was_asked_for_and_strange_requests_are_refused() {
    for shop in shops().await {
        returned(&shop).await;
        let mut more = args("RET-10001");
        more["received"] = json!([{ "sku": "TEE-BLUE-M", "quantity": 4 }]);
        let (code, words) = shop.refusal(OrderSettleRequest, more).await;
        assert_eq!(code, "invalid_parameters");
        assert!(words.contains("More of T-Shirt blue M"), "{words}");
        let mut foreign = args("RET-10001");
        foreign["received"] = json!([{ "sku": "MUG-1", "quantity": 1 }]);
        assert_eq!(shop.refusal(OrderSettleRequest, foreign).await.0, "invalid_parameters");
        assert_eq!(shop.refusal(OrderSettleRequest, args("RET-9")).await.0, "not_found");
        let other = json!({ "order_id": "ORD-10001", "request_id": "RET-10001" });
        assert_eq!(shop.refusal(OrderSettleRequest, other).await.0, "not_found");
        assert_eq!(shop.number(BALANCE).await, 5000 - 3600);
    }
}

#[tokio::test]
async fn an_exchange_swaps_lines_stock_and_money_at_the_price_that_was_told() {
    for shop in shops().await {
        delivered(&shop).await;
        shop.run("update variants set price_minor = 2000 where sku = 'TEE-RED-M'").await;
        let call = json!({
            "order_id": "ORD-10003", "payment_method_id": "gift_1",
            "changes": [{ "sku": "TEE-BLUE-M", "new_sku": "TEE-RED-M", "quantity": 1 }],
        });
        shop.call(OrderExchange, call).await.unwrap();
        shop.run("update variants set price_minor = 9900 where sku = 'TEE-RED-M'").await;
        let preview = shop.preview(OrderSettleRequest, args("EXC-10001")).await.unwrap();
        assert_eq!(preview.holds.len(), 1);
        let answer = shop.call(OrderSettleRequest, args("EXC-10001")).await.unwrap();
        let say = "The exchange 1 0 0 0 1 is settled. I have charged 9 dollars to the gift card.";
        assert_eq!(answer["say"], say);
        assert_eq!(shop.number(BLUE).await, 2);
        let red = "select on_hand from stock where sku = 'TEE-RED-M'";
        assert_eq!(shop.number(red).await, 9);
        assert_eq!(shop.number(BALANCE).await, 5000 - 3600 - 900);
        let total = "select total_minor from orders
                     where id = 'ORD-10003' and status = 'exchange_requested'";
        assert_eq!(shop.number(total).await, 4500);
        shop.books_add_up().await;
    }
}

#[tokio::test]
async fn an_exchange_waits_for_stock_and_money() {
    for shop in shops().await {
        delivered(&shop).await;
        shop.run("update variants set price_minor = 2000 where sku = 'TEE-RED-M'").await;
        let call = json!({
            "order_id": "ORD-10003", "payment_method_id": "gift_1",
            "changes": [{ "sku": "TEE-BLUE-M", "new_sku": "TEE-RED-M", "quantity": 1 }],
        });
        shop.call(OrderExchange, call).await.unwrap();
        shop.run("update payment_methods set balance_minor = 899 where id = 'gift_1'").await;
        let poor = shop.refusal(OrderSettleRequest, args("EXC-10001")).await;
        assert_eq!(poor.0, "insufficient_balance");
        shop.run("update payment_methods set balance_minor = 1400 where id = 'gift_1'").await;
        shop.run("update stock set on_hand = 0 where sku = 'TEE-RED-M'").await;
        let gone = shop.refusal(OrderSettleRequest, args("EXC-10001")).await;
        assert_eq!(gone.0, "out_of_stock");
        let open = "select count(*) from order_requests where status = 'open'";
        assert_eq!(shop.number(open).await, 1);
    }
}

/// An exchange of one blue shirt for a dearer red one, by gift card.
async fn exchanged(shop: &Shop) {
    delivered(shop).await;
    shop.run("update variants set price_minor = 2000 where sku = 'TEE-RED-M'").await;
    let call = json!({
        "order_id": "ORD-10003", "payment_method_id": "gift_1",
        "changes": [{ "sku": "TEE-BLUE-M", "new_sku": "TEE-RED-M", "quantity": 1 }],
    });
    shop.call(OrderExchange, call).await.unwrap();
}

fn nothing(request_id: &str) -> Value {
    let mut args = args(request_id);
    args["received"] = json!([{ "sku": "TEE-BLUE-M", "quantity": 0 }]);
    args
}

#[tokio::test]
async fn an_exchange_that_cannot_be_made_any_more_says_how_it_is_closed_and_is() {
    let spent = [
        "update payment_methods set balance_minor = 0 where id = 'gift_1'",
        "update gift_card_entries set amount_minor = 3600 where id = 'entry-1'",
    ];
    let unsold = ["update variants set active = false where sku = 'TEE-RED-M'"];
    let gone = [
        "delete from stock where sku = 'TEE-RED-M'",
        "delete from stock_movements where sku = 'TEE-RED-M'",
    ];
    let ways = [
        (
            "insufficient_balance",
            "The gift card holds 0.00 USD and cannot pay 9.00 USD.",
            &spent[..],
        ),
        ("invalid_state", "T-Shirt red M is no longer sold.", &unsold[..]),
        ("out_of_stock", "T-Shirt red M is out of stock.", &gone[..]),
    ];
    for (code, why, changes) in ways {
        for shop in shops().await {
            exchanged(&shop).await;
            for change in changes {
                shop.run(change).await;
            }
            let next = " Settle it later, or close it with quantity 0 in received: then no goods and \
                        no money move, and order_refund can pay back.";
            let refused = shop.refusal(OrderSettleRequest, args("EXC-10001")).await;
            assert_eq!(refused, (code, format!("{why}{next}")));
            let (blue, balance) = (shop.number(BLUE).await, shop.number(BALANCE).await);

            let preview = shop.preview(OrderSettleRequest, nothing("EXC-10001")).await.unwrap();
            let summary =
                "Close EXC-10001 of order ORD-10003 of Ana López: no goods and no money move";
            assert_eq!(preview.summary, summary);
            assert_eq!((preview.amount.unwrap().minor, preview.holds.len()), (0, 0));
            let answer = shop.call(OrderSettleRequest, nothing("EXC-10001")).await.unwrap();
            let say = "The exchange 1 0 0 0 1 is closed. No goods and no money move.";
            assert_eq!(answer["say"], say);
            assert_eq!(answer["data"]["received"], json!([]));
            assert_eq!(answer["data"]["payments"], json!([]));
            assert_eq!((shop.number(BLUE).await, shop.number(BALANCE).await), (blue, balance));
            let again = shop.refusal(OrderSettleRequest, args("EXC-10001")).await;
            assert_eq!(again.0, "invalid_state");
            shop.books_add_up().await;
        }
    }
}

#[tokio::test]
async fn a_return_of_which_nothing_comes_is_closed_without_a_refund() {
    for shop in shops().await {
        returned(&shop).await;
        let answer = shop.call(OrderSettleRequest, nothing("RET-10001")).await.unwrap();
        assert_eq!(answer["say"], "The return 1 0 0 0 1 is closed. No goods and no money move.");
        let closed = "select settled_minor from order_requests where status = 'settled'";
        assert_eq!((shop.number(closed).await, shop.number(BALANCE).await), (0, 5000 - 3600));
        shop.books_add_up().await;
    }
}

#[tokio::test]
async fn of_many_settlements_at_once_one_pays() {
    for shop in shops().await {
        returned(&shop).await;
        let calls = (0..5).map(|_| shop.call(OrderSettleRequest, args("RET-10001")));
        let settled = futures::future::join_all(calls).await;
        assert_eq!(settled.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        assert_eq!(shop.number(BALANCE).await, 4100);
        shop.books_add_up().await;
    }
}
