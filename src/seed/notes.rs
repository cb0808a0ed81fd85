//! What was written down about the demo shop's customers, from `seed/notes.toml`.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use super::{SeedError, catalogue::Stocked, rng::Rng};
use crate::{
    customers::import::{CustomerRecord, InteractionRecord},
    orders::import::OrderRecord,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Notes {
    authors: Vec<String>,
    /// What kind it is, and what it says.
    about_orders: Vec<[String; 2]>,
    about_people: Vec<[String; 2]>,
}

/// So many interactions, two of three about an order.
pub(super) fn interactions(
    text: &str,
    count: usize,
    customers: &[CustomerRecord],
    products: &[Stocked],
    orders: &[OrderRecord],
    end: DateTime<Utc>,
) -> Result<Vec<InteractionRecord>, SeedError> {
    let notes: Notes = toml::from_str(text)?;
    let mut rng = Rng::new(0x407E_5EED);
    let names: HashMap<&str, &str> = products
        .iter()
        .flat_map(|product| {
            let record = &product.record;
            record.variants.iter().map(|variant| (variant.sku.as_str(), record.name.as_str()))
        })
        .collect();
    let people: HashMap<&str, &str> = customers
        .iter()
        .map(|customer| (customer.id.as_str(), customer.name.split(' ').next().unwrap_or_default()))
        .collect();
    let mut said = Vec::with_capacity(count);
    for _ in 0..count {
        let (templates, customer_id, about, since) = if rng.chance(660) {
            let Some(order) = rng.pick(orders) else { continue };
            (&notes.about_orders, &order.customer_id, Some(order), order.placed_at)
        } else {
            let Some(customer) = rng.pick(customers) else { continue };
            (&notes.about_people, &customer.id, None, customer.created_at)
        };
        let Some([kind, template]) = rng.pick(templates) else { continue };
        let item = about.and_then(|order| order.items.first());
        let product = item.and_then(|item| names.get(item.sku.as_str())).copied();
        let name = people.get(customer_id.as_str()).copied();
        let at = since.unwrap_or(end) + TimeDelta::minutes(rng.between(90, 9000));
        said.push(InteractionRecord {
            customer_id: customer_id.clone(),
            kind: kind.clone(),
            text: template
                .replace("{order}", about.map_or("the order", |order| order.id.as_str()))
                .replace("{product}", product.unwrap_or("item"))
                .replace("{name}", name.unwrap_or("The customer")),
            at: Some(at.min(end)),
            author: Some(rng.word(&notes.authors).to_owned()),
            order_id: about.map(|order| order.id.clone()),
        });
    }
    Ok(said)
}
