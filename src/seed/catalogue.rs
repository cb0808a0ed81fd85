//! The demo shop's products, from `seed/catalogue.toml`.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{SeedError, rng::Rng};
use crate::{
    business::Business,
    catalog::import::{ProductRecord, VariantRecord},
};
use business_mcp_engine::money::Money;

/// When a thing sells best.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Season {
    #[default]
    All,
    Spring,
    Summer,
    School,
    Winter,
    Holiday,
}

impl Season {
    /// How much more, in percent, it sells in a month.
    pub(super) const fn percent(self, month: u32) -> usize {
        match (self, month) {
            (Self::Spring, 3..=5) | (Self::Summer, 6..=8) | (Self::School, 8 | 9) => 220,
            (Self::Winter, 1 | 2 | 11 | 12) => 200,
            (Self::Holiday, 11 | 12) => 260,
            (Self::All, _) => 100,
            _ => 70,
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    code: String,
    name: String,
    category: String,
    price: String,
    description: String,
    /// Each option's name and its values.
    #[serde(default)]
    options: Vec<Vec<String>>,
    #[serde(default)]
    step: Option<String>,
    #[serde(default)]
    season: Season,
    demand: usize,
    stock: i64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shelves {
    lines: Vec<String>,
    grades: Vec<String>,
    products: Vec<Entry>,
}

/// A product and how it sells.
pub(super) struct Stocked {
    pub(super) record: ProductRecord,
    pub(super) season: Season,
    pub(super) demand: usize,
}

/// As many products as asked for; `None` is the shelves as they are.
pub(super) fn products(
    text: &str,
    count: Option<usize>,
    business: &Business,
) -> Result<Vec<Stocked>, SeedError> {
    let shelves: Shelves = toml::from_str(text)?;
    let mut rng = Rng::new(0xCA7A_1063);
    let count = count.unwrap_or(shelves.products.len());
    let mut stocked = Vec::with_capacity(count);
    let names = shelves
        .lines
        .iter()
        .flat_map(|line| shelves.grades.iter().map(move |grade| Some(format!("{line} {grade}"))));
    for (round, line) in std::iter::once(None).chain(names).enumerate() {
        for entry in &shelves.products {
            if stocked.len() == count {
                return Ok(stocked);
            }
            stocked.push(product(
                entry,
                stocked.len() + 1,
                round,
                line.as_deref(),
                business,
                &mut rng,
            )?);
        }
    }
    Ok(stocked)
}

fn product(
    entry: &Entry,
    number: usize,
    round: usize,
    line: Option<&str>,
    business: &Business,
    rng: &mut Rng,
) -> Result<Stocked, SeedError> {
    let currency = business.currency;
    let money = |text: &str| Money::parse(text, currency).map_err(|_| SeedError::Price);
    let mut places = business.locations.iter().map(|location| location.id.as_str());
    let main = places.next().unwrap_or_default();
    let store = places.next().unwrap_or(main);
    let price = money(&entry.price)?;
    let step = entry.step.as_deref().map(money).transpose()?.map_or(0, |step| step.minor);
    let code = if round == 0 { entry.code.clone() } else { format!("{}{round}", entry.code) };
    let mut made = vec![(code, Map::new(), price.minor)];
    for (depth, option) in entry.options.iter().enumerate() {
        let Some((name, values)) = option.split_first() else { continue };
        let each = |(sku, options, minor): (String, Map<String, Value>, i64)| {
            let of = |(n, value): (i64, &String)| {
                let mut options = options.clone();
                options.insert(name.clone(), Value::String(value.clone()));
                let step = if depth == 0 { step * n } else { 0 };
                (format!("{sku}-{}", short(value)), options, minor + step)
            };
            (0_i64..).zip(values).map(of).collect::<Vec<_>>()
        };
        made = made.into_iter().flat_map(each).collect();
    }
    let variants = made.into_iter().map(|(sku, options, minor)| VariantRecord {
        // The one that examples use is always there in the same number.
        on_hand: if sku == "SKU-001" { entry.stock } else { on_hand(entry.stock, rng) },
        location: if sku != "SKU-001" && rng.chance(120) { store } else { main }.to_owned(),
        sku,
        options,
        price: Money::new(minor, currency),
        reorder_point: entry.stock / 4,
        active: round == 0 || !rng.chance(20),
    });
    let record = ProductRecord {
        id: format!("PROD-{number:03}"),
        name: line.map_or_else(|| entry.name.clone(), |line| format!("{line} {}", entry.name)),
        category: Some(entry.category.clone()),
        description: Some(entry.description.clone()),
        image_url: None,
        variants: variants.collect(),
    };
    Ok(Stocked { record, season: entry.season, demand: entry.demand })
}

/// About as many as usual; some run low, and a few are gone.
fn on_hand(usual: i64, rng: &mut Rng) -> i64 {
    match rng.below(100) {
        0..=5 => 0,
        6..=17 => rng.between(1, (usual / 4).max(1)),
        _ => rng.between(usual / 2, usual * 3 / 2),
    }
}

/// What a SKU says of an option: the whole of a short value, the beginning of a long one.
fn short(value: &str) -> String {
    let mut letters: String = value.chars().filter(char::is_ascii_alphanumeric).collect();
    if !letters.starts_with(|c: char| c.is_ascii_digit()) {
        letters.truncate(3);
    }
    letters.to_ascii_uppercase()
}
