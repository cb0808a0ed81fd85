//! An order to try with the demo data, priced by the facts in force.

use chrono::NaiveDate;

use super::{SHIPPED, SeedError, Size, generate, people::EXAMPLE};
use crate::business::{Business, pricing::PriceLine};
use business_mcp_engine::money::Money;

/// How many are ordered.
pub const QUANTITY: i64 = 2;

/// [`QUANTITY`] of something that is in stock, for somebody.
#[derive(Debug, PartialEq, Eq)]
pub struct Example {
    /// The customer that examples use.
    pub customer_id: String,
    /// What they order: the first thing that is there in this number.
    pub sku: String,
    /// What it costs them, with discount and tax.
    pub total: String,
}

impl Example {
    /// The example of a day.
    ///
    /// # Errors
    /// A file in `seed/` that is wrong, and demo data in which nobody can order anything.
    pub fn of(business: &Business, today: NaiveDate) -> Result<Self, SeedError> {
        let records = generate(&SHIPPED, Size::Demo, business, today)?;
        let id = format!("CUST-{EXAMPLE}");
        let customer = records.customers.iter().find(|customer| customer.id == id);
        let mut variants = records.products.iter().flat_map(|product| &product.variants);
        let variant = variants.find(|variant| variant.active && variant.on_hand >= QUANTITY);
        let (customer, variant) = customer.zip(variant).ok_or(SeedError::Example)?;
        let line = PriceLine {
            sku: variant.sku.clone(),
            name: String::new(),
            quantity: QUANTITY,
            unit_price_minor: variant.price.minor,
        };
        let place = customer.address.as_ref();
        let place = place.map(|a| (a.country.as_str(), a.region.as_deref().unwrap_or_default()));
        let currency = business.currency;
        let priced = business.pricing.price(currency, customer.tier, None, place, &[line]);
        let priced = priced.map_err(|_| SeedError::Example)?;
        Ok(Self {
            customer_id: customer.id.clone(),
            sku: variant.sku.clone(),
            total: Money::new(priced.total_minor, currency).decimal(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::business;

    #[test]
    fn the_total_follows_the_facts() {
        let today = "2026-06-01".parse().unwrap();
        let minor = |tax: &str| {
            let mut business = business();
            business.pricing.tax = serde_json::from_str(tax).unwrap();
            let total = Example::of(&business, today).unwrap().total;
            Money::parse(&total, business.currency).unwrap().minor
        };
        let (plain, taxed) = (minor("0"), minor("50"));
        assert_eq!(taxed, plain + (plain + 1) / 2);
    }
}
