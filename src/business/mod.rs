//! The facts of the business: its name, hours, places, prices and promises, from one TOML file.

use chrono_tz::Tz;
use serde::{Deserialize, Deserializer, de::Error};

use self::{
    hours::{Hours, clock},
    pricing::Pricing,
};
use business_mcp_engine::money::Currency;

mod checks;
pub mod discount;
mod facts;
pub mod hours;
pub mod order_state;
pub mod percent;
pub mod pricing;
pub mod tier;

pub use facts::{TenantFacts, read};

/// The facts that ship with the server.
pub const SHIPPED: &str = include_str!("../../seed/business.toml");

/// What agents are told before they call any tool.
pub const INSTRUCTIONS: &str = "Look the customer up first. Quote before you order, read the total back, and send it \
                                with the order.";

/// What the business is. Every field is public knowledge.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Business {
    /// The name that customers know.
    #[serde(deserialize_with = "checks::name")]
    pub name: String,
    /// What it does, in one sentence.
    pub description: String,
    /// How a call begins.
    pub greeting: String,
    /// What prices are in.
    #[serde(deserialize_with = "currency")]
    pub currency: Currency,
    /// Whose days count.
    #[serde(deserialize_with = "time_zone")]
    pub time_zone: Tz,
    /// The language of what is said, such as `en-US`.
    pub language: String,
    /// The country of phone numbers without a country code, such as `US`.
    #[serde(deserialize_with = "checks::country")]
    pub phone_region: String,
    /// Where it is.
    pub address: String,
    /// How many days after delivery goods may come back.
    #[serde(deserialize_with = "checks::return_days")]
    pub return_days: u32,
    /// How people reach a person.
    pub support: Support,
    /// When it is open.
    #[serde(deserialize_with = "checks::hours")]
    pub hours: Vec<Hours>,
    /// What it charges.
    pub pricing: Pricing,
    /// Where stock is kept, the usual place first.
    #[serde(deserialize_with = "checks::locations")]
    pub locations: Vec<Location>,
}

/// How people reach a person.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Support {
    /// The number to call.
    pub phone: String,
    /// The address to write to.
    #[serde(deserialize_with = "checks::email")]
    pub email: String,
}

/// A place where stock is kept.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Location {
    /// What arguments call it.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// Where it is.
    pub address: String,
}

/// Why a text does not describe a business.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {why}")]
pub struct BusinessError {
    /// The line, counted from one.
    pub line: usize,
    /// The setting, and what is wrong with it.
    pub why: String,
}

impl BusinessError {
    /// One sentence: the library would draw the line as well.
    fn of(toml: &str, error: &toml::de::Error) -> Self {
        let before = error.span().and_then(|span| toml.get(..span.start)).unwrap_or_default();
        let line = before.matches('\n').count();
        let why = error.message().lines().collect::<Vec<_>>().join(", ");
        let why = match toml.lines().nth(line).and_then(setting) {
            Some(setting) if !why.contains(setting) => format!("{setting}: {why}"),
            _ => why,
        };
        Self { line: line + 1, why }
    }
}

/// The setting or the table that a line begins with.
fn setting(line: &str) -> Option<&str> {
    let name = line.split('=').next()?.trim().trim_matches(['[', ']']);
    let is_name = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    (!name.is_empty() && name.chars().all(is_name)).then_some(name)
}

impl Business {
    /// The business that ships with the server.
    ///
    /// # Errors
    /// None but those of [`Business::parse`], and a test reads it.
    pub fn shipped() -> Result<Self, BusinessError> {
        Self::parse(SHIPPED)
    }

    /// Reads a business from TOML.
    ///
    /// # Errors
    /// [`BusinessError`] names the line and the setting.
    pub fn parse(toml: &str) -> Result<Self, BusinessError> {
        toml::from_str(toml).map_err(|error| BusinessError::of(toml, &error))
    }

    /// Where stock is kept when a call does not say: the first location.
    pub fn main_location(&self) -> Option<&Location> {
        self.locations.first()
    }

    /// Finds a location by its id or name, in any case.
    pub fn location(&self, text: &str) -> Option<&Location> {
        let text = text.trim();
        let is = |name: &str| name.eq_ignore_ascii_case(text);
        self.locations.iter().find(|location| is(&location.id) || is(&location.name))
    }

    /// The opening hours in words: `Monday to Friday from 8 AM to 6 PM and Saturday …`.
    pub fn hours_spoken(&self) -> String {
        let said = |hours: &Hours| {
            format!("{} from {} to {}", hours.days.said(), clock(hours.open), clock(hours.close))
        };
        business_mcp_engine::speech::phrases::list(&self.hours.iter().map(said).collect::<Vec<_>>())
    }
}

fn currency<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Currency, D::Error> {
    let code = String::deserialize(deserializer)?;
    Currency::parse(&code).ok_or_else(|| D::Error::custom("not an ISO 4217 code such as USD"))
}

fn time_zone<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Tz, D::Error> {
    let name = String::deserialize(deserializer)?;
    name.parse().map_err(|_| D::Error::custom("not a zone such as America/New_York"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{business::pricing::Tier, testing};

    #[test]
    fn the_shipped_business_is_complete() {
        let business = Business::shipped().unwrap();
        assert!(business_mcp_engine::speech::phrases::is_speakable(&business.greeting));
        let phone = &business.support.phone;
        assert!(
            business_mcp_engine::speech::phone::normalise(phone, &business.phone_region).is_some()
        );
    }

    #[test]
    fn a_business_is_read_whole() {
        let business = testing::business();
        assert_eq!(business.main_location().unwrap().id, "main");
        assert_eq!(business.location("STORE").unwrap().name, "Harbor Street store");
        assert_eq!(business.time_zone, chrono_tz::America::Los_Angeles);
        let spoken = business.hours_spoken();
        assert_eq!(spoken, "Monday to Friday from 8 AM to 6 PM and Saturday from 9 AM to 2 PM");
        let percents = Tier::ALL.map(|tier| {
            business.pricing.best_discount(Some(tier), 1, None).percent.thousandths() / 1000
        });
        assert_eq!(percents, [5, 10, 20]);
    }

    #[test]
    fn a_wrong_setting_is_named() {
        let toml = testing::BUSINESS;
        for (right, wrong, complaint) in [
            ("USD", "dollars", "currency: not an ISO 4217"),
            ("America/Los_Angeles", "Portland", "time_zone: not a zone"),
            ("name = \"Acme Supply\"", "nome = \"Acme\"", "nome"),
            ("return_days = 30", "return_days = \"thirty\"", "return_days: invalid type"),
            ("id = \"store\"", "id = \"main\"", "share an id"),
            ("close = \"18:00\"", "close = \"06:00\"", "close before they open"),
            ("days = \"Monday to Friday\"", "days = \"weekdays\"", "Monday to Friday"),
            ("phone_region = \"US\"", "phone_region = \"1\"", "phone_region: not a two-letter"),
            ("support@acme.example.com", "support", "email: not an e-mail address"),
        ] {
            assert!(toml.contains(right), "{right}");
            let error = Business::parse(&toml.replacen(right, wrong, 1)).unwrap_err();
            assert!(error.to_string().contains(complaint), "{error}");
        }
    }
}
