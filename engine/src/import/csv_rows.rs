//! Rows of a table as the objects that JSON Lines would have had.
//!
//! An empty cell is `null`, which clears the field. What an object holds once may stand in the row itself: the `city`
//! of an address, or `address.city`, or what a list has one object of ([`Part::in_columns`]). Rows of one record that
//! follow each other become one record with a longer list; empty cells of the rows that follow name nothing. Lists
//! beyond that are not flat, and are left to JSON Lines.

use serde_json::{Map, Value};

use super::{fields::FieldError, part::Part};

/// Refuses columns whose values are lists.
///
/// # Errors
/// The first such column.
pub(super) fn check_columns(parts: &[Part], columns: &[String]) -> Result<(), FieldError> {
    for (n, column) in columns.iter().enumerate() {
        let name = column.split('.').next().unwrap_or_default();
        if parts.iter().any(|part| part.is_list && part.field == name) {
            return Err(FieldError::new(
                column,
                "is a list, which CSV cannot hold: use JSON Lines",
            ));
        }
        if columns.iter().take(n).any(|other| other == column) {
            return Err(FieldError::new(column, "is the name of two columns"));
        }
    }
    Ok(())
}

/// The object of one row.
pub(super) fn object<'a>(
    parts: &[Part],
    columns: impl Iterator<Item = &'a str>,
    cells: impl Iterator<Item = &'a str>,
) -> Map<String, Value> {
    let mut record = Map::new();
    for (column, cell) in columns.zip(cells) {
        let cell = match cell.trim() {
            "" => Value::Null,
            cell => Value::String(cell.to_owned()),
        };
        let (head, tail) = column.split_once('.').map_or((column, None), |(h, t)| (h, Some(t)));
        let home = parts.iter().find(|part| part.columns.contains(&head));
        let object = match home {
            Some(part) if part.is_list => first_of(&mut record, part.field),
            Some(part) => inside(&mut record, part.field),
            None => Some(&mut record),
        };
        let object = match tail {
            Some(_) => object.and_then(|object| inside(object, head)),
            None => object,
        };
        if let Some(object) = object {
            object.insert(tail.unwrap_or(head).to_owned(), cell);
        }
    }
    for part in parts {
        // An object of empty cells is cleared; a row without an object of a list says nothing of the list.
        if record.get(part.field).is_some_and(is_empty) {
            if part.is_list {
                record.shift_remove(part.field);
            } else {
                record.insert(part.field.to_owned(), Value::Null);
            }
        }
    }
    record
}

/// Whether a value holds nothing but empty cells.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(values) => values.iter().all(is_empty),
        Value::Object(object) => object.values().all(is_empty),
        _ => false,
    }
}

/// Takes the empty cells out of what a row says.
fn drop_empty(object: &mut Map<String, Value>) {
    object.retain(|_, value| !is_empty(value));
    for value in object.values_mut() {
        match value {
            Value::Object(object) => drop_empty(object),
            Value::Array(values) => {
                values.iter_mut().filter_map(Value::as_object_mut).for_each(drop_empty);
            }
            _ => {}
        }
    }
}

/// The object in a field, made where it is missing.
fn inside<'o>(
    object: &'o mut Map<String, Value>,
    field: &str,
) -> Option<&'o mut Map<String, Value>> {
    object.entry(field).or_insert_with(|| Value::Object(Map::new())).as_object_mut()
}

/// The first object of the list in a field, made where it is missing.
fn first_of<'o>(
    object: &'o mut Map<String, Value>,
    field: &str,
) -> Option<&'o mut Map<String, Value>> {
    let list = object
        .entry(field)
        .or_insert_with(|| Value::Array(vec![Value::Object(Map::new())]))
        .as_array_mut()?;
    list.first_mut()?.as_object_mut()
}

/// Adds the row's one object of a list to the record before it, where both are one record. A row
/// that says something else about that record is an error, given as its field.
///
/// # Errors
/// The field in which the two rows differ.
pub(super) fn join(
    parts: &[Part],
    before: &mut Map<String, Value>,
    row: &mut Map<String, Value>,
) -> Result<bool, FieldError> {
    let is_list = |part: &&Part| part.is_list && !part.columns.is_empty();
    let Some(list) = parts.iter().find(is_list) else { return Ok(false) };
    if before.get("id").is_none() || before.get("id") != row.get("id") {
        return Ok(false);
    }
    drop_empty(row);
    for (field, value) in row.iter().filter(|(field, _)| *field != list.field) {
        if before.get(field) != Some(value) {
            return Err(FieldError::new(field, "is not what the row before says"));
        }
    }
    let Some(Value::Array(mut added)) = row.shift_remove(list.field) else { return Ok(true) };
    if let Some(values) = before.get_mut(list.field).and_then(Value::as_array_mut) {
        values.append(&mut added);
    }
    Ok(true)
}
