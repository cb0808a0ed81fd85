//! Words that several tools of orders say.

use serde_json::{Map, Value};

use business_mcp_engine::{
    speech::{phrases, text},
    text,
};

/// An article in words: the product's name and its options, `T-Shirt red M`.
pub fn title(name: &str, options: &str) -> String {
    let options: Map<String, Value> = serde_json::from_str(options).unwrap_or_default();
    let values = options.values().filter_map(Value::as_str);
    let words: Vec<&str> = std::iter::once(name).chain(values).collect();
    text::display(&words.join(" "), 80)
}

/// So many pieces of an article: `1 Coffee Mug`, `2 of the Coffee Mug`, because nobody knows the plural
/// of a name.
pub fn some(quantity: i64, name: &str) -> String {
    let name = phrases::stored(name, 40);
    match quantity {
        1 => text!("1 {name}", name),
        _ => text!("{quantity} of the {name}", quantity, name),
    }
}

/// Pieces of articles in words: `2 of the T-Shirt red M, 1 Coffee Mug and 4 more`.
pub fn pieces<'a>(lines: impl Iterator<Item = (i64, &'a str)>) -> String {
    let piece = |(quantity, name): (i64, &str)| some(quantity, name);
    phrases::list_of_three(&lines.map(piece).collect::<Vec<_>>())
}

#[cfg(test)]
#[path = "said_tests.rs"]
mod tests;
