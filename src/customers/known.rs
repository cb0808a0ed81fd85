//! The one customer whom a call names by id, and their orders.

use super::{ambiguous, spoken_ids};
use crate::{
    customers::sql::{
        customer_changes::{self, Stored},
        customers::{self, Match, Named},
    },
    orders::{
        find,
        sql::orders::{self, OrderRow},
    },
};
use business_mcp_engine::{
    db::text_range::prefix_range,
    speech::{reference, text::display},
    text,
    tool::{CallContext, ErrorCode, ToolError, Unauthorized},
};

/// The customer with this id, also where it was said without its prefix.
///
/// # Errors
/// `not_found`; `forbidden` where the caller is verified as somebody else; the question which one is meant
/// where several customers have that number.
pub async fn one(ctx: &mut CallContext, said: &str) -> Result<Named, ToolError> {
    let known = maybe(ctx, said).await?;
    known.ok_or_else(|| ToolError::not_found("customer", said))?.authorize(ctx)
}

/// The customer with exactly this id: the one whom an intent names, and nobody whose id sounds like it.
///
/// # Errors
/// `not_found`; `forbidden` where the caller is verified as somebody else.
pub async fn by_id(ctx: &mut CallContext, id: &str) -> Result<Named, ToolError> {
    let known = customers::find(&mut ctx.tx, id).await?;
    known.ok_or_else(|| ToolError::not_found("customer", id))?.authorize(ctx)
}

/// What is kept of the customer with exactly this id.
///
/// # Errors
/// As [`by_id`].
pub async fn stored(ctx: &mut CallContext, id: &str) -> Result<Stored, ToolError> {
    let stored = customer_changes::find(&mut ctx.tx, id).await?;
    stored.ok_or_else(|| ToolError::not_found("customer", id))?.authorize(ctx)
}

/// The id of a customer who is on file, or was before they were erased. Where only one who is on file is left
/// of several with that number, it is a question still: a repeated call may mean the one who was erased.
///
/// # Errors
/// As [`one`].
pub async fn or_erased(ctx: &mut CallContext, said: &str) -> Result<String, ToolError> {
    let erased = customers::erased(&mut ctx.tx, &spoken_ids::ids(said)).await?;
    let id = match (find(ctx, said).await?.as_slice(), erased.as_slice()) {
        (_, erased) if erased.iter().any(|id| id == said.trim()) => said.trim().to_owned(),
        ([only], []) => only.id.clone(),
        ([only], _) if only.id == said.trim() => only.id.clone(),
        ([], [only]) => only.clone(),
        // Of several who were erased nothing is left to ask about.
        ([], _) => return Err(ToolError::not_found("customer", said)),
        (several, _) => return Err(which(ctx, several)),
    };
    Unauthorized::new(id.clone(), id).authorize(ctx)
}

/// The id that is meant: the one of a customer, or what was said, where nobody has it any more or yet.
///
/// # Errors
/// As [`one`], but for `not_found`.
pub async fn id(ctx: &mut CallContext, said: &str) -> Result<String, ToolError> {
    let known = maybe(ctx, said).await?;
    match known {
        Some(known) => Ok(known.authorize(ctx)?.id),
        None => Unauthorized::new(said, said.to_owned()).authorize(ctx),
    }
}

/// The customer with this id, where there is one. An id that was said literally is that one's; any other form
/// may be several customers', of whom a verified caller means their own.
///
/// # Errors
/// The question which one is meant.
pub async fn maybe(
    ctx: &mut CallContext,
    said: &str,
) -> Result<Option<Unauthorized<Named>>, ToolError> {
    let mut found = find(ctx, said).await?;
    if found.len() > 1 {
        return Err(which(ctx, &found));
    }
    Ok(found.pop().map(|customer| {
        let Match { id, name, .. } = customer;
        Unauthorized::new(id.as_str(), Named { id: id.clone(), name })
    }))
}

/// Those whom an id may mean that was said like this.
async fn find(ctx: &mut CallContext, said: &str) -> Result<Vec<Match>, ToolError> {
    let ids = spoken_ids::ids(said);
    let readings = spoken_ids::readings(said);
    let number = Some(reference::digits(said)).filter(|digits| !digits.is_empty());
    let mut found = customers::by_number(&mut ctx.tx, &ids, number.as_deref()).await?;
    let is_meant = |customer: &Match| {
        let fits = |reading: &String| reference::fits(reading, &customer.id);
        ids.contains(&customer.id) || readings.iter().any(fits)
    };
    found.retain(is_meant);
    if found.iter().any(|customer| customer.id == ids[0]) {
        found.retain(|customer| customer.id == ids[0]);
    }
    if found.iter().any(|customer| ctx.verified.as_deref() == Some(customer.id.as_str())) {
        found.retain(|customer| ctx.can_access(&customer.id));
    }
    Ok(found)
}

/// The question which of several customers with one number is meant; whoever is verified as nobody of them is
/// told of none.
fn which(ctx: &CallContext, several: &[Match]) -> ToolError {
    if !several.iter().all(|customer| ctx.can_access(&customer.id)) {
        return ctx.verified_as_another();
    }
    let found_by = text!("with that customer number");
    ToolError::ambiguous(ambiguous::which::<()>(ctx, Some(&found_by), several))
}

/// The customer's order of that number, said whole, or by its end where the caller may know the rest.
///
/// # Errors
/// `not_found`; the question which one is meant where several end like that.
pub async fn order_of(
    ctx: &mut CallContext,
    customer_id: &str,
    said: &str,
) -> Result<String, ToolError> {
    let mut found = whole_orders_of(ctx, customer_id, said).await?;
    if found.is_empty() && ctx.sees_personal(customer_id) {
        // Whoever has said the end of a number would be told the rest, and is verified by it.
        found = orders_that_end(ctx, customer_id, said).await?;
    }
    match found.as_slice() {
        [only] => Ok(only.id.clone()),
        [] if ctx.sees_personal(customer_id) => Err(ToolError::new(
            ErrorCode::NotFound,
            text!(
                "This customer has no order {said}. Please check it and try again.",
                said = display(said, 40)
            ),
        )),
        [] => Err(ToolError::new(
            ErrorCode::NotFound,
            text!(
                "This customer has no order {said}. Please ask for the whole number, or verify the \
                 caller first.",
                said = display(said, 40)
            ),
        )),
        several => Err(ToolError::ambiguous(find::which::<()>(ctx, several, said))),
    }
}

/// The orders of a customer that are meant by a whole number, with or without the letters in front. A number
/// that is literally one's means that one only, whosever it is.
///
/// # Errors
/// Those of the database.
pub async fn whole_orders_of(
    ctx: &mut CallContext,
    customer_id: &str,
    said: &str,
) -> Result<Vec<OrderRow>, ToolError> {
    if let Some(exact) = orders::find(&mut ctx.tx, said.trim()).await? {
        let found = Unauthorized::accessible(vec![exact], ctx);
        return Ok(found.into_iter().filter(|order| order.customer_id == customer_id).collect());
    }
    for reading in reference::readings(said) {
        let found = find::whole(ctx, &reading, Some(customer_id)).await?;
        let found = Unauthorized::accessible(found, ctx);
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}

async fn orders_that_end(
    ctx: &mut CallContext,
    customer_id: &str,
    said: &str,
) -> Result<Vec<OrderRow>, ToolError> {
    for reading in reference::readings(said) {
        let tails = prefix_range(reference::reversed(&reading));
        let customer = Some(customer_id);
        let found = orders::find_by_tail(&mut ctx.tx, &tails, customer).await?;
        let found = Unauthorized::accessible(found, ctx);
        if !found.is_empty() {
            return Ok(found);
        }
    }
    Ok(Vec::new())
}
