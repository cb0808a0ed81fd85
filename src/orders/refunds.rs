//! Money on its way back: what is paid of an order, and to what it goes.

use super::money::{self, Transfer};
use crate::{
    orders::{
        settlement::{self, Paid, To},
        sql::{buyers::Method, orders::OrderRow},
    },
    payments::sql::payments::{self, PaidRow},
};
use business_mcp_engine::{
    speech::phrases,
    text,
    tool::{CallContext, ToolError},
};

/// What of an order is paid, by method.
pub async fn paid(ctx: &mut CallContext, order: &OrderRow) -> Result<Vec<PaidRow>, ToolError> {
    Ok(payments::paid(&mut ctx.tx, &order.id, &order.customer_id).await?)
}

/// Whether the provider may still decline a charge of the order, so that what is paid is not certain.
pub fn is_open(paid: &[PaidRow]) -> bool {
    paid.iter().any(|part| part.open_charges > 0)
}

/// What of an order is paid in all.
pub fn net(paid: &[PaidRow]) -> i64 {
    paid.iter().map(|part| part.paid_minor).sum()
}

/// The id of the method that a refund is to go to: the one that was named, exactly or as it is said; or else the only
/// one that the order was ever charged to. None where several were: each of them gets back what it paid.
///
/// # Errors
/// `not_found`, and the question which one is meant where several are said like this.
pub async fn destination(
    ctx: &mut CallContext,
    order: &OrderRow,
    said: Option<&str>,
) -> Result<Option<String>, ToolError> {
    let ledger = payments::of_order(&mut ctx.tx, &order.id).await?;
    let Some(said) = said else {
        let mut charged = ledger.into_iter().filter(|row| row.kind == "charge");
        let first = charged.next().map(|row| row.payment_method_id);
        return Ok(first.filter(|id| charged.all(|row| row.payment_method_id == *id)));
    };
    if ledger.iter().any(|row| row.payment_method_id == said) {
        return Ok(Some(said.to_owned()));
    }
    Ok(Some(money::method(ctx, &order.customer_id, said).await?.id))
}

/// Divides a refund: all of it goes to the method that was asked for, or without one to what paid.
///
/// # Errors
/// `not_found`, and `invalid_parameters` where that method cannot take all of it.
pub async fn divide(
    ctx: &mut CallContext,
    order: &OrderRow,
    minor: i64,
    to: Option<&str>,
    paid: &[PaidRow],
) -> Result<Vec<PaidRow>, ToolError> {
    let due = minor.min(net(paid));
    let Some(id) = to.filter(|_| due > 0) else { return Ok(parts(paid, minor, None)) };
    let method = target(ctx, order, id, paid).await?;
    let of_it = paid.iter().find(|part| part.payment_method_id == id);
    let most = of_it.map_or(0, |part| part.paid_minor);
    if method.kind != "gift_card" && most < due {
        let (due, most) = (ctx.money(due), ctx.money(most));
        return Err(ToolError::invalid(text!(
            "Only {most} was paid with that, so {due} cannot go back to it. Please ask for a gift \
             card, or leave out refund_to: then each gets back what it paid.",
            most,
            due
        )));
    }
    Ok(parts(paid, minor, Some(&method)))
}

/// The method that a refund is to go to: one that paid, or a gift card of the customer.
///
/// # Errors
/// `not_found`, and `invalid_parameters` where it is another method.
pub async fn target(
    ctx: &mut CallContext,
    order: &OrderRow,
    id: &str,
    paid: &[PaidRow],
) -> Result<Method, ToolError> {
    if let Some(part) = paid.iter().find(|part| part.payment_method_id == id && part.paid_minor > 0)
    {
        return Ok(method_of(part));
    }
    let method = money::method_by_id(ctx, &order.customer_id, id).await?;
    if method.kind == "gift_card" {
        return Ok(method);
    }
    Err(ToolError::invalid(text!(
        "A refund goes to what paid for the order, or to a gift card. Please ask for one of those."
    )))
}

/// Divides a refund among what paid, or gives it to one method first: a gift card takes all of it,
/// anything else no more than it paid. At most what is paid goes back. Each part waits for all of the
/// order's open charges.
pub fn parts(paid: &[PaidRow], minor: i64, to: Option<&Method>) -> Vec<PaidRow> {
    let rows: Vec<Paid<'_>> = paid
        .iter()
        .map(|part| Paid { method: &part.payment_method_id, minor: part.paid_minor })
        .collect();
    let target = match to {
        None => To::Origin,
        Some(method) if method.kind == "gift_card" => To::Only(&method.id),
        Some(method) => To::First(&method.id),
    };
    let kind = |id: &str| {
        let of_paid = paid.iter().find(|part| part.payment_method_id == id);
        let of_paid = of_paid.and_then(|part| part.kind.clone());
        of_paid.or_else(|| to.filter(|method| method.id == id).map(|method| method.kind.clone()))
    };
    let open_charges = paid.iter().map(|part| part.open_charges).sum();
    let row = |part: Paid<'_>| PaidRow {
        payment_method_id: part.method.to_owned(),
        kind: kind(part.method),
        paid_minor: part.minor,
        open_charges,
    };
    settlement::refund(minor, target, &rows).into_iter().map(row).collect()
}

/// Pays the parts of a refund. The caller holds the order's row.
pub async fn pay(
    ctx: &mut CallContext,
    order: &OrderRow,
    parts: &[PaidRow],
    reason: &str,
) -> Result<(), ToolError> {
    for part in parts {
        let method = method_of(part);
        let transfer = Transfer {
            order_id: &order.id,
            customer_id: &order.customer_id,
            method: &method,
            minor: part.paid_minor,
            reason,
            waits: part.open_charges > 0,
        };
        money::refund(ctx, transfer).await?;
    }
    Ok(())
}

fn method_of(part: &PaidRow) -> Method {
    Method {
        id: part.payment_method_id.clone(),
        kind: part.kind.clone().unwrap_or_default(),
        balance_minor: None,
    }
}

/// What goes back, in words: `10 dollars to the card`; `None` where nothing does.
pub fn words(parts: &[PaidRow], amount: impl Fn(i64) -> String) -> Option<String> {
    let part = |part: &PaidRow| to_method(part.kind.as_deref(), &amount(part.paid_minor));
    let parts: Vec<String> = parts.iter().map(part).collect();
    (!parts.is_empty()).then(|| phrases::list(&parts))
}

/// What goes back, as a sentence: `I have refunded 10 dollars to the gift card`, or `I am refunding 10
/// dollars to the card`, whose provider has yet to be asked, or about a charge; `None` where nothing does.
pub fn sentence(ctx: &CallContext, parts: &[PaidRow]) -> Option<String> {
    let back = words(parts, |minor| phrases::money(ctx.money(minor)))?;
    let is_gift_card = |part: &PaidRow| part.kind.as_deref() == Some("gift_card");
    let done = parts.iter().all(is_gift_card) && !is_open(parts);
    Some(if done {
        text!("I have refunded {back}", back)
    } else {
        text!("I am refunding {back}", back)
    })
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

#[cfg(test)]
#[path = "refunds_tests.rs"]
mod tests;
