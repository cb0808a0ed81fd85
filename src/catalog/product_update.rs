//! `product_update`: changes the price of a variant, whether it is sold, or when it is reordered.
//!
//! A quote that was given keeps its price until it ends, because an order at a quote is charged what
//! is written in the quote.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use validator::Validate;

use super::{find, said};
use crate::{
    access::{scope, toolset},
    catalog::sql::{
        products::VariantRow,
        variants::{self, TermsRow},
    },
};
use business_mcp_engine::{
    money::Money,
    speech::phrases,
    text,
    tool::{
        Answer, Approval, Aside, CallContext, Effect, ErrorCode, Planned, Preview, Risk, Spec,
        ToolError, WriteTool,
    },
};

/// Changes a variant.
pub struct ProductUpdate;

/// Which variant, and what is to be different.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub struct Args {
    /// The sku.
    #[validate(length(min = 1, max = 64, message = "must be a sku of 1 to 64 characters"))]
    sku: String,
    /// What one piece is to cost, such as 19.99.
    #[validate(length(max = 40, message = "must be an amount such as 19.99"))]
    price: Option<String>,
    /// Whether it is to be sold.
    active: Option<bool>,
    /// With how many pieces left it is to be reordered, at most 1000000; 0 for never.
    #[validate(range(min = 0, max = 1_000_000, message = "must be from 0 to 1000000"))]
    reorder_point: Option<i64>,
    /// The version it has now. If it is another one, nothing is changed.
    #[validate(range(min = 1, message = "must be 1 or more"))]
    expected_version: Option<i64>,
}

/// What is to be different, as it was understood.
#[derive(Debug, Serialize, Deserialize)]
pub struct Intent {
    sku: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    price_minor: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    active: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reorder_point: Option<i64>,
    #[serde(default)]
    expected_version: Aside<Option<i64>>,
}

/// The variant as it is now.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output {
    /// The SKU.
    sku: String,
    /// The product and its options.
    name: String,
    /// What one piece costs.
    price: Money,
    /// Whether it is sold.
    active: bool,
    /// With how many pieces left it is reordered; 0 for never.
    reorder_point: i64,
    /// The version, for `expected_version` of the next change.
    version: i64,
    /// What was different before.
    before: Before,
}

/// What was changed, as it was.
#[derive(Debug, Serialize, JsonSchema)]
struct Before {
    /// What one piece cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<Money>,
    /// Whether it was sold.
    #[serde(skip_serializing_if = "Option::is_none")]
    active: Option<bool>,
    /// With how many pieces left it was reordered.
    #[serde(skip_serializing_if = "Option::is_none")]
    reorder_point: Option<i64>,
}

impl WriteTool for ProductUpdate {
    type Args = Args;
    type Intent = Intent;
    type Plan = Plan;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "product_update",
        aliases: &[],
        version: 1,
        title: "Change a product",
        description: "Change the price of a sku, whether it is sold, or its reorder point. Quotes \
                      that were given keep their price until they end.",
        scope: Some(scope::INVENTORY_WRITE),
        toolsets: &[toolset::DESK, toolset::STOCK],
        effect: Effect::Change,
        risk: Risk::High,
        approval: Approval::RequiresApproval,
    };

    async fn resolve(&self, ctx: &mut CallContext, args: Args) -> Result<Intent, ToolError> {
        if args.price.is_none() && args.active.is_none() && args.reorder_point.is_none() {
            let sentence =
                text!("Please give what is to be changed: price, active or reorder_point.");
            return Err(ToolError::invalid(sentence));
        }
        let price = args.price.as_deref().map(|price| ctx.amount("price", price)).transpose()?;
        if price.is_some_and(|price| price.minor < 0) {
            return Err(ToolError::invalid(text!("The argument price must not be negative.")));
        }
        let variant = find::one(ctx, &args.sku).await?;
        Ok(Intent {
            sku: variant.sku,
            price_minor: price.map(|price| price.minor),
            active: args.active,
            reorder_point: args.reorder_point,
            expected_version: args.expected_version.into(),
        })
    }

    async fn plan(
        &self,
        ctx: &mut CallContext,
        intent: Intent,
    ) -> Result<Planned<Plan>, ToolError> {
        let plan = Plan::of(ctx, &intent).await?;
        let (before, after) = (&plan.before, &plan.after);
        let money = |minor| ctx.money(minor);
        let mut changes = Vec::new();
        if before.price_minor != after.price_minor {
            let (old, new) = (money(before.price_minor), money(after.price_minor));
            changes.push(text!("price from {old} to {new}", old, new));
        }
        if before.active != after.active {
            changes.push(if after.active {
                text!("sold from now on")
            } else {
                text!("no longer sold")
            });
        }
        if before.reorder_point != after.reorder_point {
            let (old, new) = (before.reorder_point, after.reorder_point);
            changes.push(text!("reorder point from {old} to {new}", old, new));
        }
        let article = said::title(&plan.variant, 100);
        let summary = text!("Change {article}: {list}", article, list = phrases::list(&changes));
        let mut preview = Preview::new(phrases::stored(&summary, 400));
        let facts = |terms: &TermsRow| {
            json!({
                "price": money(terms.price_minor),
                "active": terms.active,
                "reorder_point": terms.reorder_point,
            })
        };
        preview.details = json!({
            "sku": plan.variant.sku,
            "before": facts(before),
            "after": facts(after),
        });
        preview.context = json!({ "version": before.version });
        Ok(Planned { preview, plan })
    }

    async fn execute(
        &self,
        ctx: &mut CallContext,
        plan: Plan,
    ) -> Result<Answer<Output>, ToolError> {
        let Plan { variant, before, after } = plan;
        let sku = &variant.sku;
        if !variants::set_terms(&mut ctx.tx, sku, &after).await? {
            let now = variants::terms(&mut ctx.tx, sku).await?;
            return Err(changed(now.map_or(before.version, |terms| terms.version)));
        }
        ctx.set_audit_subject(sku);
        let say = say(ctx, &variant, &before, &after);
        let output = Output {
            name: said::title(&variant, 200),
            price: ctx.money(after.price_minor),
            active: after.active,
            reorder_point: after.reorder_point,
            version: before.version + 1,
            before: Before {
                price: (before.price_minor != after.price_minor)
                    .then(|| ctx.money(before.price_minor)),
                active: (before.active != after.active).then_some(before.active),
                reorder_point: (before.reorder_point != after.reorder_point)
                    .then_some(before.reorder_point),
            },
            sku: variant.sku,
        };
        Ok(Answer::ok(say, output))
    }

    async fn still_holds(
        &self,
        ctx: &mut CallContext,
        intent: &Intent,
        _answer: &Value,
    ) -> Result<bool, ToolError> {
        let now = variants::terms(&mut ctx.tx, &intent.sku).await?;
        Ok(now.is_none_or(|now| intent.applied_to(&now) == now))
    }

    fn names_a_record(_intent: &Self::Intent) -> bool {
        true
    }
}

impl Intent {
    /// The terms as they are to be, still with the version that they replace.
    fn applied_to(&self, terms: &TermsRow) -> TermsRow {
        TermsRow {
            price_minor: self.price_minor.unwrap_or(terms.price_minor),
            active: self.active.unwrap_or(terms.active),
            reorder_point: self.reorder_point.unwrap_or(terms.reorder_point),
            version: terms.version,
        }
    }
}

/// A change that can be made as things stand.
#[derive(Debug)]
pub struct Plan {
    variant: VariantRow,
    before: TermsRow,
    /// What will be, still with the version that it replaces.
    after: TermsRow,
}

impl Plan {
    /// Everything that can be known before.
    async fn of(ctx: &mut CallContext, intent: &Intent) -> Result<Self, ToolError> {
        let variant = find::by_sku(ctx, &intent.sku).await?;
        let before = variants::terms(&mut ctx.tx, &variant.sku).await?;
        let before = before.ok_or_else(|| ToolError::not_found("product", &intent.sku))?;
        if intent.expected_version.is_some_and(|expected| expected != before.version) {
            return Err(changed(before.version));
        }
        let after = intent.applied_to(&before);
        if after == before {
            let name = said::spoken(&variant);
            let sentence =
                text!("{name} is like that already, so there is nothing to change.", name);
            let facts = json!({ "version": before.version });
            return Err(ToolError::invalid_state(sentence).with_details(facts));
        }
        Ok(Self { variant, before, after })
    }
}

fn changed(version: i64) -> ToolError {
    let sentence =
        text!("That product was changed in the meantime. Please look at it and ask again.");
    ToolError::new(ErrorCode::Conflict, sentence).with_details(json!({ "version": version }))
}

fn say(ctx: &CallContext, variant: &VariantRow, before: &TermsRow, after: &TermsRow) -> String {
    let mut changes = Vec::new();
    if before.price_minor != after.price_minor {
        changes
            .push(text!("costs {amount}", amount = phrases::money(ctx.money(after.price_minor))));
    }
    if before.active != after.active {
        changes.push(if after.active { text!("is sold") } else { text!("is no longer sold") });
    }
    if before.reorder_point != after.reorder_point {
        changes.push(match after.reorder_point {
            0 => text!("is not reordered"),
            n => text!("is reordered at {pieces}", pieces = said::count(n, "piece", "pieces")),
        });
    }
    text!(
        "From now on {variant} {list}.",
        variant = said::spoken(variant),
        list = phrases::list(&changes)
    )
}

#[cfg(test)]
#[path = "product_update_tests.rs"]
mod tests;
