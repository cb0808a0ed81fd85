//! Vapi. It shows a tool to the model under the name of the server and the tool's own.

use serde_json::json;

use super::{
    Rule,
    schema::{
        first, has_odd_words, has_one_type, is_array_of_anything, is_undescribed, name_is_not, says,
    },
};

/// What OpenAI's 64 characters leave to a tool behind `business-server-`.
const LONGEST_NAME: usize = 48;

pub const RULES: [Rule; 6] = [
    Rule {
        name: "a name leaves 16 characters for the server's, which comes before it",
        finds: |tool| name_is_not(tool, LONGEST_NAME, "_"),
        broken: ("/name", || json!("a".repeat(LONGEST_NAME + 1))),
    },
    Rule {
        name: "everything has one type",
        finds: |tool| first(tool, |place| !has_one_type(place.schema)),
        broken: ("/inputSchema/properties/customer/type", || json!(["string", "null"])),
    },
    Rule {
        name: "a list says of what",
        finds: |tool| first(tool, |place| is_array_of_anything(place.schema)),
        broken: ("/inputSchema/properties/items/items", || json!(true)),
    },
    Rule {
        name: "words are text",
        finds: |tool| first(tool, |place| has_odd_words(place.schema)),
        broken: ("/inputSchema/properties/speed/enum", || json!([1, 2])),
    },
    Rule {
        name: "every argument is described",
        finds: |tool| first(tool, is_undescribed),
        broken: ("/inputSchema/properties/gift/description", || json!("")),
    },
    Rule {
        name: "there are no references and no choices between schemas",
        finds: |tool| says(tool, &["$ref", "$defs", "anyOf", "oneOf", "allOf", "const"]),
        broken: ("/inputSchema/properties/speed/oneOf", || json!([{ "const": "slow" }])),
    },
];
