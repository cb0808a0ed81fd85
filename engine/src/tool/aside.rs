//! What a call carries along that does not say what is wanted: a note, an expected version, a spelling.

use std::ops::{Deref, DerefMut};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A value in an intent that takes no part in what the call means: a note, the version that the caller has seen, an
/// address as it was spelled. It is stored with an approval and given to the plan, but the same wish with another one
/// is the same wish. It may stand at any depth of an intent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aside<T> {
    /// The value.
    pub aside: T,
}

/// A note, a reason, a summary: text that does not identify the wish.
pub type FreeText = Aside<String>;

impl<T> From<T> for Aside<T> {
    fn from(aside: T) -> Self {
        Self { aside }
    }
}

impl<T> Deref for Aside<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.aside
    }
}

impl<T> DerefMut for Aside<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.aside
    }
}

/// What identifies the wish: an intent without its asides, and without nulls, which may have been asides that were not
/// given.
pub(super) fn without_asides(intent: &Map<String, Value>) -> Map<String, Value> {
    let stays = |value: &Value| !value.is_null() && !is_aside(value);
    let members = intent.iter().filter(|(_, value)| stays(value));
    members.map(|(name, value)| (name.clone(), inner(value))).collect()
}

fn inner(value: &Value) -> Value {
    match value {
        Value::Object(object) => Value::Object(without_asides(object)),
        Value::Array(values) => Value::Array(values.iter().map(inner).collect()),
        plain => plain.clone(),
    }
}

fn is_aside(value: &Value) -> bool {
    value.as_object().is_some_and(|object| object.len() == 1 && object.contains_key("aside"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Line {
        sku: &'static str,
        spelled: Aside<&'static str>,
    }

    #[derive(Serialize)]
    struct Intent {
        order_id: &'static str,
        lines: Vec<Line>,
        note: Option<FreeText>,
        expected_version: Aside<Option<i64>>,
    }

    fn identity(intent: &Intent) -> Value {
        let Value::Object(intent) = serde_json::to_value(intent).unwrap() else { panic!() };
        Value::Object(without_asides(&intent))
    }

    #[test]
    fn asides_are_left_out_at_every_depth() {
        let intent = Intent {
            order_id: "ORD-5",
            lines: vec![Line { sku: "SKU-1", spelled: "sku one".into() }],
            note: Some("Ring twice.".to_owned().into()),
            expected_version: Some(3).into(),
        };
        let bare = json!({ "order_id": "ORD-5", "lines": [{ "sku": "SKU-1" }] });
        assert_eq!(identity(&intent), bare);
        let without = Intent { note: None, expected_version: None.into(), ..intent };
        assert_eq!(identity(&without), bare);
    }

    #[test]
    fn an_aside_reads_back_what_it_writes() {
        let line = Line { sku: "SKU-1", spelled: "sku one".into() };
        let stored = serde_json::to_string(&line).unwrap();
        assert_eq!(serde_json::from_str::<Line>(stored.leak()).unwrap(), line);
    }
}
