//! What goes into a statement: a value of one of the four types that both databases store alike.

use chrono::{DateTime, Utc};

use super::{StoreError, StoreResult};

/// A parameter. Nulls keep their type, because Postgres asks for it.
#[derive(Debug, Clone, Copy)]
pub enum Value<'a> {
    /// `text`.
    Text(Option<&'a str>),
    /// `bigint`.
    Int(Option<i64>),
    /// `boolean`.
    Bool(Option<bool>),
    /// `timestamptz`; RFC 3339 with milliseconds on SQLite, so that it sorts as text.
    Time(Option<DateTime<Utc>>),
    /// `text`: the tenant of the transaction.
    Tenant,
}

/// The tenant of the transaction in which the statement runs: `params![TENANT, id]`.
pub const TENANT: Value<'static> = Value::Tenant;

/// The parameters of a statement, with the tenant of its transaction.
#[derive(Clone, Copy, Default)]
pub(super) struct Params<'a> {
    values: &'a [Value<'a>],
    tenant: &'a str,
}

impl<'a> Params<'a> {
    /// # Errors
    /// A transaction that has no tenant, where a parameter is the tenant.
    pub(super) fn new(values: &'a [Value<'a>], tenant: Option<&'a str>) -> StoreResult<Self> {
        match tenant {
            Some(tenant) => Ok(Self { values, tenant }),
            None if values.iter().any(|value| matches!(value, Value::Tenant)) => Err(
                StoreError::other("the statement is about a tenant, and its transaction has none"),
            ),
            None => Ok(Self { values, tenant: "" }),
        }
    }

    /// The parameter with this number, from 0.
    pub(super) fn get(self, number: usize) -> Option<Value<'a>> {
        self.values.get(number).map(|value| self.resolve(*value))
    }

    /// Every parameter in order.
    pub(super) fn iter(self) -> impl Iterator<Item = Value<'a>> {
        self.values.iter().map(move |value| self.resolve(*value))
    }

    fn resolve(self, value: Value<'a>) -> Value<'a> {
        match value {
            Value::Tenant => Value::Text(Some(self.tenant)),
            value => value,
        }
    }
}

/// The parameters of a statement: `params![TENANT, id]` for `$1` and `$2`.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::db::value::Value::from($value)),*] };
}

/// How a time is written on SQLite: fixed width, so that text order is time order.
pub(super) fn sqlite_time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

macro_rules! from {
    ($($from:ty => |$value:ident| $into:expr;)*) => { $(
        impl<'a> From<$from> for Value<'a> {
            fn from($value: $from) -> Self { $into }
        }
    )* };
}

from! {
    &'a str => |value| Self::Text(Some(value));
    &'a String => |value| Self::Text(Some(value));
    &'a std::sync::Arc<str> => |value| Self::Text(Some(value));
    Option<&'a str> => |value| Self::Text(value);
    Option<&'a String> => |value| Self::Text(value.map(String::as_str));
    &'a Option<String> => |value| Self::Text(value.as_deref());
    i64 => |value| Self::Int(Some(value));
    Option<i64> => |value| Self::Int(value);
    bool => |value| Self::Bool(Some(value));
    DateTime<Utc> => |value| Self::Time(Some(value));
    Option<DateTime<Utc>> => |value| Self::Time(value);
}

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, Value as Owned, ValueRef};
        Ok(match *self {
            Self::Text(Some(text)) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Int(Some(number)) => ToSqlOutput::Borrowed(ValueRef::Integer(number)),
            Self::Bool(Some(truth)) => ToSqlOutput::Borrowed(ValueRef::Integer(truth.into())),
            Self::Time(Some(at)) => ToSqlOutput::Owned(Owned::Text(sqlite_time(at))),
            _ => ToSqlOutput::Borrowed(ValueRef::Null),
        })
    }
}
