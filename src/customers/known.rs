//! The one customer whom a call names by id, and their orders.

use crate::customers::sql::{
    customers::{self, Named},
    interactions,
};
use business_mcp_engine::{
    db::text_range::prefix_range,
    speech::{reference, text::display},
    text,
    tool::{CallContext, ErrorCode, ToolError},
};

/// The customer with this id, also where it was said without its prefix.
///
/// # Errors
/// `not_found`; `forbidden` where the caller is verified as somebody else.
pub async fn one(ctx: &mut CallContext, said: &str) -> Result<Named, ToolError> {
    let tenant = ctx.tenant_id();
    let ids = reference::customer_ids(said);
    let known = customers::known_as(&mut ctx.tx, &tenant, &ids).await?;
    let known = known.ok_or_else(|| ToolError::not_found("customer", said))?;
    ctx.acts_for(&known.id)?;
    Ok(known)
}

/// The id that is meant: the one of a customer, or what was said, where nobody has it any more or yet.
///
/// # Errors
/// `forbidden` where the caller is verified as somebody else.
pub async fn id(ctx: &mut CallContext, said: &str) -> Result<String, ToolError> {
    let tenant = ctx.tenant_id();
    let ids = reference::customer_ids(said);
    let known = customers::known_as(&mut ctx.tx, &tenant, &ids).await?;
    let id = known.map_or_else(|| said.to_owned(), |known| known.id);
    ctx.acts_for(&id)?;
    Ok(id)
}

/// The customer's order of that number, said whole, or by its end where the caller may know the rest.
///
/// # Errors
/// `not_found`; `invalid_parameters` where several end like that.
pub async fn order_of(
    ctx: &mut CallContext,
    customer_id: &str,
    said: &str,
) -> Result<String, ToolError> {
    let tenant = ctx.tenant_id();
    let mut tail = String::new();
    let mut found = Vec::new();
    for key in reference::readings(said) {
        tail = reference::reversed(&key);
        let tails = prefix_range(&tail);
        found = interactions::order_of(&mut ctx.tx, &tenant, customer_id, &tails).await?;
        if !found.is_empty() {
            break;
        }
    }
    if !ctx.sees_personal(customer_id) {
        // Whoever has said the end of a number would be told the rest, and is verified by it.
        found.retain(|(id, _)| reference::is_whole(said, id));
        if found.is_empty() {
            return Err(ToolError::new(
                ErrorCode::NotFound,
                text!(
                    "This customer has no order {said}. Please ask for the whole number, or verify the \
                     caller first.",
                    said = display(said, 40)
                ),
            ));
        }
    }
    match found.as_slice() {
        [(id, found), (_, next)] if *found == tail && *next != tail => Ok(id.clone()),
        [(id, _), _] if id == said => Ok(id.clone()),
        [(id, _)] => Ok(id.clone()),
        [] => Err(ToolError::new(
            ErrorCode::NotFound,
            text!(
                "This customer has no order {said}. Please check it and try again.",
                said = display(said, 40)
            ),
        )),
        _ => Err(ToolError::invalid(text!(
            "Several orders of this customer end like that. Please give the whole order number."
        ))),
    }
}
