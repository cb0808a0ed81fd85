//! What a file says of a record that is on file: what it names, the record as it was last imported,
//! and the record on the server.
//!
//! What the file leaves out stays. What it names counts as changed where it differs from the last
//! import; without one, where it differs from the server. The objects of a list with names of their
//! own ([`Part::named_list`]) are merged one by one, and those that the file does not name stay. Any
//! other field, such as an address, is one value.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::part::Part;

/// A JSON object.
pub type Object = Map<String, Value>;

/// One record, or one object of a list in it, in the forms that are compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Merge {
    /// The objects and lists in it.
    pub parts: &'static [Part],
    /// What the file says, as it says it; `null` clears a field.
    pub named: Object,
    /// What was last imported.
    pub last: Option<Object>,
    /// What the server has; `None` for what is new to it.
    pub server: Option<Object>,
    /// The record that the file means, with whatever it leaves out, in canonical form.
    pub full: Object,
}

impl Merge {
    /// What the file says over what was last imported over what the server has. Read as a record and
    /// written again, it becomes `full`.
    pub fn layered(&self) -> Object {
        let empty = Object::new();
        let server = self.server.as_ref().unwrap_or(&empty);
        let known = self.last.clone().map(|last| overlay(self.parts, server, last));
        overlay(self.parts, known.as_ref().unwrap_or(server), self.named.clone())
    }

    /// Whether the file changes a field.
    pub fn changes(&self, field: &str) -> bool {
        let before = self.last.as_ref().or(self.server.as_ref());
        self.named.contains_key(field)
            && self.full.get(field) != before.and_then(|before| before.get(field))
    }

    /// What the server is to have: its own record with the fields that the file changes, without
    /// the lists of named objects.
    pub fn target(&self) -> Object {
        let mut target = self.server.clone().unwrap_or_default();
        for field in self.named.keys().filter(|field| self.changes(field)) {
            match self.full.get(field) {
                Some(value) => target.insert(field.clone(), value.clone()),
                None => target.shift_remove(field),
            };
        }
        target.retain(|field, _| key_of(self.parts, field).is_none());
        target
    }

    /// Whether the target is what the server has.
    pub fn is_settled(&self) -> bool {
        let empty = Object::new();
        let target = self.target();
        let server = self.server.as_ref().unwrap_or(&empty);
        target.len() == server.keys().filter(|field| key_of(self.parts, field).is_none()).count()
            && target.iter().all(|(field, value)| server.get(field) == Some(value))
    }

    /// The objects of a list that the file names, in its order.
    pub fn items(&self, list: &str) -> Vec<Self> {
        let Some(key) = key_of(self.parts, list) else { return Vec::new() };
        let named = objects(Some(&self.named), list);
        let item = |named: &Object| {
            let name = name_of(named, key);
            let find = |record: Option<&Object>| {
                objects(record, list).find(|item| name_of(item, key) == name).cloned()
            };
            Self {
                // An object of a list has no lists of named objects.
                parts: &[],
                named: named.clone(),
                last: find(self.last.as_ref()),
                server: find(self.server.as_ref()),
                full: find(Some(&self.full)).unwrap_or_default(),
            }
        };
        named.map(item).collect()
    }

    /// What is kept as the last import: what this file or one before it named.
    pub fn imported(&self) -> Object {
        if self.server.is_none() {
            return self.full.clone();
        }
        let was = |field: &str| self.last.as_ref().is_some_and(|last| last.contains_key(field));
        let mut imported = Object::new();
        for (field, value) in &self.full {
            let value = match key_of(self.parts, field) {
                Some(key) => self.imported_list(field, key),
                None => Some(value.clone()),
            };
            if let Some(value) = value.filter(|_| self.named.contains_key(field) || was(field)) {
                imported.insert(field.clone(), value);
            }
        }
        imported
    }

    fn imported_list(&self, list: &str, key: &str) -> Option<Value> {
        let mut imported: Vec<Object> =
            self.items(list).iter().map(|item| item.imported_item(key)).collect();
        for item in objects(self.last.as_ref(), list) {
            if imported.iter().all(|other| name_of(other, key) != name_of(item, key)) {
                imported.push(item.clone());
            }
        }
        let imported: Vec<Value> = imported.into_iter().map(Value::Object).collect();
        (!imported.is_empty()).then_some(Value::Array(imported))
    }

    fn imported_item(&self, key: &str) -> Object {
        let mut imported = self.imported();
        if let Some(name) = self.full.get(key) {
            imported.entry(key).or_insert_with(|| name.clone());
        }
        imported
    }
}

/// What was named over what is known.
fn overlay(parts: &[Part], known: &Object, named: Object) -> Object {
    let mut merged = Object::new();
    let mut cleared = Vec::new();
    for (field, value) in named {
        match (key_of(parts, &field), value) {
            // A list of named objects is never cleared.
            (Some(_), Value::Null) => {}
            (None, Value::Null) => cleared.push(field),
            (Some(key), Value::Array(named)) => {
                let list = overlay_list(key, objects(Some(known), &field), named);
                merged.insert(field, Value::Array(list));
            }
            (_, value) => {
                merged.insert(field, value);
            }
        }
    }
    for (field, value) in known {
        if !merged.contains_key(field) && !cleared.contains(field) {
            merged.insert(field.clone(), value.clone());
        }
    }
    merged
}

/// What is named comes first and in its order, so that a complaint counts as the file does.
fn overlay_list<'k>(
    key: &str,
    known: impl Iterator<Item = &'k Object>,
    named: Vec<Value>,
) -> Vec<Value> {
    let mut rest: Vec<&Object> = known.collect();
    let mut merged = Vec::with_capacity(named.len() + rest.len());
    for value in named {
        merged.push(match value {
            Value::Object(named) => {
                let name = name_of(&named, key);
                let same =
                    rest.iter().position(|item| name.is_some() && name_of(item, key) == name);
                // Two of one name stay two, and are refused.
                let known = same.map(|same| rest.remove(same));
                Value::Object(known.map_or_else(
                    || overlay(&[], &Object::new(), named.clone()),
                    |known| overlay(&[], known, named.clone()),
                ))
            }
            other => other,
        });
    }
    merged.extend(rest.into_iter().cloned().map(Value::Object));
    merged
}

fn key_of(parts: &[Part], list: &str) -> Option<&'static str> {
    parts.iter().find(|part| part.field == list)?.key
}

/// The objects of a list.
fn objects<'r>(record: Option<&'r Object>, list: &str) -> impl Iterator<Item = &'r Object> {
    let list = record.and_then(|record| record.get(list)).and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_object)
}

/// The name of an object, as a record has it.
pub fn name_of(object: &Object, key: &str) -> Option<String> {
    super::fields::id_of(object.get(key)?)
}

/// A field of each object of a list that has it as a text, by the object's name.
pub fn names(record: &Object, list: &str, key: &str, field: &str) -> HashMap<String, String> {
    let named = |object| Some((name_of(object, key)?, name_of(object, field)?));
    objects(Some(record), list).filter_map(named).collect()
}

/// A row of the database as a record has it: what is null is not there.
pub fn present(value: Value) -> Object {
    match value {
        Value::Object(mut object) => {
            object.retain(|_, value| !value.is_null());
            object
        }
        _ => Object::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const PARTS: &[Part] = &[Part::named_list("lines", "code")];

    fn object(value: Value) -> Object {
        let Value::Object(object) = value else { panic!("{value} is no object") };
        object
    }

    fn merge(named: Value, last: Option<Value>, server: Value) -> Merge {
        let (last, server) = (last.map(object), Some(object(server)));
        let merge = Merge { parts: PARTS, named: object(named), last, server, full: Object::new() };
        Merge { full: merge.layered(), ..merge }
    }

    #[test]
    fn what_a_file_leaves_out_or_repeats_stays() {
        let last = json!({ "id": "C", "name": "Ana", "email": "a@b.c", "phone": "1" });
        let server = json!({ "id": "C", "name": "Ann", "email": "x@y.z", "phone": "2" });
        let repeated =
            merge(json!({ "id": "C", "name": "Ana" }), Some(last.clone()), server.clone());
        assert!(repeated.is_settled());
        assert_eq!(repeated.imported(), object(last.clone()));
        let changed = json!({ "id": "C", "name": "Ana", "email": null, "phone": "3" });
        let changed = merge(changed, Some(last), server);
        assert_eq!(changed.target(), object(json!({ "id": "C", "name": "Ann", "phone": "3" })));
        assert_eq!(changed.imported(), object(json!({ "id": "C", "name": "Ana", "phone": "3" })));
    }

    #[test]
    fn without_a_last_import_what_is_named_is_compared_with_the_server() {
        let server = json!({ "id": "C", "name": "Ann", "email": "x@y.z" });
        let first = merge(json!({ "id": "C", "name": "Ana" }), None, server);
        assert_eq!(first.target(), object(json!({ "id": "C", "name": "Ana", "email": "x@y.z" })));
        assert_eq!(first.imported(), object(json!({ "id": "C", "name": "Ana" })));
    }

    #[test]
    fn named_objects_are_merged_one_by_one() {
        let last = json!({ "id": "N", "lines": [{ "code": "A", "price": "1" }, { "code": "B", "price": "2" }] });
        let server = json!({ "id": "N", "lines": [
            { "code": "A", "price": "9" }, { "code": "B", "price": "2" }, { "code": "S", "price": "5" }] });
        let named = json!({ "id": "N", "lines": [
            { "code": " B ", "price": "3" }, { "code": "A", "price": "1" }, { "code": 7, "price": "7" }] });
        let merge = merge(named, Some(last), server);
        let items = merge.items("lines");
        assert_eq!(
            items.iter().map(|item| item.changes("price")).collect::<Vec<_>>(),
            [true, false, true]
        );
        assert!(items[2].server.is_none());
        let codes = |record: &Object| -> Vec<Option<String>> {
            objects(Some(record), "lines").map(|item| name_of(item, "code")).collect()
        };
        let expected =
            |codes: &[&str]| codes.iter().map(|name| Some((*name).to_owned())).collect::<Vec<_>>();
        assert_eq!(codes(&merge.full), expected(&["B", "A", "7", "S"]));
        assert_eq!(codes(&merge.imported()), expected(&["B", "A", "7"]));
    }
}
