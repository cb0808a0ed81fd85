//! Locations as callers name them.

use crate::business::TenantFacts as _;
use crate::catalog::sql::stock;
use business_mcp_engine::{
    speech::{phrases, text},
    text,
    tool::{Answer, CallContext, Candidate, ErrorCode, ToolError},
};

/// Where stock is kept.
#[derive(Debug, PartialEq, Eq)]
pub struct Place {
    /// What the records call it.
    pub id: String,
    /// What people call it.
    pub name: String,
}

/// The location that is meant: one of the business, or one that has stock. An id that was said literally is that
/// one's.
///
/// # Errors
/// `not_found`, with those of the business; the question which one is meant where several are called that.
pub async fn named(ctx: &mut CallContext, said: &str) -> Result<Place, ToolError> {
    let said = said.trim();
    let key = said.to_lowercase();
    let known = &ctx.tenant.business().locations;
    let is = |name: &str| name.to_lowercase() == key;
    let mut places: Vec<Place> = known
        .iter()
        .filter(|place| is(&place.id) || is(&place.name))
        .map(|place| Place { id: place.id.clone(), name: place.name.clone() })
        .collect();
    if places.is_empty() {
        let stored = stock::locations(&mut ctx.tx).await?;
        let stored = stored.into_iter().filter(|(id,)| is(id));
        places = stored.map(|(id,)| of(ctx, id)).collect();
    }
    if places.iter().any(|place| place.id == said) {
        places.retain(|place| place.id == said);
    }
    match places.pop() {
        None => Err(unknown(ctx)),
        Some(only) if places.is_empty() => Ok(only),
        Some(last) => {
            places.push(last);
            Err(which(&places))
        }
    }
}

/// The location with exactly this id: the one that an intent names, as long as it is there.
///
/// # Errors
/// `not_found`, with those of the business.
pub async fn by_id(ctx: &mut CallContext, id: &str) -> Result<Place, ToolError> {
    let is_known = ctx.tenant.business().locations.iter().any(|place| place.id == id);
    if !is_known {
        let stored = stock::locations(&mut ctx.tx).await?;
        if !stored.iter().any(|(stored,)| stored == id) {
            return Err(unknown(ctx));
        }
    }
    Ok(of(ctx, id.to_owned()))
}

fn unknown(ctx: &CallContext) -> ToolError {
    let known = &ctx.tenant.business().locations;
    let names: Vec<&str> = known.iter().map(|location| location.id.as_str()).collect();
    let sentence = text!(
        "There is no such location. There are {list}.",
        list = phrases::list_of_three(&names)
    );
    ToolError::new(ErrorCode::NotFound, sentence)
}

/// The question which of several locations is meant.
fn which(places: &[Place]) -> ToolError {
    let ids: Vec<String> = places.iter().map(|place| phrases::stored(&place.id, 40)).collect();
    let say = text!(
        "There are several locations of that name: {list}. Which one is it?",
        list = phrases::list_of_three(&ids)
    );
    let candidate =
        |place: &Place| Candidate { id: place.id.clone(), hint: text::display(&place.name, 60) };
    let candidates = places.iter().take(3).map(candidate).collect();
    ToolError::ambiguous(Answer::<()>::ambiguous(say, candidates))
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
