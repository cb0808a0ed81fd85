//! From what a caller says to the customers who match it.

use crate::{
    domain::{email, name, phone, reference},
    store::{
        customer_search::{self, AFTER_ALL, Hit, WordSpans},
        customers::{self, Match},
    },
    text,
    toolkit::{CallContext, ToolError},
};

/// How many letters and digits of an order number are enough to look for its end.
const SHORTEST_TAIL: usize = 3;
/// Below this likeness a name is another name.
const LIKE_ENOUGH: f64 = 0.85;

/// One thing by which a customer may be found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Clue {
    /// An order number as it was said.
    Order(String),
    /// An e-mail address in its one form.
    Email(String),
    /// The digits of a phone number.
    Phone(String),
    /// A name, and a postal code in its one form. One of them alone finds nobody, and tells apart
    /// those whom another clue found.
    Name(String, String),
}

impl Clue {
    pub(super) fn email(said: &str) -> Result<Self, ToolError> {
        email::normalise(said).map(Self::Email).ok_or_else(|| {
            ToolError::invalid(text!(
                "The argument email must be a whole e-mail address. Please ask for it again."
            ))
        })
    }

    pub(super) fn phone(said: &str, region: &str) -> Result<Self, ToolError> {
        let number = phone::normalise(said, region).ok_or_else(|| {
            ToolError::invalid(text!(
                "The argument phone must be a whole phone number. Please ask for it again."
            ))
        })?;
        Ok(Self::Phone(number.trim_start_matches('+').to_owned()))
    }

    /// With what the customers who match are, as the end of a sentence.
    pub(super) fn spoken(&self) -> String {
        match self {
            Self::Order(_) => text!("with an order of that number"),
            Self::Email(_) => text!("with that e-mail address"),
            Self::Phone(_) => text!("with that phone number"),
            Self::Name(..) => text!("of that name with that postal code"),
        }
    }

    /// Every customer who matches, each once.
    pub(super) async fn find(&self, ctx: &mut CallContext) -> Result<Vec<Match>, ToolError> {
        let tenant = ctx.tenant_id();
        let tx = &mut ctx.tx;
        Ok(match self {
            Self::Order(said) => {
                let tail = reference::tail(said);
                if tail.is_empty() {
                    return Ok(Vec::new());
                }
                let short = tail.chars().count() < SHORTEST_TAIL;
                let end = if short { tail.clone() } else { format!("{tail}{AFTER_ALL}") };
                owners(customers::by_order(tx, &tenant, &tail, &end).await?, said)
            }
            Self::Email(key) => customers::by_email(tx, &tenant, key).await?,
            Self::Phone(key) => customers::by_phone(tx, &tenant, key).await?,
            Self::Name(said, postal_key) if said.is_empty() || postal_key.is_empty() => Vec::new(),
            Self::Name(said, postal_key) => {
                let exact = customers::by_name(tx, &tenant, &name::fold(said), postal_key).await?;
                if !exact.is_empty() {
                    return Ok(exact);
                }
                let mut sounds = name::sound_keys(said).into_iter().map(|key| format!("s:{key}"));
                let sounds = std::array::from_fn(|_| sounds.next().unwrap_or_default());
                let near = customers::by_sound(tx, &tenant, &sounds, postal_key).await?;
                most_like(near, said)
            }
        })
    }

    /// Whether a customer found by another clue fits this one as well.
    pub(super) fn fits(&self, customer: &Match) -> bool {
        match self {
            Self::Order(_) => true,
            Self::Email(key) => customer.email_key.as_ref() == Some(key),
            Self::Phone(key) => customer.phone_key.as_ref() == Some(key),
            Self::Name(said, postal) => {
                (said.is_empty() || name::similarity(said, &customer.name) >= LIKE_ENOUGH)
                    && (postal.is_empty() || Some(postal) == postal_key(customer).as_ref())
            }
        }
    }
}

/// Up to three customers whose e-mail address is much like one that nobody has: their names sound
/// like the words in it, and little of it is written otherwise.
pub(super) async fn misheard(ctx: &mut CallContext, address: &str) -> Result<Vec<Hit>, ToolError> {
    let tenant = ctx.tenant_id();
    let local = address.split('@').next().unwrap_or_default();
    let spoken: String =
        local.chars().map(|c| if c.is_alphabetic() { c } else { ' ' }).collect::<String>();
    let words = WordSpans::of(&spoken);
    let mut hits = customer_search::by_words(&mut ctx.tx, &tenant, &words, None).await?;
    let likeness = |hit: &Hit| {
        let known = hit.email.as_deref().unwrap_or_default().to_lowercase();
        strsim::normalized_damerau_levenshtein(&known, address)
    };
    hits.retain(|hit| likeness(hit) >= LIKE_ENOUGH && ctx.may_touch(&hit.id));
    hits.sort_by(|a, b| likeness(b).total_cmp(&likeness(a)));
    hits.truncate(3);
    Ok(hits)
}

/// A postal code in the form in which two of them are compared.
pub(super) fn postal(said: &str) -> String {
    reference::normalise(said)
}

fn postal_key(customer: &Match) -> Option<String> {
    customer.postal_key.as_ref().map(|key| key.replace('-', ""))
}

/// The owners of orders that end as was said, each once. The order whose whole number was said
/// counts alone, and so does one of which only the letters in front were left out.
fn owners(mut orders: Vec<Match>, said: &str) -> Vec<Match> {
    let (key, digits) = (reference::key(said), reference::digits(said));
    let number = |order: &Match| order.order_id.clone().unwrap_or_default();
    let whole: [&dyn Fn(&Match) -> bool; 3] = [
        &|order| number(order) == said.trim(),
        &|order| reference::key(&number(order)) == key,
        &|order| !digits.is_empty() && reference::digits(&number(order)) == digits,
    ];
    if let Some(is_whole) = whole.into_iter().find(|is_whole| orders.iter().any(is_whole)) {
        orders.retain(is_whole);
    }
    let mut seen = std::collections::HashSet::new();
    orders.retain(|order| seen.insert(order.id.clone()));
    orders
}

/// Those whose name is like enough, the likest first; those of the very likest name alone.
fn most_like(near: Vec<Match>, said: &str) -> Vec<Match> {
    let score = |customer: &Match| name::similarity(said, &customer.name);
    let mut scored: Vec<(f64, Match)> =
        near.into_iter().map(|customer| (score(&customer), customer)).collect();
    scored.retain(|(score, _)| *score >= LIKE_ENOUGH);
    scored.sort_by(|a, b| b.0.total_cmp(&a.0));
    let best = scored.first().map_or(0.0, |(score, _)| *score);
    scored.retain(|(score, _)| best - score < 0.05);
    scored.into_iter().map(|(_, customer)| customer).collect()
}
