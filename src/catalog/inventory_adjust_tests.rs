use serde_json::json;

use super::*;
use crate::testing::{self, Shop, shops, wordings};
use business_mcp_engine::db::{Tx, params};

async fn ledger(tx: &mut Tx, sku: &str) -> (i64, String, Option<String>) {
    let sums = "select cast(coalesce(sum(delta), 0) as bigint), max(reason), max(cause)
                from stock_movements
                where tenant_id = 'demo' and sku = $1 and reason <> 'import'";
    let (sum, reason, cause): (i64, Option<String>, Option<String>) =
        tx.fetch_one(sums, params![sku]).await.unwrap();
    (sum, reason.unwrap_or_default(), cause)
}

#[tokio::test]
async fn an_approver_reads_what_will_be() {
    for shop in shops().await {
        let args = json!({ "sku": "mug one", "mode": "set", "quantity": 12, "reason": "recount" });
        let preview = shop.preview(InventoryAdjust, args).await.unwrap();
        assert_eq!(preview.summary, "Set Coffee Mug at Main warehouse from 0 to 12: recount");
        assert_eq!(preview.details["on_hand"], 0);
        let args = json!({
            "sku": "TEE-BLUE-M", "mode": "delta", "quantity": "-1", "reason": "torn",
            "location": "STORE",
        });
        let preview = shop.preview(InventoryAdjust, args).await.unwrap();
        let sentence = "Take 1 of T-Shirt blue M away at Harbor Street store \
                        from 3 to 2: torn";
        assert_eq!(preview.summary, sentence);
        assert_eq!(preview.context["on_hand"], 3, "a difference is approved over any count");
    }
}

#[tokio::test]
async fn a_count_is_set_once_however_often_it_is_sent() {
    for shop in shops().await {
        let args = json!({ "sku": "MUG-1", "mode": "set", "quantity": 12, "reason": "recount" });
        let answer = shop.call(InventoryAdjust, args.clone()).await.unwrap();
        let movement = &answer["data"]["movement"];
        assert_eq!(movement["delta"], 12);
        assert_eq!(
            (&movement["on_hand_before"], &movement["on_hand_after"]),
            (&json!(0), &json!(12))
        );
        assert_eq!(answer["data"]["available"], 12);
        let say = "The count of Coffee Mug at Main warehouse is 12 pieces now, and was 0.";
        assert_eq!(answer["say"], say);
        let again = shop.call(InventoryAdjust, args).await.unwrap();
        assert_eq!(again["data"]["movement"]["delta"], 0);
        let mut ctx = shop.context(false).await;
        let (sum, reason, _) = ledger(&mut ctx.tx, "MUG-1").await;
        assert_eq!((sum, reason.as_str()), (12, "adjustment: recount"));
        let rows = stock::of_sku(&mut ctx.tx, "MUG-1", ctx.now).await.unwrap();
        assert_eq!(rows[0].on_hand, 12);
    }
}

#[tokio::test]
async fn pieces_are_added_where_there_were_none() {
    for shop in shops().await {
        let args = json!({
            "sku": "MUG-1", "mode": "delta", "quantity": 5, "reason": "found", "location": "store",
            "expected_on_hand": 0,
        });
        let answer = shop.call(InventoryAdjust, args.clone()).await.unwrap();
        assert_eq!(answer["data"]["movement"]["location"], "store");
        assert_eq!(answer["data"]["movement"]["on_hand_after"], 5);
        let error = shop.call(InventoryAdjust, args).await.unwrap_err();
        assert_eq!(error.code().as_str(), "conflict");
        assert_eq!(error.details().unwrap()["on_hand"], 5);
        let mut ctx = shop.context(false).await;
        assert_eq!(ledger(&mut ctx.tx, "MUG-1").await.0, 5);
    }
}

#[tokio::test]
async fn what_is_not_there_or_held_cannot_be_taken_away() {
    for shop in shops().await {
        let mut ctx = shop.context(true).await;
        testing::hold(&mut ctx.tx, "TEE-RED-M", 4, ctx.now).await;
        ctx.tx.commit().await.unwrap();
        for (mode, quantity) in [("delta", -11), ("delta", -7), ("set", 3)] {
            let args =
                json!({ "sku": "TEE-RED-M", "mode": mode, "quantity": quantity, "reason": "lost" });
            let refused = shop.preview(InventoryAdjust, args.clone()).await.unwrap_err();
            assert_eq!(refused.code().as_str(), "invalid_state", "{args}");
            assert_eq!(refused.details().unwrap(), &json!({ "on_hand": 10, "reserved": 4 }));
            assert_eq!(shop.refusal(InventoryAdjust, args).await.0, "invalid_state");
        }
        let args = json!({ "sku": "TEE-RED-M", "mode": "delta", "quantity": -6, "reason": "lost" });
        let answer = shop.call(InventoryAdjust, args).await.unwrap();
        assert_eq!(answer["data"]["movement"]["on_hand_after"], 4);
        assert_eq!(answer["data"]["available"], 0);
    }
}

#[tokio::test]
async fn nonsense_is_refused_before_anyone_is_asked() {
    for shop in shops().await {
        let with = |sku: &str, mode: &str, quantity: i64, location: &str| {
            json!({
                "sku": sku, "mode": mode, "quantity": quantity, "reason": "r", "location": location,
            })
        };
        for (args, code) in [
            (with("MUG-2", "set", 1, "main"), "not_found"),
            (with("MUG-1", "set", 1, "moon"), "not_found"),
            (with("TEE", "set", 1, "main"), "invalid_parameters"),
            (with("MUG-1", "set", -1, "main"), "invalid_parameters"),
            (with("MUG-1", "delta", 0, "main"), "invalid_parameters"),
            (with("MUG-1", "delta", 1_000_001, "main"), "invalid_parameters"),
            (with("MUG-1", "both", 1, "main"), "invalid_parameters"),
        ] {
            let refused = shop.preview(InventoryAdjust, args.clone()).await.unwrap_err();
            assert_eq!(refused.code().as_str(), code, "{args}");
        }
    }
}

#[tokio::test]
async fn a_count_is_not_set_over_a_movement_that_it_did_not_see() {
    // SQLite has one writer at a time, so that there is nothing to see there.
    for shop in shops().await.iter().filter(|shop| shop.db.db.kind() == "postgres") {
        let args = |mode: &str, quantity: i64| -> Args {
            let args = json!({ "sku": "MUG-1", "mode": mode, "quantity": quantity, "reason": "r" });
            serde_json::from_value(args).unwrap()
        };
        let (mut first, mut second) = (shop.context(true).await, shop.context(true).await);
        testing::run(&InventoryAdjust, &mut first, args("delta", 5)).await.unwrap();
        let commit = async {
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
            first.tx.commit().await.unwrap();
        };
        let (set, ()) =
            tokio::join!(testing::run(&InventoryAdjust, &mut second, args("set", 12)), commit);
        let error = set.unwrap_err();
        assert!(error.code().as_str() == "conflict" && error.may_rerun());
        drop(second);
        let mut again = shop.context(true).await;
        let answer = testing::run(&InventoryAdjust, &mut again, args("set", 12)).await;
        answer.unwrap();
        assert_eq!(ledger(&mut again.tx, "MUG-1").await.0, 12);
    }
}

/// A shop with a third location.
fn with_a_depot(shop: &mut Shop, id: &str, name: &str) {
    let (id, name) = (id.to_owned(), name.to_owned());
    let address = "1 Depot Road".to_owned();
    shop.business.locations.push(crate::business::Location { id, name, address });
}

#[tokio::test]
async fn a_location_that_is_gone_at_approval_gets_no_stock() {
    for mut shop in shops().await {
        with_a_depot(&mut shop, "depot", "Depot");
        let args = json!({
            "sku": "MUG-1", "mode": "delta", "quantity": 2, "reason": "found", "location": "Depot",
        });
        let args = serde_json::from_value(args).unwrap();
        let intent = InventoryAdjust.resolve(&mut shop.context(true).await, args).await.unwrap();
        shop.business.locations.pop();
        let gone = InventoryAdjust.plan(&mut shop.context(true).await, intent).await.unwrap_err();
        assert_eq!(gone.code().as_str(), "not_found");
    }
}

#[tokio::test]
async fn what_several_locations_or_skus_are_called_is_a_question() {
    for mut shop in shops().await {
        with_a_depot(&mut shop, "old", "main warehouse");
        let at = |sku: &str, location: &str| {
            json!({
                "sku": sku, "mode": "delta", "quantity": 2, "reason": "found", "location": location,
            })
        };
        let asked = |error: ToolError| {
            let candidates = error.candidates().unwrap_or_default().iter();
            candidates.map(|candidate| candidate.id.clone()).collect::<Vec<_>>()
        };
        let error = shop.call(InventoryAdjust, at("MUG-1", "Main Warehouse")).await.unwrap_err();
        assert_eq!(asked(error), ["main", "old"]);
        let error = shop.call(InventoryAdjust, at("TEE", "main")).await.unwrap_err();
        assert_eq!(asked(error), ["TEE-BLUE-M", "TEE-RED-M"]);
        shop.call(InventoryAdjust, at("TEE-RED-M", "old")).await.unwrap();
    }
}

#[tokio::test]
async fn the_same_correction_in_other_words_is_the_same_wish() {
    for shop in shops().await {
        let wish = |sku: &str, mode: &str, quantity: serde_json::Value, location: &str| {
            json!({
                "sku": sku, "mode": mode, "quantity": quantity, "reason": location,
                "location": location,
            })
        };
        let same = [
            json!({ "sku": "MUG-1", "mode": "delta", "quantity": -2, "reason": "damaged" }),
            json!({ "sku": "mug 1", "mode": "Delta", "quantity": "minus two", "reason": "broken" }),
            wish("mug one", "delta", json!("-2"), "main"),
            wish("MUG1", "delta", json!(-2), "Main Warehouse"),
            json!({
                "sku": "MUG-1", "mode": "delta", "quantity": -2, "reason": "x",
                "expected_on_hand": 7,
            }),
        ];
        let other = [
            wish("MUG-1", "delta", json!(2), "main"),
            wish("MUG-1", "delta", json!(-2), "store"),
            wish("MUG-1", "set", json!(2), "main"),
            wish("TEE-RED-M", "delta", json!(-2), "main"),
        ];
        wordings(&shop, InventoryAdjust, &same, &other).await;
    }
}
