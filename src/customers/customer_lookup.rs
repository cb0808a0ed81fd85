//! Finding out who is calling.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use validator::Validate;

use super::{
    ambiguous,
    clues::{self, Clue},
    known,
    matching::{self, Who},
    shown,
};
use crate::{
    access::{scope, toolset},
    business::TenantFacts as _,
};
use crate::{
    business::order_state::OrderStatus,
    customers::sql::{
        customer_search::Hit,
        customers::{self, CardRow},
    },
};
use business_mcp_engine::{
    money::Money,
    speech::{phrases, reference},
    text,
    tool::{
        Answer, Approval, CallContext, Candidate, Effect, ReadTool, Risk, Spec, ToolError,
        Unauthorized, answer::rfc3339,
    },
};

/// Finds the customer who is calling, by whatever they can say.
pub struct CustomerLookup;

/// Any one thing by which a customer is known.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub struct Args {
    /// The customer's id.
    #[validate(length(max = 64, message = "must be at most 64 characters"))]
    customer_id: Option<String>,
    /// E-mail address, typed or spoken.
    #[validate(length(max = 254, message = "must be at most 254 characters"))]
    email: Option<String>,
    /// Phone number in any format, or its last 4 or more digits.
    #[validate(length(max = 80, message = "must be at most 80 characters"))]
    phone: Option<String>,
    /// Order number, or its last 3 or more digits.
    #[validate(length(max = 120, message = "must be at most 120 characters"))]
    order_id: Option<String>,
    /// Full name; only with `postal_code`.
    #[validate(length(max = 200, message = "must be at most 200 characters"))]
    name: Option<String>,
    /// Postal code; only with `name`.
    #[validate(length(max = 40, message = "must be at most 40 characters"))]
    postal_code: Option<String>,
}

/// A customer, with little that is personal.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output {
    /// The customer's id.
    customer_id: String,
    /// The full name.
    name: String,
    /// The firm they buy for.
    #[serde(skip_serializing_if = "Option::is_none")]
    company: Option<String>,
    /// `basic`, `premium` or `enterprise`.
    #[serde(skip_serializing_if = "Option::is_none")]
    tier: Option<String>,
    /// The e-mail address; masked unless the caller is verified or the token sees personal data.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// The phone number; its last two digits only, as above.
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    /// Whether the caller has shown to be this customer.
    verified: bool,
    /// The last three orders, the newest first.
    recent_orders: Vec<RecentOrder>,
}

/// An order, in short.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct RecentOrder {
    /// The order's number, for a verified caller, by scope, or where it was given whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    order_id: Option<String>,
    /// Where it stands.
    status: String,
    /// When it was placed (RFC 3339, UTC).
    placed_at: String,
    /// What it costs.
    total: Money,
}

impl ReadTool for CustomerLookup {
    type Args = Args;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "customer_lookup",
        aliases: &[],
        version: 1,
        title: "Look up a customer",
        description: "Find the customer who is calling, with their last 3 orders. Give any one of \
                      customer_id, email, phone, order_id, or name with postal_code.",
        scope: Some(scope::CRM_READ),
        toolsets: &[toolset::VOICE],
        effect: Effect::Read,
        risk: Risk::Low,
        approval: Approval::AutoApproved,
    };

    async fn call(&self, ctx: &mut CallContext, args: Args) -> Result<Answer<Output>, ToolError> {
        let order = args.order_id.as_deref();
        // An id is one that we gave, such as a candidate's: nothing beside it says otherwise.
        if let Some(said) = &args.customer_id {
            if let Some(rows) = customers::with_recent_orders(&mut ctx.tx, said).await? {
                return card(ctx, rows, order);
            }
            if let Some(known) = known::maybe(ctx, said).await? {
                let known = known.authorize(ctx)?;
                return found(ctx, &known.id, order).await;
            }
        }
        let clues = args.clues(&ctx.tenant.business().phone_region)?;
        match matching::who(ctx, &clues).await? {
            Who::By(clue, clues::Found { matches, sure }) => match matches.as_slice() {
                [only] if sure => return found(ctx, &only.id, order).await,
                several => return Ok(ambiguous::which(ctx, Some(&clue.spoken(sure)), several)),
            },
            Who::Either(matches) => return Ok(ambiguous::which(ctx, None, &matches)),
            Who::Nobody => {}
        }
        for clue in &clues {
            let Clue::Email(readings) = clue else { continue };
            for address in readings {
                let similar = clues::misheard(ctx, address).await?;
                if !similar.is_empty() {
                    return Ok(similar_address(&similar));
                }
            }
        }
        Ok(nothing(&args, &clues))
    }
}

impl Args {
    /// What was said, the surest first.
    fn clues(&self, region: &str) -> Result<Vec<Clue>, ToolError> {
        let mut clues = Vec::new();
        clues.extend(self.order_id.clone().map(Clue::Order));
        clues.extend(self.email.as_deref().map(Clue::email).transpose()?);
        clues.extend(self.phone.as_deref().map(|said| Clue::phone(said, region)).transpose()?);
        let alone = clues.is_empty() && self.customer_id.is_none();
        let name = self.name.clone().unwrap_or_default();
        let code = self.postal_code.as_deref().map(clues::postal).unwrap_or_default();
        let missing = match (name.is_empty(), code.is_empty()) {
            (true, true) => {
                text!(
                    "Please give one of customer_id, email, phone or order_id, or name together with \
                 postal_code."
                )
            }
            (false, true) => {
                text!("The argument name needs postal_code beside it. Please ask for it.")
            }
            (true, false) => {
                text!("The argument postal_code needs name beside it. Please ask for it.")
            }
            (false, false) => String::new(),
        };
        if alone && !missing.is_empty() {
            return Err(ToolError::invalid(missing));
        }
        if !(name.is_empty() && code.is_empty()) {
            clues.push(Clue::Name(name, code));
        }
        Ok(clues)
    }
}

/// The customer with this id, who was just found by something else.
async fn found(
    ctx: &mut CallContext,
    id: &str,
    order: Option<&str>,
) -> Result<Answer<Output>, ToolError> {
    let rows = customers::with_recent_orders(&mut ctx.tx, id).await?;
    card(ctx, rows.ok_or_else(|| ToolError::not_found("customer", id))?, order)
}

/// The customer, and the orders without their numbers, by which a caller is verified; but the one that the
/// caller gave.
fn card(
    ctx: &mut CallContext,
    rows: Unauthorized<Vec<CardRow>>,
    order: Option<&str>,
) -> Result<Answer<Output>, ToolError> {
    let rows = rows.authorize(ctx)?;
    let first = rows.first().ok_or_else(|| ToolError::internal("a customer without a row"))?;
    let personal = ctx.sees_personal(&first.id);
    let is_told = |id: &str| personal || order.is_some_and(|said| reference::is_whole(said, id));
    let mut say = text!("I found {name}", name = shown::said(&first.name));
    if let Some(tier) = &first.tier {
        let article = if tier.starts_with('e') { "an" } else { "a" };
        say = text!("{say}, {article} {tier} customer", say, article, tier);
    }
    match (&first.order_id, first.status.as_deref().and_then(OrderStatus::parse), first.placed_at) {
        (Some(id), Some(status), Some(at)) => {
            let status = if first.settled { status.spoken_settled() } else { status.spoken() };
            let (number, day) = (phrases::order_id(id), phrases::day(ctx.day_of(at), ctx.today()));
            let which = if is_told(id) {
                text!("The latest order, {number}, from {day}", number, day)
            } else {
                text!("The latest order, from {day}", day)
            };
            say = text!("{say}. {which}, {status}.", say, which, status);
        }
        _ => say.push_str(", without any orders yet."),
    }
    let mut data = Output {
        customer_id: String::new(),
        name: shown::line(&first.name),
        company: first.company.as_deref().map(shown::line),
        tier: first.tier.clone(),
        email: shown::email(first.email.as_deref(), personal),
        phone: shown::phone(first.phone.as_deref(), personal),
        verified: ctx.verified.as_deref() == Some(first.id.as_str()),
        recent_orders: Vec::with_capacity(rows.len()),
    };
    for row in rows {
        data.customer_id = row.id;
        if let (Some(order_id), Some(status), Some(placed_at), Some(total)) =
            (row.order_id, row.status, row.placed_at, row.total_minor)
        {
            let order_id = Some(order_id).filter(|id| is_told(id));
            let (placed_at, total) = (rfc3339(placed_at), ctx.money(total));
            data.recent_orders.push(RecentOrder { order_id, status, placed_at, total });
        }
    }
    Ok(Answer::ok(say, data))
}

/// Those whose e-mail address is nearly the one that was understood: a question, and no guess.
fn similar_address(similar: &[Hit]) -> Answer<Output> {
    let names: BTreeSet<String> = similar.iter().map(|hit| shown::said(&hit.name)).collect();
    let candidate = |hit: &Hit| {
        let parts = [
            Some(shown::line(&hit.name)),
            hit.company.as_deref().map(shown::line),
            shown::city(hit.address.as_deref()),
            hit.tier.clone(),
        ];
        let hint = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
        Candidate { id: hit.id.clone(), hint }
    };
    let names = phrases::either(&names.into_iter().collect::<Vec<_>>());
    let say = text!(
        "I found nobody with exactly that e-mail address, but a similar one. Is it {names}?",
        names
    );
    Answer::ambiguous(say, similar.iter().map(candidate).collect())
}

/// Nobody matches: what to ask for instead.
fn nothing(args: &Args, clues: &[Clue]) -> Answer<Output> {
    let with = match clues {
        [] => text!("with that customer number"),
        [only] if args.customer_id.is_none() => only.spoken(true),
        _ => text!("like that"),
    };
    let tried = [
        (args.phone.is_some(), text!("the phone number")),
        (args.email.is_some(), text!("the e-mail address")),
        (args.order_id.is_some(), text!("an order number")),
        (args.name.is_some(), text!("the name with the postal code")),
    ];
    let next: Vec<String> =
        tried.into_iter().filter(|(tried, _)| !tried).map(|(_, what)| what).take(2).collect();
    let ask = match next.as_slice() {
        [] => text!("Could you spell it out for me?"),
        next => text!("Could you tell me {clues}?", clues = phrases::either(next)),
    };
    Answer::nothing(text!("I found no customer {with}. {ask}", with, ask))
}

#[cfg(test)]
#[path = "customer_lookup_tests/mod.rs"]
mod tests;
