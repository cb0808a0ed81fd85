//! An order as it is about to be placed, checked in every respect that is known before stock is
//! touched.

use serde_json::json;

use super::{
    bill::{self, Bill},
    items::{self, Wanted},
    money,
    order_create::Args,
};
use crate::orders::sql::{
    buyers::{Buyer, Method},
    quotes,
};
use business_mcp_engine::{
    speech::{phrases, text},
    text,
    tool::{CallContext, ErrorCode, ToolError},
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
    pub note: Option<String>,
}

impl Plan {
    /// Checks what was asked for.
    ///
    /// # Errors
    /// The first thing that is wrong, named.
    pub async fn of(ctx: &mut CallContext, args: &Args) -> Result<Self, ToolError> {
        let said = ctx.amount("total", &args.total)?;
        let note = args.note.as_deref().map(|note| text::check(note, 500)).transpose();
        let note =
            note.map_err(|why| ToolError::invalid(text!("The argument note {why}.", why)))?;
        let buyer = bill::buyer(ctx, &args.customer_id).await?;
        let wanted = items::find(ctx, &args.items).await?;
        // What is not there needs no total that is read back.
        items::check_stock(ctx, &wanted).await?;
        let (bill, quote_id) = price(ctx, &buyer, args.quote_id.as_deref(), &wanted).await?;
        if bill.total_minor != said.minor {
            return Err(total_mismatch(ctx, &bill));
        }
        let method = match &args.payment_method_id {
            Some(id) => Some(method(ctx, &buyer, id, &bill).await?),
            None => None,
        };
        Ok(Self { buyer, wanted, bill, quote_id, method, note })
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
    let tenant = ctx.tenant_id();
    let quote = quotes::find(&mut ctx.tx, &tenant, id).await?;
    let Some(quote) = quote.filter(|quote| quote.customer_id == buyer.id) else {
        return Err(ToolError::not_found("quote", id));
    };
    let bill: Bill = serde_json::from_str(&quote.priced).map_err(ToolError::internal)?;
    if ctx.now < quote.expires_at && quote.items == asked(wanted) {
        return Ok((bill, Some(quote.id)));
    }
    Ok((bill::price(ctx, buyer, bill.code.as_deref(), wanted)?, None))
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
    let method = money::method(ctx, &buyer.id, id).await?;
    money::check_balance(ctx, &method, bill.total_minor)?;
    Ok(method)
}
