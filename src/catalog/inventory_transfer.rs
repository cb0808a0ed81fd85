//! `inventory_transfer`: moves pieces from one location to another.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use validator::Validate;

use super::{
    find, numbers,
    place::{self, Place},
    said,
};
use crate::{
    access::{scope, toolset},
    catalog::sql::{
        movements,
        products::VariantRow,
        stock::{self, StockRow},
    },
};
use business_mcp_engine::{
    db::StoreError,
    speech::phrases,
    text,
    tool::{
        Answer, Approval, CallContext, Effect, ErrorCode, Hold, Planned, Preview, Risk, Spec,
        ToolError, WriteTool,
    },
};

/// Why the stock of both locations changes.
const REASON: &str = "transfer";

/// Moves stock.
pub struct InventoryTransfer;

/// What to move, and where.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub struct Args {
    /// The sku.
    #[validate(length(min = 1, max = 64, message = "must be a sku of 1 to 64 characters"))]
    sku: String,
    /// The location it leaves, by id or name.
    #[validate(length(min = 1, max = 64, message = "must be a location of 1 to 64 characters"))]
    from: String,
    /// The location it comes to, by id or name.
    #[validate(length(min = 1, max = 64, message = "must be a location of 1 to 64 characters"))]
    to: String,
    /// How many pieces, at most 1000000.
    #[validate(range(min = 1, max = 1_000_000, message = "must be from 1 to 1000000"))]
    quantity: i64,
}

/// What to move, as it was understood.
#[derive(Debug, Serialize, Deserialize)]
pub struct Intent {
    sku: String,
    /// The id of the location it leaves.
    from: String,
    /// The id of the location it comes to.
    to: String,
    quantity: i64,
}

/// What was moved.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output {
    /// What both entries in the ledger of stock go by.
    transfer_id: String,
    /// The SKU.
    sku: String,
    /// The product and its options.
    name: String,
    /// How many pieces were moved.
    quantity: i64,
    /// The entries in the ledger of stock: where it left, then where it came to.
    movements: Vec<Movement>,
}

/// An entry in the ledger of stock.
#[derive(Debug, Serialize, JsonSchema)]
struct Movement {
    /// The location's id.
    location: String,
    /// By how many the count changed.
    delta: i64,
    /// The count before.
    on_hand_before: i64,
    /// The count after.
    on_hand_after: i64,
    /// Pieces that can be sold there now.
    available: i64,
}

impl WriteTool for InventoryTransfer {
    type Args = Args;
    type Intent = Intent;
    type Plan = Plan;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "inventory_transfer",
        aliases: &[],
        version: 1,
        title: "Move stock",
        description: "Move pieces of a sku from one location to another. Only pieces that nobody \
                      holds can be moved.",
        scope: Some(scope::INVENTORY_WRITE),
        toolsets: &[toolset::STOCK],
        effect: Effect::Change,
        risk: Risk::Medium,
        approval: Approval::RequiresApproval,
    };

    async fn resolve(&self, ctx: &mut CallContext, args: Args) -> Result<Intent, ToolError> {
        let variant = find::one(ctx, &args.sku).await?;
        let from = place::named(ctx, &args.from).await?;
        let to = place::named(ctx, &args.to).await?;
        if from.id == to.id {
            let sentence =
                text!("The arguments from and to are the same location. Please name two.");
            return Err(ToolError::invalid(sentence));
        }
        Ok(Intent { sku: variant.sku, from: from.id, to: to.id, quantity: args.quantity })
    }

    async fn plan(
        &self,
        ctx: &mut CallContext,
        intent: Intent,
    ) -> Result<Planned<Plan>, ToolError> {
        let plan = Plan::of(ctx, intent).await?;
        let article = said::title(&plan.variant, 100);
        let (quantity, from, to) = (plan.quantity, &plan.from, &plan.to);
        let summary = text!(
            "Move {quantity} of {article} from {name} to {name2}",
            quantity,
            article,
            name = from.name,
            name2 = to.name
        );
        let mut preview = Preview::new(phrases::stored(&summary, 400));
        preview.details = json!({
            "sku": plan.variant.sku,
            "quantity": quantity,
            "from": { "location": from.id },
            "to": { "location": to.id },
        });
        preview.context = json!({
            "from": { "on_hand": plan.there.on_hand, "available": plan.free() },
            "to": { "on_hand": plan.here.on_hand },
        });
        let (sku, location) = (plan.variant.sku.clone(), Some(from.id.clone()));
        preview.holds = vec![Hold { location, ..Hold::anywhere(&sku, quantity) }];
        Ok(Planned { preview, plan })
    }

    async fn execute(
        &self,
        ctx: &mut CallContext,
        plan: Plan,
    ) -> Result<Answer<Output>, ToolError> {
        let (caller, quantity) = (ctx.caller.clone(), plan.quantity);
        let sku = &plan.variant.sku;
        let transfer_id = numbers::new("TRF");
        let (id, actor) = (Some(transfer_id.as_str()), &*caller.subject);
        let cause = stock::Cause { reason: REASON, id, actor, at: ctx.now };
        let ways = (plan.from.id.as_str(), plan.to.id.as_str());
        if !stock::transfer(&mut ctx.tx, sku, ways, quantity, cause).await? {
            // Somebody was quicker; the whole call is run again and sees what is left.
            return Err(StoreError::Busy("stock was taken in the meantime".into()).into());
        }
        ctx.set_audit_subject(&transfer_id);
        let rows = stock::of_sku(&mut ctx.tx, sku, ctx.now).await?;
        let movement = |place: &Place, delta: i64| {
            let now = at(&rows, place);
            Movement {
                location: place.id.clone(),
                delta,
                on_hand_before: now.on_hand - delta,
                on_hand_after: now.on_hand,
                available: now.on_hand - now.reserved,
            }
        };
        let movements = vec![movement(&plan.from, -quantity), movement(&plan.to, quantity)];
        let say = text!(
            "I have moved {pieces} of {variant} from {name} to {name2}.",
            pieces = said::count(quantity, "piece", "pieces"),
            variant = said::spoken(&plan.variant),
            name = phrases::stored(&plan.from.name, 40),
            name2 = phrases::stored(&plan.to.name, 40)
        );
        let name = said::title(&plan.variant, 200);
        let output = Output { transfer_id, sku: plan.variant.sku, name, quantity, movements };
        Ok(Answer::ok(say, output))
    }

    /// Pieces that were moved back since are moved anew.
    async fn still_holds(
        &self,
        ctx: &mut CallContext,
        intent: &Intent,
        answer: &Value,
    ) -> Result<bool, ToolError> {
        let id = answer.get("transfer_id").and_then(Value::as_str).unwrap_or_default();
        let Intent { sku, from, quantity, .. } = intent;
        Ok(!movements::was_moved_back(&mut ctx.tx, sku, from, *quantity, id).await?)
    }

    fn names_a_record(_intent: &Self::Intent) -> bool {
        true
    }
}

/// A transfer that can be made as things stand.
#[derive(Debug)]
pub struct Plan {
    variant: VariantRow,
    from: Place,
    to: Place,
    quantity: i64,
    /// Stock where it leaves.
    there: StockRow,
    /// Stock where it comes to.
    here: StockRow,
}

impl Plan {
    /// Everything that can be known before.
    async fn of(ctx: &mut CallContext, intent: Intent) -> Result<Self, ToolError> {
        let Intent { sku, from, to, quantity } = intent;
        let variant = find::by_sku(ctx, &sku).await?;
        let (from, to) = (place::by_id(ctx, &from).await?, place::by_id(ctx, &to).await?);
        let rows = stock::of_sku(&mut ctx.tx, &variant.sku, ctx.now).await?;
        let (there, here) = (at(&rows, &from), at(&rows, &to));
        let plan = Self { variant, from, to, quantity, there, here };
        if plan.free() < quantity {
            return Err(plan.too_few(quantity));
        }
        Ok(plan)
    }

    /// Pieces that can leave.
    fn free(&self) -> i64 {
        self.there.on_hand - self.there.reserved
    }

    fn too_few(&self, requested: i64) -> ToolError {
        let (name, place) = (said::spoken(&self.variant), phrases::stored(&self.from.name, 60));
        let sentence = match self.free() {
            ..=0 => {
                text!("No piece of {name} is free at {place}, so none can be moved.", name, place)
            }
            1 => text!(
                "Only one piece of {name} is free at {place}. Please move that one.",
                name,
                place
            ),
            free => text!(
                "Only {free} pieces of {name} are free at {place}. Please move fewer.",
                free,
                name,
                place
            ),
        };
        let facts = json!({
            "sku": self.variant.sku,
            "location": self.from.id,
            "on_hand": self.there.on_hand,
            "reserved": self.there.reserved,
            "available": self.free(),
            "requested": requested,
        });
        ToolError::new(ErrorCode::OutOfStock, sentence).with_details(facts)
    }
}

/// What there is at a location; nothing where it never had any.
fn at(rows: &[StockRow], place: &Place) -> StockRow {
    let row = rows.iter().find(|row| row.location == place.id);
    let none = || StockRow { location: place.id.clone(), on_hand: 0, reserved: 0 };
    row.cloned().unwrap_or_else(none)
}

#[cfg(test)]
#[path = "inventory_transfer_tests.rs"]
mod tests;
