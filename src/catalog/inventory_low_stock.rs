//! `inventory_low_stock`: what is to be reordered, and how much of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use validator::Validate;

use super::{place, said};
use crate::{
    access::{scope, toolset},
    catalog::{
        reorder,
        sql::variants::{self, LowRow},
    },
};
use business_mcp_engine::{
    speech::{phrases, text},
    text,
    tool::{Answer, Approval, CallContext, Effect, ReadTool, Risk, Spec, ToolError, fit},
};

/// Lists what is low.
pub struct InventoryLowStock;

/// Where, and how many.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub struct Args {
    /// Only what is kept at this location, and only its pieces, by id or name.
    #[validate(length(max = 64, message = "must be at most 64 characters"))]
    location: Option<String>,
    /// How many, 1 to 50; 10 if not given.
    #[validate(range(min = 1, max = 50, message = "must be from 1 to 50"))]
    limit: Option<i64>,
}

/// What is low.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output {
    /// What is low, those furthest below their reorder point first.
    low: Vec<Low>,
    /// How many more there are.
    more: i64,
    /// The location's id, where only one was asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<String>,
}

/// A variant that is low.
#[derive(Debug, Serialize, JsonSchema)]
struct Low {
    /// Its SKU.
    sku: String,
    /// The product and its options.
    name: String,
    /// Pieces that can be sold.
    available: i64,
    /// With how many pieces it is to be reordered.
    reorder_point: i64,
    /// How many to order: up to twice the reorder point.
    suggested_quantity: i64,
}

impl ReadTool for InventoryLowStock {
    type Args = Args;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "inventory_low_stock",
        aliases: &[],
        version: 1,
        title: "List low stock",
        description: "List what has fallen to its reorder point, with a suggested quantity to \
                      order, at all locations together or at one.",
        scope: Some(scope::INVENTORY_READ),
        toolsets: &[toolset::DESK, toolset::STOCK],
        effect: Effect::Read,
        risk: Risk::Low,
        approval: Approval::AutoApproved,
    };

    async fn call(&self, ctx: &mut CallContext, args: Args) -> Result<Answer<Output>, ToolError> {
        let place = match &args.location {
            Some(said) => Some(place::named(ctx, said).await?),
            None => None,
        };
        let (now, limit) = (ctx.now, args.limit.unwrap_or(10));
        let rows = match &place {
            Some(place) => variants::low_at(&mut ctx.tx, &place.id, now, limit).await?,
            None => variants::low(&mut ctx.tx, now, limit).await?,
        };
        let matches = rows.first().map_or(0, |row| row.matches);
        let low = |row: &LowRow| Low {
            sku: row.sku.clone(),
            name: said::titled(&row.name, &row.options, 120),
            available: row.available,
            reorder_point: row.reorder_point,
            suggested_quantity: reorder::suggested_quantity(row.available, row.reorder_point),
        };
        let mut low: Vec<Low> = rows.iter().map(low).collect();
        fit::cut(&mut low, fit::DATA - 400);
        let more = matches - i64::try_from(low.len()).unwrap_or_default();
        let (location, at) = place.map(|place| (place.id, place.name)).unzip();
        let output = Output { low, more, location };
        Ok(Answer::ok(say(&output, matches, at.as_deref()), output))
    }
}

fn say(output: &Output, matches: i64, place: Option<&str>) -> String {
    let at = place
        .map_or_else(String::new, |place| text!(" at {place}", place = text::display(place, 40)));
    let worst = |low: &Low| {
        let left = said::count(low.available, "piece", "pieces");
        text!("{name} with {left} left", left, name = phrases::stored(&low.name, 35))
    };
    let worst: Vec<String> = output.low.iter().take(2).map(worst).collect();
    let articles = said::count(matches, "article is", "articles are");
    let lowest = phrases::list(&worst);
    match (matches, worst.len()) {
        (0, _) => text!("Nothing is low on stock{at}.", at),
        (1, _) | (2, 2) => text!("{articles} low on stock{at}: {lowest}.", articles, at, lowest),
        (_, 1) => {
            text!("{articles} low on stock{at}. The lowest is {lowest}.", articles, at, lowest)
        }
        _ => text!("{articles} low on stock{at}. The lowest are {lowest}.", articles, at, lowest),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{self, Shop, shops};
    use business_mcp_engine::db::params;

    async fn change(shop: &Shop, sqls: &[&'static str]) {
        let mut tx = shop.db.db.write().await.unwrap().of("demo");
        for sql in sqls {
            tx.execute(sql, params![]).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    #[tokio::test]
    async fn what_is_at_its_reorder_point_is_low_and_the_lowest_comes_first() {
        for shop in shops().await {
            let answer = shop.call(InventoryLowStock, json!({})).await.unwrap();
            let mug = json!({
                "sku": "MUG-1", "name": "Coffee Mug", "available": 0, "reorder_point": 3,
                "suggested_quantity": 6,
            });
            assert_eq!(answer["data"], json!({ "low": [mug], "more": 0 }));
            let say = "1 article is low on stock: Coffee Mug with 0 pieces left.";
            assert_eq!(answer["say"], say);

            let mut ctx = shop.context(true).await;
            testing::hold(&mut ctx.tx, "TEE-BLUE-M", 2, ctx.now).await;
            testing::hold(&mut ctx.tx, "TEE-RED-M", 6, ctx.now).await;
            ctx.tx.commit().await.unwrap();
            let answer = shop.call(InventoryLowStock, json!({ "limit": 1 })).await.unwrap();
            assert_eq!(answer["data"]["low"][0], mug);
            assert_eq!(answer["data"]["more"], 1, "what others hold is not there");
            let say = "2 articles are low on stock. The lowest is Coffee Mug with 0 pieces left.";
            assert_eq!(answer["say"], say);
        }
    }

    #[tokio::test]
    async fn one_location_counts_only_what_is_kept_there() {
        for shop in shops().await {
            let args = json!({ "location": "harbor street store" });
            let answer = shop.call(InventoryLowStock, args).await.unwrap();
            let tee = json!({
                "sku": "TEE-BLUE-M", "name": "T-Shirt blue M", "available": 3, "reorder_point": 3,
                "suggested_quantity": 3,
            });
            assert_eq!(answer["data"], json!({ "low": [tee], "more": 0, "location": "store" }));
            let answer = shop.call(InventoryLowStock, json!({ "location": "main" })).await.unwrap();
            let low = answer["data"]["low"].as_array().unwrap();
            let skus: Vec<_> = low.iter().map(|low| low["sku"].as_str().unwrap()).collect();
            assert_eq!(skus, ["MUG-1", "TEE-BLUE-M"]);
            let (code, _) = shop.refusal(InventoryLowStock, json!({ "location": "moon" })).await;
            assert_eq!(code, "not_found");
        }
    }

    #[tokio::test]
    async fn what_has_ended_is_there_again() {
        for mut shop in shops().await {
            let mut ctx = shop.context(true).await;
            testing::hold(&mut ctx.tx, "TEE-RED-M", 8, ctx.now).await;
            ctx.tx.commit().await.unwrap();
            let skus = |answer: &serde_json::Value| {
                let low = answer["data"]["low"].as_array().unwrap();
                low.iter().map(|low| low["sku"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
            };
            for args in [json!({}), json!({ "location": "main" })] {
                let answer = shop.call(InventoryLowStock, args).await.unwrap();
                assert!(skus(&answer).contains(&"TEE-RED-M".to_owned()));
            }
            shop.now += chrono::Duration::minutes(10);
            for args in [json!({}), json!({ "location": "main" })] {
                let answer = shop.call(InventoryLowStock, args).await.unwrap();
                assert!(!skus(&answer).contains(&"TEE-RED-M".to_owned()));
            }
        }
    }

    #[tokio::test]
    async fn what_is_not_sold_not_reordered_or_another_tenants_is_never_low() {
        for shop in shops().await {
            change(
                &shop,
                &[
                    "update variants set reorder_point = 0 where sku = 'MUG-1'",
                    "update variants set reorder_point = 50, active = false
                     where sku = 'TEE-BLUE-M'",
                    "update variants set reorder_point = 50, tenant_id = 'other'
                     where sku = 'TEE-RED-M'",
                ],
            )
            .await;
            for args in [json!({}), json!({ "location": "main" })] {
                let answer = shop.call(InventoryLowStock, args).await.unwrap();
                assert_eq!(answer["data"]["low"], json!([]));
            }
            let answer = shop.call(InventoryLowStock, json!({})).await.unwrap();
            assert_eq!(answer["say"], "Nothing is low on stock.");
        }
    }

    #[tokio::test]
    async fn many_are_cut_and_counted() {
        for shop in shops().await {
            let mut tx = shop.db.db.write().await.unwrap().of("demo");
            let name = "Tea Pot ".repeat(20);
            let sql = "insert into products (tenant_id, id, name, name_key)
                       values ('demo', 'POT', $1, $1)";
            tx.execute(sql, params![&name]).await.unwrap();
            for n in 0..60 {
                tx.execute(
                    "insert into variants
                         (tenant_id, sku, product_id, sku_key, options, price_minor, reorder_point,
                          active, version)
                     values ('demo', $1, 'POT', $1, '{}', 1000, 1, true, 1)",
                    params![&format!("POT{n:02}")],
                )
                .await
                .unwrap();
            }
            tx.commit().await.unwrap();
            let answer = shop.call(InventoryLowStock, json!({ "limit": 50 })).await.unwrap();
            let shown = answer["data"]["low"].as_array().unwrap().len();
            assert!((10..=50).contains(&shown), "{shown}");
            assert_eq!(answer["data"]["more"], 61 - shown);
            assert!(answer["say"].as_str().unwrap().starts_with("61 articles are low on stock."));
        }
    }
}
