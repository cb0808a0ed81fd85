use chrono::Duration;
use serde_json::json;

use super::{super::InventoryReserve, *};
use crate::{
    catalog::sql::{
        reservations::Holding,
        stock::{self, StockRow},
    },
    payments::sql::ledgers,
    testing::{Shop, shops, wordings},
};
use business_mcp_engine::db::{approvals, params};

async fn reserve(shop: &Shop) -> String {
    let args = json!({ "sku": "TEE-BLUE-M", "quantity": 4 });
    let answer = shop.call(InventoryReserve, args).await.unwrap();
    answer["data"]["reservation_id"].as_str().unwrap().to_owned()
}

async fn reserved(shop: &Shop, sku: &str) -> i64 {
    let mut ctx = shop.context(false).await;
    let rows = stock::of_sku(&mut ctx.tx, sku, ctx.now).await.unwrap();
    rows.iter().map(|row: &StockRow| row.reserved).sum()
}

#[tokio::test]
async fn a_reservation_is_released_once_and_as_a_whole() {
    for shop in shops().await {
        let (id, other) = (reserve(&shop).await, json!({ "sku": "TEE-RED-M", "quantity": 1 }));
        shop.call(InventoryReserve, other).await.unwrap();
        let args = json!({ "reservation_id": id });
        let preview = shop.preview(InventoryRelease, args.clone()).await.unwrap();
        let sentence = format!("Release reservation {id}: 4 of T-Shirt blue M");
        assert_eq!(preview.summary, sentence);
        let said = json!({ "reservation_id": id.to_lowercase().replace('-', " ") });
        let answer = shop.call(InventoryRelease, said).await.unwrap();
        assert_eq!(answer["say"], "4 pieces of T-Shirt blue M are free again.");
        let data = &answer["data"];
        assert_eq!(data["reservation_id"], id);
        assert_eq!((&data["quantity"], &data["available"]), (&json!(4), &json!(5)));
        assert_eq!(reserved(&shop, "TEE-BLUE-M").await, 0);
        assert_eq!(reserved(&shop, "TEE-RED-M").await, 1, "others stay");
        assert_eq!(shop.refusal(InventoryRelease, args).await.0, "not_found");
        let mut tx = shop.db.db.read().await.unwrap().of("demo");
        assert!(ledgers::differences(&mut tx).await.unwrap().none());
    }
}

#[tokio::test]
async fn what_has_ended_is_not_found_whether_it_was_swept_or_not() {
    for mut shop in shops().await {
        let args = json!({ "reservation_id": reserve(&shop).await });
        shop.now += Duration::minutes(30);
        let (code, words) = shop.refusal(InventoryRelease, args.clone()).await;
        assert_eq!(code, "not_found");
        let mut ctx = shop.context(true).await;
        let now = ctx.now;
        assert_eq!(reservations::release_ended(&mut ctx.tx, now, 10).await.unwrap(), 2);
        ctx.tx.commit().await.unwrap();
        assert_eq!(shop.refusal(InventoryRelease, args).await, (code, words));
    }
}

#[tokio::test]
async fn a_reservation_of_another_tenant_is_not_found() {
    for shop in shops().await {
        let id = reserve(&shop).await;
        let mut ctx = shop.context(true).await;
        for sql in [
            "update reservations set tenant_id = 'other' where holder = $1",
            "insert into stock (tenant_id, sku, location, on_hand, reserved)
             select 'other', sku, location, on_hand, reserved
             from stock
             where sku = 'TEE-BLUE-M' and $1 <> ''",
        ] {
            ctx.tx.execute(sql, params![&id]).await.unwrap();
        }
        ctx.tx.commit().await.unwrap();
        let args = json!({ "reservation_id": id });
        assert_eq!(shop.refusal(InventoryRelease, args).await.0, "not_found");
        let mut ctx = shop.context(false).await;
        let now = ctx.now;
        ctx.tx.set_tenant("other");
        let held = reservations::of_holder(&mut ctx.tx, &id, now).await.unwrap();
        assert_eq!(held.len(), 2, "it is still held");
    }
}

#[tokio::test]
async fn what_a_request_holds_cannot_be_released() {
    for shop in shops().await {
        let mut ctx = shop.context(true).await;
        let (now, holder) = (ctx.now, approvals::holder("APR-0123456789"));
        let until = now + Duration::minutes(10);
        let holding = Holding { holder: &holder, location: None, reserved_by: None, now, until };
        assert!(reservations::hold(&mut ctx.tx, "TEE-RED-M", 3, holding).await.unwrap());
        ctx.tx.commit().await.unwrap();
        for id in [holder.as_str(), "APR-0123456789", "0123456789", "%", ""] {
            let args = json!({ "reservation_id": id });
            let (code, _) = shop.refusal(InventoryRelease, args).await;
            assert!(matches!(code, "not_found" | "invalid_parameters"), "{id}: {code}");
        }
        assert_eq!(reserved(&shop, "TEE-RED-M").await, 3);
    }
}

#[tokio::test]
async fn the_same_reservation_in_other_words_is_the_same_wish() {
    for shop in shops().await {
        let id = reserve(&shop).await;
        let wish = |said: &str| json!({ "reservation_id": said });
        let same = [wish(&id), wish(&id.to_lowercase().replace('-', " ")), wish(&id[4..])];
        let other = [wish("RES-0000000000")];
        wordings(&shop, InventoryRelease, &same, &other).await;
        shop.call(InventoryRelease, same[0].clone()).await.unwrap();
        wordings(&shop, InventoryRelease, &same, &other).await;
    }
}
