//! Customers who may be the same person as a new one.

use schemars::JsonSchema;
use serde::Serialize;

use super::shown;
use crate::customers::sql::customer_search::{self, Hit, WordSpans};
use business_mcp_engine::{
    db::text_range::TextRange,
    speech::{name, phone},
    tool::{CallContext, ToolError},
};

/// How many are told.
const MOST_TOLD: usize = 5;

/// Somebody who may be the same person.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(inline)]
pub struct Duplicate {
    /// The customer's id.
    customer_id: String,
    /// The full name.
    name: String,
    /// The firm they buy for.
    #[serde(skip_serializing_if = "Option::is_none")]
    company: Option<String>,
    /// The town.
    #[serde(skip_serializing_if = "Option::is_none")]
    city: Option<String>,
    /// The e-mail address; masked unless the token sees personal data.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// The phone number; its last two digits only, as above.
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    /// What is the same, or in the case of the name sounds so.
    same: Vec<Same>,
}

/// What two customers have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
enum Same {
    Email,
    Phone,
    Name,
}

impl Duplicate {
    /// The name as it is said.
    pub fn said(&self) -> String {
        shown::said(&self.name)
    }
}

/// Up to five customers with the same e-mail address or phone number, or a name that sounds alike:
/// those who have most in common first.
pub async fn of(
    ctx: &mut CallContext,
    full_name: &str,
    email: Option<&str>,
    phone: Option<&str>,
) -> Result<Vec<Duplicate>, ToolError> {
    let address = email.map(TextRange::only).unwrap_or_default();
    let digits = phone.map(phone::digits);
    let number = digits.clone().map(TextRange::only).unwrap_or_default();
    let no_ids = std::array::from_fn(|_| String::new());
    let tx = &mut ctx.tx;
    let mut hits = customer_search::by_key(tx, &no_ids, &address, &number, "", None).await?;
    let words = WordSpans::of(full_name);
    for hit in customer_search::by_words(tx, &words, None).await? {
        if hits.iter().all(|known| known.id != hit.id) {
            hits.push(hit);
        }
    }
    let same = |hit: &Hit| {
        let same_email = email.is_some() && hit.email.as_deref() == email;
        let same_phone = digits.is_some() && hit.phone.as_deref().map(phone::digits) == digits;
        let same_name = name::sounds_like(full_name, &hit.name);
        [(Same::Email, same_email), (Same::Phone, same_phone), (Same::Name, same_name)]
            .into_iter()
            .filter_map(|(what, is)| is.then_some(what))
            .collect::<Vec<_>>()
    };
    let mut found: Vec<(Vec<Same>, Hit)> = hits.into_iter().map(|hit| (same(&hit), hit)).collect();
    found.retain(|(same, _)| !same.is_empty());
    found.sort_by(|(a, _), (b, _)| b.len().cmp(&a.len()).then(a.cmp(b)));
    found.truncate(MOST_TOLD);
    Ok(found.into_iter().map(|(same, hit)| duplicate(ctx, same, hit)).collect())
}

fn duplicate(ctx: &CallContext, same: Vec<Same>, hit: Hit) -> Duplicate {
    let personal = ctx.sees_personal(&hit.id);
    Duplicate {
        name: shown::line(&hit.name),
        company: hit.company.as_deref().map(shown::line),
        city: shown::city(hit.address.as_deref()),
        email: shown::email(hit.email.as_deref(), personal),
        phone: shown::phone(hit.phone.as_deref(), personal),
        customer_id: hit.id,
        same,
    }
}
