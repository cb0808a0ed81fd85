//! ElevenLabs Agents. It keeps an argument as one of its own property types, and its approval of a tool
//! is bound to a hash of description and arguments, which `tools.lock` watches over.

use serde_json::json;

use super::{
    Rule,
    schema::{
        first, has_odd_words, has_one_type, is_array_of_anything, is_free_object, is_undescribed,
        name_is_not, says,
    },
};

pub const RULES: [Rule; 6] = [
    Rule {
        name: "a name is at most 64 letters, digits, _ and -",
        finds: |tool| name_is_not(tool, 64, "_-"),
        broken: ("/name", || json!("place order")),
    },
    Rule {
        name: "every argument and field is described, or the model is not given it",
        finds: |tool| first(tool, is_undescribed),
        broken: (
            "/inputSchema/properties/items/items/properties/sku",
            || json!({ "type": "string" }),
        ),
    },
    Rule {
        name: "an argument is text, a number, a truth, a list or an object",
        finds: |tool| first(tool, |place| !has_one_type(place.schema)),
        broken: ("/inputSchema/properties/gift/type", || json!("null")),
    },
    Rule {
        name: "words are text, and belong to text",
        finds: |tool| first(tool, |place| has_odd_words(place.schema)),
        broken: ("/inputSchema/properties/gift/enum", || json!([true])),
    },
    Rule {
        name: "a list says of what, and an object of which fields",
        finds: |tool| {
            first(tool, |place| is_array_of_anything(place.schema) || is_free_object(place))
        },
        broken: (
            "/inputSchema/properties/items/items",
            || json!({ "type": "object", "properties": {} }),
        ),
    },
    Rule {
        name: "there are no references and no choices between schemas",
        finds: |tool| says(tool, &["$ref", "anyOf", "oneOf", "allOf"]),
        broken: ("/inputSchema/properties/gift/anyOf", || json!([{ "type": "boolean" }])),
    },
];
