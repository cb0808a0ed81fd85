//! What it costs, line by line: priced by the one engine, kept with a quote, shown in answers.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::items::Wanted;
use crate::business::TenantFacts as _;
use crate::{
    business::pricing::{DiscountReason, PriceLine, Priced, PricingError, Tier},
    customers::known,
    orders::sql::buyers::{self, Buyer},
};
use business_mcp_engine::{
    money::Money,
    text,
    tool::{CallContext, ToolError, fit},
};

/// How many bytes the lines of an answer may have.
const LINES: usize = 5_000;

/// What something costs, in minor units, as it is also kept with a quote.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Bill {
    /// The code that was given.
    pub code: Option<String>,
    /// Each article once.
    pub lines: Vec<BillLine>,
    /// All lines at list price.
    pub subtotal_minor: i64,
    /// What is taken off.
    pub discount_minor: i64,
    /// Tax on the rest.
    pub tax_minor: i64,
    /// What is to be paid.
    pub total_minor: i64,
}

/// A line of a bill.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BillLine {
    /// The article.
    pub sku: String,
    /// Its name and options.
    pub name: String,
    /// How many.
    pub quantity: i64,
    /// What one costs at list price.
    pub unit_price_minor: i64,
    /// What is taken off the line.
    pub discount_minor: i64,
    /// Why, where something is.
    pub discount_reason: Option<String>,
}

/// The customer of a quote or an order, also where the id was said without its prefix.
///
/// # Errors
/// As [`known::one`].
pub async fn buyer(ctx: &mut CallContext, said: &str) -> Result<Buyer, ToolError> {
    if let Some(buyer) = buyers::find(&mut ctx.tx, said).await? {
        return buyer.authorize(ctx);
    }
    let known = known::one(ctx, said).await?;
    buyer_by_id(ctx, &known.id).await
}

/// The customer with exactly this id, as an intent holds it.
///
/// # Errors
/// `not_found`; `forbidden` where the caller is verified as another customer.
pub async fn buyer_by_id(ctx: &mut CallContext, id: &str) -> Result<Buyer, ToolError> {
    let buyer = buyers::find(&mut ctx.tx, id).await?;
    buyer.ok_or_else(|| ToolError::not_found("customer", id))?.authorize(ctx)
}

/// Prices what a customer asks for.
pub fn price(
    ctx: &CallContext,
    buyer: &Buyer,
    code: Option<&str>,
    wanted: &[Wanted],
) -> Result<Bill, ToolError> {
    #[derive(Deserialize)]
    struct Place {
        country: String,
        region: Option<String>,
    }
    let lines = wanted.iter().map(|wanted| PriceLine {
        sku: wanted.article.sku.clone(),
        name: wanted.title(),
        quantity: wanted.quantity,
        unit_price_minor: wanted.article.price_minor,
    });
    let place = buyer.address.as_deref().and_then(|json| serde_json::from_str::<Place>(json).ok());
    let region = place.as_ref().map(|p| (p.country.as_str(), p.region.as_deref().unwrap_or("")));
    let tier = buyer.tier.as_deref().and_then(Tier::parse);
    let pricing = &ctx.tenant.business().pricing;
    let lines: Vec<PriceLine> = lines.collect();
    let priced = pricing
        .price(ctx.tenant.currency, tier, code, region, &lines)
        .map_err(|error| refused(&error))?;
    Ok(Bill::of(code, priced))
}

fn refused(error: &PricingError) -> ToolError {
    ToolError::invalid(match error {
        PricingError::NoLines => text!("There are no items to price. Please ask what is wanted."),
        PricingError::Quantity { sku } => {
            text!("The quantity of {sku} must be at least 1. Please change the items.", sku)
        }
        PricingError::NegativePrice { sku } => {
            text!("The price of {sku} is negative. Please change the items.", sku)
        }
        PricingError::UnknownCode => {
            text!("This discount code does not exist. Please check it, or go on without one.")
        }
        PricingError::TooLarge => text!(
            "The total is larger than any amount this business handles. Please change the items."
        ),
    })
}

impl Bill {
    fn of(code: Option<&str>, priced: Priced) -> Self {
        let line = |line: crate::business::pricing::PricedLine| BillLine {
            discount_reason: match line.discount.reason {
                DiscountReason::None => None,
                reason => Some(reason.to_string()),
            },
            sku: line.sku,
            name: line.name,
            quantity: line.quantity,
            unit_price_minor: line.unit_price_minor,
            discount_minor: line.discount_minor,
        };
        Self {
            code: code.map(str::to_owned),
            lines: priced.lines.into_iter().map(line).collect(),
            subtotal_minor: priced.subtotal_minor,
            discount_minor: priced.discount_minor,
            tax_minor: priced.tax_minor,
            total_minor: priced.total_minor,
        }
    }

    /// The bill as an answer shows it.
    pub fn view(&self, ctx: &CallContext) -> BillView {
        let mut lines: Vec<LineView> = self.lines.iter().map(|line| line.view(ctx)).collect();
        let more_lines = fit::cut(&mut lines, LINES);
        BillView {
            lines,
            more_lines,
            subtotal: ctx.money(self.subtotal_minor),
            discount: ctx.money(self.discount_minor),
            tax: ctx.money(self.tax_minor),
            total: ctx.money(self.total_minor),
        }
    }

    /// What is on the bill in words, and what it costs.
    pub fn pieces(&self) -> impl Iterator<Item = (i64, &str)> {
        self.lines.iter().map(|line| (line.quantity, line.name.as_str()))
    }
}

impl BillLine {
    fn view(&self, ctx: &CallContext) -> LineView {
        let list_total = self.unit_price_minor.saturating_mul(self.quantity);
        LineView {
            sku: self.sku.clone(),
            name: self.name.clone(),
            quantity: self.quantity,
            unit_price: ctx.money(self.unit_price_minor),
            discount: (self.discount_minor > 0).then(|| ctx.money(self.discount_minor)),
            discount_reason: self.discount_reason.clone(),
            total: ctx.money(list_total - self.discount_minor),
        }
    }
}

/// What something costs, line by line.
#[derive(Debug, Serialize, JsonSchema)]
pub struct BillView {
    /// Each article once.
    pub lines: Vec<LineView>,
    /// How many lines are not shown because the answer would be too long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub more_lines: Option<usize>,
    /// All lines at list price.
    pub subtotal: Money,
    /// What is taken off.
    pub discount: Money,
    /// Tax.
    pub tax: Money,
    /// What is to be paid.
    pub total: Money,
}

/// An article and what it costs.
#[derive(Debug, Serialize, JsonSchema)]
pub struct LineView {
    /// The SKU.
    pub sku: String,
    /// Its name and options.
    pub name: String,
    /// How many.
    pub quantity: i64,
    /// What one costs at list price.
    pub unit_price: Money,
    /// What is taken off the line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discount: Option<Money>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub discount_reason: Option<String>,
    /// What the line costs before tax.
    pub total: Money,
}
