//! From all that a caller says to the customers who may be meant.

use super::clues::Clue;
use crate::{
    store::customers::Match,
    toolkit::{CallContext, ToolError},
};

/// Who may be meant.
pub(super) enum Who<'a> {
    /// Nobody matches anything that was said.
    Nobody,
    /// Whoever matches this clue, and as far as it tells them apart, the others.
    By(&'a Clue, Vec<Match>),
    /// Those who match one thing, and those who match another: nobody matches both.
    Either(Vec<Match>),
}

/// Those who match what was said, the surest clue first. A clue that fits one of them tells them apart. One
/// that fits none of them and is somebody else's contradicts, and which of the two is right is for the caller
/// to say.
///
/// # Errors
/// `forbidden` where the caller is verified, and only others match.
pub(super) async fn who<'a>(
    ctx: &mut CallContext,
    clues: &'a [Clue],
) -> Result<Who<'a>, ToolError> {
    let mut surest = None;
    let mut found: Vec<Match> = Vec::new();
    let mut contradicted = false;
    let mut foreign = None;
    for clue in clues {
        if found.iter().any(|customer| clue.fits(customer)) {
            // Two against one is no proof.
            found.retain(|customer| contradicted || clue.fits(customer));
            continue;
        }
        let (own, others): (Vec<_>, Vec<_>) = clue
            .find(ctx)
            .await?
            .into_iter()
            .filter(|customer| found.iter().all(|known| known.id != customer.id))
            .partition(|customer| ctx.may_touch(&customer.id));
        foreign = foreign.or(others.into_iter().next());
        if own.is_empty() {
            continue;
        }
        contradicted |= surest.is_some();
        surest = surest.or(Some(clue));
        found.extend(own);
    }
    match (surest, foreign) {
        (Some(_), _) if contradicted => Ok(Who::Either(found)),
        (Some(clue), _) => Ok(Who::By(clue, found)),
        (None, Some(other)) => ctx.acts_for(&other.id).map(|()| Who::Nobody),
        (None, None) => Ok(Who::Nobody),
    }
}
