//! From all that a caller says to the customers who may be meant.

use super::clues::{Clue, Found};
use crate::customers::sql::customers::Match;
use business_mcp_engine::tool::{CallContext, ToolError};

/// Who may be meant.
pub(super) enum Who<'a> {
    /// Nobody matches anything that was said.
    Nobody,
    /// Whoever matches this clue, and as far as it tells them apart, the others.
    By(&'a Clue, Found),
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
    let mut found = Found { matches: Vec::new(), sure: true };
    let mut contradicted = false;
    let mut foreign = None;
    for clue in clues {
        if found.matches.iter().any(|customer| clue.fits(customer)) {
            // Two against one is no proof.
            if found.matches.len() > 1 && !contradicted {
                found.matches.retain(|customer| clue.fits(customer));
                found.sure &= found.matches.iter().all(|customer| clue.is(customer));
            }
            continue;
        }
        let Found { matches, sure } = clue.find(ctx).await?;
        // Likeness to somebody else contradicts nothing.
        if surest.is_some() && !sure {
            continue;
        }
        let (own, others): (Vec<_>, Vec<_>) = matches
            .into_iter()
            .filter(|customer| found.matches.iter().all(|known| known.id != customer.id))
            .partition(|customer| ctx.can_access(&customer.id));
        foreign = foreign.or(others.into_iter().next());
        if own.is_empty() {
            continue;
        }
        contradicted |= surest.is_some();
        found.sure &= sure;
        surest = surest.or(Some(clue));
        found.matches.extend(own);
    }
    match (surest, foreign) {
        (Some(_), _) if contradicted => Ok(Who::Either(found.matches)),
        (Some(clue), _) => Ok(Who::By(clue, found)),
        (None, Some(_)) => Err(ctx.verified_as_another()),
        (None, None) => Ok(Who::Nobody),
    }
}
