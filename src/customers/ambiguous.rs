//! The question which of several customers is meant.

use std::collections::BTreeSet;

use super::shown;
use crate::customers::sql::customers::Match;
use business_mcp_engine::{
    speech::phrases,
    text,
    tool::{Answer, CallContext, Candidate},
};

/// Up to three of several customers, and the question that tells them apart: they match a clue, or without
/// one each something else.
pub(super) fn which<T>(ctx: &CallContext, found_by: Option<&str>, several: &[Match]) -> Answer<T> {
    let candidates = several
        .iter()
        .take(3)
        .map(|customer| Candidate { id: customer.id.clone(), hint: hint(ctx, customer) });
    let names: Vec<String> = several.iter().map(|customer| shown::said(&customer.name)).collect();
    let distinct = names.iter().collect::<BTreeSet<_>>().len() == names.len();
    let same_email = several.windows(2).all(|two| {
        matches!(two, [one, other] if one.email_key.is_some() && one.email_key == other.email_key)
    });
    let ask = if several.len() > 3 {
        text!("What is the e-mail address, or a whole order number?")
    } else if distinct {
        text!("Is it {names}?", names = phrases::either(&names))
    } else if same_email {
        text!("What is the postal code, or a whole order number?")
    } else {
        text!("What is the e-mail address, or a whole order number?")
    };
    let count = match several.len() {
        4.. => text!("more than three customers"),
        count => phrases::count(count as u64, "customer", "customers"),
    };
    let say = match found_by {
        Some(found_by) => text!("I found {count} {found_by}. {ask}", count, found_by, ask),
        None => text!("That belongs to different customers. {ask}", ask),
    };
    Answer::ambiguous(say, candidates.collect())
}

/// What tells a customer apart and nobody can pass for them with.
fn hint(ctx: &CallContext, customer: &Match) -> String {
    let since = ctx.day_of(customer.created_at).format("customer since %Y").to_string();
    let parts = [
        Some(shown::line(&customer.name)),
        customer.company.as_deref().map(shown::line),
        shown::city(customer.address.as_deref()),
        customer.tier.clone(),
        Some(since),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
