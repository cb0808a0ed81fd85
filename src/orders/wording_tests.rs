//! The same wish in other words has the same fingerprint, for every tool here that writes, before and after it has
//! taken effect.

use serde_json::{Value, json};

use super::{
    OrderCancel, OrderCreate, OrderDeliver, OrderExchange, OrderQuote, OrderRefund, OrderReturn,
    OrderSettleRequest, OrderShip, OrderUpdateAddress, OrderUpdateItems, OrderUpdatePayment,
};
use crate::testing::{Shop, shops};
use business_mcp_engine::tool::{ToolError, catalogue::AnyKind};

fn with(mut args: Value, others: &Value) -> Value {
    let others = others.as_object().cloned().unwrap_or_default();
    args.as_object_mut().unwrap().extend(others);
    args
}

async fn fingerprint<K, T: AnyKind<K>>(shop: &Shop, tool: fn() -> T, args: &Value) -> String {
    let found: Result<String, ToolError> = shop.fingerprint(tool(), args.clone()).await;
    found.unwrap_or_else(|error| panic!("{args} is refused: {error}"))
}

/// All of these mean what the call means, and none of those does; then the call is made, and they still do.
async fn check<K, T: AnyKind<K>>(
    shop: &Shop,
    tool: fn() -> T,
    call: Value,
    same: &[Value],
    other: &[Value],
) -> Value {
    let first = fingerprint(shop, tool, &call).await;
    for others in other {
        let found = fingerprint(shop, tool, &with(call.clone(), others)).await;
        assert_ne!(found, first, "{others}");
    }
    for others in same {
        let found = fingerprint(shop, tool, &with(call.clone(), others)).await;
        assert_eq!(found, first, "{others}");
    }
    let answer = shop.call(tool(), call.clone()).await.unwrap();
    for others in std::iter::once(&json!({})).chain(same) {
        let found = fingerprint(shop, tool, &with(call.clone(), others)).await;
        assert_eq!(found, first, "{others} once it was done");
    }
    answer
}

fn spoken_numbers() -> [Value; 4] {
    ["10001", "ord 10001", "ORD10001", "order number one triple zero one"]
        .map(|said| json!({ "order_id": said }))
}

#[tokio::test]
async fn an_order_is_the_same_in_other_words() {
    for shop in shops().await {
        let quote = json!({
            "customer_id": "CUST-1",
            "items": [{ "sku": "TEE-RED-M", "quantity": 2 }, { "sku": "TEE-BLUE-M", "quantity": 1 }],
            "code": "WELCOME15",
        });
        let split = json!({ "items": [
            { "sku": "tee red m", "quantity": "one" }, { "sku": "teebluem", "quantity": 1 },
            { "sku": "TEERedM", "quantity": 1 },
        ] });
        let same = [
            json!({ "customer_id": "1", "code": "it's welcome fifteen" }),
            json!({ "customer_id": "cust one" }),
            split.clone(),
        ];
        let other = [json!({ "customer_id": "CUST-2" }), json!({ "code": null })];
        let answer = check(&shop, || OrderQuote, quote, &same, &other).await;
        let quote_id = answer["data"]["quote_id"].as_str().unwrap();

        let create = json!({
            "customer_id": "CUST-1",
            "items": [{ "sku": "TEE-RED-M", "quantity": 2 }, { "sku": "TEE-BLUE-M", "quantity": 1 }],
            "total": "25.50",
            "quote_id": quote_id,
            "payment_method_id": "gift_1",
        });
        let same = [
            json!({ "total": 25.5 }),
            json!({ "total": "$25.50" }),
            json!({ "total": "usd 25.50" }),
            json!({ "total": "twenty-five dollars and fifty cents" }),
            json!({ "customer_id": "cust 1" }),
            json!({ "payment_method_id": "GIFT-1" }),
            json!({ "quote_id": null }),
            json!({ "quote_id": quote_id.to_lowercase() }),
            json!({ "quote_id": quote_id.replace("QUO-", "") }),
            json!({ "note": "Ring twice" }),
            split,
        ];
        let other = [
            json!({ "total": "25.51" }),
            json!({ "payment_method_id": "card_1" }),
            json!({ "items": [{ "sku": "TEE-RED-M", "quantity": 2 }] }),
        ];
        check(&shop, || OrderCreate, create, &same, &other).await;
    }
}

#[tokio::test]
async fn what_changes_a_pending_order_is_the_same_in_other_words() {
    for shop in shops().await {
        let address = json!({
            "line1": "5 Elm Street", "city": "Boston", "postal_code": "02108", "country": "USA",
        });
        let readdress = json!({ "order_id": "ORD-10001", "address": address });
        let elsewhere = with(address.clone(), &json!({ "line1": "6 Elm Street" }));
        let other = [json!({ "address": elsewhere })];
        let mut same = spoken_numbers().to_vec();
        same.push(json!({ "address": with(address, &json!({ "line1": "5 ELM street" })) }));
        check(&shop, || OrderUpdateAddress, readdress, &same, &other).await;

        let pay = json!({ "order_id": "ORD-10001", "payment_method_id": "gift_1" });
        let mut same = spoken_numbers().to_vec();
        same.push(json!({ "payment_method_id": "gift 1" }));
        let other = [json!({ "payment_method_id": "card_1" })];
        check(&shop, || OrderUpdatePayment, pay, &same, &other).await;

        let change = |sku, new_sku, quantity: Value| json!({ "changes": [{ "sku": sku, "new_sku": new_sku, "quantity": quantity }] });
        let swap = with(
            json!({ "order_id": "ORD-10001", "payment_method_id": "gift_1" }),
            &change("TEE-RED-M", "TEE-BLUE-M", json!(null)),
        );
        let mut same = spoken_numbers().to_vec();
        same.push(change("tee red m", "teebluem", json!("one")));
        same.push(json!({ "payment_method_id": "GIFT1" }));
        let other = [change("TEE-RED-M", "TEE-BLUE-M", json!(2))];
        check(&shop, || OrderUpdateItems, swap, &same, &other).await;
    }
}

#[tokio::test]
async fn what_ends_an_order_is_the_same_in_other_words() {
    for shop in shops().await {
        let ship = json!({
            "order_id": "ORD-10001", "carrier": "Northline", "tracking_number": "NL1",
        });
        let other = [
            json!({ "tracking_number": "NL2" }),
            json!({ "carrier": "Southline" }),
            json!({ "order_id": "ORD-10002" }),
        ];
        let mut same = spoken_numbers().to_vec();
        same.push(json!({ "carrier": "NORTHLINE", "tracking_number": "nl 1" }));
        check(&shop, || OrderShip, ship, &same, &other).await;
        let deliver = json!({ "order_id": "ORD-10001" });
        let other = [json!({ "order_id": "ORD-10002" })];
        check(&shop, || OrderDeliver, deliver, &spoken_numbers(), &other).await;
    }
    for shop in shops().await {
        let cancel = json!({ "order_id": "ORD-10001", "reason": "no longer needed" });
        let mut same = spoken_numbers().to_vec();
        same.push(json!({ "reason": "They found it cheaper" }));
        let other = [json!({ "order_id": "ORD-10002" })];
        check(&shop, || OrderCancel, cancel, &same, &other).await;
    }
}

#[tokio::test]
async fn a_refund_is_the_same_in_other_words() {
    for shop in shops().await {
        let refund = json!({ "order_id": "ORD-10001", "amount": "10.00", "reason": "A scratch" });
        let mut same = spoken_numbers().to_vec();
        same.extend([
            json!({ "amount": 10 }),
            json!({ "amount": "$10" }),
            json!({ "amount": "ten dollars" }),
            json!({ "reason": "It is scratched." }),
            json!({ "refund_to": "card_1" }),
            json!({ "refund_to": "card 1" }),
        ]);
        let other = [
            json!({ "amount": "9.99" }),
            json!({ "refund_to": "gift_1" }),
            json!({ "order_id": "ORD-10002" }),
        ];
        check(&shop, || OrderRefund, refund, &same, &other).await;
    }
}

#[tokio::test]
async fn what_comes_back_is_the_same_in_other_words() {
    let ordered = json!({
        "customer_id": "CUST-2", "total": "40.00",
        "items": [{ "sku": "TEE-RED-M", "quantity": 4 }],
    });
    let received =
        |sku, quantity: Value| json!({ "received": [{ "sku": sku, "quantity": quantity }] });
    for shop in shops().await {
        for (order, is_return) in [("ORD-10003", true), ("ORD-10004", false)] {
            shop.call(OrderCreate, ordered.clone()).await.unwrap();
            shop.run(
                "update orders set status = 'delivered' where id in ('ORD-10003', 'ORD-10004')",
            )
            .await;
            shop.run("insert into payment_methods (tenant_id, customer_id, id, kind, last4) values ('demo', 'CUST-2', 'card_2', 'card', '1111') on conflict do nothing").await;
            let number = json!({ "order_id": order.to_lowercase().replace('-', " ") });
            let answer = if is_return {
                let items = |items: Value| json!({ "items": items });
                let call = with(
                    json!({ "order_id": order }),
                    &items(json!([{ "sku": "TEE-RED-M", "quantity": 2 }])),
                );
                let same = [
                    number.clone(),
                    items(json!([{ "sku": "teeredm", "quantity": "two" }])),
                    items(json!([
                        { "sku": "TEE-RED-M", "quantity": 1 }, { "sku": "tee red m", "quantity": 1 },
                    ])),
                ];
                let other = [items(json!([{ "sku": "TEE-RED-M", "quantity": 1 }]))];
                check(&shop, || OrderReturn, call, &same, &other).await
            } else {
                let changes = |changes: Value| json!({ "changes": changes });
                let call = json!({
                    "order_id": order, "payment_method_id": "card_2",
                    "changes": [{ "sku": "TEE-RED-M", "new_sku": "TEE-BLUE-M", "quantity": 2 }],
                });
                let same = [
                    number.clone(),
                    json!({ "payment_method_id": "card 2" }),
                    changes(json!([
                        { "sku": "tee red m", "new_sku": "TEE-BLUE-M" },
                        { "sku": "TEE-RED-M", "new_sku": "tee blue m", "quantity": "one" },
                    ])),
                ];
                let other = [changes(json!([{ "sku": "TEE-RED-M", "new_sku": "TEE-BLUE-M" }]))];
                check(&shop, || OrderExchange, call, &same, &other).await
            };
            let request = answer["data"]["request_id"].as_str().unwrap();
            let settle = json!({ "order_id": order, "request_id": request });
            let same = [
                number,
                json!({ "request_id": request.to_lowercase().replace('-', " ") }),
                received("TEE-RED-M", json!(2)),
                received("tee red m", json!("two")),
            ];
            let other = [received("TEE-RED-M", json!(1)), received("TEE-RED-M", json!(0))];
            check(&shop, || OrderSettleRequest, settle, &same, &other).await;
        }
        shop.books_add_up().await;
    }
}
