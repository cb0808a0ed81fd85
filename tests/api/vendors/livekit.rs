//! LiveKit Agents. It hands the schema to the model's vendor as it is, most often OpenAI or Gemini.

use serde_json::json;

use super::{
    Rule,
    schema::{first, has_one_type, is_free_object, kind, name_is_not, says},
};

pub const RULES: [Rule; 6] = [
    Rule {
        name: "a name is at most 64 letters, digits and _, for every vendor behind it",
        finds: |tool| name_is_not(tool, 64, "_"),
        broken: ("/name", || json!("order:place")),
    },
    Rule {
        name: "there is a description",
        finds: |tool| {
            let says = tool["description"].as_str().unwrap_or_default();
            says.trim().is_empty().then(|| "its description".to_owned())
        },
        broken: ("/description", || json!(" ")),
    },
    Rule {
        name: "the arguments are an object with properties",
        finds: |tool| {
            let schema = &tool["inputSchema"];
            let named = kind(schema) == Some("object") && schema["properties"].is_object();
            (!named).then(|| "arguments".to_owned())
        },
        broken: ("/inputSchema", || json!({ "type": "object" })),
    },
    Rule {
        name: "everything has one type",
        finds: |tool| first(tool, |place| !has_one_type(place.schema)),
        broken: ("/inputSchema/properties/items/items", || json!({ "description": "Anything." })),
    },
    Rule {
        name: "an object inside the arguments has at least one field, for Gemini behind it",
        finds: |tool| first(tool, is_free_object),
        broken: (
            "/inputSchema/properties/items/items/properties/options",
            || json!({ "type": "object", "properties": {}, "description": "Names and values." }),
        ),
    },
    Rule {
        name: "there are no references, which its conversion does not follow",
        finds: |tool| says(tool, &["$ref", "$defs"]),
        broken: ("/inputSchema/properties/gift/$ref", || json!("#/$defs/Gift")),
    },
];
