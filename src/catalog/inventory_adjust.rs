//! `inventory_adjust`: corrects the count of a SKU at a location.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use validator::Validate;

use super::{
    find,
    place::{self, Place},
    said,
};
use crate::{
    access::{scope, toolset},
    catalog::sql::{movements, products::VariantRow, stock},
};
use business_mcp_engine::{
    db::StoreError,
    speech::phrases,
    text,
    tool::{
        Answer, Approval, Aside, CallContext, Effect, ErrorCode, FreeText, Planned, Preview, Risk,
        Spec, ToolError, WriteTool,
    },
};

/// The largest change, and the largest count.
const MOST: i64 = 1_000_000;

/// What the reason of a correction begins with in the ledger of stock.
const ADJUSTMENT: &str = "adjustment: ";

/// Corrects stock.
pub struct InventoryAdjust;

/// What to correct, how, and why.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub struct Args {
    /// The sku.
    #[validate(length(min = 1, max = 64, message = "must be a sku of 1 to 64 characters"))]
    sku: String,
    /// delta adds the quantity or takes it away; set makes it the new count.
    mode: Mode,
    /// For delta, how many more or, negative, fewer; for set, the count. At most 1000000.
    #[validate(range(min = -1_000_000, max = 1_000_000, message = "must be from -1000000 to 1000000"))]
    quantity: i64,
    /// Why, such as recount or damaged; at most 200 characters.
    #[validate(length(min = 1, max = 200, message = "must be 1 to 200 characters"))]
    reason: String,
    /// Where, by id or name; the main location if not given.
    #[validate(length(max = 64, message = "must be at most 64 characters"))]
    location: Option<String>,
    /// The count there now. If it is another one, nothing is changed.
    #[validate(range(min = 0, message = "must not be negative"))]
    expected_on_hand: Option<i64>,
}

/// How a quantity is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum Mode {
    /// Added, or taken away.
    Delta,
    /// The count.
    Set,
}

/// What to correct, as it was understood.
#[derive(Debug, Serialize, Deserialize)]
pub struct Intent {
    sku: String,
    mode: Mode,
    quantity: i64,
    reason: FreeText,
    /// The location's id.
    location: String,
    expected_on_hand: Aside<Option<i64>>,
}

/// What was moved.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output {
    /// The SKU.
    sku: String,
    /// The product and its options.
    name: String,
    /// The entry in the ledger of stock.
    movement: Movement,
    /// Pieces of those on hand that are held for someone.
    reserved: i64,
    /// Pieces that can be sold there now.
    available: i64,
}

/// An entry in the ledger of stock.
#[derive(Debug, Serialize, JsonSchema)]
struct Movement {
    /// The location's id.
    location: String,
    /// By how many the count changed; nothing is written down for 0.
    delta: i64,
    /// The count before.
    on_hand_before: i64,
    /// The count after.
    on_hand_after: i64,
    /// Why.
    reason: String,
}

impl WriteTool for InventoryAdjust {
    type Args = Args;
    type Intent = Intent;
    type Plan = Plan;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "inventory_adjust",
        aliases: &[],
        version: 1,
        title: "Correct stock",
        description: "Correct the stock count of a sku at a location, by a difference or to a \
                      counted number, with a reason.",
        scope: Some(scope::INVENTORY_WRITE),
        toolsets: &[toolset::STOCK],
        effect: Effect::Change,
        risk: Risk::High,
        approval: Approval::RequiresApproval,
    };

    async fn resolve(&self, ctx: &mut CallContext, args: Args) -> Result<Intent, ToolError> {
        let refused = |why| Err(ToolError::invalid(why));
        match (args.mode, args.quantity) {
            (Mode::Set, ..0) => refused(text!("The argument quantity must be 0 or more for set."))?,
            (Mode::Delta, 0) => refused(text!("The argument quantity must not be 0 for delta."))?,
            _ => {}
        }
        let variant = find::one(ctx, &args.sku).await?;
        let place = match &args.location {
            Some(said) => place::named(ctx, said).await?,
            None => place::usual(ctx)?,
        };
        Ok(Intent {
            sku: variant.sku,
            mode: args.mode,
            quantity: args.quantity,
            reason: args.reason.into(),
            location: place.id,
            expected_on_hand: args.expected_on_hand.into(),
        })
    }

    async fn plan(
        &self,
        ctx: &mut CallContext,
        intent: Intent,
    ) -> Result<Planned<Plan>, ToolError> {
        let (mode, quantity) = (intent.mode, intent.quantity);
        let plan = Plan::of(ctx, intent).await?;
        let article = said::title(&plan.variant, 100);
        let (place, before, after) = (&plan.place.name, plan.before, plan.after);
        let what = match (mode, quantity) {
            (Mode::Set, _) => text!("Set {article} at {place}", article, place),
            (Mode::Delta, added @ 0..) => {
                text!("Add {more} of {article} at {place}", more = added, article, place)
            }
            (Mode::Delta, fewer) => {
                text!("Take {fewer} of {article} away at {place}", article, place, fewer = -fewer)
            }
        };
        let summary = text!(
            "{what} from {before} to {after}: {reason}",
            what,
            before,
            after,
            reason = &*plan.reason
        );
        let mut preview = Preview::new(phrases::stored(&summary, 400));
        preview.details = json!({
            "sku": plan.variant.sku,
            "location": plan.place.id,
            "mode": mode,
            "quantity": quantity,
            "reason": &*plan.reason,
        });
        preview.context = json!({ "reserved": plan.reserved });
        // A count replaces the one that the approver was shown; a difference is added to whatever is there.
        let counts = match mode {
            Mode::Set => &mut preview.details,
            Mode::Delta => &mut preview.context,
        };
        counts["on_hand"] = before.into();
        counts["on_hand_after"] = after.into();
        Ok(Planned { preview, plan })
    }

    async fn execute(
        &self,
        ctx: &mut CallContext,
        plan: Plan,
    ) -> Result<Answer<Output>, ToolError> {
        let (sku, place) = (&plan.variant.sku, &plan.place);
        let delta = plan.after - plan.before;
        let mut reserved = plan.reserved;
        if delta != 0 {
            let reason = format!("{ADJUSTMENT}{}", &*plan.reason);
            let (approval, caller) = (ctx.approval_id.clone(), ctx.caller.clone());
            let (id, actor) = (approval.as_deref(), &*caller.subject);
            let cause = stock::Cause { reason: &reason, id, actor, at: ctx.now };
            let changed = stock::change(&mut ctx.tx, sku, &place.id, delta, cause).await?;
            // The row is ours from here on; what somebody moved since it was read shows now, and
            // the whole call is run again.
            let now = count(ctx, sku, place).await?;
            if !changed || now.0 != plan.after {
                return Err(StoreError::Busy("stock was moved in the meantime".into()).into());
            }
            reserved = now.1;
        }
        ctx.set_audit_subject(sku);
        let say = say(&plan, delta);
        let movement = Movement {
            location: plan.place.id,
            delta,
            on_hand_before: plan.before,
            on_hand_after: plan.after,
            reason: plan.reason.aside,
        };
        let output = Output {
            name: said::title(&plan.variant, 200),
            movement,
            reserved,
            available: plan.after - reserved,
            sku: plan.variant.sku,
        };
        Ok(Answer::ok(say, output))
    }

    /// A count that was corrected to another one since is set anew. What was sold since changes nothing.
    async fn still_holds(
        &self,
        ctx: &mut CallContext,
        intent: &Intent,
        _answer: &Value,
    ) -> Result<bool, ToolError> {
        let Intent { sku, location, quantity, .. } = intent;
        let here = count(ctx, sku, &place::of(ctx, location.clone())).await?;
        if intent.mode == Mode::Delta || here.0 == *quantity {
            return Ok(true);
        }
        let tx = &mut ctx.tx;
        let set = movements::count_after_last(tx, sku, location, ADJUSTMENT).await?;
        Ok(set.is_none_or(|count| count == *quantity))
    }

    fn names_a_record(_intent: &Self::Intent) -> bool {
        true
    }
}

/// A correction that can be made as things stand.
#[derive(Debug)]
pub struct Plan {
    variant: VariantRow,
    place: Place,
    before: i64,
    after: i64,
    reserved: i64,
    reason: FreeText,
}

impl Plan {
    /// Everything that can be known before.
    async fn of(ctx: &mut CallContext, intent: Intent) -> Result<Self, ToolError> {
        let variant = find::by_sku(ctx, &intent.sku).await?;
        let place = place::by_id(ctx, &intent.location).await?;
        let (before, reserved) = count(ctx, &variant.sku, &place).await?;
        if intent.expected_on_hand.is_some_and(|expected| expected != before) {
            return Err(moved(before));
        }
        let after = match intent.mode {
            Mode::Set => intent.quantity,
            Mode::Delta => before + intent.quantity,
        };
        let plan = Self { variant, place, before, after, reserved, reason: intent.reason };
        plan.check()?;
        Ok(plan)
    }

    fn check(&self) -> Result<(), ToolError> {
        let (place, before) = (phrases::stored(&self.place.name, 60), self.before);
        let sentence = if self.after < 0 {
            text!(
                "There are only {before} at {place}, so that many cannot be taken away.",
                before,
                place
            )
        } else if self.after < self.reserved {
            let held = said::count(self.reserved, "piece", "pieces");
            text!(
                "{held} at {place} are held for others, so no fewer can be left there.",
                held,
                place
            )
        } else if self.after > MOST && self.after > before {
            text!("No more than {most} pieces can be kept at {place}.", most = MOST, place)
        } else {
            return Ok(());
        };
        let facts = json!({ "on_hand": before, "reserved": self.reserved });
        Err(ToolError::invalid_state(sentence).with_details(facts))
    }
}

/// On hand and reserved at a location; nothing where it never had any.
async fn count(ctx: &mut CallContext, sku: &str, place: &Place) -> Result<(i64, i64), ToolError> {
    let rows = stock::of_sku(&mut ctx.tx, sku, ctx.now).await?;
    let here = rows.into_iter().find(|row| row.location == place.id);
    Ok(here.map_or((0, 0), |row| (row.on_hand, row.reserved)))
}

fn moved(on_hand: i64) -> ToolError {
    let sentence =
        text!("The count there is {on_hand} now. Please check it and ask again.", on_hand);
    ToolError::new(ErrorCode::Conflict, sentence).with_details(json!({ "on_hand": on_hand }))
}

fn say(plan: &Plan, delta: i64) -> String {
    let name = said::spoken(&plan.variant);
    let place = phrases::stored(&plan.place.name, 40);
    let pieces = said::count(plan.after, "piece", "pieces");
    match delta {
        0 => text!("The count of {name} at {place} was {pieces} already.", name, place, pieces),
        _ => text!(
            "The count of {name} at {place} is {pieces} now, and was {before}.",
            name,
            place,
            pieces,
            before = plan.before
        ),
    }
}

#[cfg(test)]
#[path = "inventory_adjust_tests.rs"]
mod tests;
