//! The demo shop's customers, from `seed/people.toml`; those with a story of their own are in
//! `seed/customers.jsonl`.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use super::{Fixed, SeedError, rng::Rng};
use crate::{
    business::tier::Tier,
    customers::import::{Address, CustomerRecord, MethodKind, MethodRecord},
};
use business_mcp_engine::{
    money::{Currency, Money},
    speech::name,
};

/// The first number of a customer, and of an order.
pub(super) const FIRST: usize = 10_001;
/// The number of the customer, and of the order, that examples use.
pub(super) const EXAMPLE: usize = 12_345;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct People {
    first_names: Vec<String>,
    last_names: Vec<String>,
    streets: Vec<String>,
    company_names: Vec<String>,
    company_trades: Vec<String>,
    /// City, state, the first digits of its ZIP codes, its area code.
    cities: Vec<[String; 4]>,
}

/// So many customers, by number, who came over the given days before `end`, more and more of them.
pub(super) fn customers(
    text: &str,
    count: usize,
    fixed: &Fixed,
    currency: Currency,
    end: DateTime<Utc>,
    days: i64,
) -> Result<Vec<CustomerRecord>, SeedError> {
    let people: People = toml::from_str(text)?;
    let mut numbers: Vec<usize> = (FIRST..)
        .filter(|number| *number != EXAMPLE)
        .take(count.saturating_sub(1))
        .chain([EXAMPLE])
        .collect();
    numbers.sort_unstable();
    let mut known: HashMap<&str, &CustomerRecord> =
        fixed.customers.iter().map(|record| (record.id.as_str(), record)).collect();
    let mut crowd = Crowd { people, rng: Rng::new(0x9E0_91E5), used: HashMap::new(), currency };
    let begin = end - TimeDelta::days(days);
    let mut customers = Vec::with_capacity(numbers.len());
    for (nth, number) in numbers.into_iter().enumerate() {
        let id = format!("CUST-{number}");
        let customer = match known.remove(id.as_str()) {
            Some(record) => CustomerRecord { created_at: Some(begin), ..record.clone() },
            None => crowd.customer(id, number, begin + grown(nth, count, days)),
        };
        customers.push(customer);
    }
    Ok(customers)
}

/// How far into the days the nth of so many comes, when each day brings a few more than the last.
fn grown(nth: usize, count: usize, days: i64) -> TimeDelta {
    let share = (nth * 1_000_000 / count.max(1)).isqrt();
    TimeDelta::minutes(days * 1440 * i64::try_from(share).unwrap_or_default() / 1000)
}

/// Who is made up, and which addresses and numbers are taken.
struct Crowd {
    people: People,
    rng: Rng,
    used: HashMap<String, usize>,
    currency: Currency,
}

impl Crowd {
    fn customer(&mut self, id: String, number: usize, came: DateTime<Utc>) -> CustomerRecord {
        let first = self.rng.word(&self.people.first_names).to_owned();
        let last = self.rng.word(&self.people.last_names).to_owned();
        let (address, area) = self.address();
        let company = self.rng.chance(250).then(|| {
            let name = self.rng.word(&self.people.company_names);
            format!("{name} {}", self.rng.word(&self.people.company_trades))
        });
        let tier = self.tier(company.is_some());
        let email = self.rng.chance(960).then(|| self.email(&first, &last));
        let phone = self.rng.chance(940).then(|| self.phone(&area, number));
        CustomerRecord {
            id,
            name: format!("{first} {last}"),
            email,
            phone,
            company,
            tier,
            address: Some(address),
            payment_methods: self.methods(number),
            created_at: Some(came),
        }
    }

    fn tier(&mut self, is_company: bool) -> Option<Tier> {
        match (is_company, self.rng.below(100)) {
            (true, 0..=39) => Some(Tier::Enterprise),
            (true, 40..=84) | (false, 0..=11) => Some(Tier::Premium),
            (true, _) | (false, 12..=39) => Some(Tier::Basic),
            (false, _) => None,
        }
    }

    fn address(&mut self) -> (Address, String) {
        let nowhere = <[String; 4]>::default();
        let [city, region, zip, area] = self.rng.pick(&self.people.cities).unwrap_or(&nowhere);
        let street = self.rng.word(&self.people.streets);
        let address = Address {
            line1: format!("{} {street}", self.rng.between(1, 4800)),
            line2: self.rng.chance(180).then(|| format!("Apt {}", self.rng.between(1, 60))),
            city: city.clone(),
            region: Some(region.clone()),
            postal_code: format!("{zip}{:02}", self.rng.below(100)),
            country: "USA".to_owned(),
        };
        (address, area.clone())
    }

    /// Each address once, at the domains that are nobody's.
    fn email(&mut self, first: &str, last: &str) -> String {
        let local = name::fold(&format!("{first}.{last}")).replace(' ', ".");
        let domain = self.rng.pick(&["example.com", "example.org", "example.net"]);
        let address = format!("{local}@{}", domain.copied().unwrap_or("example.com"));
        match self.taken(&address) {
            0 => address,
            times => address.replacen('@', &format!("{}@", times + 1), 1),
        }
    }

    /// One of the hundred numbers of each area that are kept for fiction; in a larger crowd one of
    /// the exchange they belong to.
    fn phone(&mut self, area: &str, number: usize) -> String {
        let line = self.taken(area);
        if line < 80 {
            return format!("+1{area}55501{:02}", line + 20);
        }
        let nth = number - FIRST;
        format!("+1{}555{:04}", 220 + nth / 10_000, nth % 10_000)
    }

    /// How often something was taken before; now once more.
    fn taken(&mut self, what: &str) -> usize {
        let times = self.used.entry(what.to_owned()).or_default();
        *times += 1;
        *times - 1
    }

    fn methods(&mut self, number: usize) -> Vec<MethodRecord> {
        let method = |kind: MethodKind, prefix: &str| MethodRecord {
            id: format!("{prefix}_{number}"),
            kind,
            brand: None,
            last4: None,
            balance: None,
        };
        let mut methods = Vec::new();
        if self.rng.chance(860) {
            let brand = self.rng.pick(&["visa", "mastercard", "amex", "discover"]).copied();
            methods.push(MethodRecord {
                brand: brand.map(str::to_owned),
                last4: Some(format!("{:04}", self.rng.below(10_000))),
                ..method(MethodKind::Card, "card")
            });
        }
        if methods.is_empty() || self.rng.chance(150) {
            let brand = Some("paypal".to_owned());
            methods.push(MethodRecord { brand, ..method(MethodKind::Wallet, "wallet") });
        }
        if self.rng.chance(160) {
            let minor = self.rng.pick(&[0, 1000, 2500, 5000, 7550, 12_000]).copied();
            let balance = minor.map(|minor| Money::new(minor, self.currency));
            methods.push(MethodRecord { balance, ..method(MethodKind::GiftCard, "gift") });
        }
        methods
    }
}
