//! Money that moves about an order: a row of the ledger, and the gift card at once.
//!
//! Whoever moves money holds the order's row: it has changed the order in this transaction before, so
//! that two refunds never add up to more than was paid.

use serde_json::json;

use crate::{
    store::{
        buyers::{self, Method},
        gift_cards::{self, Card, Entry},
        payments::{self, NewPayment},
    },
    text,
    toolkit::{CallContext, ErrorCode, ToolError},
};

/// Money on its way, one way or the other.
#[derive(Debug, Clone, Copy)]
pub struct Transfer<'a> {
    /// Which order it is about.
    pub order_id: &'a str,
    /// Whose order it is, and whose method.
    pub customer_id: &'a str,
    /// What is charged, or refunded to.
    pub method: &'a Method,
    /// How much, above zero.
    pub minor: i64,
    /// Why, as gift cards note it: `sale`, `cancellation`, `return`, `exchange` and so on.
    pub reason: &'a str,
}

/// Takes an amount off a gift card and leaves the ledgers to [`record`], for whoever does not know
/// the order's number yet. Nothing is taken from other methods.
///
/// # Errors
/// `insufficient_balance`.
pub async fn take(
    ctx: &mut CallContext,
    customer_id: &str,
    method: &Method,
    minor: i64,
) -> Result<(), ToolError> {
    if method.kind != "gift_card" {
        return Ok(());
    }
    let tenant = ctx.tenant_id();
    let card = Card { customer_id, id: &method.id };
    if gift_cards::debit(&mut ctx.tx, &tenant, card, minor).await? {
        return Ok(());
    }
    Err(insufficient(ctx, method, minor))
}

/// Gives an amount back.
pub async fn refund(ctx: &mut CallContext, transfer: Transfer<'_>) -> Result<(), ToolError> {
    if transfer.method.kind == "gift_card" {
        let tenant = ctx.tenant_id();
        let card = Card { customer_id: transfer.customer_id, id: &transfer.method.id };
        gift_cards::put(&mut ctx.tx, &tenant, card, transfer.minor).await?;
    }
    record(ctx, "refund", transfer).await
}

/// Writes a movement into the ledgers.
pub async fn record(
    ctx: &mut CallContext,
    kind: &str,
    transfer: Transfer<'_>,
) -> Result<(), ToolError> {
    let tenant = ctx.tenant_id();
    let (at, day) = (ctx.now, ctx.today().to_string());
    let Transfer { order_id, customer_id, method, minor, reason } = transfer;
    let payment = NewPayment {
        order_id,
        kind,
        amount_minor: minor,
        payment_method_id: &method.id,
        at,
        at_day: &day,
    };
    payments::insert(&mut ctx.tx, &tenant, payment).await?;
    if method.kind == "gift_card" {
        let card = Card { customer_id, id: &method.id };
        let signed = if kind == "charge" { -minor } else { minor };
        let entry = Entry { reason, cause: order_id, at };
        gift_cards::record_entry(&mut ctx.tx, &tenant, card, signed, entry).await?;
    }
    Ok(())
}

/// One of a customer's payment methods.
///
/// # Errors
/// `not_found`.
pub async fn method(
    ctx: &mut CallContext,
    customer_id: &str,
    id: &str,
) -> Result<Method, ToolError> {
    let tenant = ctx.tenant_id();
    let method = buyers::method(&mut ctx.tx, &tenant, customer_id, id).await?;
    method.ok_or_else(|| ToolError::not_found("payment method of this customer", id))
}

/// Refuses a gift card that does not hold an amount, so that it is known before anybody is asked.
///
/// # Errors
/// `insufficient_balance`.
pub fn check_balance(ctx: &CallContext, method: &Method, minor: i64) -> Result<(), ToolError> {
    if method.kind == "gift_card" && method.balance_minor.unwrap_or(0) < minor {
        return Err(insufficient(ctx, method, minor));
    }
    Ok(())
}

fn insufficient(ctx: &CallContext, card: &Method, needed: i64) -> ToolError {
    let (balance, needed) = (ctx.money(card.balance_minor.unwrap_or(0)), ctx.money(needed));
    let sentence = text!(
        "The gift card holds {balance} and cannot pay {needed}. Please ask for another payment method.",
        balance,
        needed
    );
    ToolError::new(ErrorCode::InsufficientBalance, sentence)
        .with_details(json!({ "balance": balance, "needed": needed }))
}
