//! What is said of an order is true in every state, and the next step can be taken.

use serde_json::{Value, json};

use super::super::{
    OrderCancel, OrderCreate, OrderDeliver, OrderExchange, OrderGet, OrderList, OrderQuote,
    OrderReturn, OrderSettleRequest, OrderShip, OrderUpdateAddress, OrderUpdateItems,
    OrderUpdatePayment,
};
use crate::{
    customers::CrmCreateNote,
    testing::{Shop, shops},
};
use business_mcp_engine::db::params;

async fn set_status(shop: &Shop, status: &str) {
    let mut tx = shop.db.db.write().await.unwrap().of("demo");
    let sql = "update orders set status = $1 where id = 'ORD-10001'";
    tx.execute(sql, params![status]).await.unwrap();
    tx.commit().await.unwrap();
}

fn cancel() -> Value {
    json!({ "order_id": "ORD-10001", "reason": "no longer needed" })
}

fn swap() -> Value {
    let change = json!({ "sku": "TEE-RED-M", "new_sku": "TEE-BLUE-M" });
    json!({ "order_id": "ORD-10001", "changes": [change], "payment_method_id": "card_1" })
}

fn returned() -> Value {
    json!({ "order_id": "ORD-10001", "items": [{ "sku": "TEE-RED-M", "quantity": 1 }] })
}

/// What every tool says that looks at the state of an order.
async fn all_say(shop: &Shop) -> Vec<String> {
    let get = shop.call(OrderGet, json!({ "order_id": "ORD-10001" })).await.unwrap();
    let address = json!({
        "line1": "5 Elm Street", "city": "Boston", "postal_code": "02108", "country": "USA",
    });
    let readdress = json!({ "order_id": "ORD-10001", "address": address });
    let pay = json!({ "order_id": "ORD-10001", "payment_method_id": "gift_1" });
    let parcel = json!({ "order_id": "ORD-10001", "carrier": "UPS", "tracking_number": "1Z" });
    vec![
        get["say"].as_str().unwrap().to_owned(),
        shop.refusal(OrderCancel, cancel()).await.1,
        shop.refusal(OrderUpdateItems, swap()).await.1,
        shop.refusal(OrderUpdateAddress, readdress).await.1,
        shop.refusal(OrderUpdatePayment, pay).await.1,
        shop.refusal(OrderReturn, returned()).await.1,
        shop.refusal(OrderExchange, swap()).await.1,
        shop.refusal(OrderShip, parcel).await.1,
        shop.refusal(OrderDeliver, json!({ "order_id": "ORD-10001" })).await.1,
    ]
}

#[tokio::test]
async fn a_settled_return_or_exchange_is_under_way_for_nobody() {
    for kind in ["return", "exchange"] {
        for shop in shops().await {
            set_status(&shop, "delivered").await;
            let id = if kind == "return" {
                shop.call(OrderReturn, returned()).await.unwrap();
                "RET-10001"
            } else {
                shop.call(OrderExchange, swap()).await.unwrap();
                "EXC-10001"
            };
            for said in all_say(&shop).await {
                assert!(said.contains(&format!("{kind} under way")), "{said}");
            }
            let settle = json!({ "order_id": "ORD-10001", "request_id": id });
            shop.call(OrderSettleRequest, settle).await.unwrap();
            for said in all_say(&shop).await {
                let stands = format!("has been delivered, and its {kind} is settled");
                assert!(said.contains(&stands), "{said}");
            }
        }
    }
}

#[tokio::test]
async fn whoever_cannot_cancel_hears_what_can_be_done() {
    for shop in shops().await {
        for (status, words) in [
            ("pending_modified", "offer a return once it is delivered."),
            ("processed", "offer a return once it is delivered."),
            ("shipped", "offer a return once it is delivered."),
            ("delivered", "It cannot be cancelled any more; offer a return."),
            ("cancelled", "There is nothing left to do."),
            ("return_requested", "one return or exchange per order; please offer a person."),
            ("exchange_requested", "one return or exchange per order; please offer a person."),
        ] {
            set_status(&shop, status).await;
            let (code, said) = shop.refusal(OrderCancel, cancel()).await;
            assert_eq!(code, "invalid_state");
            assert!(said.ends_with(words), "{status}: {said}");
        }
        // What is offered can be done: changed items cannot be changed or cancelled.
        for (status, words) in [
            ("pending", "so change or cancel it instead."),
            ("pending_modified", "It can be sent back once it is there."),
        ] {
            set_status(&shop, status).await;
            let (_, said) = shop.refusal(OrderReturn, returned()).await;
            assert!(said.ends_with(words), "{status}: {said}");
        }
        for (status, stands) in [
            ("shipped", "is on its way"),
            ("delivered", "has been delivered"),
            ("cancelled", "is cancelled"),
        ] {
            set_status(&shop, status).await;
            let args = json!({ "order_id": "10001", "carrier": "UPS", "tracking_number": "1Z" });
            let (_, said) = shop.refusal(OrderShip, args).await;
            assert_eq!(said, format!("Order ORD-10001 {stands}, so there is nothing to send."));
        }
    }
}

#[tokio::test]
async fn a_customer_is_known_by_the_number_alone() {
    for shop in shops().await {
        for said in ["1", "cust 1", "CUST-1"] {
            let items = json!([{ "sku": "TEE-RED-M", "quantity": 1 }]);
            let quote = json!({ "customer_id": said, "items": items });
            let quote = shop.call(OrderQuote, quote).await.unwrap();
            let order = json!({
                "customer_id": said, "items": items, "total": "9.00",
                "quote_id": quote["data"]["quote_id"],
            });
            shop.call(OrderCreate, order).await.unwrap();
            let list = shop.call(OrderList, json!({ "customer_id": said })).await.unwrap();
            assert_eq!(list["data"]["orders"][0]["customer_id"], "CUST-1");
        }
        for said in ["9", "nobody"] {
            let (code, words) = shop.refusal(OrderList, json!({ "customer_id": said })).await;
            assert_eq!(code, "not_found");
            assert_eq!(
                words,
                format!("I found no customer {said}. Please check it and try again.")
            );
            let quote = json!({
                "customer_id": said, "items": [{ "sku": "TEE-RED-M", "quantity": 1 }],
            });
            assert_eq!(shop.refusal(OrderQuote, quote).await, (code, words));
        }
    }
}

#[tokio::test]
async fn what_is_not_found_is_said_as_people_say_it() {
    for shop in shops().await {
        let args = json!({ "order_id": "ORD-10001", "request_id": "RET-99999" });
        let (_, said) = shop.refusal(OrderSettleRequest, args).await;
        let words = "Order ORD-10001 has no return or exchange RET-99999. Please check the number.";
        assert_eq!(said, words);
        let args = json!({ "customer_id": "CUST-1", "text": "Called.", "order_id": "133" });
        let (_, said) = shop.refusal(CrmCreateNote, args).await;
        let words = "This customer has no order 133. Please ask for the whole number, or verify the \
                     caller first.";
        assert_eq!(said, words);
        let args = json!({
            "customer_id": "CUST-1", "items": [{ "sku": "TEE-RED-M", "quantity": 1 }],
            "code": "NONE",
        });
        let (_, said) = shop.refusal(OrderQuote, args).await;
        let words = "This discount code does not exist. Please check it, or go on without one.";
        assert_eq!(said, words);
    }
}

#[test]
fn pieces_are_said_so_that_no_plural_is_needed() {
    let said = super::pieces([(1, "Coffee Mug"), (2, "Screwdriver Set")].into_iter());
    assert_eq!(said, "1 Coffee Mug and 2 of the Screwdriver Set");
}
