//! `inventory_release`: lets reserved pieces go before their time.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use validator::Validate;

use super::{find, inventory_reserve::PREFIX, numbers, said};
use crate::{
    access::{scope, toolset},
    catalog::sql::{products::VariantRow, reservations},
};
use business_mcp_engine::{
    speech::phrases,
    text,
    tool::{
        Answer, Approval, CallContext, Effect, Planned, Preview, Risk, Spec, ToolError, WriteTool,
    },
};

/// Releases a reservation.
pub struct InventoryRelease;

/// Which reservation.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub struct Args {
    /// The id that `inventory_reserve` gave.
    #[validate(length(min = 1, max = 64, message = "must be the id of a reservation"))]
    reservation_id: String,
}

/// Which reservation, as it was understood.
#[derive(Debug, Serialize, Deserialize)]
pub struct Intent {
    reservation_id: String,
}

/// What is free again.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output {
    /// The reservation that has ended.
    reservation_id: String,
    /// The SKU.
    sku: String,
    /// The product and its options.
    name: String,
    /// How many pieces were let go.
    quantity: i64,
    /// Pieces that can be had now, at all locations.
    available: i64,
}

impl WriteTool for InventoryRelease {
    type Args = Args;
    type Intent = Intent;
    type Plan = Open;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "inventory_release",
        aliases: &[],
        version: 1,
        title: "Release a reservation",
        description: "Let the pieces of a reservation go before it ends by itself. Needs the \
                      reservation_id of inventory_reserve.",
        scope: Some(scope::INVENTORY_WRITE),
        toolsets: &[toolset::DESK, toolset::STOCK],
        effect: Effect::Change,
        risk: Risk::Medium,
        approval: Approval::AutoApproved,
    };

    /// What waits for an approval holds stock by another kind of name, which is never looked up.
    async fn resolve(&self, _ctx: &mut CallContext, args: Args) -> Result<Intent, ToolError> {
        let id = numbers::heard(PREFIX, &args.reservation_id);
        let reservation_id = id.ok_or_else(|| not_open(&args.reservation_id))?;
        Ok(Intent { reservation_id })
    }

    async fn plan(
        &self,
        ctx: &mut CallContext,
        intent: Intent,
    ) -> Result<Planned<Open>, ToolError> {
        let open = Open::of(ctx, intent.reservation_id).await?;
        let article = said::title(&open.variant, 100);
        let summary = text!(
            "Release reservation {id}: {quantity} of {article}",
            article,
            id = open.id,
            quantity = open.quantity
        );
        let mut preview = Preview::new(phrases::stored(&summary, 400));
        preview.details = json!({
            "reservation_id": open.id,
            "sku": open.variant.sku,
            "quantity": open.quantity,
        });
        Ok(Planned { preview, plan: open })
    }

    async fn execute(
        &self,
        ctx: &mut CallContext,
        plan: Open,
    ) -> Result<Answer<Output>, ToolError> {
        let Open { id, variant, .. } = plan;
        let quantity = reservations::release_holder(&mut ctx.tx, &id).await?;
        if quantity == 0 {
            // Somebody else released it after it was looked up.
            return Err(not_open(&id));
        }
        ctx.set_audit_subject(&id);
        let variant = find::by_sku(ctx, &variant.sku).await?;
        let pieces = said::count(quantity, "piece", "pieces");
        let are = if quantity == 1 { "is" } else { "are" };
        let say = text!(
            "{pieces} of {variant} {are} free again.",
            pieces,
            are,
            variant = said::spoken(&variant)
        );
        let output = Output {
            reservation_id: id,
            name: said::title(&variant, 200),
            quantity,
            available: variant.available,
            sku: variant.sku,
        };
        Ok(Answer::ok(say, output))
    }

    fn names_a_record(_intent: &Self::Intent) -> bool {
        true
    }
}

/// A reservation that has not ended.
#[derive(Debug)]
pub struct Open {
    id: String,
    variant: VariantRow,
    quantity: i64,
}

impl Open {
    async fn of(ctx: &mut CallContext, id: String) -> Result<Self, ToolError> {
        let now = ctx.now;
        let held = reservations::of_holder(&mut ctx.tx, &id, now).await?;
        let Some(first) = held.first() else { return Err(not_open(&id)) };
        let variant = find::by_sku(ctx, &first.sku).await?;
        let quantity = held.iter().map(|held| held.quantity).sum();
        Ok(Self { id, variant, quantity })
    }
}

fn not_open(said: &str) -> ToolError {
    ToolError::not_found("open reservation", said)
}

#[cfg(test)]
#[path = "inventory_release_tests.rs"]
mod tests;
