use serde_json::{Value, json};

use super::{super::order_quote::OrderQuote, *};
use crate::testing::{Shop, shops};
use business_mcp_engine::db::params;

fn two_tees() -> Value {
    json!({
        "customer_id": "CUST-1", "total": "18.00",
        "items": [{ "sku": "TEE-RED-M", "quantity": 2 }],
    })
}

fn with(mut args: Value, more: Value) -> Value {
    let Value::Object(more) = more else { panic!("what is added is an object") };
    args.as_object_mut().unwrap().extend(more);
    args
}

async fn number(shop: &Shop, sql: &'static str) -> i64 {
    let mut tx = shop.db.db.read().await.unwrap().of("demo");
    let (number,): (i64,) = tx.fetch_one(sql, params![]).await.unwrap();
    number
}

async fn execute(shop: &Shop, sql: &'static str) {
    let mut tx = shop.db.db.write().await.unwrap().of("demo");
    tx.execute(sql, params![]).await.unwrap();
    tx.commit().await.unwrap();
}

const ON_HAND: &str = "select cast(sum(on_hand) as bigint) from stock where sku = 'TEE-RED-M'";
const MOVED: &str =
    "select cast(sum(delta) as bigint) from stock_movements where sku = 'TEE-RED-M'";
const BALANCE: &str = "select balance_minor from payment_methods where id = 'gift_1'";
const ENTRIES: &str = "select cast(sum(amount_minor) as bigint) from gift_card_entries";
const ORDERS: &str = "select count(*) from orders";

#[tokio::test]
async fn an_order_takes_stock_and_is_written_down() {
    for shop in shops().await {
        let args = with(two_tees(), json!({ "note": "Ring twice" }));
        let answer = shop.call(OrderCreate, args).await.unwrap();
        let data = &answer["data"];
        assert_eq!(data["order_id"], "ORD-10003");
        assert_eq!(data["status"], "pending");
        assert_eq!(data["placed_at"], "2026-01-10T17:00:00Z");
        assert_eq!(data["subtotal"]["amount"], "20.00");
        assert_eq!(data["total"]["amount"], "18.00");
        let say = answer["say"].as_str().unwrap();
        assert!(say.contains("1 0 0 0 3") && say.contains("18 dollars"), "{say}");
        assert!(say.contains("to be paid later"), "{say}");
        assert_eq!(number(&shop, ON_HAND).await, 8);
        assert_eq!(number(&shop, MOVED).await, 8);
        let sold = "select cast(-delta as bigint) from stock_movements
                    where cause = 'ORD-10003' and reason = 'sale' and actor = 'tester'";
        assert_eq!(number(&shop, sold).await, 2);
        let kept = "select count(*) from orders
                    where id = 'ORD-10003' and placed_on = '2026-01-10' and note = 'Ring twice'
                      and version = 1 and id_tail = '30001DRO'";
        assert_eq!(number(&shop, kept).await, 1);
        let line = "select unit_price_minor * quantity - discount_minor
                    from order_items where order_id = 'ORD-10003'";
        assert_eq!(number(&shop, line).await, 1800);
        let unpaid = "select count(*) from payments where order_id = 'ORD-10003'";
        assert_eq!(number(&shop, unpaid).await, 0);
    }
}

#[tokio::test]
async fn another_total_is_answered_with_the_right_quote() {
    for shop in shops().await {
        let args = with(two_tees(), json!({ "total": 20 }));
        let error = shop.preview(OrderCreate, args.clone()).await.unwrap_err();
        assert_eq!(error.code().as_str(), "total_mismatch");
        let error = shop.call(OrderCreate, args).await.unwrap_err();
        assert_eq!(error.code().as_str(), "total_mismatch");
        assert!(error.to_string().contains("18 dollars"), "{error}");
        let details = error.details().unwrap();
        assert_eq!(details["total"]["amount"], "18.00");
        assert_eq!(details["lines"][0]["quantity"], 2);
        assert_eq!(number(&shop, ON_HAND).await, 10);
    }
}

#[tokio::test]
async fn a_quote_fixes_the_price_until_it_expires() {
    for mut shop in shops().await {
        let items = json!([{ "sku": "TEE-RED-M", "quantity": 2 }]);
        let args = json!({ "customer_id": "CUST-1", "items": items, "code": "WELCOME15" });
        let quote = shop.call(OrderQuote, args).await.unwrap();
        execute(&shop, "update variants set price_minor = 2000 where sku = 'TEE-RED-M'").await;
        let quoted = json!({ "total": "17.00", "quote_id": quote["data"]["quote_id"] });
        let answer = shop.call(OrderCreate, with(two_tees(), quoted.clone())).await.unwrap();
        assert_eq!(answer["data"]["total"]["amount"], "17.00");

        // Of another customer it is unknown, and for other items it fixes nothing but the code.
        let other = with(two_tees(), json!({ "customer_id": "CUST-2" }));
        let (code, _) = shop.refusal(OrderCreate, with(other, quoted.clone())).await;
        assert_eq!(code, "not_found");
        let three = json!({ "items": [{ "sku": "TEE-RED-M", "quantity": 3 }], "total": "51.00" });
        let three = with(with(two_tees(), quoted.clone()), three);
        assert!(shop.preview(OrderCreate, three).await.is_ok());

        shop.now += chrono::TimeDelta::minutes(30);
        let late = shop.call(OrderCreate, with(two_tees(), quoted)).await.unwrap_err();
        assert_eq!(late.code().as_str(), "total_mismatch");
        assert_eq!(late.details().unwrap()["total"]["amount"], "34.00");
    }
}

#[tokio::test]
async fn an_approver_reads_who_what_and_how_much() {
    for shop in shops().await {
        let items = json!([
            { "sku": "tee-red-m", "quantity": 2 }, { "sku": "TEE-BLUE-M", "quantity": 4 },
        ]);
        let args = json!({ "customer_id": "CUST-1", "total": "54", "items": items });
        let preview = shop.preview(OrderCreate, args).await.unwrap();
        let summary = "Order for Ana López: 4 of the T-Shirt blue M and 2 of the T-Shirt red M, for 54 \
                       dollars";
        assert_eq!(preview.summary, summary);
        assert_eq!(preview.amount.unwrap().minor, 5400);
        let hold = Hold::anywhere;
        assert_eq!(preview.holds, [hold("TEE-BLUE-M", 4), hold("TEE-RED-M", 2)]);
    }
}

#[tokio::test]
async fn what_is_out_of_stock_is_named_before_anybody_is_asked() {
    for shop in shops().await {
        let items = json!([
            { "sku": "TEE-RED-M", "quantity": 1 }, { "sku": "TEE-BLUE-M", "quantity": 6 },
        ]);
        let args = json!({ "customer_id": "CUST-2", "total": "70", "items": items });
        let error = shop.preview(OrderCreate, args.clone()).await.unwrap_err();
        assert_eq!(error.code().as_str(), "out_of_stock");
        let (code, words) = shop.refusal(OrderCreate, args).await;
        assert_eq!(code, "out_of_stock");
        assert!(words.starts_with("Only 5 of T-Shirt blue M are left."), "{words}");
        assert_eq!(number(&shop, ON_HAND).await, 10);
        assert_eq!(number(&shop, ORDERS).await, 2);
        // Two places together have five.
        let five = json!({
            "customer_id": "CUST-2", "total": "50",
            "items": [{ "sku": "TEE-BLUE-M", "quantity": 5 }],
        });
        assert!(shop.call(OrderCreate, five).await.is_ok());
    }
}

#[tokio::test]
async fn a_gift_card_pays_what_is_on_it_and_not_more() {
    for shop in shops().await {
        let by_card = json!({ "payment_method_id": "gift_1" });
        let answer = shop.call(OrderCreate, with(two_tees(), by_card.clone())).await.unwrap();
        assert_eq!(answer["data"]["payment_method_id"], "gift_1");
        assert_eq!(number(&shop, BALANCE).await, 3200);
        assert_eq!(number(&shop, ENTRIES).await, 3200);
        let charged = "select amount_minor from payments
                       where order_id = 'ORD-10003' and kind = 'charge' and at_day = '2026-01-10'";
        assert_eq!(number(&shop, charged).await, 1800);
        let four = json!({ "total": "36", "items": [{ "sku": "TEE-RED-M", "quantity": 4 }] });
        let four = with(with(two_tees(), by_card.clone()), four);
        let error = shop.preview(OrderCreate, four.clone()).await.unwrap_err();
        assert_eq!(error.code().as_str(), "insufficient_balance");
        let (code, words) = shop.refusal(OrderCreate, four).await;
        assert_eq!(code, "insufficient_balance");
        assert!(words.contains("32.00 USD"), "{words}");
        // Nobody pays with another customer's card.
        let other =
            with(with(two_tees(), by_card), json!({ "customer_id": "CUST-2", "total": 20 }));
        assert_eq!(shop.refusal(OrderCreate, other).await.0, "not_found");
    }
}

#[tokio::test]
async fn what_cannot_be_ordered_is_refused() {
    for shop in shops().await {
        execute(&shop, "update variants set active = false where sku = 'MUG-1'").await;
        for (more, code) in [
            (json!({ "items": [{ "sku": "MUG-1", "quantity": 1 }] }), "invalid_state"),
            (json!({ "items": [] }), "invalid_parameters"),
            (json!({ "total": "lots" }), "invalid_parameters"),
            (json!({ "note": "x".repeat(501) }), "invalid_parameters"),
            (json!({ "quote_id": "QUO-1" }), "not_found"),
            (json!({ "discount": 5 }), "invalid_parameters"),
        ] {
            let (given, words) = shop.refusal(OrderCreate, with(two_tees(), more)).await;
            assert_eq!(given, code, "{words}");
        }
    }
}

#[tokio::test]
async fn many_callers_never_sell_more_than_there_is() {
    for shop in shops().await {
        execute(&shop, "update counters set value = 20000").await;
        let one = |quantity: i64| {
            let total = format!("{}", 10 * quantity);
            json!({
                "customer_id": "CUST-2", "total": total,
                "items": [{ "sku": "TEE-RED-M", "quantity": quantity }],
            })
        };
        let calls = (0..24).map(|n| shop.call(OrderCreate, one(1 + n % 2)));
        let mut sold = 0;
        for outcome in futures::future::join_all(calls).await {
            match outcome {
                Ok(answer) => sold += answer["data"]["lines"][0]["quantity"].as_i64().unwrap(),
                Err(error) => assert_eq!(error.code().as_str(), "out_of_stock", "{error}"),
            }
        }
        assert_eq!(sold, 10);
        assert_eq!(number(&shop, ON_HAND).await, 0);
        assert_eq!(number(&shop, MOVED).await, 0);
        let placed = "select cast(sum(quantity) as bigint) from order_items
                      where order_id like 'ORD-2%'";
        assert_eq!(number(&shop, placed).await, 10);
    }
}

#[tokio::test]
async fn a_card_is_put_into_the_queue_and_nothing_else_is() {
    for shop in shops().await {
        let queued = "select count(*) from provider_calls";
        let gift = with(two_tees(), json!({ "payment_method_id": "gift_1" }));
        let answer = shop.call(OrderCreate, gift).await.unwrap();
        assert!(answer["say"].as_str().unwrap().ends_with(", paid."), "{answer}");
        shop.call(OrderCreate, two_tees()).await.unwrap();
        assert_eq!(number(&shop, queued).await, 0, "our own ledger, and no payment at all");

        let card = with(two_tees(), json!({ "payment_method_id": "card_1" }));
        let answer = shop.call(OrderCreate, card).await.unwrap();
        assert!(
            answer["say"].as_str().unwrap().ends_with("to be charged to the card."),
            "{answer}"
        );
        let call = "select count(*)
                    from provider_calls c
                    join payments p on p.tenant_id = c.tenant_id and p.id = c.id
                    where c.state = 'queued' and c.attempts = 0 and c.next_attempt_at = p.at
                      and c.kind = p.kind and c.kind = 'charge' and c.amount_minor = 1800
                      and c.order_id = p.order_id and c.customer_id = 'CUST-1'
                      and c.payment_method_id = 'card_1'";
        assert_eq!((number(&shop, call).await, number(&shop, queued).await), (1, 1));
    }
}

#[tokio::test]
async fn a_refund_to_a_card_is_put_into_the_queue_after_its_charge() {
    for shop in shops().await {
        let card = with(two_tees(), json!({ "payment_method_id": "card_1" }));
        shop.call(OrderCreate, card).await.unwrap();
        let cancel = json!({ "order_id": "ORD-10003", "reason": "No longer needed" });
        shop.call(super::super::order_cancel::OrderCancel, cancel).await.unwrap();
        let refund = "select count(*) from provider_calls
                      where kind = 'refund' and amount_minor = 1800 and payment_method_id = 'card_1'
                        and id > (select id from provider_calls where kind = 'charge')";
        assert_eq!(number(&shop, refund).await, 1);
        shop.books_add_up().await;
    }
}

#[tokio::test]
async fn what_is_not_there_is_said_before_what_it_would_cost() {
    for shop in shops().await {
        let args = with(two_tees(), json!({ "items": [{ "sku": "TEE-RED-M", "quantity": 200 }] }));
        let refused = shop.preview(OrderCreate, args.clone()).await.unwrap_err();
        assert_eq!(refused.code().as_str(), "out_of_stock");
        let sentence = "Only 10 of T-Shirt red M are left. Please offer fewer or something else.";
        assert_eq!(refused.to_string(), sentence);
        assert_eq!(shop.refusal(OrderCreate, args).await.0, "out_of_stock");
    }
}

#[tokio::test]
async fn whoever_decides_hears_three_articles_and_how_many_more() {
    for shop in shops().await {
        for n in 1..=3 {
            let sku = format!("CUP-{n}");
            let mut tx = shop.db.db.write().await.unwrap().of("demo");
            tx.execute(
                "insert into variants
                     (tenant_id, sku, product_id, sku_key, options, price_minor, reorder_point,
                      active, version)
                 values ('demo', $1, 'MUG', $1, '{}', 100, 0, true, 1)",
                params![&sku],
            )
            .await
            .unwrap();
            let cause = crate::catalog::sql::stock::Cause {
                reason: "import",
                id: None,
                actor: "test",
                at: shop.now,
            };
            crate::catalog::sql::stock::change(&mut tx, &sku, "main", 1, cause).await.unwrap();
            tx.commit().await.unwrap();
        }
        let item = |sku: &str| json!({ "sku": sku, "quantity": 1 });
        let items = ["TEE-RED-M", "TEE-BLUE-M", "CUP-1", "CUP-2", "CUP-3"].map(item);
        let args = with(two_tees(), json!({ "items": items, "total": "20.70" }));
        let preview = shop.preview(OrderCreate, args).await.unwrap();
        let summary = "Order for Ana López: 1 Coffee Mug, 1 Coffee Mug, 1 Coffee Mug and 2 more, for \
                       20 dollars and 70 cents";
        assert_eq!(preview.summary, summary);
    }
}
