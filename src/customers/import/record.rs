//! A customer and what they pay with.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::Address;
use crate::business::{TenantFacts, tier::Tier};
use business_mcp_engine::{
    import::fields::{FieldError, Fields, ID, SHORT, optional_decimal},
    money::Money,
    speech::{email, phone},
};

/// One line of `customers.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CustomerRecord {
    /// The business's own id.
    pub id: String,
    /// The full name.
    pub name: String,
    /// The e-mail address, in lower case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The phone number, in E.164.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// The firm they buy for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// How they are valued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<Tier>,
    /// Where they live.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// What they pay with; none said leaves those that are there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub payment_methods: Vec<MethodRecord>,
    /// Since when they are a customer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<DateTime<Utc>>,
}

/// A payment method of a customer: never more than its last digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MethodRecord {
    /// The id by which payments name it.
    pub id: String,
    /// What it is.
    pub kind: MethodKind,
    /// Who issued it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    /// The last four digits of a card.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last4: Option<String>,
    /// What is left on a gift card today.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "optional_decimal")]
    pub balance: Option<Money>,
}

/// What a payment method is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MethodKind {
    /// A credit or debit card.
    Card,
    /// An account elsewhere.
    Wallet,
    /// Prepaid with this business.
    GiftCard,
}

impl MethodKind {
    /// The name that records and the database use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Wallet => "wallet",
            Self::GiftCard => "gift_card",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Card, Self::Wallet, Self::GiftCard].into_iter().find(|kind| kind.as_str() == text)
    }
}

impl CustomerRecord {
    /// Reads a customer.
    ///
    /// # Errors
    /// The first field that is wrong, and why.
    pub fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let id = fields.required("id", ID)?;
        let name = fields.required("name", SHORT)?;
        let email = fields.one_of("email", email::normalise, "the forms of an e-mail address")?;
        let region = &fields.tenant.business().phone_region;
        let number = |text: &str| phone::normalise(text, region);
        let phone = fields.one_of("phone", number, "the forms of a phone number")?;
        let company = fields.optional("company", SHORT)?;
        let tier = fields.one_of("tier", Tier::parse, "basic, premium, enterprise")?;
        let address = Address::read(fields)?;
        let methods = fields.objects("payment_methods", method)?.unwrap_or_default();
        let created_at = fields.time("created_at")?;
        for (n, method) in methods.iter().enumerate() {
            if methods.iter().take(n).any(|other| other.id == method.id) {
                let name = format!("payment_methods[{n}].id");
                return Err(fields.error(&name, "is the id of another payment method, too"));
            }
        }
        Ok(Self {
            id,
            name,
            email,
            phone,
            company,
            tier,
            address,
            payment_methods: methods,
            created_at,
        })
    }
}

fn method(fields: &mut Fields<'_>) -> Result<MethodRecord, FieldError> {
    let id = fields.required("id", ID)?;
    let kind = fields.one_of("kind", MethodKind::parse, "card, wallet, gift_card")?;
    let kind = fields.present("kind", kind)?;
    let brand = fields.optional("brand", SHORT)?;
    let last4 = fields.optional("last4", 4)?;
    if last4.as_ref().is_some_and(|digits| {
        digits.len() != 4 || !digits.bytes().all(|digit| digit.is_ascii_digit())
    }) {
        return Err(fields.error("last4", "is not four digits"));
    }
    let balance = match (kind, fields.money("balance")?) {
        (MethodKind::GiftCard, balance) => Some(fields.present("balance", balance)?),
        (_, None) => None,
        (_, Some(_)) => return Err(fields.error("balance", "is for gift cards only")),
    };
    Ok(MethodRecord { id, kind, brand, last4, balance })
}
