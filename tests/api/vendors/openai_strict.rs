//! OpenAI's strict mode, into which its Agents SDK turns the schemas of an MCP server: every object is
//! closed, and every property of it becomes required. The rules are those of the result.

use business_mcp::application;
use serde_json::{Map, Value, json};

use super::{
    Rule,
    schema::{fields, first, is_free_object, kind, places, says},
};
use crate::enforcement::samples;

const MOST_PROPERTIES: usize = 5_000;
const MOST_LEVELS: usize = 10;
const MOST_WORDS: usize = 1_000;
const MOST_TEXT: usize = 120_000;

pub const RULES: [Rule; 8] = [
    Rule {
        name: "a closed object can still be filled: its fields have names",
        finds: |tool| first(&strict(tool), is_free_object),
        broken: (
            "/inputSchema/properties/gift",
            || json!({"type":"object","properties":{},"description":"Names and values."}),
        ),
    },
    Rule {
        name: "no object is open on purpose",
        finds: |tool| {
            first(tool, |place| {
                place.schema.get("additionalProperties").is_some_and(|open| *open != json!(false))
            })
        },
        broken: ("/inputSchema/additionalProperties", || json!({"type":"string"})),
    },
    Rule {
        name: "only what strict mode knows is said",
        finds: |tool| {
            let unknown = [
                "allOf",
                "oneOf",
                "not",
                "if",
                "then",
                "else",
                "dependentRequired",
                "dependentSchemas",
                "patternProperties",
                "propertyNames",
                "unevaluatedProperties",
                "prefixItems",
                "contains",
                "uniqueItems",
                "default",
            ];
            says(tool, &unknown)
        },
        broken: ("/inputSchema/properties/speed/default", || json!("slow")),
    },
    Rule {
        name: "the arguments are no choice",
        finds: super::openai::top_level_choice,
        broken: ("/inputSchema/anyOf", || json!([{"required":["customer"]}])),
    },
    Rule {
        name: "objects are at most 10 levels deep",
        finds: |tool| first(tool, |place| place.depth > MOST_LEVELS),
        broken: ("/inputSchema/properties/gift", deep),
    },
    Rule {
        name: "there are at most 5000 properties",
        finds: |tool| {
            let count = places(tool).iter().filter(|place| place.is_property).count();
            (count > MOST_PROPERTIES).then(|| format!("{count} properties"))
        },
        broken: ("/inputSchema/properties/many", || object_of(MOST_PROPERTIES + 1)),
    },
    Rule {
        name: "there are at most 1000 words to choose from",
        finds: |tool| {
            let places = places(tool);
            let words = places.iter().filter_map(|place| place.schema.get("enum")?.as_array());
            let count: usize = words.map(Vec::len).sum();
            (count > MOST_WORDS).then(|| format!("{count} words"))
        },
        broken: ("/inputSchema/properties/speed/enum", || numbers(MOST_WORDS + 1)),
    },
    Rule {
        name: "names and words are at most 120000 characters",
        finds: |tool| {
            let length: usize = places(tool).iter().map(|place| length(place.schema)).sum();
            (length > MOST_TEXT).then(|| format!("{length} characters"))
        },
        broken: ("/inputSchema/properties/speed/enum", || json!(["a".repeat(MOST_TEXT)])),
    },
];

/// The names and the words of one schema, in characters.
fn length(schema: &Value) -> usize {
    let words = schema.get("enum").and_then(Value::as_array).into_iter().flatten();
    let words: usize = words.filter_map(Value::as_str).map(|word| word.chars().count()).sum();
    fields(schema).keys().map(|name| name.chars().count()).sum::<usize>() + words
}

/// Objects in objects, one level too many.
fn deep() -> Value {
    let one = json!({ "type": "string" });
    (0..MOST_LEVELS).fold(one, |inner, _| json!({ "type": "object", "properties": { "a": inner } }))
}

/// An object of so many fields.
fn object_of(fields: usize) -> Value {
    let fields = (0..fields).map(|number| (format!("f{number}"), json!({ "type": "string" })));
    json!({ "type": "object", "properties": fields.collect::<Map<_, _>>() })
}

/// So many words.
fn numbers(count: usize) -> Value {
    json!((0..count).map(|number| number.to_string()).collect::<Vec<_>>())
}

/// The tool as strict mode gets it.
pub fn strict(tool: &Value) -> Value {
    let mut tool = tool.clone();
    close(&mut tool["inputSchema"]);
    tool
}

fn close(schema: &mut Value) {
    let is_object = kind(schema) == Some("object");
    let names: Vec<Value> = fields(schema).keys().map(|name| json!(name)).collect();
    let Some(object) = schema.as_object_mut() else { return };
    if is_object {
        object.entry("additionalProperties").or_insert(json!(false));
        object.insert("required".to_owned(), json!(names));
    }
    let mut nothing = Map::new();
    let inner = object.get_mut("properties").and_then(Value::as_object_mut);
    inner.unwrap_or(&mut nothing).values_mut().for_each(close);
    object.get_mut("items").into_iter().for_each(close);
}

#[test]
fn strict_mode_closes_every_object_and_requires_everything() {
    let schema = &strict(&super::sound())["inputSchema"];
    assert_eq!(schema["required"], json!(["customer", "items", "speed", "gift"]));
    let item = &schema["properties"]["items"]["items"];
    assert_eq!(item["required"], json!(["sku", "quantity"]));
    assert_eq!(
        (&schema["additionalProperties"], &item["additionalProperties"]),
        (&json!(false), &json!(false))
    );
}

#[test]
fn what_strict_mode_has_to_send_and_does_not_know_is_as_if_it_were_not_there() {
    let catalogue = application().tools(Vec::new());
    let mut filled = 0;
    for entry in catalogue.iter() {
        let name = entry.spec.name;
        let given = samples::of(name).arguments("none").as_object().unwrap().clone();
        let canonical = |arguments| {
            let call = catalogue.prepare(entry, arguments);
            call.unwrap_or_else(|why| panic!("{name}: {why}")).canonical()
        };
        let plain = canonical(given.clone());
        for (argument, schema) in fields(&Value::Object((*entry.input_schema).clone())) {
            // A blank key is refused on purpose: whoever sends a key relies on it.
            if given.contains_key(&argument) || argument == "idempotency_key" {
                continue;
            }
            let blanks = [json!(null), json!("")];
            let blanks =
                blanks.iter().filter(|blank| blank.is_null() || kind(&schema) == Some("string"));
            for blank in blanks {
                let mut more = given.clone();
                more.insert(argument.clone(), blank.clone());
                assert_eq!(canonical(more), plain, "{name}.{argument} = {blank}");
                filled += 1;
            }
        }
    }
    assert!(filled > 20, "there are optional arguments");
}
