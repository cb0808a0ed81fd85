//! Articles as callers name them: by SKU, exactly or as it is said, or by the product's id.

use super::said;
use crate::catalog::sql::products::{self, VariantRow};
use business_mcp_engine::{
    speech::{phrases, reference},
    text,
    tool::{Answer, CallContext, Candidate, ToolError},
};

/// What was found.
pub struct Found {
    /// The variants that are meant, or that may be meant; never none.
    pub rows: Vec<VariantRow>,
    /// Whether they are all the variants of one product, which was named.
    pub is_product: bool,
}

/// Finds what a SKU or a product's id names, the exact one first.
///
/// # Errors
/// `not_found` where there is no such thing.
pub async fn article(ctx: &mut CallContext, said: &str) -> Result<Found, ToolError> {
    let now = ctx.now;
    let mut rows = Vec::new();
    for key in reference::readings(said) {
        rows = products::find_variants(&mut ctx.tx, said, &key, now).await?;
        if !rows.is_empty() {
            break;
        }
    }
    let is_exact = rows.first().is_some_and(|row| row.sku == said);
    let is_product = !is_exact && rows.iter().any(|row| row.product_id == said);
    if is_exact {
        rows.truncate(1);
    } else if is_product {
        rows.retain(|row| row.product_id == said);
    }
    if rows.is_empty() {
        Err(ToolError::not_found("product", said))
    } else {
        Ok(Found { rows, is_product })
    }
}

/// The question that tells variants apart.
pub fn which<T>(rows: &[VariantRow]) -> Answer<T> {
    let is_one_product = rows
        .windows(2)
        .all(|two| matches!(two, [one, other] if one.product_id == other.product_id));
    let name = rows.first().map_or("This", |row| row.name.as_str());
    let say = if is_one_product {
        let choices: Vec<String> = rows.iter().map(said::variant).collect();
        text!(
            "{name} comes in {variants}: {list}. Which one is it?",
            name = phrases::stored(name, 40),
            variants = said::count(rows.len(), "variant", "variants"),
            list = phrases::list_of_three(&choices)
        )
    } else {
        let choices: Vec<String> = rows.iter().map(said::spoken).collect();
        text!(
            "Several products have that number: {list}. Which one is it?",
            list = phrases::list_of_three(&choices)
        )
    };
    let candidate =
        |row: &VariantRow| Candidate { id: row.sku.clone(), hint: said::title(row, 80) };
    Answer::ambiguous(say, rows.iter().take(3).map(candidate).collect())
}

/// The one variant that is to be changed.
///
/// # Errors
/// `not_found` where there is no such thing; the question which one is meant where it may be one of several.
pub async fn one(ctx: &mut CallContext, said: &str) -> Result<VariantRow, ToolError> {
    let mut rows = article(ctx, said).await?.rows;
    match rows.pop() {
        Some(only) if rows.is_empty() => Ok(only),
        last => {
            rows.extend(last);
            Err(ToolError::ambiguous(which::<()>(&rows)))
        }
    }
}

/// The variant with exactly this SKU: the one that an intent names, and none whose SKU is said like it.
///
/// # Errors
/// `not_found`.
pub async fn by_sku(ctx: &mut CallContext, sku: &str) -> Result<VariantRow, ToolError> {
    let now = ctx.now;
    let variant = products::variant(&mut ctx.tx, sku, now).await?;
    variant.ok_or_else(|| ToolError::not_found("product", sku))
}
