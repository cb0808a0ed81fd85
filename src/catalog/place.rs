//! Locations as callers name them.

use crate::business::TenantFacts as _;
use crate::catalog::sql::stock;
use business_mcp_engine::{
    speech::{phrases, text},
    text,
    tool::{CallContext, ErrorCode, ToolError},
};

/// Where stock is kept.
#[derive(Debug, PartialEq, Eq)]
pub struct Place {
    /// What the records call it.
    pub id: String,
    /// What people call it.
    pub name: String,
}

/// The location that is meant: one of the business, or one that has stock.
///
/// # Errors
/// `not_found`, with those of the business.
pub async fn named(ctx: &mut CallContext, said: &str) -> Result<Place, ToolError> {
    if let Some(known) = ctx.tenant.business().location(said) {
        return Ok(Place { id: known.id.clone(), name: known.name.clone() });
    }
    let tenant = ctx.tenant_id();
    let stored = stock::locations(&mut ctx.tx, &tenant).await?;
    let mut stored: Vec<String> = stored.into_iter().map(|(id,)| id).collect();
    stored.retain(|id| id.to_lowercase() == said.to_lowercase());
    // Two may differ in case only.
    stored.sort_by_key(|id| id != said);
    stored.into_iter().next().map(|id| of(ctx, id)).ok_or_else(|| {
        let known = &ctx.tenant.business().locations;
        let names: Vec<&str> = known.iter().map(|location| location.id.as_str()).collect();
        let sentence = text!(
            "There is no such location. There are {list}.",
            list = phrases::list_of_three(&names)
        );
        ToolError::new(ErrorCode::NotFound, sentence)
    })
}

/// The location that is meant where none is named.
///
/// # Errors
/// None but that of a business without locations, which its file is checked for.
pub fn usual(ctx: &CallContext) -> Result<Place, ToolError> {
    let usual = ctx.tenant.business().main_location();
    let usual = usual.map(|place| Place { id: place.id.clone(), name: place.name.clone() });
    usual.ok_or_else(|| ToolError::internal("the business has no location"))
}

/// A stored location with its name.
pub fn of(ctx: &CallContext, id: String) -> Place {
    let known = ctx.tenant.business().locations.iter().find(|place| place.id == id);
    let name = known.map_or_else(|| text::display(&id, 60), |place| place.name.clone());
    Place { id, name }
}
