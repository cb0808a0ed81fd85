//! Schemas that every client takes.
//!
//! Voice platforms and model vendors each support another subset of JSON Schema, and one construct
//! outside of it makes some of them drop the whole list of tools. So schemas are reduced to what all
//! of them read: objects with `properties`, scalar types, `items`, string `enum`s, descriptions.
//! What the schema cannot say is said in the description and enforced in code.

use schemars::{JsonSchema, Schema, generate::SchemaSettings, transform::transform_subschemas};
use serde_json::{Map, Value, json};

/// The schema by which arguments are read: as the portable one, but an object whose fields have no
/// names of their own, such as product options, still is one.
pub fn shape<T: JsonSchema>() -> Map<String, Value> {
    written::<T>(SchemaSettings::draft2020_12())
}

/// The portable schema of arguments of this shape, as it is listed: what is required is what must be
/// sent.
pub fn portable(shape: &Map<String, Value>) -> Map<String, Value> {
    let mut schema = shape.clone();
    for property in inner_schemas(&mut schema) {
        list_pairs(property);
    }
    schema
}

/// Says an object without named fields as a list of `name=value`: Gemini refuses such an object, and
/// OpenAI's strict mode closes it, so that nothing can be in it.
fn list_pairs(schema: &mut Value) {
    let Some(object) = schema.as_object_mut() else { return };
    let named = object.get("properties").and_then(Value::as_object).is_some_and(|p| !p.is_empty());
    if object.get("type") == Some(&json!("object")) && !named {
        object.shift_remove("properties");
        object.insert("type".into(), json!("array"));
        object.insert("items".into(), json!({ "type": "string", "description": "name=value" }));
        return;
    }
    for inner in inner_schemas(object) {
        list_pairs(inner);
    }
}

/// What a portable schema consists of.
fn inner_schemas(schema: &mut Map<String, Value>) -> Vec<&mut Value> {
    let mut inner = Vec::new();
    for (keyword, value) in schema {
        match (keyword.as_str(), value) {
            ("properties", Value::Object(properties)) => inner.extend(properties.values_mut()),
            ("items", items) => inner.push(items),
            _ => {}
        }
    }
    inner
}

/// The portable schema of an answer: what is required is what is always there.
pub fn portable_answer<T: JsonSchema>() -> Map<String, Value> {
    written::<T>(SchemaSettings::draft2020_12().for_serialize())
}

/// Arguments that work: the first example of each field that has one (`#[schemars(example = &"…")]`). `None` where a
/// required field has none.
pub fn example<T: JsonSchema>() -> Option<Map<String, Value>> {
    let schema = whole::<T>(SchemaSettings::draft2020_12());
    let field = |(name, field): (&String, &Value)| {
        Some((name.clone(), field.pointer("/examples/0")?.clone()))
    };
    let fields = schema.get("properties").and_then(Value::as_object);
    let example: Map<String, Value> = fields.into_iter().flatten().filter_map(field).collect();
    let mut required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
    let is_given = |name: &Value| name.as_str().is_some_and(|name| example.contains_key(name));
    required.all(is_given).then_some(example)
}

fn whole<T: JsonSchema>(settings: SchemaSettings) -> Schema {
    let settings = settings.with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    settings.into_generator().into_root_schema_for::<T>()
}

fn written<T: JsonSchema>(settings: SchemaSettings) -> Map<String, Value> {
    let mut schema = whole::<T>(settings);
    reduce(&mut schema);
    let mut schema = match schema.to_value() {
        Value::Object(object) => object,
        _ => Map::new(),
    };
    // The root's description is the Rust type's, which says nothing to a model.
    schema.shift_remove("description");
    schema.insert("type".into(), json!("object"));
    schema.entry("properties").or_insert_with(|| json!({}));
    schema
}

/// Drops what some client refuses, and rewrites what has a plain equivalent.
fn reduce(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else {
        // `true`, which stands for any value, is refused by Gemini: say it is an object.
        *schema = Schema::from(json_object(&json!({ "type": "object", "properties": {} })));
        return;
    };
    for keyword in [
        "$schema",
        "$defs",
        "title",
        "format",
        "default",
        "examples",
        "additionalProperties",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "minimum",
        "maximum",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "uniqueItems",
        "pattern",
    ] {
        object.remove(keyword);
    }
    if let Some(Value::Array(types)) = object.get("type") {
        let real = types.iter().find(|name| *name != "null").cloned();
        object.insert("type".into(), real.unwrap_or_else(|| json!("string")));
    }
    if let Some(Value::Array(values)) = object.get_mut("enum") {
        values.retain(|value| !value.is_null());
        object.insert("type".into(), json!("string"));
    }
    for keyword in ["anyOf", "oneOf"] {
        if let Some(Value::Array(choices)) = object.remove(keyword) {
            merge_choices(object, choices);
        }
    }
    if let Some(constant) = object.remove("const") {
        object.insert("type".into(), json!("string"));
        object.insert("enum".into(), json!([constant]));
    }
    // A described `Value` has a description and no type: it stands for any value, as `true` does.
    object.entry("type").or_insert_with(|| json!("object"));
    if object.get("type") == Some(&json!("object")) && !object.contains_key("properties") {
        object.insert("properties".into(), json!({}));
    }
    if object.get("type") == Some(&json!("array")) && !object.contains_key("items") {
        object.insert("items".into(), json!({ "type": "string" }));
    }
    transform_subschemas(&mut |schema: &mut Schema| reduce(schema), schema);
}

/// An enum of documented words becomes a plain `enum`; a nullable value becomes the value.
fn merge_choices(object: &mut Map<String, Value>, choices: Vec<Value>) {
    // schemars writes documented words as `const` each and the others together as one `enum`.
    let listed = |choice: &Value| choice.get("enum").and_then(Value::as_array).cloned();
    let words =
        |choice: &Value| choice.get("const").map(|word| vec![word.clone()]).or(listed(choice));
    let words: Vec<Value> = choices.iter().filter_map(words).flatten().collect();
    if !words.is_empty() {
        object.insert("type".into(), json!("string"));
        object.insert("enum".into(), Value::Array(words));
        return;
    }
    let real = choices.into_iter().find(|choice| choice.get("type") != Some(&json!("null")));
    if let Some(Value::Object(real)) = real {
        for (keyword, value) in real {
            object.entry(keyword).or_insert(value);
        }
        // What was merged in has not been reduced itself.
        let mut merged = Schema::from(std::mem::take(object));
        reduce(&mut merged);
        if let Value::Object(reduced) = merged.to_value() {
            *object = reduced;
        }
    }
}

fn json_object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Sample {
        /// Who.
        #[schemars(length(max = 5), email)]
        name: String,
        /// How many.
        #[schemars(range(min = 1))]
        count: Option<u32>,
        /// Which.
        kind: Option<Kind>,
        /// Lines.
        items: Vec<Item>,
        /// Anything.
        extra: Option<Value>,
        /// Options, each as name=value.
        options: Option<BTreeMap<String, String>>,
    }

    #[derive(Deserialize, JsonSchema)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        /// With a comment, which schemars writes as `oneOf` and `const`.
        First,
        Second,
    }

    #[derive(Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct Item {
        /// What.
        sku: String,
    }

    #[test]
    fn nothing_is_left_that_a_client_refuses() {
        let schema = Value::Object(portable(&shape::<Sample>()));
        let text = schema.to_string();
        for refused in [
            "$ref",
            "$defs",
            "anyOf",
            "oneOf",
            "allOf",
            "const",
            "null",
            "format",
            "true",
            "additionalProperties",
            "minimum",
            "title",
        ] {
            assert!(!text.contains(&format!("\"{refused}\"")), "{refused} in {text}");
        }
        assert_eq!(schema.pointer("/properties/count/type"), Some(&json!("integer")));
        assert_eq!(schema.pointer("/properties/count/description"), Some(&json!("How many.")));
        let words = schema.pointer("/properties/kind/enum").and_then(Value::as_array).unwrap();
        assert!(words.len() == 2 && words.contains(&json!("first")), "{words:?}");
        assert_eq!(
            schema.pointer("/properties/items/items/properties/sku/type"),
            Some(&json!("string"))
        );
        assert_eq!(schema.pointer("/required"), Some(&json!(["name", "items"])));
    }

    #[derive(Deserialize, JsonSchema)]
    #[expect(dead_code, reason = "only its schema is looked at")]
    struct WithExamples {
        /// Who.
        #[schemars(example = &"Ana")]
        name: String,
        /// How many.
        #[schemars(example = 3)]
        count: Option<u32>,
        /// When.
        day: Option<String>,
    }

    #[test]
    fn an_example_is_whole_or_none_and_is_not_listed() {
        let example = example::<WithExamples>().map(Value::Object);
        assert_eq!(example, Some(json!({ "name": "Ana", "count": 3 })));
        assert_eq!(super::example::<Sample>(), None, "a required field has none");
        assert!(!Value::Object(portable(&shape::<WithExamples>())).to_string().contains("Ana"));
    }

    #[test]
    fn names_and_values_are_listed_and_read_as_an_object() {
        let shape = shape::<Sample>();
        let read = Value::Object(shape.clone());
        assert_eq!(read.pointer("/properties/options/type"), Some(&json!("object")));
        let listed = Value::Object(portable(&shape));
        for place in ["options", "extra"] {
            let property = &listed["properties"][place];
            assert_eq!(property["items"], json!({ "type": "string", "description": "name=value" }));
            assert_eq!(
                (property["type"].as_str(), property.get("properties")),
                (Some("array"), None)
            );
        }
        let says = listed.pointer("/properties/options/description");
        assert_eq!(says, Some(&json!("Options, each as name=value.")));
    }
}
