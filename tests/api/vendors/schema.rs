//! A schema as a list of places, and what several vendors ask of a place.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// A schema within a tool's schema.
pub struct Place<'a> {
    /// Where, such as `items[].sku`; the arguments themselves are `arguments`.
    pub at: String,
    /// How many objects it is in.
    pub depth: usize,
    /// Whether it is an argument, or a field of one.
    pub is_property: bool,
    pub schema: &'a Value,
}

/// Keywords that hold one schema, a list of them, or schemas by name.
const ONE: [&str; 7] = ["items", "additionalProperties", "not", "if", "then", "else", "contains"];
const LIST: [&str; 4] = ["anyOf", "oneOf", "allOf", "prefixItems"];
const NAMED: [&str; 4] = ["properties", "$defs", "definitions", "patternProperties"];

/// The arguments, and everything in them.
pub fn places(tool: &Value) -> Vec<Place<'_>> {
    let mut found = Vec::new();
    let schema = &tool["inputSchema"];
    let root = Place { at: "arguments".to_owned(), depth: 0, is_property: false, schema };
    visit(root, &mut found);
    found
}

fn visit<'a>(place: Place<'a>, found: &mut Vec<Place<'a>>) {
    let (at, depth) = (place.at.clone(), place.depth);
    let object = place.schema.as_object();
    found.push(place);
    for (keyword, value) in object.into_iter().flatten() {
        let word = keyword.as_str();
        let mut inner = |name: &str, is_property, schema| {
            let at = format!("{at}{name}");
            // A list is no level of its own: the objects in it are.
            let depth = depth + usize::from(is_property);
            visit(Place { at, depth, is_property, schema }, found);
        };
        match value {
            Value::Object(schemas) if NAMED.contains(&word) => {
                for (name, schema) in schemas {
                    inner(&format!(".{name}"), word == "properties", schema);
                }
            }
            Value::Array(schemas) if LIST.contains(&word) => {
                for schema in schemas {
                    inner(&format!(".{word}"), false, schema);
                }
            }
            schema if word == "items" => inner("[]", false, schema),
            schema if ONE.contains(&word) => inner(&format!(".{word}"), false, schema),
            _ => {}
        }
    }
}

/// The first place of which this is true.
pub fn first(tool: &Value, wrong: impl Fn(&Place<'_>) -> bool) -> Option<String> {
    places(tool).into_iter().find(wrong).map(|place| place.at)
}

/// The first place that says one of these keywords.
pub fn says(tool: &Value, keywords: &[&str]) -> Option<String> {
    first(tool, |place| keywords.iter().any(|keyword| place.schema.get(keyword).is_some()))
}

/// The first keyword beside the arguments themselves that is none of these.
pub fn root_says_more_than(tool: &Value, known: &[&str]) -> Option<String> {
    let root = tool["inputSchema"].as_object()?;
    root.keys().find(|keyword| !known.contains(&keyword.as_str())).cloned()
}

/// The tool's name, where it is not these characters, or too long.
pub fn name_is_not(tool: &Value, longest: usize, more: &str) -> Option<String> {
    let name = tool["name"].as_str().unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || more.contains(c);
    let fits = !name.is_empty() && name.len() <= longest && name.chars().all(plain);
    (!fits).then(|| format!("its name {name:?}"))
}

/// The first argument or field whose name is not these characters, or too long.
pub fn argument_is_not(tool: &Value, longest: usize, more: &str) -> Option<String> {
    first(tool, |place| {
        let names = place.schema.get("properties").and_then(Value::as_object);
        let plain = |c: char| c.is_ascii_alphanumeric() || more.contains(c);
        let fits = |name: &String| name.len() <= longest && name.chars().all(plain);
        names.is_some_and(|names| !names.keys().all(fits))
    })
}

/// The one type of a schema.
pub fn kind(schema: &Value) -> Option<&str> {
    schema.get("type").and_then(Value::as_str)
}

/// Whether a schema has exactly one type, and that one is known everywhere.
pub fn has_one_type(schema: &Value) -> bool {
    let known = ["object", "array", "string", "integer", "number", "boolean"];
    kind(schema).is_some_and(|kind| known.contains(&kind))
}

/// An array that does not say of what.
pub fn is_array_of_anything(schema: &Value) -> bool {
    kind(schema) == Some("array") && !schema.get("items").is_some_and(Value::is_object)
}

/// Whether a schema's words are text, and at least one.
pub fn has_odd_words(schema: &Value) -> bool {
    let Some(words) = schema.get("enum") else { return false };
    let text = |words: &Vec<Value>| !words.is_empty() && words.iter().all(Value::is_string);
    kind(schema) != Some("string") || !words.as_array().is_some_and(text)
}

/// The fields of an object.
pub fn fields(schema: &Value) -> Map<String, Value> {
    schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default()
}

/// Whether a schema requires a field that it does not have, or one twice, or not by a list of names.
pub fn requires_wrongly(schema: &Value) -> bool {
    let Some(required) = schema.get("required") else { return false };
    let Some(names) = required.as_array() else { return true };
    let known = fields(schema);
    let all = names.iter().all(|name| name.as_str().is_some_and(|name| known.contains_key(name)));
    let once: BTreeSet<String> = names.iter().map(Value::to_string).collect();
    !all || once.len() != names.len()
}

/// Whether an argument or field says nothing of itself.
pub fn is_undescribed(place: &Place<'_>) -> bool {
    let says = place.schema.get("description").and_then(Value::as_str).unwrap_or_default();
    place.is_property && says.trim().is_empty()
}

/// An object inside the arguments that names none of its fields.
pub fn is_free_object(place: &Place<'_>) -> bool {
    place.depth > 0 && kind(place.schema) == Some("object") && fields(place.schema).is_empty()
}
