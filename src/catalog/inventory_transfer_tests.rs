use serde_json::json;

use super::*;
use crate::{
    payments::sql::ledgers,
    testing::{self, Shop, shops, wordings},
};
use business_mcp_engine::db::params;

fn moved(sku: &str, from: &str, to: &str, quantity: i64) -> serde_json::Value {
    json!({ "sku": sku, "from": from, "to": to, "quantity": quantity })
}

async fn stock_of(shop: &Shop, sku: &str) -> Vec<(String, i64)> {
    let mut ctx = shop.context(false).await;
    let rows = stock::of_sku(&mut ctx.tx, sku, ctx.now).await.unwrap();
    let mut rows: Vec<_> = rows.into_iter().map(|row| (row.location, row.on_hand)).collect();
    rows.sort();
    rows
}

#[tokio::test]
async fn pieces_leave_one_place_and_come_to_the_other() {
    for shop in shops().await {
        let args = moved("tee blue m", "Harbor Street Store", "MAIN", 2);
        let answer = shop.call(InventoryTransfer, args).await.unwrap();
        let say =
            "I have moved 2 pieces of T-Shirt blue M from Harbor Street store to Main warehouse.";
        assert_eq!(answer["say"], say);
        let movements = json!([
            {
                "location": "store", "delta": -2, "on_hand_before": 3, "on_hand_after": 1,
                "available": 1,
            },
            {
                "location": "main", "delta": 2, "on_hand_before": 2, "on_hand_after": 4,
                "available": 4,
            },
        ]);
        assert_eq!(answer["data"]["movements"], movements);
        let here = [("main".to_owned(), 4), ("store".to_owned(), 1)];
        assert_eq!(stock_of(&shop, "TEE-BLUE-M").await, here);

        let id = answer["data"]["transfer_id"].as_str().unwrap();
        let mut tx = shop.db.db.read().await.unwrap().of("demo");
        let ledger: Vec<(String, i64, String, String)> = tx
            .fetch_all(
                "select location, delta, reason, actor
                 from stock_movements
                 where tenant_id = 'demo' and sku = 'TEE-BLUE-M' and cause = $1
                 order by location",
                params![id],
            )
            .await
            .unwrap();
        let row = |location: &str, delta| {
            (location.to_owned(), delta, "transfer".to_owned(), "tester".to_owned())
        };
        assert_eq!(ledger, [row("main", 2), row("store", -2)]);
        assert!(ledgers::differences(&mut tx).await.unwrap().none());
    }
}

#[tokio::test]
async fn pieces_come_where_there_were_none() {
    for shop in shops().await {
        shop.call(InventoryTransfer, moved("TEE-RED-M", "main", "store", 10)).await.unwrap();
        let here = [("main".to_owned(), 0), ("store".to_owned(), 10)];
        assert_eq!(stock_of(&shop, "TEE-RED-M").await, here);
        let (code, words) =
            shop.refusal(InventoryTransfer, moved("TEE-RED-M", "main", "store", 1)).await;
        assert_eq!(code, "out_of_stock");
        let sentence = "No piece of T-Shirt red M is free at Main warehouse, so none can be moved.";
        assert_eq!(words, sentence);
    }
}

#[tokio::test]
async fn what_cannot_be_moved_is_refused_at_the_call_and_stays_where_it_is() {
    for shop in shops().await {
        let mut ctx = shop.context(true).await;
        testing::hold(&mut ctx.tx, "TEE-RED-M", 4, ctx.now).await;
        ctx.tx.commit().await.unwrap();
        for (args, code) in [
            (moved("NONE", "main", "store", 1), "not_found"),
            (moved("TEE", "main", "store", 1), "invalid_parameters"),
            (moved("TEE-RED-M", "moon", "store", 1), "not_found"),
            (moved("TEE-RED-M", "main", "moon", 1), "not_found"),
            (moved("TEE-RED-M", "main", "Main warehouse", 1), "invalid_parameters"),
            (moved("TEE-RED-M", "main", "store", 0), "invalid_parameters"),
            (moved("TEE-RED-M", "main", "store", 7), "out_of_stock"),
            (moved("TEE-RED-M", "store", "main", 1), "out_of_stock"),
        ] {
            let before = shop.preview(InventoryTransfer, args.clone()).await.unwrap_err();
            assert_eq!(before.code().as_str(), code, "{args}");
            assert_eq!(shop.refusal(InventoryTransfer, args).await.0, code);
        }
        let args = moved("TEE-RED-M", "main", "store", 7);
        let refused = shop.preview(InventoryTransfer, args).await.unwrap_err();
        let facts = json!({
            "sku": "TEE-RED-M", "location": "main", "on_hand": 10, "reserved": 4, "available": 6,
            "requested": 7,
        });
        assert_eq!(refused.details().unwrap(), &facts);
        assert_eq!(stock_of(&shop, "TEE-RED-M").await, [("main".to_owned(), 10)]);
    }
}

#[tokio::test]
async fn what_another_tenant_has_cannot_be_moved() {
    for shop in shops().await {
        let mut ctx = shop.context(true).await;
        for sql in [
            "update stock set tenant_id = 'other' where sku = 'TEE-RED-M'",
            "insert into stock (tenant_id, sku, location, on_hand, reserved)
             values ('other', 'TEE-BLUE-M', 'moon', 5, 0)",
        ] {
            ctx.tx.execute(sql, params![]).await.unwrap();
        }
        ctx.tx.commit().await.unwrap();
        let args = moved("TEE-RED-M", "main", "store", 1);
        assert_eq!(shop.refusal(InventoryTransfer, args).await.0, "out_of_stock");
        let args = moved("TEE-BLUE-M", "moon", "store", 1);
        assert_eq!(shop.refusal(InventoryTransfer, args).await.0, "not_found");
    }
}

#[tokio::test]
async fn an_approver_reads_the_way_and_the_pieces_wait_where_they_leave() {
    for shop in shops().await {
        let args = moved("TEE-BLUE-M", "main", "store", 2);
        let preview = shop.preview(InventoryTransfer, args).await.unwrap();
        let sentence = "Move 2 of T-Shirt blue M from Main warehouse to Harbor Street store";
        assert_eq!(preview.summary, sentence);
        assert_eq!(preview.context["from"]["available"], 2);
        let location = Some("main".to_owned());
        assert_eq!(preview.holds, [Hold { location, ..Hold::anywhere("TEE-BLUE-M", 2) }]);
    }
}

#[tokio::test]
async fn the_same_move_in_other_words_is_the_same_wish() {
    for shop in shops().await {
        let same = [
            moved("TEE-BLUE-M", "store", "main", 2),
            moved("tee blue m", "Harbor Street Store", "MAIN", 2),
            json!({
                "sku": "tee-blue-m", "from": "STORE", "to": "main warehouse", "quantity": "two",
            }),
        ];
        let other = [
            moved("TEE-BLUE-M", "main", "store", 2),
            moved("TEE-BLUE-M", "store", "main", 3),
            moved("TEE-RED-M", "store", "main", 2),
        ];
        wordings(&shop, InventoryTransfer, &same, &other).await;
        shop.call(InventoryTransfer, same[0].clone()).await.unwrap();
        shop.call(InventoryTransfer, moved("TEE-BLUE-M", "store", "main", 1)).await.unwrap();
        wordings(&shop, InventoryTransfer, &same, &other).await;
    }
}
