//! Finding customers by part of what is known of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use validator::Validate;

use super::{shown, spoken_ids};
use crate::{
    access::{scope, toolset},
    business::TenantFacts as _,
};
use crate::{
    business::tier::Tier,
    customers::sql::customer_search::{self, Hit, MOST_FOUND, WordSpans},
};
use business_mcp_engine::{
    db::text_range::{TextRange, prefix_range},
    speech::{email, name, phone, phrases, reference},
    text,
    tool::{Answer, Approval, CallContext, Effect, ReadTool, Risk, Spec, ToolError},
};

/// So many digits may be the beginning of a phone number.
const SHORTEST_NUMBER: usize = 6;

/// Finds customers by part of a name, of an address or of a number.
pub struct CrmSearchCustomers;

/// What to look for.
#[derive(Debug, Deserialize, JsonSchema, Validate)]
pub struct Args {
    /// Name or part of it, company, e-mail, phone or id. At least 2 characters.
    #[validate(length(min = 2, max = 200, message = "must have 2 to 200 characters"))]
    query: String,
    /// Only customers of this tier.
    tier: Option<Tier>,
    /// How many, 1 to 50; 10 if left out.
    #[validate(range(min = 1, max = 50, message = "must be from 1 to 50"))]
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    #[validate(length(max = 20, message = "must be the next_cursor of an earlier page"))]
    cursor: Option<String>,
}

/// A page of customers.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Output {
    /// The best matches first.
    customers: Vec<Found>,
    /// How many more there are.
    more: i64,
    /// For the next page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// A customer, in short.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
struct Found {
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
    /// The town.
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<String>,
    /// The e-mail address; masked unless the token sees personal data.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// The phone number; its last two digits only, as above.
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
}

impl ReadTool for CrmSearchCustomers {
    type Args = Args;
    type Output = Output;
    const SPEC: Spec = Spec {
        name: "crm_search_customers",
        aliases: &[],
        version: 1,
        title: "Search customers",
        description: "Search customers by part of a name, company, e-mail, phone or id; tolerant \
                      of spelling. Best matches first.",
        scope: Some(scope::CRM_READ),
        toolsets: &[toolset::DESK, toolset::APPROVER],
        effect: Effect::Read,
        risk: Risk::Low,
        approval: Approval::AutoApproved,
    };

    async fn call(&self, ctx: &mut CallContext, args: Args) -> Result<Answer<Output>, ToolError> {
        let from = args.offset()?;
        let limit = usize::try_from(args.limit.unwrap_or(10)).unwrap_or(10);
        let mut hits = find(ctx, &args.query, args.tier.map(Tier::as_str)).await?;
        hits.retain(|hit| ctx.can_access(&hit.id));
        if hits.is_empty() {
            return Ok(Answer::nothing(text!(
                "I found no customer like that. Please try another spelling, the e-mail address, \
                 the phone number or an order number."
            )));
        }
        let total = hits.len();
        let page = hits.into_iter().skip(from).take(limit);
        let page: Vec<Found> = page.map(|hit| Found::of(ctx, hit)).collect();
        let shown_to = from + page.len();
        let more = total.saturating_sub(shown_to);
        let names: Vec<String> = page.iter().map(|found| shown::said(&found.name)).collect();
        let count = phrases::count(total as u64, "customer", "customers");
        let count = if total >= MOST_FOUND { text!("at least {count}", count) } else { count };
        let say = match names.as_slice() {
            [] => text!("There are no more than {count}.", count),
            _ if from > 0 => {
                text!("The next ones are {list}.", list = phrases::list_of_three(&names))
            }
            _ => text!("I found {count}: {list}.", count, list = phrases::list_of_three(&names)),
        };
        let next_cursor = (more > 0).then(|| shown_to.to_string());
        let more = i64::try_from(more).unwrap_or(i64::MAX);
        Ok(Answer::ok(say, Output { customers: page, more, next_cursor }))
    }
}

impl Args {
    /// Where the page begins.
    fn offset(&self) -> Result<usize, ToolError> {
        let Some(cursor) = &self.cursor else { return Ok(0) };
        let offset = cursor.parse().ok().filter(|offset| *offset <= MOST_FOUND);
        offset.ok_or_else(|| {
            ToolError::invalid(text!(
                "The argument cursor must be the next_cursor of an earlier page."
            ))
        })
    }
}

/// Everybody who fits, the best match first: by number or address where it may be one, and by name.
async fn find(
    ctx: &mut CallContext,
    query: &str,
    tier: Option<&str>,
) -> Result<Vec<Hit>, ToolError> {
    let number = number(query, &ctx.tenant.business().phone_region);
    let end = phone::end(query).unwrap_or_default();
    for address in addresses(query, number.is_some()) {
        let ids = spoken_ids::ids(query);
        let number = number.clone().unwrap_or_default();
        let tx = &mut ctx.tx;
        let hits = customer_search::by_key(tx, &ids, &address, &number, &end, tier).await?;
        if !hits.is_empty() {
            return Ok(hits);
        }
    }
    for reading in name::readings(query) {
        let hits = by_name(ctx, &reading, tier).await?;
        if !hits.is_empty() {
            return Ok(hits);
        }
    }
    Ok(Vec::new())
}

/// Everybody of whose name or company this is part, the best match first.
async fn by_name(
    ctx: &mut CallContext,
    query: &str,
    tier: Option<&str>,
) -> Result<Vec<Hit>, ToolError> {
    let words = WordSpans::of(query);
    let mut hits = customer_search::by_words(&mut ctx.tx, &words, tier).await?;
    // Whoever fits fewer of the words is not who was meant, where somebody fits more.
    let most = hits.iter().map(|hit| hit.words).max().unwrap_or_default();
    hits.retain(|hit| hit.words == most);
    let score = |hit: &Hit| {
        let company = hit.company.as_deref().map_or(0.0, |firm| name::similarity(query, firm));
        name::similarity(query, &hit.name).max(company)
    };
    let mut scored: Vec<(f64, Hit)> = hits.into_iter().map(|hit| (score(&hit), hit)).collect();
    // The rows come by id, and equals stay in that order.
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    Ok(scored.into_iter().map(|(_, hit)| hit).collect())
}

/// The e-mail addresses that are looked for with the ids and numbers, one after the other: the readings
/// of the query, those that begin like it, or none in particular, where it is only a number. Nothing is
/// looked for like that when it is neither.
fn addresses(query: &str, is_number: bool) -> Vec<TextRange> {
    let whole: Vec<TextRange> = email::readings(query).into_iter().map(TextRange::only).collect();
    let begun = query.contains('@') && !query.starts_with('@') && !query.contains(' ');
    if !whole.is_empty() {
        whole
    } else if begun {
        vec![prefix_range(query.to_lowercase())]
    } else {
        is_number.then(TextRange::default).into_iter().collect()
    }
}

/// Phone numbers that are or begin like the query; `None` when it has no digits.
fn number(query: &str, region: &str) -> Option<TextRange> {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    if let Some(whole) = phone::normalise(query, region) {
        return Some(prefix_range(digits(&whole)));
    }
    let said = reference::digits(query);
    match said.len() {
        0 => None,
        length if length < SHORTEST_NUMBER => Some(TextRange::default()),
        _ => Some(prefix_range(said)),
    }
}

impl Found {
    /// One that was found, as far as this caller may see it.
    fn of(ctx: &CallContext, hit: Hit) -> Self {
        let personal = ctx.sees_personal(&hit.id);
        Self {
            name: shown::line(&hit.name),
            company: hit.company.as_deref().map(shown::line),
            city: shown::city(hit.address.as_deref()),
            email: shown::email(hit.email.as_deref(), personal),
            phone: shown::phone(hit.phone.as_deref(), personal),
            customer_id: hit.id,
            tier: hit.tier,
        }
    }
}

#[cfg(test)]
#[path = "crm_search_customers_tests.rs"]
mod tests;
