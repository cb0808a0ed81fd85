use chrono::Duration;
use serde_json::json;

use super::*;
use crate::{
    orders::{OrderCreate, OrderQuote},
    testing::{Shop, shops, wordings},
};
use business_mcp_engine::db::params;

async fn terms(shop: &Shop, sku: &str) -> TermsRow {
    let mut tx = shop.db.db.read().await.unwrap().of("demo");
    variants::terms(&mut tx, sku).await.unwrap().unwrap()
}

#[tokio::test]
async fn what_is_given_is_changed_and_the_rest_stays() {
    for shop in shops().await {
        let args = json!({ "sku": "mug one", "price": "8.25", "expected_version": 1 });
        let answer = shop.call(ProductUpdate, args).await.unwrap();
        assert_eq!(answer["say"], "From now on Coffee Mug costs 8 dollars and 25 cents.");
        let money = |amount: &str| json!({ "amount": amount, "currency": "USD" });
        let data = json!({
            "sku": "MUG-1", "name": "Coffee Mug", "price": money("8.25"), "active": true,
            "reorder_point": 3, "version": 2, "before": { "price": money("7.50") },
        });
        assert_eq!(answer["data"], data);
        let now = TermsRow { price_minor: 825, active: true, reorder_point: 3, version: 2 };
        assert_eq!(terms(&shop, "MUG-1").await, now);

        let args = json!({ "sku": "MUG-1", "active": "false", "reorder_point": 0 });
        let answer = shop.call(ProductUpdate, args).await.unwrap();
        let say = "From now on Coffee Mug is no longer sold and is not reordered.";
        assert_eq!(answer["say"], say);
        let before = json!({ "active": true, "reorder_point": 3 });
        assert_eq!(answer["data"]["before"], before);
        let now = TermsRow { price_minor: 825, active: false, reorder_point: 0, version: 3 };
        assert_eq!(terms(&shop, "MUG-1").await, now);
        let other = TermsRow { price_minor: 1000, active: true, reorder_point: 3, version: 1 };
        assert_eq!(terms(&shop, "TEE-RED-M").await, other);
    }
}

#[tokio::test]
async fn an_approver_reads_old_and_new() {
    for shop in shops().await {
        let args = json!({ "sku": "TEE-RED-M", "price": 12, "active": false, "reorder_point": 5 });
        let preview = shop.preview(ProductUpdate, args).await.unwrap();
        let sentence = "Change T-Shirt red M: price from 10.00 USD to 12.00 USD, \
                        no longer sold and reorder point from 3 to 5";
        assert_eq!(preview.summary, sentence);
        assert_eq!(preview.context["version"], 1);
        assert_eq!(preview.details["before"]["price"]["amount"], "10.00");
        assert_eq!(preview.details["after"]["price"]["amount"], "12.00");
        assert!(preview.holds.is_empty());
    }
}

#[tokio::test]
async fn nonsense_is_refused_before_anyone_is_asked_and_changes_nothing() {
    for shop in shops().await {
        let before = terms(&shop, "MUG-1").await;
        for (args, code) in [
            (json!({ "sku": "MUG-1" }), "invalid_parameters"),
            (json!({ "sku": "MUG-1", "price": "-1" }), "invalid_parameters"),
            (json!({ "sku": "MUG-1", "price": "1.999" }), "invalid_parameters"),
            (json!({ "sku": "MUG-1", "price": "cheap" }), "invalid_parameters"),
            (json!({ "sku": "MUG-1", "reorder_point": -1 }), "invalid_parameters"),
            (json!({ "sku": "MUG-1", "price": "7.5" }), "invalid_state"),
            (json!({ "sku": "MUG-1", "price": "8", "expected_version": 2 }), "conflict"),
            (json!({ "sku": "TEE", "price": "8" }), "invalid_parameters"),
            (json!({ "sku": "NONE", "price": "8" }), "not_found"),
        ] {
            let refused = shop.preview(ProductUpdate, args.clone()).await.unwrap_err();
            assert_eq!(refused.code().as_str(), code, "{args}");
            assert_eq!(shop.refusal(ProductUpdate, args).await.0, code);
        }
        assert_eq!(terms(&shop, "MUG-1").await, before);
    }
}

#[tokio::test]
async fn what_another_tenant_sells_is_not_found() {
    for shop in shops().await {
        let mut tx = shop.db.db.write().await.unwrap().of("demo");
        let sql = "update variants set tenant_id = 'other' where sku = $1";
        tx.execute(sql, params!["MUG-1"]).await.unwrap();
        tx.commit().await.unwrap();
        let args = json!({ "sku": "MUG-1", "price": "8" });
        assert_eq!(shop.refusal(ProductUpdate, args).await.0, "not_found");
    }
}

#[tokio::test]
async fn an_open_quote_keeps_its_price_until_it_ends() {
    for mut shop in shops().await {
        let items = json!([{ "sku": "TEE-RED-M", "quantity": 1 }]);
        let asked = json!({ "customer_id": "CUST-2", "items": items });
        let quote = shop.call(OrderQuote, asked).await.unwrap();
        let (id, total) = (&quote["data"]["quote_id"], &quote["data"]["total"]["amount"]);
        let order = |quote_id: &Value| {
            let mut order = json!({ "customer_id": "CUST-2", "items": items, "total": total });
            if !quote_id.is_null() {
                order["quote_id"] = quote_id.clone();
            }
            order
        };
        let args = json!({ "sku": "TEE-RED-M", "price": "12.00" });
        shop.call(ProductUpdate, args).await.unwrap();

        let (code, _) = shop.refusal(OrderCreate, order(&Value::Null)).await;
        assert_eq!(code, "total_mismatch", "without the quote it is the new price");
        let placed = shop.call(OrderCreate, order(id)).await.unwrap();
        assert_eq!(&placed["data"]["total"]["amount"], total);
        shop.now += Duration::minutes(30);
        let (code, _) = shop.refusal(OrderCreate, order(id)).await;
        assert_eq!(code, "total_mismatch", "the quote has ended");
    }
}

#[tokio::test]
async fn the_same_change_in_other_words_is_the_same_wish() {
    for shop in shops().await {
        let price = |sku: &str, price: Value| json!({ "sku": sku, "price": price });
        let same = [
            price("MUG-1", json!("9.50")),
            price("mug 1", json!("$9.50")),
            price("mug one", json!(9.5)),
            price("MUG1", json!("9.50 USD")),
            json!({ "sku": "MUG-1", "price": "9.50", "expected_version": 1 }),
        ];
        let other = [
            price("MUG-1", json!("9.51")),
            price("TEE-RED-M", json!("9.50")),
            json!({ "sku": "MUG-1", "price": "9.50", "active": false }),
        ];
        wordings(&shop, ProductUpdate, &same, &other).await;
        let parts = [
            json!({ "sku": "MUG-1", "active": false, "reorder_point": 12 }),
            json!({ "sku": "mug-1", "active": "no", "reorder_point": "a dozen" }),
        ];
        wordings(&shop, ProductUpdate, &parts, &same).await;
        shop.call(ProductUpdate, same[0].clone()).await.unwrap();
        wordings(&shop, ProductUpdate, &same, &other).await;
    }
}
