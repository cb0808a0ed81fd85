use chrono::Duration;
use serde_json::json;

use super::{super::InventoryCheckStock, *};
use crate::{
    catalog::sql::stock,
    payments::sql::ledgers,
    testing::{Shop, shops, wordings},
};
use business_mcp_engine::db::{Tx, params};

async fn reserve(shop: &Shop, sku: &str, quantity: i64, minutes: i64) -> String {
    let args = json!({ "sku": sku, "quantity": quantity, "minutes": minutes });
    let answer = shop.call(InventoryReserve, args).await.unwrap();
    answer["data"]["reservation_id"].as_str().unwrap().to_owned()
}

async fn available(shop: &Shop, sku: &str) -> i64 {
    let answer = shop.call(InventoryCheckStock, json!({ "sku": sku })).await.unwrap();
    answer["data"]["available"].as_i64().unwrap()
}

async fn rows(tx: &mut Tx) -> i64 {
    let (rows,): (i64,) =
        tx.fetch_one("select count(*) from reservations", params![]).await.unwrap();
    rows
}

#[tokio::test]
async fn pieces_are_held_wherever_they_are() {
    for shop in shops().await {
        let args = json!({ "sku": "tee blue m", "quantity": "four" });
        let answer = shop.call(InventoryReserve, args).await.unwrap();
        assert_eq!(answer["say"], "I am holding 4 pieces of T-Shirt blue M for 30 minutes.");
        let data = &answer["data"];
        assert!(data["reservation_id"].as_str().unwrap().starts_with("RES-"));
        assert_eq!((&data["sku"], &data["available"]), (&json!("TEE-BLUE-M"), &json!(1)));
        assert_eq!(data["expires_at"], "2026-01-10T17:30:00Z");
        let locations = json!([
            { "location": "main", "quantity": 1 },
            { "location": "store", "quantity": 3 },
        ]);
        assert_eq!(data["locations"], locations);
        assert_eq!(available(&shop, "TEE-BLUE-M").await, 1);
        let mut tx = shop.db.db.read().await.unwrap().of("demo");
        assert!(ledgers::differences(&mut tx).await.unwrap().none());
    }
}

#[tokio::test]
async fn an_ended_reservation_counts_no_longer_although_nobody_swept_it() {
    for mut shop in shops().await {
        reserve(&shop, "TEE-RED-M", 8, 10).await;
        reserve(&shop, "TEE-RED-M", 1, 60).await;
        shop.now += Duration::minutes(10) - Duration::seconds(1);
        assert_eq!(available(&shop, "TEE-RED-M").await, 1);
        let args = json!({ "sku": "TEE-RED-M", "quantity": 9 });
        let refused = shop.call(InventoryReserve, args.clone()).await.unwrap_err();
        assert_eq!(refused.code().as_str(), "out_of_stock");
        let facts = json!({ "sku": "TEE-RED-M", "available": 1, "requested": 9 });
        assert_eq!(refused.details().unwrap(), &facts);

        shop.now += Duration::seconds(1);
        let mut tx = shop.db.db.read().await.unwrap().of("demo");
        assert_eq!(rows(&mut tx).await, 2, "nobody swept");
        drop(tx);
        assert_eq!(available(&shop, "TEE-RED-M").await, 9);
        let answer = shop.call(InventoryReserve, args).await.unwrap();
        assert_eq!(answer["data"]["available"], 0);
        let mut tx = shop.db.db.read().await.unwrap().of("demo");
        assert_eq!(rows(&mut tx).await, 2, "what was needed was let go");
        assert!(ledgers::differences(&mut tx).await.unwrap().none());
    }
}

#[tokio::test]
async fn what_was_held_can_be_sold_from_the_second_it_ends() {
    for mut shop in shops().await {
        reserve(&shop, "TEE-BLUE-M", 5, 10).await;
        let cause = |at| stock::Cause { reason: "sale", id: None, actor: "tester", at };
        let mut ctx = shop.context(true).await;
        let now = ctx.now;
        let sold = stock::take(&mut ctx.tx, "TEE-BLUE-M", 5, cause(now)).await.unwrap();
        assert!(!sold, "it is held");
        drop(ctx);
        shop.now += Duration::minutes(10);
        let mut ctx = shop.context(true).await;
        let now = ctx.now;
        assert!(stock::take(&mut ctx.tx, "TEE-BLUE-M", 5, cause(now)).await.unwrap());
        assert!(ledgers::differences(&mut ctx.tx).await.unwrap().none());
    }
}

#[tokio::test]
async fn what_cannot_be_held_is_refused_before_and_changes_nothing() {
    for shop in shops().await {
        let mut ctx = shop.context(true).await;
        let sql = "update variants set active = false where tenant_id = 'demo' and sku = $1";
        ctx.tx.execute(sql, params!["TEE-RED-M"]).await.unwrap();
        ctx.tx.commit().await.unwrap();
        let with = |sku: &str, quantity: i64, minutes: i64| json!({ "sku": sku, "quantity": quantity, "minutes": minutes });
        for (args, code) in [
            (with("NONE", 1, 1), "not_found"),
            (with("TEE", 1, 1), "invalid_parameters"),
            (with("TEE-BLUE-M", 0, 1), "invalid_parameters"),
            (with("TEE-BLUE-M", 1, 0), "invalid_parameters"),
            (with("TEE-BLUE-M", 1, 1441), "invalid_parameters"),
            (with("TEE-BLUE-M", 6, 1), "out_of_stock"),
            (with("MUG-1", 1, 1), "out_of_stock"),
            (with("TEE-RED-M", 1, 1), "invalid_state"),
        ] {
            let before = shop.preview(InventoryReserve, args.clone()).await.unwrap_err();
            assert_eq!(before.code().as_str(), code, "{args}");
            assert_eq!(shop.refusal(InventoryReserve, args).await.0, code);
        }
        let mut tx = shop.db.db.read().await.unwrap().of("demo");
        assert_eq!(rows(&mut tx).await, 0);
    }
}

#[tokio::test]
async fn whoever_decides_reads_what_will_be_held() {
    for shop in shops().await {
        let args = json!({ "sku": "TEE-RED-M", "quantity": 2, "minutes": 1 });
        let preview = shop.preview(InventoryReserve, args).await.unwrap();
        assert_eq!(preview.summary, "Reserve 2 of T-Shirt red M for 1 minute");
        let hold = Hold::anywhere("TEE-RED-M", 2);
        assert_eq!(preview.holds, [hold]);
    }
}

#[tokio::test]
async fn the_same_pieces_in_other_words_are_the_same_wish() {
    for shop in shops().await {
        let wish =
            |sku: &str, quantity: serde_json::Value| json!({ "sku": sku, "quantity": quantity });
        let same = [
            wish("TEE-RED-M", json!(2)),
            wish("tee red m", json!("two")),
            wish("tee-red-m", json!("2")),
            wish("T E E red M", json!("a couple")),
            json!({ "sku": "TEERED M", "quantity": 2, "minutes": "thirty" }),
        ];
        let other = [
            wish("TEE-RED-M", json!(3)),
            wish("TEE-BLUE-M", json!(2)),
            json!({ "sku": "TEE-RED-M", "quantity": 2, "minutes": 31 }),
        ];
        wordings(&shop, InventoryReserve, &same, &other).await;
        // Although there are too few by now.
        reserve(&shop, "TEE-RED-M", 10, 10).await;
        wordings(&shop, InventoryReserve, &same, &other).await;
    }
}
