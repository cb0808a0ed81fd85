//! What things cost: one engine for quotes, orders and the discount calculator. A line takes the
//! best single discount of tier, quantity and code; discounts are never stacked.

pub use super::{
    discount::{Discount, DiscountReason, Pricing, QuantityStep, TaxRegion},
    percent::Percent,
    tier::Tier,
};
use business_mcp_engine::money::{Currency, LARGEST_MINOR, Money};

/// An article and how much of it, at its list price.
#[derive(Debug, Clone)]
pub struct PriceLine {
    /// The article.
    pub sku: String,
    /// Its name.
    pub name: String,
    /// How many pieces; at least one.
    pub quantity: i64,
    /// The list price of one, in minor units.
    pub unit_price_minor: i64,
}

/// A line with its price. `total_minor` is `list_total_minor` less `discount_minor`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricedLine {
    /// The article.
    pub sku: String,
    /// Its name.
    pub name: String,
    /// How many pieces.
    pub quantity: i64,
    /// The list price of one.
    pub unit_price_minor: i64,
    /// All pieces at list price.
    pub list_total_minor: i64,
    /// The discount that this line gets.
    pub discount: Discount,
    /// What the discount takes off.
    pub discount_minor: i64,
    /// What the line costs before tax.
    pub total_minor: i64,
}

/// A priced order: `total_minor` is `subtotal_minor` less `discount_minor` plus `tax_minor`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Priced {
    /// What every amount is in.
    pub currency: Currency,
    /// The lines, in the order they were given.
    pub lines: Vec<PricedLine>,
    /// All lines at list price.
    pub subtotal_minor: i64,
    /// What the discounts take off.
    pub discount_minor: i64,
    /// Tax on what remains.
    pub tax_minor: i64,
    /// What is to be paid.
    pub total_minor: i64,
}

/// Why something has no price.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PricingError {
    /// Nothing was asked for.
    #[error("there are no items to price")]
    NoLines,
    /// Less than one piece.
    #[error("the quantity of {sku} must be at least 1")]
    Quantity {
        /// The article.
        sku: String,
    },
    /// A price below zero.
    #[error("the price of {sku} is negative")]
    NegativePrice {
        /// The article.
        sku: String,
    },
    /// A code that does not exist; a code that is silently dropped would be believed.
    #[error("this discount code does not exist")]
    UnknownCode,
    /// More than [`LARGEST_MINOR`].
    #[error("the total is larger than any amount this business handles")]
    TooLarge,
}

impl Pricing {
    /// Prices an order. Each line's discount and the order's tax are rounded once, halves up.
    /// `tax_region` is the country and region that it goes to.
    ///
    /// # Errors
    /// [`PricingError`] names the article or the code that has no price.
    pub fn price(
        &self,
        currency: Currency,
        tier: Option<Tier>,
        code: Option<&str>,
        tax_region: Option<(&str, &str)>,
        lines: &[PriceLine],
    ) -> Result<Priced, PricingError> {
        if lines.is_empty() {
            return Err(PricingError::NoLines);
        }
        let code = code.map(str::trim).filter(|code| !code.is_empty());
        if code.is_some_and(|code| self.code(code).is_none()) {
            return Err(PricingError::UnknownCode);
        }
        let lines: Vec<PricedLine> = lines
            .iter()
            .map(|line| self.price_line(tier, code, line))
            .collect::<Result<_, PricingError>>()?;
        let subtotal_minor = sum(lines.iter().map(|line| line.list_total_minor))?;
        let discount_minor = sum(lines.iter().map(|line| line.discount_minor))?;
        let net_minor = sum(lines.iter().map(|line| line.total_minor))?;
        let tax = tax_region.map_or(self.tax, |(country, region)| self.tax_in(country, region));
        let tax_minor = tax.of(net_minor).ok_or(PricingError::TooLarge)?;
        let total_minor = sum([net_minor, tax_minor].into_iter())?;
        Ok(Priced { currency, lines, subtotal_minor, discount_minor, tax_minor, total_minor })
    }

    fn price_line(
        &self,
        tier: Option<Tier>,
        code: Option<&str>,
        line: &PriceLine,
    ) -> Result<PricedLine, PricingError> {
        let PriceLine { sku, name, quantity, unit_price_minor } = line.clone();
        if quantity < 1 {
            return Err(PricingError::Quantity { sku });
        }
        if unit_price_minor < 0 {
            return Err(PricingError::NegativePrice { sku });
        }
        let list_total_minor = unit_price_minor.checked_mul(quantity);
        let list_total_minor = list_total_minor.ok_or(PricingError::TooLarge).and_then(bounded)?;
        let discount = self.best_discount(tier, quantity, code);
        let discount_minor = discount.percent.of(list_total_minor).ok_or(PricingError::TooLarge)?;
        let total_minor = list_total_minor - discount_minor;
        Ok(PricedLine {
            sku,
            name,
            quantity,
            unit_price_minor,
            list_total_minor,
            discount,
            discount_minor,
            total_minor,
        })
    }
}

impl Priced {
    /// What is to be paid.
    pub fn total(&self) -> Money {
        self.money(self.total_minor)
    }

    /// One of this order's amounts with its currency.
    pub fn money(&self, minor: i64) -> Money {
        Money::new(minor, self.currency)
    }
}

fn sum(mut amounts: impl Iterator<Item = i64>) -> Result<i64, PricingError> {
    amounts.try_fold(0_i64, |sum, amount| {
        sum.checked_add(amount).ok_or(PricingError::TooLarge).and_then(bounded)
    })
}

fn bounded(minor: i64) -> Result<i64, PricingError> {
    if minor > LARGEST_MINOR { Err(PricingError::TooLarge) } else { Ok(minor) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::business::discount::tests::pricing;

    fn line(quantity: i64, unit_price_minor: i64) -> PriceLine {
        PriceLine { sku: "MUG-1".into(), name: "Mug".into(), quantity, unit_price_minor }
    }

    #[test]
    fn every_line_takes_its_own_discount() {
        let priced = pricing()
            .price(Currency::USD, Some(Tier::Basic), None, None, &[line(1, 1999), line(10, 500)])
            .unwrap();
        assert_eq!((priced.subtotal_minor, priced.discount_minor), (6999, 100 + 500));
        assert_eq!(priced.total().decimal(), "63.99");
    }

    #[test]
    fn tax_follows_the_address_and_the_discount() {
        let pricing = pricing();
        let tax = |place| {
            let priced =
                pricing.price(Currency::USD, Some(Tier::Premium), None, place, &[line(1, 10_000)]);
            priced.unwrap().tax_minor
        };
        assert_eq!(tax(None), 0);
        assert_eq!(tax(Some(("us", "ny"))), 799);
        assert_eq!(tax(Some(("US", "CA"))), 0);
        assert_eq!(tax(Some(("DE", "Berlin"))), 1710);
    }

    #[test]
    fn nonsense_has_no_price() {
        let price = |code, lines: &[PriceLine]| {
            pricing().price(Currency::USD, None, code, None, lines).unwrap_err()
        };
        assert_eq!(price(None, &[]), PricingError::NoLines);
        assert_eq!(price(None, &[line(0, 1)]), PricingError::Quantity { sku: "MUG-1".into() });
        assert_eq!(
            price(None, &[line(1, -1)]),
            PricingError::NegativePrice { sku: "MUG-1".into() }
        );
        assert_eq!(price(Some("FREE"), &[line(1, 1)]), PricingError::UnknownCode);
        assert_eq!(price(None, &[line(i64::MAX, 2)]), PricingError::TooLarge);
    }

    fn lines() -> impl Strategy<Value = Vec<PriceLine>> {
        proptest::collection::vec((1..200_i64, 0..10_000_000_i64), 1..8)
            .prop_map(|lines| lines.into_iter().map(|(n, price)| line(n, price)).collect())
    }

    proptest! {
        #[test]
        fn totals_are_the_sum_of_their_lines_and_never_over_list(
            lines in lines(),
            tier in proptest::option::of(proptest::sample::select(Tier::ALL.to_vec())),
            code in proptest::option::of(Just("welcome15")),
        ) {
            let priced = pricing().price(Currency::USD, tier, code, Some(("US", "NY")), &lines).unwrap();
            for line in &priced.lines {
                prop_assert!(line.discount_minor >= 0 && line.total_minor >= 0);
                prop_assert!(line.total_minor <= line.list_total_minor);
                prop_assert_eq!(line.total_minor + line.discount_minor, line.list_total_minor);
            }
            let sum = |of: fn(&PricedLine) -> i64| priced.lines.iter().map(of).sum::<i64>();
            prop_assert_eq!(priced.subtotal_minor, sum(|line| line.list_total_minor));
            prop_assert_eq!(priced.discount_minor, sum(|line| line.discount_minor));
            let net = sum(|line| line.total_minor);
            prop_assert!(priced.tax_minor >= 0);
            prop_assert_eq!(priced.total_minor, net + priced.tax_minor);
        }

        #[test]
        fn a_better_tier_is_never_dearer(lines in lines()) {
            let total = |tier| {
                pricing().price(Currency::USD, tier, None, None, &lines).unwrap().total_minor
            };
            let tiers = [None, Some(Tier::Basic), Some(Tier::Premium), Some(Tier::Enterprise)];
            prop_assert!(tiers.map(total).is_sorted_by(|lower, higher| lower >= higher));
        }
    }
}
