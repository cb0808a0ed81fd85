//! Orders as callers say their numbers: exactly, without the prefix, or the last characters only.

use super::requests::{self, RequestBrief};
use crate::orders::{
    order_state::OrderStatus,
    sql::{
        buyers,
        orders::{self, MOST_FOUND, OrderRow},
    },
};
use business_mcp_engine::{
    db::text_range::{TextRange, prefix_range},
    speech::{phrases, reference, text::display},
    text,
    tool::{Answer, CallContext, Candidate, ErrorCode, ToolError, Unauthorized},
};

/// With fewer characters than these, only a whole number is looked for.
const SHORTEST_END: usize = 3;

/// What was found.
pub enum Found {
    /// The order that was meant.
    One(Box<OrderRow>),
    /// Those that may have been meant, or the first of them.
    Several(Vec<OrderRow>),
}

/// Finds an order by what a caller said.
///
/// # Errors
/// `not_found` where nothing is like it; `forbidden` where the caller is verified as a customer and it is
/// another one's.
pub async fn order(ctx: &mut CallContext, said: &str) -> Result<Found, ToolError> {
    if let Some(exact) = orders::find(&mut ctx.tx, said).await? {
        return Ok(Found::One(Box::new(exact.authorize(ctx)?)));
    }
    let own = ctx.verified.clone();
    let readings = reference::readings(said);
    for key in &readings {
        let mut rows = whole(ctx, key, own.as_deref()).await?;
        if rows.is_empty() && !is_short(key) {
            let tails = prefix_range(reference::reversed(key));
            rows = orders::find_by_tail(&mut ctx.tx, &tails, own.as_deref()).await?;
        }
        match rows.pop() {
            None => {}
            Some(only) if rows.is_empty() => {
                return Ok(Found::One(Box::new(only.authorize(ctx)?)));
            }
            Some(last) => {
                rows.push(last);
                return Ok(Found::Several(Unauthorized::accessible(rows, ctx)));
            }
        }
    }
    if readings.iter().any(|key| is_short(key)) {
        let said = display(said, 40);
        let sentence =
            text!("I found no order {said}. Please ask for at least the last 3 digits.", said);
        return Err(ToolError::new(ErrorCode::NotFound, sentence));
    }
    Err(ToolError::not_found("order", said))
}

/// The orders of which a reading is the whole number, with or without the letters in front; of one customer,
/// or of all.
pub async fn whole(
    ctx: &mut CallContext,
    reading: &str,
    customer: Option<&str>,
) -> Result<Vec<Unauthorized<OrderRow>>, ToolError> {
    let tail = reference::reversed(reading);
    let whole = TextRange::only(tail.as_str());
    let mut found = orders::find_by_tail(&mut ctx.tx, &whole, customer).await?;
    let lettered = orders::with_letters(&tail);
    found.extend(orders::find_by_tail(&mut ctx.tx, &lettered, customer).await?);
    found.retain(|row| row.is(|row| reference::fits(reading, &row.id)));
    Ok(found)
}

fn is_short(key: &str) -> bool {
    key.chars().count() < SHORTEST_END
}

/// Whether the caller may be told the whole number of an order: it is their own, or they see personal data,
/// or they have said it. A customer is verified by it, so its last digits are no reason to tell the rest.
pub fn may_be_told(ctx: &CallContext, row: &OrderRow, said: &str) -> bool {
    ctx.sees_personal(&row.customer_id) || reference::is_whole(said, &row.id)
}

/// The number of an order as the caller may be told it: whole, or no more of it than they have said.
pub fn told(ctx: &CallContext, row: &OrderRow, said: &str) -> String {
    if may_be_told(ctx, row, said) {
        return row.id.clone();
    }
    let is_end = |key: &String| row.id_tail.starts_with(&reference::reversed(key));
    reference::readings(said).into_iter().find(is_end).unwrap_or_default()
}

/// Finds the one order that is to be changed. Its last digits are enough for whoever may be told the rest.
///
/// # Errors
/// `not_found`, `invalid_parameters` where too little was said, and the question which one is meant where
/// several may be.
pub async fn one(ctx: &mut CallContext, said: &str) -> Result<OrderRow, ToolError> {
    match order(ctx, said).await? {
        Found::One(row) if may_be_told(ctx, &row, said) => Ok(*row),
        Found::One(_) => Err(ToolError::invalid(text!(
            "Please ask for the whole order number, or verify the caller first."
        ))),
        Found::Several(rows) => Err(ToolError::ambiguous(which::<()>(ctx, &rows, said))),
    }
}

/// The order with exactly this number, as an intent holds it. Another one whose number sounds alike is never meant.
///
/// # Errors
/// `not_found`; `forbidden` where the caller is verified as another customer.
pub async fn by_id(ctx: &mut CallContext, id: &str) -> Result<OrderRow, ToolError> {
    let row = orders::find(&mut ctx.tx, id).await?;
    row.ok_or_else(|| ToolError::not_found("order", id))?.authorize(ctx)
}

/// The question without the numbers.
pub fn several_end_like_this() -> String {
    text!("Several orders end like this. What is the whole number?")
}

/// Finds the one order of which something is sent back or exchanged: it has been delivered, and nothing
/// was before.
///
/// # Errors
/// As [`by_id`], and `invalid_state`.
pub async fn delivered(ctx: &mut CallContext, id: &str) -> Result<OrderRow, ToolError> {
    let row = by_id(ctx, id).await?;
    let status = status(&row.status)?;
    if status == OrderStatus::Delivered {
        return Ok(row);
    }
    let (order, stands) = (&row.id, stands(ctx, &row, status).await?);
    let next = match status {
        OrderStatus::Pending => text!("Nothing has been sent yet, so change or cancel it instead"),
        OrderStatus::PendingModified | OrderStatus::Processed | OrderStatus::Shipped => {
            text!("It can be sent back once it is there")
        }
        OrderStatus::Cancelled => text!("There is nothing to send back"),
        _ => text!("There is one return or exchange per order; please offer a person"),
    };
    Err(ToolError::invalid_state(text!("Order {order} {stands}. {next}.", order, stands, next)))
}

/// Moves an order on to a state and holds its row until the end of the call. Whoever gets through is
/// the only one, so that everything after it happens once.
///
/// # Errors
/// `invalid_state`, where it was changed since it was read.
pub async fn hold(
    ctx: &mut CallContext,
    row: &OrderRow,
    next: OrderStatus,
) -> Result<(), ToolError> {
    if !orders::advance(&mut ctx.tx, row, next.as_str()).await? {
        return Err(changed_meanwhile());
    }
    ctx.set_audit_subject(&row.id);
    Ok(())
}

/// The refusal of a change to an order that somebody else has changed since it was read.
pub fn changed_meanwhile() -> ToolError {
    ToolError::invalid_state(text!("That order was changed a moment ago. Please look at it again."))
}

/// The name of whoever ordered.
pub async fn owner(ctx: &mut CallContext, row: &OrderRow) -> Result<String, ToolError> {
    match buyers::find(&mut ctx.tx, &row.customer_id).await? {
        Some(buyer) => Ok(buyer.authorize(ctx)?.name),
        None => Ok(text!("a former customer")),
    }
}

/// The question that tells several orders apart, or asks for the whole number where that must come from the
/// caller.
pub fn which<T>(ctx: &CallContext, rows: &[OrderRow], said: &str) -> Answer<T> {
    if !rows.iter().all(|row| may_be_told(ctx, row, said)) {
        return Answer::ambiguous(several_end_like_this(), Vec::new());
    }
    let today = ctx.today();
    let placed = |row: &OrderRow| phrases::on(ctx.day_of(row.placed_at), today);
    let day = |row: &OrderRow| phrases::day(ctx.day_of(row.placed_at), today);
    let pieces = |row: &OrderRow| {
        phrases::count(u64::try_from(row.pieces).unwrap_or_default(), "item", "items")
    };
    let candidate = |row: &OrderRow| Candidate {
        id: row.id.clone(),
        hint: text!("placed {day}, {pieces}", day = placed(row), pieces = pieces(row)),
    };
    let numbers: Vec<String> = rows.iter().map(|row| phrases::order_id(&row.id)).collect();
    let number = |row: &OrderRow| {
        let plain = phrases::order_id(&row.id);
        // The letters in front are all that tells two of one number apart.
        let is_alone = numbers.iter().filter(|number| **number == plain).count() == 1;
        if is_alone { plain } else { phrases::code(&row.id) }
    };
    let choice = |row: &OrderRow| text!("{order} from {day}", order = number(row), day = day(row));
    let list = phrases::list_of_three(&rows.iter().map(choice).collect::<Vec<_>>());
    let say = match rows.len() {
        MOST_FOUND.. => {
            let count = MOST_FOUND;
            text!("{count} or more orders end like this. What is the whole number?", count)
        }
        4.. => {
            text!("Several orders end like this: {list}. What is the whole number?", list)
        }
        _ => text!("Several orders end like this: {list}. Which one is it?", list),
    };
    Answer::ambiguous(say, rows.iter().take(3).map(candidate).collect())
}

/// Where an order stands, in words that end a sentence.
pub async fn stands(
    ctx: &mut CallContext,
    row: &OrderRow,
    status: OrderStatus,
) -> Result<String, ToolError> {
    let settled = status.has_request() && {
        let requests = requests::briefly(ctx, &row.id).await?;
        requests.iter().any(RequestBrief::is_settled)
    };
    Ok(if settled { status.spoken_settled() } else { status.spoken() })
}

/// Where an order stands.
///
/// # Errors
/// A state that this server did not write.
pub fn status(row: &str) -> Result<OrderStatus, ToolError> {
    OrderStatus::parse(row).ok_or_else(|| ToolError::internal("an order is in no known state"))
}
