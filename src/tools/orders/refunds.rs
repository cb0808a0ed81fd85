//! Everything that was paid of an order on its way back to what paid it.

use super::money::{self, Transfer};
use crate::{
    domain::speech,
    store::{
        buyers::Method,
        orders::OrderRow,
        payments::{self, PaidRow},
    },
    text,
    toolkit::{CallContext, ToolError},
};

/// Refunds everything that is paid of an order to what paid it.
pub async fn pay_back(
    ctx: &mut CallContext,
    order: &OrderRow,
    reason: &str,
) -> Result<Vec<PaidRow>, ToolError> {
    let tenant = ctx.tenant_id();
    let paid = payments::paid(&mut ctx.tx, &tenant, &order.id, &order.customer_id).await?;
    for part in &paid {
        let method = Method {
            id: part.payment_method_id.clone(),
            kind: part.kind.clone().unwrap_or_default(),
            balance_minor: None,
        };
        let transfer = Transfer {
            order_id: &order.id,
            customer_id: &order.customer_id,
            method: &method,
            minor: part.paid_minor,
            reason,
        };
        money::refund(ctx, transfer).await?;
    }
    Ok(paid)
}

/// What goes back, in words: `10 dollars to the card`; `None` where nothing was paid.
pub fn words(paid: &[PaidRow], amount: impl Fn(i64) -> String) -> Option<String> {
    let part = |paid: &PaidRow| to_method(paid.kind.as_deref(), &amount(paid.paid_minor));
    let parts: Vec<String> = paid.iter().map(part).collect();
    (!parts.is_empty()).then(|| speech::list(&parts))
}

/// An amount that goes to a kind of payment method, in words.
pub fn to_method(kind: Option<&str>, amount: &str) -> String {
    match kind {
        Some("card") => text!("{amount} to the card", amount),
        Some("gift_card") => text!("{amount} to the gift card", amount),
        Some("wallet") => text!("{amount} to the wallet", amount),
        _ => text!("{amount} to what paid for it", amount),
    }
}
