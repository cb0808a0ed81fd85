//! `inventory_check_stock`: how many there are, and whether they are enough.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use validator::Validate;

use super::{find, place, said};
use crate::{
    access::{scope, toolset},
    catalog::sql::{products::VariantRow, stock},
};
use business_mcp_engine::{
    speech::text,
    text,
    tool::{Answer, Approval, CallContext, Effect, ReadTool, Risk, Spec, ToolError, fit},
};

/// Counts stock.
pub struct InventoryCheckStock;

/// Of what, how many, and where.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub struct Args {
    /// The sku, also as the caller says it.
    #[validate(length(min = 1, max = 64, message = "must be a sku of 1 to 64 characters"))]
    sku: String,
    /// How many are needed; 1 if not given.
    #[validate(range(min = 1, max = 1_000_000, message = "must be from 1 to 1000000"))]
    quantity: Option<i64>,
    /// Only at this location, by id or name.
    #[validate(length(max = 64, message = "must be at most 64 characters"))]
    location: Option<String>,
}

/// What there is.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output {
    /// The SKU.
    sku: String,
    /// The product and its options.
    name: String,
    /// Pieces there.
    on_hand: i64,
    /// Pieces of those that are held for someone.
    reserved: i64,
    /// Pieces that can be sold.
    available: i64,
    /// How many were asked for.
    quantity: i64,
    /// Whether that many can be sold now.
    enough: bool,
    /// Whether it is sold at all.
    active: bool,
    /// Where they are, the fullest first.
    locations: Vec<At>,
    /// How many more locations there are than fit here.
    #[serde(skip_serializing_if = "Option::is_none")]
    more_locations: Option<usize>,
}

/// What there is at one location.
#[derive(Debug, Serialize, JsonSchema)]
struct At {
    /// The location's id.
    location: String,
    /// What people call it.
    name: String,
    /// Pieces there.
    on_hand: i64,
    /// Pieces of those that are held for someone.
    reserved: i64,
    /// Pieces that can be sold.
    available: i64,
}

impl ReadTool for InventoryCheckStock {
    type Args = Args;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "inventory_check_stock",
        aliases: &[],
        version: 1,
        title: "Check stock",
        description: "Check how many of a sku are in stock, and whether a quantity is available.",
        scope: Some(scope::INVENTORY_READ),
        toolsets: &[toolset::VOICE, toolset::DESK, toolset::STOCK],
        effect: Effect::Read,
        risk: Risk::Low,
        approval: Approval::AutoApproved,
    };

    async fn call(&self, ctx: &mut CallContext, args: Args) -> Result<Answer<Output>, ToolError> {
        let found = find::article(ctx, &args.sku).await?.rows;
        let [row] = found.as_slice() else { return Ok(find::which(&found)) };
        let only = match &args.location {
            Some(said) => Some(place::named(ctx, said).await?),
            None => None,
        };
        let mut rows = stock::of_sku(&mut ctx.tx, &row.sku, ctx.now).await?;
        rows.retain(|at| only.as_ref().is_none_or(|only| only.id == at.location));
        let on_hand = rows.iter().map(|at| at.on_hand).sum();
        let reserved = rows.iter().map(|at| at.reserved).sum();
        let quantity = args.quantity.unwrap_or(1);
        let available = on_hand - reserved;
        let at = |at: stock::StockRow| At {
            available: at.on_hand - at.reserved,
            on_hand: at.on_hand,
            reserved: at.reserved,
            name: place::of(ctx, at.location.clone()).name,
            location: at.location,
        };
        let mut locations: Vec<At> = rows.into_iter().map(at).collect();
        let more_locations = fit::cut(&mut locations, fit::DATA - 800);
        let output = Output {
            name: said::title(row, 200),
            on_hand,
            reserved,
            available,
            quantity,
            enough: row.active && available >= quantity,
            active: row.active,
            locations,
            more_locations,
            sku: row.sku.clone(),
        };
        let place = only.map(|only| only.name);
        Ok(Answer::ok(say(row, &output, place.as_deref()), output))
    }
}

fn say(row: &VariantRow, output: &Output, place: Option<&str>) -> String {
    let name = said::spoken(row);
    let at = place
        .map_or_else(String::new, |place| text!(" at {place}", place = text::display(place, 40)));
    if !output.active {
        return text!("{name} is no longer sold.", name);
    }
    let pieces = said::count(output.available, "piece", "pieces");
    let quantity = output.quantity;
    match (output.available, output.enough) {
        (0, _) => text!("{name} is out of stock{at}.", name, at),
        (1, true) => text!("Yes, 1 piece of {name} is available{at}.", name, at),
        (1, false) => {
            text!(
                "No, only 1 piece of {name} is available{at}, not {quantity}.",
                name,
                at,
                quantity
            )
        }
        (_, true) => text!("Yes, {pieces} of {name} are available{at}.", pieces, name, at),
        (_, false) => text!(
            "No, only {pieces} of {name} are available{at}, not {quantity}.",
            pieces,
            name,
            at,
            quantity
        ),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{self, shops};
    use business_mcp_engine::db::params;

    #[tokio::test]
    async fn stock_is_counted_by_location_and_held_pieces_are_not_available() {
        for shop in shops().await {
            let mut ctx = shop.context(true).await;
            testing::hold(&mut ctx.tx, "TEE-BLUE-M", 2, ctx.now).await;
            ctx.tx.commit().await.unwrap();
            let args = json!({ "sku": "tee blue m", "quantity": "three" });
            let answer = shop.call(InventoryCheckStock, args).await.unwrap();
            let data = &answer["data"];
            assert_eq!(data["sku"], "TEE-BLUE-M");
            let figures = ["on_hand", "reserved", "available", "quantity"].map(|f| &data[f]);
            assert_eq!(figures, [5, 2, 3, 3]);
            assert_eq!(data["enough"], true);
            assert_eq!(data["locations"].as_array().unwrap().len(), 2);
            assert_eq!(answer["say"], "Yes, 3 pieces of T-Shirt blue M are available.");
        }
    }

    #[tokio::test]
    async fn one_location_alone_may_not_have_enough() {
        for shop in shops().await {
            let args = json!({ "sku": "TEE-BLUE-M", "quantity": 4, "location": "Main Warehouse" });
            let answer = shop.call(InventoryCheckStock, args).await.unwrap();
            assert_eq!(answer["data"]["available"], 2);
            assert_eq!(answer["data"]["enough"], false);
            assert_eq!(answer["data"]["locations"][0]["location"], "main");
            let args = json!({ "sku": "MUG-1", "location": "store" });
            let answer = shop.call(InventoryCheckStock, args).await.unwrap();
            assert_eq!(answer["say"], "Coffee Mug is out of stock at Harbor Street store.");
            let args = json!({ "sku": "MUG-1", "location": "moon" });
            let (code, sentence) = shop.refusal(InventoryCheckStock, args).await;
            assert_eq!(code, "not_found");
            assert!(sentence.contains("main and store"), "{sentence}");
        }
    }

    #[tokio::test]
    async fn a_product_is_asked_about_unless_it_has_one_variant() {
        for shop in shops().await {
            let answer = shop.call(InventoryCheckStock, json!({ "sku": "TEE" })).await.unwrap();
            assert_eq!(answer["status"], "ambiguous");
            assert_eq!(answer["candidates"][0]["id"], "TEE-BLUE-M");
            assert_eq!(
                answer["say"],
                "T-Shirt comes in 2 variants: blue M and red M. Which one is it?"
            );
            let answer = shop.call(InventoryCheckStock, json!({ "sku": "MUG" })).await.unwrap();
            assert_eq!(answer["data"]["sku"], "MUG-1");
            let (code, _) = shop.refusal(InventoryCheckStock, json!({ "sku": "NONE" })).await;
            assert_eq!(code, "not_found");
        }
    }

    #[tokio::test]
    async fn what_is_no_longer_sold_is_never_enough() {
        for shop in shops().await {
            let mut ctx = shop.context(true).await;
            let sql = "update variants set active = false where tenant_id = 'demo' and sku = $1";
            ctx.tx.execute(sql, params!["TEE-RED-M"]).await.unwrap();
            ctx.tx.commit().await.unwrap();
            let args = json!({ "sku": "TEE-RED-M" });
            let answer = shop.call(InventoryCheckStock, args).await.unwrap();
            assert_eq!(answer["data"]["available"], 10);
            assert_eq!(answer["data"]["enough"], false);
            assert_eq!(answer["say"], "T-Shirt red M is no longer sold.");
        }
    }
}
