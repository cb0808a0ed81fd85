//! `get_product_info`: what a product is, what it costs, and how many there are.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use validator::Validate;

use super::{
    find::{self, Found},
    said,
};
use crate::{
    access::{scope, toolset},
    catalog::sql::products::{self, ProductRow, VariantRow},
};
use business_mcp_engine::{
    money::Money,
    speech::{phrases, text},
    text,
    tool::{Answer, Approval, CallContext, Effect, ReadTool, Risk, Spec, ToolError, fit},
};

/// Says what a product is.
pub struct GetProductInfo;

/// Which product.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub struct Args {
    /// The sku of a variant, or a product id. Needed unless `product_id` is given.
    #[validate(length(max = 64, message = "must be at most 64 characters"))]
    sku: Option<String>,
    /// A product id.
    #[validate(length(max = 64, message = "must be at most 64 characters"))]
    product_id: Option<String>,
}

/// A variant, or a product with all of its variants.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output {
    /// The product's id.
    product_id: String,
    /// Its name.
    name: String,
    /// What is said about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// The category it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<String>,
    /// Where its picture is.
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<String>,
    /// The variant's SKU; absent for a product.
    #[serde(skip_serializing_if = "Option::is_none")]
    sku: Option<String>,
    /// The variant's options; absent for a product.
    #[serde(skip_serializing_if = "Option::is_none")]
    options: Option<Map<String, Value>>,
    /// The variant's version, for the `expected_version` of a change; absent for a product.
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<i64>,
    /// What one piece costs; for a product, from this price on.
    price: Money,
    /// The dearest variant's price, where variants differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    price_to: Option<Money>,
    /// How many can be sold, at all locations.
    stock: i64,
    /// Whether it is sold.
    active: bool,
    /// A product's variants.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    variants: Vec<Variant>,
    /// How many more variants there are than fit here.
    #[serde(skip_serializing_if = "Option::is_none")]
    more_variants: Option<usize>,
}

/// A variant of a product.
#[derive(Debug, Serialize, JsonSchema)]
struct Variant {
    /// Its SKU.
    sku: String,
    /// Its options.
    options: Map<String, Value>,
    /// What one piece costs.
    price: Money,
    /// How many can be sold.
    stock: i64,
    /// Whether it is sold.
    active: bool,
}

impl ReadTool for GetProductInfo {
    type Args = Args;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "get_product_info",
        aliases: &[],
        version: 1,
        title: "Look at a product",
        description: "Get a product's description, price, options and stock by sku or product id; \
                      a product id lists all of its variants.",
        scope: Some(scope::INVENTORY_READ),
        toolsets: &[toolset::VOICE, toolset::DESK, toolset::STOCK],
        effect: Effect::Read,
        risk: Risk::Low,
        approval: Approval::AutoApproved,
    };

    async fn call(&self, ctx: &mut CallContext, args: Args) -> Result<Answer<Output>, ToolError> {
        let said = args.sku.as_deref().or(args.product_id.as_deref());
        let Some(said) = said else {
            return Err(ToolError::invalid(text!("Please give the sku or the product_id.")));
        };
        let Found { rows, is_product } = find::article(ctx, said).await?;
        if rows.len() > 1 && !is_product {
            return Ok(find::which(&rows));
        }
        let Some(first) = rows.first() else {
            return Err(ToolError::not_found("product", said));
        };
        if args
            .product_id
            .as_ref()
            .is_some_and(|product| args.sku.is_some() && *product != first.product_id)
        {
            return Err(ToolError::invalid(text!(
                "This sku belongs to another product_id. Give one."
            )));
        }
        let product = products::find(&mut ctx.tx, &first.product_id).await?;
        let product = product.ok_or_else(|| ToolError::not_found("product", said))?;
        let output = output(ctx, first, &rows, product, is_product);
        Ok(Answer::ok(say(&output, first), output))
    }
}

fn output(
    ctx: &CallContext,
    first: &VariantRow,
    rows: &[VariantRow],
    product: ProductRow,
    is_product: bool,
) -> Output {
    let active = rows.iter().any(|row| row.active);
    let sold = || rows.iter().filter(|row| row.active || !active);
    let lowest = sold().map(|row| row.price_minor).min().unwrap_or(first.price_minor);
    let highest = sold().map(|row| row.price_minor).max().unwrap_or(lowest);
    let variant = |row: &VariantRow| Variant {
        sku: row.sku.clone(),
        options: said::options(&row.options),
        price: ctx.money(row.price_minor),
        stock: sellable(row),
        active: row.active,
    };
    let mut output = Output {
        product_id: first.product_id.clone(),
        name: text::display(&product.name, 200),
        description: product.description.map(|text| text::display(&text, 800)),
        category: product.category.map(|text| text::display(&text, 100)),
        image: product.image_url.filter(|url| url.len() <= 1000),
        sku: (!is_product).then(|| first.sku.clone()),
        options: (!is_product).then(|| said::options(&first.options)),
        version: (!is_product).then_some(first.version),
        price: ctx.money(lowest),
        price_to: (highest > lowest).then(|| ctx.money(highest)),
        stock: rows.iter().map(sellable).sum(),
        active,
        variants: Vec::new(),
        more_variants: None,
    };
    if is_product {
        let room = fit::DATA.saturating_sub(fit::bytes(&output) + 40);
        output.variants = rows.iter().map(variant).collect();
        output.more_variants = fit::cut(&mut output.variants, room);
    }
    output
}

/// What is no longer sold cannot be had, even where some are left.
fn sellable(row: &VariantRow) -> i64 {
    if row.active { row.available } else { 0 }
}

fn say(output: &Output, first: &VariantRow) -> String {
    let name = match output.sku {
        Some(_) => said::spoken(first),
        None => phrases::stored(&output.name, 60),
    };
    if !output.active {
        return text!("{name} is no longer sold.", name);
    }
    let price = phrases::money(output.price);
    let price = match output.price_to {
        Some(_) => text!("from {price}", price),
        None => price,
    };
    let stock = match output.stock {
        0 => text!("it is out of stock"),
        n => text!("{pieces} in stock", pieces = said::count(n, "piece is", "pieces are")),
    };
    let variants = output.variants.len() + output.more_variants.unwrap_or_default();
    match variants {
        0 | 1 => text!("{name} costs {price}, and {stock}.", name, price, stock),
        n => text!(
            "{name} costs {price} and comes in {n} variants. In all, {stock}.",
            name,
            price,
            n,
            stock
        ),
    }
}

#[cfg(test)]
#[path = "get_product_info_tests.rs"]
mod tests;
