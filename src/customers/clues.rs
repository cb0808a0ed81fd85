//! From what a caller says to the customers who match it.

use crate::{
    customers::sql::{
        customer_search::{self, Hit, WordSpans},
        customers::{self, Match},
    },
    orders::sql::orders,
};
use business_mcp_engine::{
    db::text_range::{TextRange, prefix_range},
    speech::{email, misheard, name, phone, reference},
    text,
    tool::{CallContext, ToolError},
};

/// How many letters and digits of an order number are enough to look for its end.
const SHORTEST_TAIL: usize = 3;
/// So many digits are a phone number without its area.
const LOCAL_NUMBER: usize = 7;
/// Below this likeness a name is another name.
const LIKE_ENOUGH: f64 = 0.85;

/// One thing by which a customer may be found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Clue {
    /// An order number as it was said.
    Order(String),
    /// The e-mail addresses that may have been said, the most literal first.
    Email(Vec<String>),
    /// The digits of a phone number, and those of them that may be its end only; one of them may be
    /// empty.
    Phone(String, String),
    /// A name, and a postal code in its one form. One of them alone finds nobody, and tells apart
    /// those whom another clue found.
    Name(String, String),
}

/// Who was found.
pub(super) struct Found {
    /// Each of them once, the likeliest first.
    pub matches: Vec<Match>,
    /// Whether what was said is what is on file. Where it is only like it, it takes a question.
    pub sure: bool,
}

impl Found {
    fn sure(matches: Vec<Match>) -> Self {
        Self { matches, sure: true }
    }
}

impl Clue {
    pub(super) fn email(said: &str) -> Result<Self, ToolError> {
        let readings = email::readings(said);
        if readings.is_empty() {
            return Err(ToolError::invalid(text!(
                "The argument email must be a whole e-mail address. Please ask for it again."
            )));
        }
        Ok(Self::Email(readings))
    }

    pub(super) fn phone(said: &str, region: &str) -> Result<Self, ToolError> {
        let whole = phone::normalise(said, region).as_deref().map(phone::digits);
        let end = phone::end(said);
        if whole.is_none() && end.is_none() {
            return Err(ToolError::invalid(text!(
                "The argument phone must be a phone number, or its last 4 digits or more. Please ask \
                 for it again."
            )));
        }
        Ok(Self::Phone(whole.unwrap_or_default(), end.unwrap_or_default()))
    }

    /// With what the customers who match are, as the end of a sentence.
    pub(super) fn spoken(&self, sure: bool) -> String {
        match self {
            Self::Order(_) => text!("with an order of that number"),
            Self::Email(_) => text!("with that e-mail address"),
            Self::Phone(_, end) if end.is_empty() => text!("with that phone number"),
            Self::Phone(..) => text!("with a phone number that ends like that"),
            Self::Name(..) if sure => text!("of that name with that postal code"),
            Self::Name(..) => text!("with a name like that and that postal code"),
        }
    }

    /// Every customer who matches, each once.
    pub(super) async fn find(&self, ctx: &mut CallContext) -> Result<Found, ToolError> {
        let tx = &mut ctx.tx;
        match self {
            Self::Order(said) => {
                for key in reference::readings(said) {
                    let tail = reference::reversed(&key);
                    let tails = orders::with_letters(&tail);
                    let whole = TextRange::only(tail.as_str());
                    let mut found = customers::by_order(tx, &whole).await?;
                    found.extend(customers::by_order(tx, &tails).await?);
                    found.retain(|order| reference::fits(&key, number(order)));
                    if found.is_empty() && tail.chars().count() >= SHORTEST_TAIL {
                        found = customers::by_order(tx, &prefix_range(tail)).await?;
                    }
                    if !found.is_empty() {
                        return Ok(Found::sure(owners(found, said)));
                    }
                }
            }
            Self::Email(readings) => {
                for key in readings {
                    let known = customers::by_email(tx, key).await?;
                    if !known.is_empty() {
                        return Ok(Found::sure(known));
                    }
                }
            }
            Self::Phone(whole, end) => {
                let known = customers::by_phone(tx, whole).await?;
                if !known.is_empty() || end.is_empty() {
                    return Ok(Found::sure(known));
                }
                let matches = customer_search::by_phone_end(tx, end).await?;
                let sure = end.len() >= LOCAL_NUMBER;
                return Ok(Found { matches, sure });
            }
            Self::Name(said, postal_key) if said.is_empty() || postal_key.is_empty() => {}
            Self::Name(said, postal_key) => return named(ctx, said, postal_key).await,
        }
        Ok(Found::sure(Vec::new()))
    }

    /// Whether a customer found by another clue fits this one as well, or is like it.
    pub(super) fn fits(&self, customer: &Match) -> bool {
        match self {
            Self::Order(_) => true,
            Self::Email(keys) => keys.iter().any(|key| customer.email_key.as_ref() == Some(key)),
            Self::Phone(whole, end) => customer.phone_key.as_ref().is_some_and(|key| {
                key == whole || (!end.is_empty() && key.ends_with(end.as_str()))
            }),
            Self::Name(said, postal) => {
                let like = |said: &String| name::similarity(said, &customer.name) >= LIKE_ENOUGH;
                (said.is_empty() || name::readings(said).iter().any(like))
                    && (postal.is_empty() || Some(postal) == postal_key(customer).as_ref())
            }
        }
    }

    /// Whether a customer who fits is not only like what was said.
    pub(super) fn is(&self, customer: &Match) -> bool {
        match self {
            Self::Name(said, _) => {
                let same = |said: &String| name::is_same(said, &customer.name);
                said.is_empty() || name::readings(said).iter().any(same)
            }
            _ => true,
        }
    }
}

/// Those of this name in this place, or those whose names are like it.
async fn named(ctx: &mut CallContext, said: &str, postal_key: &str) -> Result<Found, ToolError> {
    let tx = &mut ctx.tx;
    let readings = name::readings(said);
    for reading in &readings {
        let exact = customers::by_name(tx, &name::fold(reading), postal_key).await?;
        if !exact.is_empty() {
            return Ok(Found::sure(exact));
        }
    }
    let mut matches = Vec::new();
    for reading in &readings {
        let mut sounds = name::sound_keys(reading).into_iter().map(|key| format!("s:{key}"));
        let sounds = std::array::from_fn(|_| sounds.next().unwrap_or_default());
        let near = customers::by_sound(tx, &sounds, postal_key).await?;
        let (same, like): (Vec<_>, Vec<_>) =
            near.into_iter().partition(|customer| name::is_same(reading, &customer.name));
        if !same.is_empty() {
            return Ok(Found::sure(same));
        }
        if matches.is_empty() {
            matches = most_like(like, reading);
        }
    }
    Ok(Found { matches, sure: false })
}

/// Up to three customers whose e-mail address is much like one that nobody has.
pub(super) async fn misheard(ctx: &mut CallContext, address: &str) -> Result<Vec<Hit>, ToolError> {
    let [by_sound, by_end] = misheard::beginnings(address).map(prefix_range);
    let kept = customer_search::addresses(&mut ctx.tx, &by_sound, &by_end).await?;
    let distance = |term: &str| misheard::distance(address, misheard::address(term)?);
    let mut near: Vec<(usize, String)> =
        kept.into_iter().filter_map(|kept| Some((distance(&kept.term)?, kept.ref_id))).collect();
    near.sort();
    near.dedup();
    near.retain(|(_, id)| ctx.can_access(id));
    let mut near = near.into_iter().map(|(_, id)| id);
    let ids: [String; 5] = std::array::from_fn(|_| near.next().unwrap_or_default());
    let no = TextRange::default();
    let mut hits = customer_search::by_key(&mut ctx.tx, &ids, &no, &no, "", None).await?;
    // Those whose names sound like the words in it, and little of it is written otherwise.
    let local = address.split('@').next().unwrap_or_default();
    let spoken: String = local.chars().map(|c| if c.is_alphabetic() { c } else { ' ' }).collect();
    let words = WordSpans::of(&spoken);
    let likeness = |hit: &Hit| {
        let known = hit.email.as_deref().unwrap_or_default().to_lowercase();
        strsim::normalized_damerau_levenshtein(&known, address)
    };
    for hit in customer_search::by_words(&mut ctx.tx, &words, None).await? {
        if likeness(&hit) >= LIKE_ENOUGH && hits.iter().all(|known| known.id != hit.id) {
            hits.push(hit);
        }
    }
    hits.retain(|hit| ctx.can_access(&hit.id));
    hits.sort_by(|a, b| likeness(b).total_cmp(&likeness(a)));
    hits.truncate(3);
    Ok(hits)
}

/// A postal code in the form in which two of them are compared.
pub(super) fn postal(said: &str) -> String {
    reference::readings(said).pop().unwrap_or_default()
}

fn postal_key(customer: &Match) -> Option<String> {
    customer.postal_key.as_ref().map(|key| key.replace('-', ""))
}

/// The owners of orders, each once. The order whose number is literally what was said counts alone.
fn owners(mut orders: Vec<Match>, said: &str) -> Vec<Match> {
    if orders.iter().any(|order| number(order) == said.trim()) {
        orders.retain(|order| number(order) == said.trim());
    }
    let mut seen = std::collections::HashSet::new();
    orders.retain(|order| seen.insert(order.id.clone()));
    orders
}

fn number(order: &Match) -> &str {
    order.order_id.as_deref().unwrap_or_default()
}

/// Those whose name is like enough or sounds like it, the likest first.
fn most_like(mut near: Vec<Match>, said: &str) -> Vec<Match> {
    let likeness = |customer: &Match| name::similarity(said, &customer.name);
    near.retain(|customer| {
        likeness(customer) >= LIKE_ENOUGH || name::sounds_like(said, &customer.name)
    });
    near.sort_by(|a, b| likeness(b).total_cmp(&likeness(a)));
    near
}
