//! Words that several tools of orders say.

use serde_json::{Map, Value};

use crate::domain::{speech, text};

/// An article in words: the product's name and its options, `T-Shirt red M`.
pub fn title(name: &str, options: &str) -> String {
    let options: Map<String, Value> = serde_json::from_str(options).unwrap_or_default();
    let values = options.values().filter_map(Value::as_str);
    let words: Vec<&str> = std::iter::once(name).chain(values).collect();
    text::display(&words.join(" "), 80)
}

/// Pieces of articles in words: `2 T-Shirt red M, 1 Coffee Mug and 4 more`.
pub fn pieces<'a>(lines: impl Iterator<Item = (i64, &'a str)>) -> String {
    let piece = |(quantity, name): (i64, &str)| format!("{quantity} {}", speech::stored(name, 40));
    speech::list_of_three(&lines.map(piece).collect::<Vec<_>>())
}
