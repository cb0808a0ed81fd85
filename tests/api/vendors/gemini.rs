//! Gemini's function declarations: the API and Live, google-genai, the command line. The REST interface
//! knows a part of `OpenAPI` 3.0 and refuses the whole request for one word more.

use serde_json::{Value, json};

use super::{
    Rule,
    schema::{
        argument_is_not, first, has_odd_words, is_array_of_anything, is_free_object, kind,
        name_is_not, requires_wrongly, says,
    },
};

pub const RULES: [Rule; 15] = [
    Rule {
        name: "a name is at most 63 letters, digits and _",
        finds: |tool| name_is_not(tool, 63, "_"),
        broken: ("/name", || json!("a".repeat(64))),
    },
    Rule {
        name: "a name begins with a letter or _",
        finds: |tool| starts_oddly(&tool["name"]).then(|| "its name".to_owned()),
        broken: ("/name", || json!("2_orders")),
    },
    Rule {
        name: "an argument's name is at most 64 letters, digits and _",
        finds: |tool| argument_is_not(tool, 64, "_"),
        broken: (
            "/inputSchema/properties/e-mail",
            || json!({ "type": "string", "description": "Where to." }),
        ),
    },
    Rule {
        name: "there are no references",
        finds: |tool| says(tool, &["$ref", "$defs", "definitions"]),
        broken: ("/inputSchema/$defs", || json!({ "Gift": { "type": "boolean" } })),
    },
    Rule {
        name: "there is no $schema or $id",
        finds: |tool| says(tool, &["$schema", "$id", "$comment"]),
        broken: ("/inputSchema/$schema", || json!("https://json-schema.org/draft/2020-12/schema")),
    },
    Rule {
        name: "a type is one word, not a list of them, and never null",
        finds: |tool| {
            first(tool, |place| {
                let word = kind(place.schema);
                place.schema.is_object() && (word.is_none() || word == Some("null"))
            })
        },
        broken: ("/inputSchema/properties/customer/type", || json!(["string", "null"])),
    },
    Rule {
        name: "a schema is an object, never true or false",
        finds: |tool| first(tool, |place| !place.schema.is_object()),
        broken: ("/inputSchema/properties/anything", || json!(true)),
    },
    Rule {
        name: "additionalProperties is not said, not even false",
        finds: |tool| says(tool, &["additionalProperties", "patternProperties"]),
        broken: ("/inputSchema/properties/items/items/additionalProperties", || json!(false)),
    },
    Rule {
        name: "there are no choices between schemas",
        finds: |tool| says(tool, &["anyOf", "oneOf", "allOf", "not", "if"]),
        broken: (
            "/inputSchema/properties/speed",
            || json!({ "description": "How.", "type": "string", "oneOf": [{ "const": "slow" }] }),
        ),
    },
    Rule {
        name: "there is no const",
        finds: |tool| says(tool, &["const"]),
        broken: ("/inputSchema/properties/gift/const", || json!(true)),
    },
    Rule {
        name: "there are no exclusive bounds, and none that only some versions know",
        finds: |tool| says(tool, &["exclusiveMinimum", "exclusiveMaximum", "multipleOf"]),
        broken: (
            "/inputSchema/properties/items/items/properties/quantity/exclusiveMinimum",
            || json!(0),
        ),
    },
    Rule {
        name: "a format is one that it knows",
        finds: |tool| {
            let known = ["int32", "int64", "float", "double", "enum", "date-time"];
            first(tool, |place| {
                let format = place.schema.get("format");
                format.is_some_and(|word| !word.as_str().is_some_and(|word| known.contains(&word)))
            })
        },
        broken: ("/inputSchema/properties/items/items/properties/quantity/format", || {
            json!("uint32")
        }),
    },
    Rule {
        name: "an array says of what, and words are text",
        finds: |tool| {
            first(tool, |place| is_array_of_anything(place.schema) || has_odd_words(place.schema))
        },
        broken: ("/inputSchema/properties/speed/enum", || json!(["slow", null])),
    },
    Rule {
        name: "an object inside the arguments has at least one field",
        finds: |tool| first(tool, is_free_object),
        broken: (
            "/inputSchema/properties/options",
            || json!({ "type": "object", "properties": {}, "description": "Names and values." }),
        ),
    },
    Rule {
        name: "fields belong to objects, and what is required is there",
        finds: |tool| {
            first(tool, |place| {
                let object = kind(place.schema) == Some("object");
                let fields = ["properties", "required"];
                let says = fields.iter().any(|word| place.schema.get(word).is_some());
                (says && !object) || requires_wrongly(place.schema)
            })
        },
        broken: ("/inputSchema/properties/customer/properties", || json!({})),
    },
];

fn starts_oddly(name: &Value) -> bool {
    let first = name.as_str().and_then(|name| name.chars().next());
    !first.is_some_and(|first| first.is_ascii_alphabetic() || first == '_')
}
