//! Pipecat. Of a tool's arguments it keeps `properties` and `required`, and drops whatever else the top
//! says, without a word.

use serde_json::json;

use super::{
    Rule,
    schema::{first, has_one_type, is_undescribed, requires_wrongly, root_says_more_than, says},
};

pub const RULES: [Rule; 5] = [
    Rule {
        name: "nothing is said at the top that would be lost",
        finds: |tool| root_says_more_than(tool, &["type", "properties", "required"]),
        broken: ("/inputSchema/anyOf", || json!([{ "required": ["customer"] }])),
    },
    Rule {
        name: "no argument refers to what is dropped",
        finds: |tool| says(tool, &["$ref"]),
        broken: ("/inputSchema/properties/customer/$ref", || json!("#/$defs/Customer")),
    },
    Rule {
        name: "there are properties, even if none",
        finds: |tool| {
            let named = tool["inputSchema"]["properties"].is_object();
            (!named).then(|| "arguments".to_owned())
        },
        broken: ("/inputSchema/properties", || json!(null)),
    },
    Rule {
        name: "an argument stands for itself, with type and description",
        finds: |tool| {
            first(tool, |place| {
                place.is_property && (!has_one_type(place.schema) || is_undescribed(place))
            })
        },
        broken: ("/inputSchema/properties/gift", || json!({ "enum": ["yes", "no"] })),
    },
    Rule {
        name: "required is a list of arguments that are there",
        finds: |tool| first(tool, |place| requires_wrongly(place.schema)),
        broken: ("/inputSchema/required", || json!("customer")),
    },
];
