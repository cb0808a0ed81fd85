//! The one customer whom a call names by id.

use crate::{
    domain::reference,
    store::customers::{self, Named},
    toolkit::{CallContext, ToolError},
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
