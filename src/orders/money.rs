//! Money that moves about an order: a row of the ledger, and the gift card at once. A refund to a gift
//! card waits while the provider has yet to say whether there is anything to pay back.
//!
//! Whoever moves money holds the order's row: it has changed the order in this transaction before, so
//! that two refunds never add up to more than was paid.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::refunds;
use crate::{
    orders::sql::buyers::{self, Method},
    payments::sql::{
        gift_cards::{self, Card, Entry},
        payments::{self, NewPayment, PaidRow},
        provider_calls::{self, NewCall},
    },
};
use business_mcp_engine::{
    money::Money,
    speech::{phrases, reference, text::display},
    text,
    tool::{Answer, CallContext, Candidate, ErrorCode, ToolError},
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
    /// Why, as the ledgers note it: `sale`, `cancellation`, `return`, `exchange` and so on.
    pub reason: &'a str,
    /// Whether a refund waits for charges of the order that are still open.
    pub waits: bool,
}

impl Transfer<'_> {
    /// Whether it is for somebody else to carry out, after this transaction.
    fn is_queued(&self, kind: &str) -> bool {
        match self.method.kind.as_str() {
            "gift_card" => kind == "refund" && self.waits,
            "card" | "wallet" => true,
            _ => false,
        }
    }
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
    let card = Card { customer_id, id: &method.id };
    if gift_cards::debit(&mut ctx.tx, card, minor).await? {
        return Ok(());
    }
    Err(insufficient(ctx, method, minor))
}

/// Gives an amount back.
pub async fn refund(ctx: &mut CallContext, transfer: Transfer<'_>) -> Result<(), ToolError> {
    if transfer.method.kind == "gift_card" && !transfer.waits {
        let card = Card { customer_id: transfer.customer_id, id: &transfer.method.id };
        gift_cards::put(&mut ctx.tx, card, transfer.minor).await?;
    }
    record(ctx, "refund", transfer).await
}

/// Charges what is owed, or refunds it where it is below zero.
///
/// # Errors
/// `insufficient_balance`.
pub async fn settle(ctx: &mut CallContext, transfer: Transfer<'_>) -> Result<(), ToolError> {
    match transfer.minor {
        0 => Ok(()),
        charge @ 1.. => {
            take(ctx, transfer.customer_id, transfer.method, charge).await?;
            record(ctx, "charge", transfer).await
        }
        owed => refund(ctx, Transfer { minor: -owed, ..transfer }).await,
    }
}

/// Money that moved, as answers show it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Moved {
    /// `charge` or `refund`.
    kind: &'static str,
    /// How much.
    amount: Money,
    /// From what, or to what.
    payment_method_id: String,
}

impl Moved {
    /// What was charged, or refunded where it is below zero; `None` where nothing moved.
    pub fn of(ctx: &CallContext, minor: i64, method_id: &str) -> Option<Self> {
        let kind = if minor > 0 { "charge" } else { "refund" };
        let moved = || Self {
            kind,
            amount: ctx.money(minor.saturating_abs()),
            payment_method_id: method_id.to_owned(),
        };
        (minor != 0).then(moved)
    }

    /// The parts of a refund.
    pub fn refunds(ctx: &CallContext, parts: &[PaidRow]) -> Vec<Self> {
        let moved = |part: &PaidRow| Self::of(ctx, -part.paid_minor, &part.payment_method_id);
        parts.iter().filter_map(moved).collect()
    }
}

/// What moved, as a sentence: `I have charged 2 dollars to the gift card`. The provider behind a card has
/// yet to be asked, so that is `I am charging 2 dollars to the card`, and so is a refund that `waits`.
pub fn words(ctx: &CallContext, minor: i64, method: &Method, waits: bool) -> String {
    let amount = phrases::money(ctx.money(minor.saturating_abs()));
    let amount = refunds::to_method(Some(&method.kind), &amount);
    let done = method.kind == "gift_card" && !(minor < 0 && waits);
    match minor {
        0 => text!("Nothing is charged"),
        1.. if done => text!("I have charged {amount}", amount),
        1.. => text!("I am charging {amount}", amount),
        _ if done => text!("I have refunded {amount}", amount),
        _ => text!("I am refunding {amount}", amount),
    }
}

/// What is about to move, for whoever decides: `charge 2.00 USD to the card`.
pub fn due(ctx: &CallContext, minor: i64, method: &Method) -> String {
    let amount = ctx.money(minor.saturating_abs()).to_string();
    let amount = refunds::to_method(Some(&method.kind), &amount);
    match minor {
        0 => text!("nothing to charge"),
        1.. => text!("charge {amount}", amount),
        _ => text!("refund {amount}", amount),
    }
}

/// Writes a movement into the ledgers. A card or a wallet is somebody else's ledger: they are asked
/// after this transaction, by whoever works off the queue, and a refund that waits is booked by them.
pub async fn record(
    ctx: &mut CallContext,
    kind: &str,
    transfer: Transfer<'_>,
) -> Result<(), ToolError> {
    let (at, day) = (ctx.now, ctx.today().to_string());
    let Transfer { order_id, customer_id, method, minor, reason, .. } = transfer;
    let payment = NewPayment {
        order_id,
        kind,
        amount_minor: minor,
        payment_method_id: &method.id,
        reason,
        at,
        at_day: &day,
    };
    let payment_id = payments::insert(&mut ctx.tx, payment).await?;
    if transfer.is_queued(kind) {
        let call = NewCall {
            payment_id: &payment_id,
            order_id,
            customer_id,
            kind,
            amount_minor: minor,
            payment_method_id: &method.id,
            at,
        };
        provider_calls::ask(&mut ctx.tx, call).await?;
    } else if method.kind == "gift_card" {
        let card = Card { customer_id, id: &method.id };
        let signed = if kind == "charge" { -minor } else { minor };
        let entry = Entry { reason, cause: order_id, at };
        gift_cards::record_entry(&mut ctx.tx, card, signed, entry).await?;
    }
    Ok(())
}

/// One of a customer's payment methods, exactly or as its id is said.
///
/// # Errors
/// `not_found`, and the question which one is meant where several are said like this.
pub async fn method(
    ctx: &mut CallContext,
    customer_id: &str,
    said: &str,
) -> Result<Method, ToolError> {
    if let Some(exact) = buyers::method(&mut ctx.tx, customer_id, said).await? {
        return Ok(exact);
    }
    let key = reference::key(said);
    let mut like = buyers::methods(&mut ctx.tx, customer_id).await?;
    like.retain(|method| reference::key(&method.id) == key);
    match like.pop() {
        None => Err(no_method(said)),
        Some(only) if like.is_empty() => Ok(only),
        Some(last) => {
            like.push(last);
            Err(which(&like))
        }
    }
}

/// The payment method with exactly this id, as an intent or a request holds it.
///
/// # Errors
/// `not_found`.
pub async fn method_by_id(
    ctx: &mut CallContext,
    customer_id: &str,
    id: &str,
) -> Result<Method, ToolError> {
    let method = buyers::method(&mut ctx.tx, customer_id, id).await?;
    method.ok_or_else(|| no_method(id))
}

fn no_method(id: &str) -> ToolError {
    let sentence = text!("This customer has no payment method {id}.", id = display(id, 40));
    let next = text!("Please ask how they want to pay.");
    ToolError::new(ErrorCode::NotFound, sentence).with_next(next)
}

/// The question which of several payment methods is meant.
fn which(methods: &[Method]) -> ToolError {
    let candidate = |method: &Method| {
        let hint = match method.kind.as_str() {
            "card" => text!("a card"),
            "gift_card" => text!("a gift card"),
            _ => text!("a wallet"),
        };
        Candidate { id: method.id.clone(), hint }
    };
    let say = text!("Several payment methods are called like this. Which one is it?");
    ToolError::ambiguous(Answer::<()>::ambiguous(
        say,
        methods.iter().take(3).map(candidate).collect(),
    ))
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
    let sentence = text!("The gift card holds {balance} and cannot pay {needed}.", balance, needed);
    ToolError::new(ErrorCode::InsufficientBalance, sentence)
        .with_next(text!("Please ask for another payment method."))
        .with_details(json!({ "balance": balance, "needed": needed }))
}
