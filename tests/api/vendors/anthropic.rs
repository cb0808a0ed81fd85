//! Anthropic's tools: the Messages API, Claude Desktop, Claude Code.

use serde_json::json;

use super::{
    Rule,
    openai::top_level_choice,
    schema::{
        argument_is_not, first, has_odd_words, has_one_type, is_array_of_anything, kind,
        name_is_not, requires_wrongly, says,
    },
};

pub const RULES: [Rule; 8] = [
    Rule {
        name: "a name is at most 64 letters, digits, _ and -",
        finds: |tool| name_is_not(tool, 64, "_-"),
        broken: ("/name", || json!("orders/place")),
    },
    Rule {
        name: "an argument's name is at most 64 letters, digits, _, . and -",
        finds: |tool| argument_is_not(tool, 64, "_.-"),
        broken: (
            "/inputSchema/properties/the customer",
            || json!({ "type": "string", "description": "Who." }),
        ),
    },
    Rule {
        name: "the arguments are an object",
        finds: |tool| {
            (kind(&tool["inputSchema"]) != Some("object")).then(|| "arguments".to_owned())
        },
        broken: ("/inputSchema", || json!({ "properties": {} })),
    },
    Rule {
        name: "the arguments are no choice: no anyOf, oneOf or allOf at the top",
        finds: top_level_choice,
        broken: ("/inputSchema/oneOf", || json!([{ "required": ["customer"] }])),
    },
    Rule {
        name: "types are those of JSON Schema, and one each",
        finds: |tool| first(tool, |place| !has_one_type(place.schema)),
        broken: ("/inputSchema/properties/gift/type", || json!("bool")),
    },
    Rule {
        name: "references lead nowhere after a client has copied the arguments",
        finds: |tool| says(tool, &["$ref", "$dynamicRef", "$anchor"]),
        broken: ("/inputSchema/properties/gift/$ref", || json!("#/$defs/Gift")),
    },
    Rule {
        name: "lists say of what, and choices have words",
        finds: |tool| {
            first(tool, |place| is_array_of_anything(place.schema) || has_odd_words(place.schema))
        },
        broken: ("/inputSchema/properties/speed/enum", || json!([])),
    },
    Rule {
        name: "what is required is there, and named once",
        finds: |tool| first(tool, |place| requires_wrongly(place.schema)),
        broken: ("/inputSchema/required", || json!(["customer", "customer"])),
    },
];
