//! Words that several tools of products and stock say.

use serde_json::{Map, Value};

use crate::catalog::sql::products::VariantRow;
use business_mcp_engine::speech::{phrases, text};

/// The options of a variant, as far as they fit into an answer.
pub fn options(json: &str) -> Map<String, Value> {
    let options: Map<String, Value> = serde_json::from_str(json).unwrap_or_default();
    let shown = options.into_iter().take(6).filter_map(|(name, value)| {
        let value = text::display(value.as_str()?, 60);
        Some((text::display(&name, 40), Value::String(value)))
    });
    shown.collect()
}

/// The options of a variant in words: `red M`. Without options it is the SKU.
pub fn variant(row: &VariantRow) -> String {
    let options = values(&row.options);
    if options.is_empty() { phrases::stored(&row.sku, 40) } else { phrases::stored(&options, 40) }
}

/// A variant in words: `T-Shirt red M`.
pub fn title(row: &VariantRow, max_chars: usize) -> String {
    titled(&row.name, &row.options, max_chars)
}

/// A product's name and the options of a variant, as JSON, in words.
pub fn titled(name: &str, options: &str, max_chars: usize) -> String {
    text::display(format!("{name} {}", values(options)).trim(), max_chars)
}

/// A variant as a voice says it.
pub fn spoken(row: &VariantRow) -> String {
    phrases::stored(&title(row, 80), 60)
}

/// A count with its noun, of a number of pieces or of things in a list.
pub fn count(n: impl TryInto<u64>, singular: &str, plural: &str) -> String {
    phrases::count(n.try_into().unwrap_or_default(), singular, plural)
}

fn values(json: &str) -> String {
    let options = options(json);
    options.values().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
}
