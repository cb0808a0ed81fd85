//! A product, its variants, and how many of each there are today.

use std::collections::HashSet;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::business::TenantFacts;
use business_mcp_engine::{
    import::fields::{FieldError, Fields, ID, LONG, SHORT, decimal},
    money::Money,
    speech::text,
    tool::context::Tenant,
};

/// The largest count of pieces.
pub const MOST_PIECES: i64 = 1_000_000_000;

/// One line of `products.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProductRecord {
    /// The business's own id.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// The shelf it stands on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// What is said about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What it looks like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
    /// What can be bought.
    pub variants: Vec<VariantRecord>,
}

/// One thing that can be bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VariantRecord {
    /// The stock-keeping unit.
    pub sku: String,
    /// What tells it from the product's other variants, such as its colour.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub options: Map<String, Value>,
    /// What one piece costs.
    #[serde(serialize_with = "decimal")]
    pub price: Money,
    /// How many there are today.
    pub on_hand: i64,
    /// At how many it is ordered again.
    pub reorder_point: i64,
    /// Where they are.
    pub location: String,
    /// Whether it is sold.
    pub active: bool,
}

impl ProductRecord {
    /// Reads a product.
    ///
    /// # Errors
    /// The first field that is wrong, and why.
    pub fn read(fields: &mut Fields<'_>) -> Result<Self, FieldError> {
        let record = Self {
            id: fields.required("id", ID)?,
            name: fields.required("name", SHORT)?,
            category: fields.optional("category", SHORT)?,
            description: fields.optional_lines("description", LONG)?,
            image_url: fields.optional("image_url", 2000)?,
            variants: fields.objects("variants", variant)?.unwrap_or_default(),
        };
        if record.variants.is_empty() {
            return Err(fields.missing("variants"));
        }
        let mut skus = HashSet::new();
        for (n, variant) in record.variants.iter().enumerate() {
            if !skus.insert(&variant.sku) {
                let name = format!("variants[{n}].sku");
                return Err(fields.error(&name, "is the sku of another variant, too"));
            }
        }
        Ok(record)
    }
}

fn variant(fields: &mut Fields<'_>) -> Result<VariantRecord, FieldError> {
    let sku = fields.required("sku", ID)?;
    let options = options(fields)?;
    let price = fields.money("price")?;
    let on_hand = fields.whole("on_hand", 0, MOST_PIECES)?;
    Ok(VariantRecord {
        sku,
        options,
        price: fields.present("price", price)?,
        on_hand: fields.present("on_hand", on_hand)?,
        reorder_point: fields.whole("reorder_point", 0, MOST_PIECES)?.unwrap_or(0),
        location: fields.optional("location", ID)?.unwrap_or_else(|| usual_place(fields.tenant)),
        active: fields.flag("active")?.unwrap_or(true),
    })
}

/// Where stock is that names no place.
pub(super) fn usual_place(tenant: &Tenant) -> String {
    let location = tenant.business().main_location();
    location.map_or("main", |location| location.id.as_str()).to_owned()
}

/// Options are named freely; their values are short texts.
fn options(parent: &mut Fields<'_>) -> Result<Map<String, Value>, FieldError> {
    let Some(mut fields) = parent.object("options")? else { return Ok(Map::new()) };
    let mut options = Map::new();
    for (name, value) in fields.rest() {
        let shown = match value {
            Value::Null => continue,
            Value::String(text) => text,
            Value::Number(number) => number.to_string(),
            Value::Bool(flag) => flag.to_string(),
            _ => return Err(fields.error(&name, "is not text")),
        };
        let shown = text::check(&shown, SHORT)
            .map_err(|problem| fields.error(&name, problem.to_string()))?;
        if text::check(&name, SHORT).as_deref() != Ok(name.as_str()) {
            return Err(parent.error("options", "has a name with characters that are not seen"));
        }
        options.insert(name, Value::String(shown));
    }
    Ok(options)
}
