//! `inventory_reserve`: holds pieces for a while, so that nobody else sells them.

use chrono::Duration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use validator::Validate;

use super::{find, numbers, reserver, said};
use crate::{
    access::{scope, toolset},
    catalog::sql::{
        own_reservations,
        products::VariantRow,
        reservations::{self, Holding},
    },
};
use business_mcp_engine::{
    db::StoreError,
    speech::phrases,
    text,
    tool::{
        Answer, Approval, CallContext, Effect, ErrorCode, Hold, Planned, Preview, Risk, Spec,
        ToolError, WriteTool, answer::rfc3339,
    },
};

/// What the number of a reservation begins with.
pub const PREFIX: &str = "RES";
/// How long pieces are held where nobody says it.
const USUAL_MINUTES: i64 = 30;

/// Reserves stock.
pub struct InventoryReserve;

/// What to hold, how many, and for how long.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub struct Args {
    /// The sku.
    #[validate(length(min = 1, max = 64, message = "must be a sku of 1 to 64 characters"))]
    sku: String,
    /// How many pieces, 1 to 10000.
    #[validate(range(min = 1, max = 10_000, message = "must be from 1 to 10000"))]
    quantity: i64,
    /// For how many minutes, 1 to 1440; 30 if not given.
    #[validate(range(min = 1, max = 1440, message = "must be from 1 to 1440"))]
    minutes: Option<i64>,
}

/// What is to be held, as it was understood.
#[derive(Debug, Serialize, Deserialize)]
pub struct Intent {
    sku: String,
    quantity: i64,
    minutes: i64,
}

/// A reservation that can be made as things stand.
#[derive(Debug)]
pub struct Plan {
    variant: VariantRow,
    quantity: i64,
    minutes: i64,
}

/// What is held.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output {
    /// The id to release it by.
    reservation_id: String,
    /// The SKU.
    sku: String,
    /// The product and its options.
    name: String,
    /// How many pieces are held.
    quantity: i64,
    /// From when on they are free again (RFC 3339, UTC).
    expires_at: String,
    /// Where they are held.
    locations: Vec<At>,
    /// Pieces that others can still have, at all locations.
    available: i64,
}

/// Pieces at one location.
#[derive(Debug, Serialize, JsonSchema)]
struct At {
    /// The location's id.
    location: String,
    /// How many pieces.
    quantity: i64,
}

impl WriteTool for InventoryReserve {
    type Args = Args;
    type Intent = Intent;
    type Plan = Plan;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "inventory_reserve",
        aliases: &[],
        version: 1,
        title: "Reserve stock",
        description: "Hold pieces of a sku for some minutes, so that nobody else gets them. They \
                      are free again by themselves, or by inventory_release.",
        scope: Some(scope::INVENTORY_WRITE),
        toolsets: &[toolset::DESK, toolset::STOCK],
        effect: Effect::Add,
        risk: Risk::Medium,
        approval: Approval::AutoApproved,
    };

    async fn resolve(&self, ctx: &mut CallContext, args: Args) -> Result<Intent, ToolError> {
        let variant = find::one(ctx, &args.sku).await?;
        let minutes = args.minutes.unwrap_or(USUAL_MINUTES);
        Ok(Intent { sku: variant.sku, quantity: args.quantity, minutes })
    }

    async fn plan(
        &self,
        ctx: &mut CallContext,
        intent: Intent,
    ) -> Result<Planned<Plan>, ToolError> {
        let Intent { sku, quantity, minutes } = intent;
        let variant = free(ctx, &sku, quantity).await?;
        let article = said::title(&variant, 100);
        let summary = text!(
            "Reserve {quantity} of {article} for {minutes}",
            quantity,
            article,
            minutes = for_minutes(minutes)
        );
        let mut preview = Preview::new(phrases::stored(&summary, 400));
        preview.details = json!({
            "sku": variant.sku,
            "quantity": quantity,
            "minutes": minutes,
        });
        preview.context = json!({ "available": variant.available });
        preview.holds = vec![Hold::anywhere(&variant.sku, quantity)];
        Ok(Planned { preview, plan: Plan { variant, quantity, minutes } })
    }

    async fn execute(
        &self,
        ctx: &mut CallContext,
        plan: Plan,
    ) -> Result<Answer<Output>, ToolError> {
        let Plan { variant, quantity, minutes } = plan;
        let reservation_id = numbers::new(PREFIX);
        let now = ctx.now;
        let until = now + Duration::minutes(minutes);
        let reserver = reserver(ctx);
        let reserved_by = reserver.as_deref();
        let holding = Holding { holder: &reservation_id, location: None, reserved_by, now, until };
        let sku = &variant.sku;
        if !reservations::hold(&mut ctx.tx, sku, quantity, holding).await? {
            // Somebody was quicker; the whole call is run again and sees what is left.
            return Err(StoreError::Busy("stock was taken in the meantime".into()).into());
        }
        ctx.set_audit_subject(&reservation_id);
        let held = reservations::of_holder(&mut ctx.tx, &reservation_id, now).await?;
        let at =
            |held: reservations::HeldRow| At { location: held.location, quantity: held.quantity };
        let pieces = said::count(quantity, "piece", "pieces");
        let name = said::spoken(&variant);
        let say = text!(
            "I am holding {pieces} of {name} for {minutes}.",
            pieces,
            name,
            minutes = for_minutes(minutes)
        );
        let output = Output {
            reservation_id,
            name: said::title(&variant, 200),
            quantity,
            expires_at: rfc3339(until),
            locations: held.into_iter().map(at).collect(),
            available: variant.available - quantity,
            sku: variant.sku,
        };
        Ok(Answer::ok(say, output))
    }

    /// A reservation that was released, used up or has ended is made anew.
    async fn still_holds(
        &self,
        ctx: &mut CallContext,
        intent: &Intent,
        answer: &Value,
    ) -> Result<bool, ToolError> {
        let now = ctx.now;
        let id = answer.get("reservation_id").and_then(Value::as_str).unwrap_or_default();
        Ok(own_reservations::is_open(&mut ctx.tx, (&intent.sku, id), now).await?)
    }

    /// Two callers may want the same pieces.
    fn names_a_record(_intent: &Self::Intent) -> bool {
        false
    }
}

fn for_minutes(minutes: i64) -> String {
    said::count(minutes, "minute", "minutes")
}

/// The variant, where it is sold and enough of it is free.
async fn free(ctx: &mut CallContext, sku: &str, quantity: i64) -> Result<VariantRow, ToolError> {
    let variant = find::by_sku(ctx, sku).await?;
    let name = said::spoken(&variant);
    if !variant.active {
        let sentence = text!("{name} is no longer sold. Please offer something else.", name);
        return Err(ToolError::invalid_state(sentence));
    }
    if variant.available >= quantity {
        return Ok(variant);
    }
    let sentence = match variant.available {
        ..=0 => text!("{name} is out of stock, so none can be reserved.", name),
        1 => text!("Only one piece of {name} is free. Please reserve that one.", name),
        left => text!("Only {left} pieces of {name} are free. Please reserve fewer.", left, name),
    };
    let facts = json!({
        "sku": variant.sku, "available": variant.available, "requested": quantity,
    });
    Err(ToolError::new(ErrorCode::OutOfStock, sentence).with_details(facts))
}

#[cfg(test)]
#[path = "inventory_reserve_tests.rs"]
mod tests;
