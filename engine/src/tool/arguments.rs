//! From what an agent sends to what a tool takes: lenient in form, strict in meaning.
//!
//! Names may be camelCase, numbers may be strings or words, lists may be JSON in a string, empty
//! optional values may be there. An argument that the tool does not know is refused by name, because
//! a silently dropped `discount` would be believed.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Map, Value};
use validator::{Validate, ValidationErrors, ValidationErrorsKind};

use super::{catalogue::IDEMPOTENCY_KEY, error::ToolError};
use crate::{
    speech::{lenient, text, words::word},
    text,
};

/// Longer texts are refused before anything looks at them.
const LONGEST_TEXT: usize = 4_000;

/// Names that platforms inject into every call, and that are dropped.
#[derive(Default)]
pub struct Ignored(Vec<(String, AtomicBool)>);

impl Ignored {
    /// These names.
    pub fn new(names: Vec<String>) -> Self {
        Self(names.into_iter().map(|name| (name, AtomicBool::new(false))).collect())
    }

    /// Whether an argument is to be dropped. The log says so once a name: it is in every call.
    fn drops(&self, given: &str, name: &str) -> bool {
        let Some((ignored, is_told)) = self.0.iter().find(|(of, _)| of == given || of == name)
        else {
            return false;
        };
        if !is_told.swap(true, Ordering::Relaxed) {
            tracing::info!(
                argument = ignored,
                "an argument that the platform injects was dropped; this is said once"
            );
        }
        true
    }
}

/// Rewrites arguments into the form of a tool's schema.
///
/// # Errors
/// `invalid_parameters` naming the argument that is unknown, missing or of another kind.
pub fn normalise(
    arguments: Map<String, Value>,
    schema: &Map<String, Value>,
    ignored: &Ignored,
) -> Result<Map<String, Value>, ToolError> {
    object(arguments, schema, "", ignored)
}

fn object(
    given: Map<String, Value>,
    schema: &Map<String, Value>,
    path: &str,
    ignored: &Ignored,
) -> Result<Map<String, Value>, ToolError> {
    let nothing = Map::new();
    let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&nothing);
    let required = |name: &str| {
        let names = schema.get("required").and_then(Value::as_array);
        names.is_some_and(|names| names.iter().any(|required| required == name))
    };
    let mut normal = Map::with_capacity(given.len());
    for (given_name, value) in given {
        let name = snake_case(&given_name);
        let Some(property) = properties.get(&name).and_then(Value::as_object) else {
            if ignored.drops(&given_name, &name) {
                continue;
            }
            return Err(unknown(&given_name, path, properties));
        };
        let blank = value.as_str().is_some_and(|text| text.trim().is_empty());
        // A blank key is a mistake and no wish to go without one, so it is refused further on.
        let optional = !required(&name) && name != IDEMPOTENCY_KEY;
        if value.is_null() || (blank && optional) {
            continue;
        }
        let here = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let value = coerce(value, property, &here)?;
        if normal.insert(name, value).is_some() {
            return Err(ToolError::invalid(text!("The argument {here} is given twice.", here)));
        }
    }
    let missing = properties.keys().find(|name| required(name) && !normal.contains_key(*name));
    if let Some(name) = missing {
        let dot = if path.is_empty() { "" } else { "." };
        return Err(ToolError::invalid(text!(
            "The argument {path}{dot}{name} is missing. Please ask for it and call again.",
            path,
            dot,
            name
        )));
    }
    Ok(normal)
}

fn coerce(value: Value, schema: &Map<String, Value>, path: &str) -> Result<Value, ToolError> {
    let wanted = schema.get("type").and_then(Value::as_str).unwrap_or("string");
    let wrong = |expected: String| {
        Err(ToolError::invalid(text!("The argument {path} must be {expected}.", path, expected)))
    };
    match (wanted, value) {
        ("string", Value::String(said)) => {
            let clean = text::check(&said, LONGEST_TEXT).map_err(|why| {
                ToolError::invalid(text!("The argument {path} {why}.", path, why))
            })?;
            choice(clean, schema, path)
        }
        ("string", Value::Number(number)) => Ok(Value::String(number.to_string())),
        ("string", _) => wrong(text!("text")),
        ("integer", Value::Number(number)) if number.is_i64() => Ok(Value::Number(number)),
        ("integer", Value::String(said)) => match lenient::integer(&said) {
            Some(number) => Ok(number.into()),
            None => wrong(text!("a whole number")),
        },
        // Some clients have no other numbers than `2.0`.
        ("integer", Value::Number(number)) => match lenient::integer(&number.to_string()) {
            Some(number) => Ok(number.into()),
            None => wrong(text!("a whole number")),
        },
        ("integer", _) => wrong(text!("a whole number")),
        ("boolean", Value::Bool(truth)) => Ok(Value::Bool(truth)),
        ("boolean", Value::String(said)) => match said.trim().to_ascii_lowercase().as_str() {
            "true" | "yes" => Ok(Value::Bool(true)),
            "false" | "no" => Ok(Value::Bool(false)),
            _ => wrong(text!("true or false")),
        },
        ("boolean", _) => wrong(text!("true or false")),
        ("array" | "object", Value::String(said)) => match serde_json::from_str(&said) {
            Ok(inner @ (Value::Array(_) | Value::Object(_))) => coerce(inner, schema, path),
            _ if wanted == "object" && is_free(schema) => {
                let pairs = said.split(',').map(|pair| Value::from(pair.trim())).collect();
                coerce(Value::Array(pairs), schema, path)
            }
            _ => wrong(if wanted == "array" { text!("a list") } else { text!("an object") }),
        },
        ("array", Value::Array(values)) => {
            let nothing = Map::new();
            let items = schema.get("items").and_then(Value::as_object).unwrap_or(&nothing);
            let item = |(position, value)| coerce(value, items, &format!("{path}[{position}]"));
            Ok(Value::Array(values.into_iter().enumerate().map(item).collect::<Result<_, _>>()?))
        }
        // One line of an order, sent without the list around it.
        ("array", single @ Value::Object(_)) => coerce(Value::Array(vec![single]), schema, path),
        ("array", _) => wrong(text!("a list")),
        ("object", Value::Object(inner)) => free_or_fixed(inner, schema, path),
        ("object", Value::Array(pairs)) if is_free(schema) => {
            let pairs: Option<Vec<_>> = pairs.iter().map(pair).collect();
            let Some(pairs) = pairs else { return wrong(text!("a list of name=value")) };
            let count = pairs.len();
            let inner: Map<String, Value> = pairs.into_iter().collect();
            if inner.len() < count {
                return wrong(text!("a list of name=value, each name once"));
            }
            free_or_fixed(inner, schema, path)
        }
        ("object", _) => wrong(text!("an object")),
        (_, value) => Ok(value),
    }
}

/// An object with named properties is checked by name; one without, such as product options, takes
/// any names.
fn free_or_fixed(
    inner: Map<String, Value>,
    schema: &Map<String, Value>,
    path: &str,
) -> Result<Value, ToolError> {
    if !is_free(schema) {
        return object(inner, schema, path, &Ignored::default()).map(Value::Object);
    }
    let text = Map::from_iter([("type".to_owned(), Value::from("string"))]);
    let named = |(name, value)| {
        let value = coerce(value, &text, &format!("{path}.{name}"))?;
        Ok((name, value))
    };
    Ok(Value::Object(inner.into_iter().map(named).collect::<Result<_, ToolError>>()?))
}

/// Whether an object's fields have no names of their own.
fn is_free(schema: &Map<String, Value>) -> bool {
    schema.get("properties").and_then(Value::as_object).is_none_or(Map::is_empty)
}

/// `color=red`, or `color: red`.
fn pair(said: &Value) -> Option<(String, Value)> {
    let (name, value) = said.as_str()?.split_once(['=', ':'])?;
    let (name, value) = (name.trim(), value.trim());
    (!name.is_empty() && !value.is_empty()).then(|| (name.to_owned(), Value::from(value)))
}

/// One of an `enum`'s words in any case and with spaces for underscores, or any text without one.
fn choice(said: String, schema: &Map<String, Value>, path: &str) -> Result<Value, ToolError> {
    let Some(words) = schema.get("enum").and_then(Value::as_array) else {
        return Ok(Value::String(said));
    };
    let same = |word: &&Value| {
        let plain = said.to_lowercase().replace([' ', '-'], "_");
        word.as_str().is_some_and(|word| word == said || word.replace([' ', '-'], "_") == plain)
    };
    words.iter().find(same).cloned().ok_or_else(|| {
        let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
        ToolError::invalid(text!(
            "The argument {path} must be one of: {choices}.",
            path,
            choices = words.join(", ")
        ))
    })
}

fn unknown(name: &str, path: &str, properties: &Map<String, Value>) -> ToolError {
    let shown: String = name.chars().filter(char::is_ascii_graphic).take(60).collect();
    let inside = if path.is_empty() { String::new() } else { text!(" inside {path}", path) };
    let near = properties
        .keys()
        .map(|known| (strsim::jaro_winkler(known, name), known))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    let names: Vec<&str> = properties.keys().map(String::as_str).collect();
    let hint = match near {
        Some((_, known)) => text!("did you mean {known}?", known),
        None if names.is_empty() => text!("it takes none."),
        None => text!("it takes {names}.", names = names.join(", ")),
    };
    ToolError::invalid(text!(
        "There is no argument called {shown}{inside}; {hint}",
        shown,
        inside,
        hint
    ))
}

/// `customerId` as `customer_id`; everything else as it is.
fn snake_case(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for (position, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && position > 0 && !snake.ends_with('_') {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    snake
}

/// Runs a type's own rules and says the first broken one with its path, never with the value.
///
/// # Errors
/// `invalid_parameters` naming the argument.
pub fn validate(args: &impl Validate) -> Result<(), ToolError> {
    match args.validate() {
        Ok(()) => Ok(()),
        Err(errors) => Err(ToolError::invalid(first_broken_rule(&errors, ""))),
    }
}

fn first_broken_rule(errors: &ValidationErrors, path: &str) -> String {
    let mut fields: Vec<_> = errors.errors().iter().collect();
    fields.sort_by(|a, b| a.0.cmp(b.0));
    let Some((field, kind)) = fields.first() else {
        return text!("The arguments do not fit.");
    };
    let dot = if path.is_empty() { "" } else { "." };
    let here = format!("{path}{dot}{field}");
    match kind {
        ValidationErrorsKind::Struct(inner) => first_broken_rule(inner, &here),
        ValidationErrorsKind::List(items) => match items.iter().next() {
            Some((position, inner)) => first_broken_rule(inner, &format!("{here}[{position}]")),
            None => text!("The argument {here} does not fit.", here),
        },
        ValidationErrorsKind::Field(rules) => {
            let rule = rules.first().and_then(|rule| rule.message.as_deref());
            text!(
                "The argument {here} {rule}.",
                here,
                rule = rule.map_or_else(
                    || text!("is outside of what is allowed"),
                    |rule| word(rule).to_owned()
                )
            )
        }
    }
}

/// The one text of equal arguments: names sorted at every level, no spaces.
pub fn canonical(arguments: &Map<String, Value>) -> String {
    let mut arguments = Value::Object(arguments.clone());
    arguments.sort_all_objects();
    arguments.to_string()
}

#[cfg(test)]
#[path = "arguments_tests.rs"]
mod tests;
