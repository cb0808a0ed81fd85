//! What in a record is more than one value: an object, or a list of objects.

/// An object or a list of objects in a field of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    pub(super) field: &'static str,
    pub(super) is_list: bool,
    /// The field by which the objects of a list are told apart.
    pub(super) key: Option<&'static str>,
    /// The columns of a CSV file that are its fields.
    pub(super) columns: &'static [&'static str],
}

impl Part {
    /// An object, such as an address. It is one value: a file that names it replaces it.
    pub const fn object(field: &'static str) -> Self {
        Self { field, is_list: false, key: None, columns: &[] }
    }

    /// A list of objects without names of their own. It is one value, too.
    pub const fn list(field: &'static str) -> Self {
        Self { field, is_list: true, key: None, columns: &[] }
    }

    /// A list of objects that are told apart by one of their fields. They are merged one by one, and those that a file
    /// does not name stay.
    pub const fn named_list(field: &'static str, key: &'static str) -> Self {
        Self { field, is_list: true, key: Some(key), columns: &[] }
    }

    /// The columns of a CSV file that are its fields; of a list, each row has one object. Without any, CSV cannot hold
    /// it.
    #[must_use]
    pub const fn in_columns(self, columns: &'static [&'static str]) -> Self {
        Self { columns, ..self }
    }
}
