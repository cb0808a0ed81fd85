//! OpenAI's functions, not strict: chat completions, responses, Realtime.

use serde_json::{Value, json};

use super::{
    Rule,
    schema::{
        first, has_one_type, is_array_of_anything, kind, name_is_not, requires_wrongly, says,
    },
};

/// The longest description of a function, in characters.
const LONGEST_DESCRIPTION: usize = 1_024;

pub const RULES: [Rule; 10] = [
    Rule {
        name: "a name is at most 64 letters, digits, _ and -",
        finds: |tool| name_is_not(tool, 64, "_-"),
        broken: ("/name", || json!("order.place")),
    },
    Rule {
        name: "a description is at most 1024 characters",
        finds: |tool| {
            let says = tool["description"].as_str().unwrap_or_default();
            (says.chars().count() > LONGEST_DESCRIPTION).then(|| "its description".to_owned())
        },
        broken: ("/description", || json!("a".repeat(LONGEST_DESCRIPTION + 1))),
    },
    Rule {
        name: "the arguments are an object",
        finds: |tool| {
            (kind(&tool["inputSchema"]) != Some("object")).then(|| "arguments".to_owned())
        },
        broken: ("/inputSchema/type", || json!("array")),
    },
    Rule {
        name: "the arguments are no choice: no anyOf, oneOf, allOf, enum or not at the top",
        finds: top_level_choice,
        broken: (
            "/inputSchema/anyOf",
            || json!([{"required":["customer"]},{"required":["items"]}]),
        ),
    },
    Rule {
        name: "there is no allOf further down",
        finds: |tool| says(tool, &["allOf"]),
        broken: ("/inputSchema/properties/customer/allOf", || json!([{"type":"string"}])),
    },
    Rule {
        name: "an array says of what",
        finds: |tool| first(tool, |place| is_array_of_anything(place.schema)),
        broken: ("/inputSchema/properties/items", || json!({"type":"array","description":"What."})),
    },
    Rule {
        name: "an object has properties, even if none",
        finds: |tool| {
            first(tool, |place| {
                let named = place.schema.get("properties").is_some_and(Value::is_object);
                kind(place.schema) == Some("object") && !named
            })
        },
        broken: ("/inputSchema/properties/gift", || json!({"type":"object","description":"How."})),
    },
    Rule {
        name: "everything has one type",
        finds: |tool| first(tool, |place| !has_one_type(place.schema)),
        broken: ("/inputSchema/properties/gift", || json!({"description":"Anything."})),
    },
    Rule {
        name: "there is no format, of which some models refuse uri",
        finds: |tool| says(tool, &["format"]),
        broken: ("/inputSchema/properties/customer/format", || json!("uri")),
    },
    Rule {
        name: "what is required is there",
        finds: |tool| first(tool, |place| requires_wrongly(place.schema)),
        broken: ("/inputSchema/required", || json!(["customer", "nobody"])),
    },
];

/// The choice at the top, which more vendors refuse.
pub fn top_level_choice(tool: &Value) -> Option<String> {
    let choices = ["anyOf", "oneOf", "allOf", "enum", "not"];
    choices.into_iter().find(|word| tool["inputSchema"].get(word).is_some()).map(str::to_owned)
}
