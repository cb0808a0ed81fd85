use serde_json::json;

use super::{
    super::{order_create::OrderCreate, order_refund::OrderRefund},
    *,
};
use crate::{
    access::role,
    testing::{Shop, shops},
};
use business_mcp_engine::db::params;

/// Orders four blue shirts, which lie in two places, on the gift card.
async fn ordered(shop: &Shop) {
    let args = json!({
        "customer_id": "CUST-1", "total": "36.00", "payment_method_id": "gift_1",
        "items": [{ "sku": "TEE-BLUE-M", "quantity": 4 }],
    });
    shop.call(OrderCreate, args).await.unwrap();
}

#[tokio::test]
async fn what_was_taken_goes_back_to_where_it_was() {
    for shop in shops().await {
        ordered(&shop).await;
        let args = json!({ "order_id": "1 0 0 0 3", "reason": "No longer needed" });
        let answer = shop.call(OrderCancel, args).await.unwrap();
        let data = &answer["data"];
        assert_eq!(data["order_id"], "ORD-10003");
        assert_eq!(data["status"], "cancelled");
        assert_eq!(data["restocked"], json!([{ "sku": "TEE-BLUE-M", "quantity": 4 }]));
        let refund = json!({
            "amount": { "amount": "36.00", "currency": "USD" }, "payment_method_id": "gift_1",
        });
        assert_eq!(data["refunds"], json!([refund]));
        let say = "Your order 1 0 0 0 3 is cancelled. I have refunded 36 dollars to the gift card.";
        assert_eq!(answer["say"], say);
        for (location, pieces) in [("main", 2), ("store", 3)] {
            let sql = "select on_hand from stock where sku = 'TEE-BLUE-M' and location = $1";
            let mut tx = shop.db.db.read().await.unwrap().of("demo");
            let (on_hand,): (i64,) = tx.fetch_one(sql, params![location]).await.unwrap();
            assert_eq!(on_hand, pieces, "{location}");
        }
        let moved = "select cast(sum(delta) as bigint) from stock_movements
                     where sku = 'TEE-BLUE-M'";
        assert_eq!(shop.number(moved).await, 5);
        let balance = "select balance_minor from payment_methods where id = 'gift_1'";
        assert_eq!(shop.number(balance).await, 5000);
        let entries = "select cast(sum(amount_minor) as bigint) from gift_card_entries";
        assert_eq!(shop.number(entries).await, 5000);
        let kept = "select version from orders
                    where id = 'ORD-10003' and cancel_reason = 'no longer needed'
                      and cancelled_at is not null";
        assert_eq!(shop.number(kept).await, 2);
    }
}

#[tokio::test]
async fn an_imported_order_goes_back_to_the_main_location() {
    for shop in shops().await {
        let args = json!({ "order_id": "ORD-10001", "reason": "It comes too late" });
        let answer = shop.call(OrderCancel, args).await.unwrap();
        assert_eq!(answer["data"]["restocked"], json!([{ "sku": "TEE-RED-M", "quantity": 1 }]));
        assert_eq!(answer["data"]["refunds"][0]["payment_method_id"], "card_1");
        let on_hand = "select on_hand from stock where sku = 'TEE-RED-M' and location = 'main'";
        assert_eq!(shop.number(on_hand).await, 11);
        let refunded = "select amount_minor from payments
                        where order_id = 'ORD-10001' and kind = 'refund'";
        assert_eq!(shop.number(refunded).await, 1000);
    }
}

#[tokio::test]
async fn an_approver_reads_whose_order_and_what_goes_back() {
    for shop in shops().await {
        let args = json!({ "order_id": "10001", "reason": "ordered by mistake" });
        let preview = shop.preview(OrderCancel, args).await.unwrap();
        let summary = "Cancel order ORD-10001 of Ana López: refund 10.00 USD to the card";
        assert_eq!(preview.summary, summary);
        assert_eq!(preview.amount.unwrap().minor, 1000);
        assert_eq!(preview.details["reason"], "ordered by mistake");
    }
}

#[tokio::test]
async fn only_a_pending_order_can_be_cancelled_and_only_once() {
    for shop in shops().await {
        let args = |id: &str| json!({ "order_id": id, "reason": "no longer needed" });
        let error = shop.preview(OrderCancel, args("ORD-10002")).await.unwrap_err();
        assert_eq!(error.code().as_str(), "invalid_state");
        assert!(error.to_string().contains("has been delivered"), "{error}");
        let twice = (0..6).map(|_| shop.call(OrderCancel, args("ORD-10001")));
        let twice = futures::future::join_all(twice).await;
        assert_eq!(twice.iter().filter(|outcome| outcome.is_ok()).count(), 1);
        for error in twice.into_iter().filter_map(Result::err) {
            assert_eq!(error.code().as_str(), "invalid_state");
        }
        let refunds = "select count(*) from payments where kind = 'refund'";
        assert_eq!(shop.number(refunds).await, 1);
        let (code, words) = shop.refusal(OrderCancel, args("ORD-10001")).await;
        assert_eq!(code, "invalid_state");
        assert!(words.contains("is cancelled"), "{words}");
        assert_eq!(shop.refusal(OrderCancel, args("ORD-5")).await.0, "not_found");
    }
}

#[tokio::test]
async fn an_order_is_not_cancelled_by_a_guess() {
    for mut shop in shops().await {
        // Its last digits alone are enough for whoever may know the rest.
        let args = |said: &str| json!({ "order_id": said, "reason": "no longer needed" });
        let (code, words) = shop.refusal(OrderCancel, args("0001")).await;
        assert_eq!(code, "invalid_parameters");
        assert!(words.contains("whole order number") && !words.contains("10001"), "{words}");
        shop.role = role::DESK;
        shop.preview(OrderCancel, args("0001")).await.unwrap();
        let mut tx = shop.db.db.write().await.unwrap().of("demo");
        tx.execute("update orders set id_tail = '10001X' where id = 'ORD-10002'", params![])
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let (code, words) = shop.refusal(OrderCancel, args("0001")).await;
        assert_eq!(code, "invalid_parameters");
        assert!(words.contains("Which one is it?"), "{words}");
    }
}

#[tokio::test]
async fn what_came_back_before_is_not_paid_back_twice() {
    for shop in shops().await {
        let goodwill = json!({
            "order_id": "ORD-10001", "amount": "4", "reason": "late", "refund_to": "gift_1",
        });
        shop.call(OrderRefund, goodwill).await.unwrap();
        let args = json!({ "order_id": "ORD-10001", "reason": "no longer needed" });
        let answer = shop.call(OrderCancel, args).await.unwrap();
        let back = json!({ "amount": "6.00", "currency": "USD" });
        assert_eq!(answer["data"]["refunds"][0]["amount"], back);
        shop.books_add_up().await;
    }
}
