//! Rows of a table as the objects that JSON Lines would have had.
//!
//! An empty cell is `null`, which clears the field. What an object holds once may stand in the row itself: a
//! customer's `city` or `address.city`, a product's `sku` and `options.color`, an order's `sku`.
//! Rows of one product, or of one order, that follow each other become one record with several
//! variants, or several items; empty cells of the rows that follow name nothing. Lists beyond that
//! are not flat, and are left to JSON Lines.

use serde_json::{Map, Value};

use super::{FieldError, Kind};

/// Where the columns of a nested object belong.
struct Nested {
    columns: &'static [&'static str],
    /// The field that holds the object, or the list of such objects.
    field: &'static str,
    is_list: bool,
}

const ADDRESS: Nested = Nested {
    columns: &["line1", "line2", "city", "region", "postal_code", "country"],
    field: "address",
    is_list: false,
};
const VARIANT: Nested = Nested {
    columns: &["sku", "options", "price", "on_hand", "reorder_point", "location", "active"],
    field: "variants",
    is_list: true,
};
const ITEM: Nested =
    Nested { columns: &["sku", "quantity", "unit_price"], field: "items", is_list: true };

const fn nested(kind: Kind) -> &'static [Nested] {
    match kind {
        Kind::Customers => &[ADDRESS],
        Kind::Products => &[VARIANT],
        Kind::Orders => &[ADDRESS, ITEM],
        Kind::Interactions => &[],
    }
}

/// Refuses columns whose values are lists.
///
/// # Errors
/// The first such column.
pub fn check_columns(columns: &[String]) -> Result<(), FieldError> {
    let lists = ["payment_methods", "payments", "shipments", "variants", "items"];
    for (n, column) in columns.iter().enumerate() {
        let name = column.split('.').next().unwrap_or_default();
        if lists.contains(&name) {
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
pub fn object<'a>(
    kind: Kind,
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
        let home = nested(kind).iter().find(|nested| nested.columns.contains(&head));
        let object = match home {
            Some(nested) if nested.is_list => first_of(&mut record, nested.field),
            Some(nested) => inside(&mut record, nested.field),
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
    for nested in nested(kind) {
        // An address of empty cells is cleared; a row without a variant says nothing of variants.
        if record.get(nested.field).is_some_and(is_empty) {
            if nested.is_list {
                record.shift_remove(nested.field);
            } else {
                record.insert(nested.field.to_owned(), Value::Null);
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

/// Adds the row's one variant or item to the record before it, where both are one record. A row
/// that says something else about that record is an error, given as its field.
///
/// # Errors
/// The field in which the two rows differ.
pub fn join(
    kind: Kind,
    before: &mut Map<String, Value>,
    row: &mut Map<String, Value>,
) -> Result<bool, FieldError> {
    let Some(list) = nested(kind).iter().find(|nested| nested.is_list) else { return Ok(false) };
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
