//! The price rules of the business, and the best single discount that they give.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize, Serializer};

use super::{checks, percent::Percent, tier::Tier};
use business_mcp_engine::speech::reference;

/// The price rules of the business, from its configuration.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pricing {
    /// What each tier gets.
    pub tiers: BTreeMap<Tier, Percent>,
    /// What a quantity gets, the best step counts.
    #[serde(deserialize_with = "checks::steps")]
    pub quantity: Vec<QuantityStep>,
    /// What a code gets.
    pub codes: BTreeMap<String, Percent>,
    /// Tax on the discounted total where no region says otherwise.
    pub tax: Percent,
    /// Tax by country and region.
    pub tax_regions: Vec<TaxRegion>,
}

/// A discount from some quantity of one article on.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuantityStep {
    /// The smallest quantity that gets it.
    pub from: i64,
    /// The discount.
    pub percent: Percent,
}

/// Tax in a country, or in one region of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaxRegion {
    /// The country as addresses name it.
    pub country: String,
    /// The state or province; the whole country without.
    pub region: Option<String>,
    /// The tax.
    pub percent: Percent,
}

/// The one discount that a line gets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Discount {
    /// How much of the list price is taken off.
    pub percent: Percent,
    /// Why.
    pub reason: DiscountReason,
}

/// Why a discount is given; its text reads `premium customer`, `10 or more`, `code WELCOME15`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiscountReason {
    /// There is none.
    None,
    /// The customer's tier.
    Tier(Tier),
    /// At least this many pieces.
    Quantity(i64),
    /// A code, as it is configured.
    Code(String),
}

impl Pricing {
    /// The best single discount. Where two are equal, the tier counts before the quantity and the
    /// quantity before the code. An unknown code gives nothing.
    pub fn best_discount(&self, tier: Option<Tier>, quantity: i64, code: Option<&str>) -> Discount {
        let by_tier = tier.and_then(|tier| Some((tier, *self.tiers.get(&tier)?)));
        let by_tier = by_tier.map(|(tier, percent)| (percent, DiscountReason::Tier(tier)));
        let by_quantity = self.quantity.iter().filter(|step| step.from <= quantity);
        let by_quantity = by_quantity.max_by_key(|step| step.percent);
        let by_quantity =
            by_quantity.map(|step| (step.percent, DiscountReason::Quantity(step.from)));
        let by_code = code.and_then(|code| self.code(code));
        let by_code = by_code.map(|(code, percent)| (percent, DiscountReason::Code(code.into())));

        let mut best = Discount { percent: Percent::ZERO, reason: DiscountReason::None };
        for (percent, reason) in [by_tier, by_quantity, by_code].into_iter().flatten() {
            if percent > best.percent {
                best = Discount { percent, reason };
            }
        }
        best
    }

    /// Finds a code in any case and with any punctuation, as it may be said: `welcome fifteen`.
    pub fn code(&self, code: &str) -> Option<(&str, Percent)> {
        let plain = |text: &str| {
            let letters = text.chars().filter(|c| c.is_alphanumeric());
            letters.flat_map(char::to_lowercase).collect::<String>()
        };
        let mut said = vec![plain(code)];
        said.extend(reference::readings(code).iter().map(|reading| plain(reading)));
        let mut found = said
            .iter()
            .filter_map(|wanted| self.codes.iter().find(|(name, _)| plain(name) == *wanted));
        let found = found.next();
        found.map(|(name, percent)| (name.as_str(), *percent))
    }

    /// The tax in a country and region: the region's, else the country's, else the general one.
    pub fn tax_in(&self, country: &str, region: &str) -> Percent {
        let same = |a: &str, b: &str| a.trim().eq_ignore_ascii_case(b.trim());
        let here: Vec<&TaxRegion> =
            self.tax_regions.iter().filter(|tax| same(&tax.country, country)).collect();
        let in_region =
            here.iter().find(|tax| tax.region.as_deref().is_some_and(|name| same(name, region)));
        let found = in_region.or_else(|| here.iter().find(|tax| tax.region.is_none()));
        found.map_or(self.tax, |tax| tax.percent)
    }
}

impl fmt::Display for DiscountReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("no discount"),
            Self::Tier(tier) => write!(f, "{tier} customer"),
            Self::Quantity(from) => write!(f, "{from} or more"),
            Self::Code(code) => write!(f, "code {code}"),
        }
    }
}

impl Serialize for DiscountReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The rules that the tests of prices share.
    pub(crate) fn pricing() -> Pricing {
        toml::from_str(
            r#"
        tiers = { basic = 5, premium = 10, enterprise = 20 }
        quantity = [{ from = 10, percent = 10 }, { from = 50, percent = 20 }]
        codes = { WELCOME15 = 15 }
        tax = 0
        [[tax_regions]]
        country = "US"
        region = "NY"
        percent = 8.875
        [[tax_regions]]
        country = "DE"
        percent = 19
        "#,
        )
        .unwrap()
    }

    #[test]
    fn the_best_single_discount_counts() {
        let pricing = pricing();
        let reason = |tier, quantity, code| {
            let discount = pricing.best_discount(tier, quantity, code);
            format!("{} {}", discount.percent, discount.reason)
        };
        assert_eq!(reason(None, 1, None), "0 no discount");
        assert_eq!(reason(Some(Tier::Basic), 1, None), "5 basic customer");
        assert_eq!(reason(Some(Tier::Basic), 10, None), "10 10 or more");
        assert_eq!(reason(Some(Tier::Premium), 10, None), "10 premium customer");
        assert_eq!(reason(Some(Tier::Premium), 49, Some("welcome 15")), "15 code WELCOME15");
        assert_eq!(reason(Some(Tier::Enterprise), 50, Some("WELCOME15")), "20 enterprise customer");
        assert_eq!(reason(None, 1, Some("guess")), "0 no discount");
    }

    #[test]
    fn a_code_is_known_however_it_is_said() {
        let pricing = pricing();
        for said in [
            "welcome-15",
            "welcome fifteen",
            "the code is Welcome fifteen",
            "w e l c o m e one five",
        ] {
            assert_eq!(pricing.code(said).map(|(code, _)| code), Some("WELCOME15"), "{said}");
        }
        assert_eq!(pricing.code("welcome fifty"), None);
        assert_eq!(pricing.code(""), None);
    }

    #[test]
    fn a_mistyped_rule_is_refused() {
        assert!(toml::from_str::<Pricing>("tiers = { gold = 5 }").is_err());
        assert!(toml::from_str::<Pricing>("tax = 101").is_err());
        assert!(toml::from_str::<Pricing>("taxes = 1").is_err());
    }
}
