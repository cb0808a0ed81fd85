//! An order as it is about to be placed, checked in every respect that is known before stock is
//! touched.

use serde_json::json;

use super::{
    bill::{self, Bill},
    items::{self, Wanted},
    money,
    order_create::Intent,
};
use crate::orders::sql::{
    buyers::{Buyer, Method},
    quotes::{self, Quote},
};
use business_mcp_engine::{
    speech::{phrases, reference},
    text,
    tool::{CallContext, ErrorCode, FreeText, ToolError},
};

/// An order that may be placed.
#[derive(Debug)]
pub struct Plan {
    /// Whose it is.
    pub buyer: Buyer,
    /// What is ordered, each article once.
    pub wanted: Vec<Wanted>,
    /// What it costs.
    pub bill: Bill,
    /// The quote that fixes the price.
    pub quote_id: Option<String>,
    /// What pays for it; without, it is to be paid later.
    pub method: Option<Method>,
    /// What is to be noted.
    pub note: Option<FreeText>,
}

impl Plan {
    /// Checks what was asked for.
    ///
    /// # Errors
    /// The first thing that is wrong, named.
    pub async fn of(ctx: &mut CallContext, intent: Intent) -> Result<Self, ToolError> {
        let buyer = bill::buyer_by_id(ctx, &intent.customer_id).await?;
        let wanted = items::find(ctx, &intent.items).await?;
        // What is not there needs no total that is read back.
        items::check_orderable(ctx, &wanted).await?;
        let (bill, quote_id) =
            price(ctx, &buyer, intent.quote_id.as_ref().map(|id| id.as_str()), &wanted).await?;
        if bill.total_minor != intent.total_minor {
            return Err(total_mismatch(ctx, &bill));
        }
        let method = match &intent.payment_method_id {
            Some(id) => Some(method(ctx, &buyer, id, &bill).await?),
            None => None,
        };
        Ok(Self { buyer, wanted, bill, quote_id, method, note: intent.note })
    }
}

/// What was asked for as one text, the same however its lines were ordered.
pub fn asked(wanted: &[Wanted]) -> String {
    let mut lines: Vec<(&str, i64)> =
        wanted.iter().map(|wanted| (wanted.article.sku.as_str(), wanted.quantity)).collect();
    lines.sort_unstable();
    let line = |(sku, quantity)| json!({ "sku": sku, "quantity": quantity });
    lines.into_iter().map(line).collect::<serde_json::Value>().to_string()
}

/// The price of a quote that still holds, with the quote's id; otherwise today's price. Of a quote
/// that holds no longer, or for other items, the code still counts.
async fn price(
    ctx: &mut CallContext,
    buyer: &Buyer,
    quote_id: Option<&str>,
    wanted: &[Wanted],
) -> Result<(Bill, Option<String>), ToolError> {
    let Some(id) = quote_id else { return Ok((bill::price(ctx, buyer, None, wanted)?, None)) };
    let quote = quote_by_id(ctx, buyer, id).await?;
    let bill: Bill = serde_json::from_str(&quote.priced).map_err(ToolError::internal)?;
    if ctx.now < quote.expires_at && quote.items == asked(wanted) {
        return Ok((bill, Some(quote.id)));
    }
    Ok((bill::price(ctx, buyer, bill.code.as_deref(), wanted)?, None))
}

/// The customer's quote that is meant, exactly or as its id is said, whether or not it still holds.
///
/// # Errors
/// `not_found`.
pub async fn quote(ctx: &mut CallContext, buyer: &Buyer, said: &str) -> Result<Quote, ToolError> {
    let mut quote = quotes::find(&mut ctx.tx, said).await?;
    if quote.is_none() {
        let key = reference::key(said);
        let id = format!("QUO-{}", key.strip_prefix("QUO").unwrap_or(&key));
        quote = quotes::find(&mut ctx.tx, &id).await?;
    }
    of_buyer(quote, buyer, said)
}

/// The customer's quote with exactly this id, whether or not it still holds.
async fn quote_by_id(ctx: &mut CallContext, buyer: &Buyer, id: &str) -> Result<Quote, ToolError> {
    of_buyer(quotes::find(&mut ctx.tx, id).await?, buyer, id)
}

fn of_buyer(quote: Option<Quote>, buyer: &Buyer, said: &str) -> Result<Quote, ToolError> {
    let quote = quote.filter(|quote| quote.customer_id == buyer.id);
    quote.ok_or_else(|| ToolError::not_found("quote", said))
}

fn total_mismatch(ctx: &CallContext, bill: &Bill) -> ToolError {
    let total = phrases::money(ctx.money(bill.total_minor));
    let sentence = text!(
        "The total is {total}. Please read it back to the caller and call again with it.",
        total
    );
    let error = ToolError::new(ErrorCode::TotalMismatch, sentence);
    match serde_json::to_value(bill.view(ctx)) {
        Ok(quote) => error.with_details(quote),
        Err(failed) => ToolError::internal(failed),
    }
}

async fn method(
    ctx: &mut CallContext,
    buyer: &Buyer,
    id: &str,
    bill: &Bill,
) -> Result<Method, ToolError> {
    let method = money::method_by_id(ctx, &buyer.id, id).await?;
    money::check_balance(ctx, &method, bill.total_minor)?;
    Ok(method)
}
