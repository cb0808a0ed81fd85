//! Taking a JSON object apart, field by field. What was not taken is an error: a misspelt field
//! that is silently dropped would be believed.

use chrono::{DateTime, NaiveDate, NaiveTime, SubsecRound, Utc};
use serde::Serializer;
use serde_json::{Map, Value};

use crate::{money::Money, speech::text, tool::context::Tenant};

/// How long an id may be.
pub const ID: usize = 64;
/// How long a name, an address line or a category may be.
pub const SHORT: usize = 200;
/// How long a note or a description may be.
pub const LONG: usize = 4000;

/// What is wrong with a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{}{problem}", field, if field.is_empty() { "" } else { ": " })]
pub struct FieldError {
    /// The field, such as `lines[0].price`; empty for the record as a whole.
    pub field: String,
    /// The end of a sentence that begins with the field.
    pub problem: String,
    /// Whether a field is not there that a new record needs.
    pub is_missing: bool,
}

impl FieldError {
    /// What is wrong with a field.
    pub fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { field: field.into(), problem: problem.into(), is_missing: false }
    }
}

/// An id as a record has it: text, or the digits of a number.
pub fn id_of(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    text::check(&text, ID).ok().filter(|id| !id.is_empty())
}

/// An object whose fields are taken one by one.
pub struct Fields<'r> {
    path: String,
    object: Map<String, Value>,
    /// The names of texts and lists that were there and held nothing.
    empty: Vec<String>,
    /// Whose record it is: its currency, and the facts of its business.
    pub tenant: &'r Tenant,
}

impl<'r> Fields<'r> {
    /// The fields of an object that stands at a path; the path is empty for a whole record.
    ///
    /// # Errors
    /// The value is no object.
    pub fn new(value: Value, path: String, tenant: &'r Tenant) -> Result<Self, FieldError> {
        match value {
            Value::Object(object) => Ok(Self { path, object, empty: Vec::new(), tenant }),
            _ => Err(FieldError::new(path, "is not an object")),
        }
    }

    /// Says what is wrong with one of the fields.
    pub fn error(&self, name: &str, problem: impl Into<String>) -> FieldError {
        let path =
            if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) };
        FieldError::new(path, problem)
    }

    /// A field that need not be there; null is as good as absent.
    pub fn take(&mut self, name: &str) -> Option<Value> {
        self.object.shift_remove(name).filter(|value| !value.is_null())
    }

    /// A line of text that need not be there; an empty one is as good as absent.
    pub fn optional(&mut self, name: &str, max: usize) -> Result<Option<String>, FieldError> {
        self.checked(name, |text| text::check(text, max))
    }

    /// Several lines of text that need not be there.
    pub fn optional_lines(&mut self, name: &str, max: usize) -> Result<Option<String>, FieldError> {
        self.checked(name, |text| text::check_lines(text, max))
    }

    fn checked(
        &mut self,
        name: &str,
        check: impl Fn(&str) -> Result<String, text::TextError>,
    ) -> Result<Option<String>, FieldError> {
        let text = match self.take(name) {
            None => return Ok(None),
            Some(Value::String(text)) => text,
            Some(Value::Number(number)) => number.to_string(),
            Some(_) => return Err(self.error(name, "is not text")),
        };
        let text = check(&text).map_err(|problem| self.error(name, problem.to_string()))?;
        if text.is_empty() {
            self.empty.push(name.to_owned());
            return Ok(None);
        }
        Ok(Some(text))
    }

    /// Says that a field is missing, or that it is there and holds nothing.
    pub fn missing(&self, name: &str) -> FieldError {
        let is_empty = self.empty.iter().any(|empty| empty == name);
        let problem = if is_empty { "is empty" } else { "is missing" };
        FieldError { is_missing: true, ..self.error(name, problem) }
    }

    /// A line of text that must be there.
    pub fn required(&mut self, name: &str, max: usize) -> Result<String, FieldError> {
        self.optional(name, max)?.ok_or_else(|| self.missing(name))
    }

    /// What must be there, or an error that says so.
    pub fn present<T>(&self, name: &str, value: Option<T>) -> Result<T, FieldError> {
        value.ok_or_else(|| self.missing(name))
    }

    /// A text of a fixed set, read by a function that knows them.
    pub fn one_of<T>(
        &mut self,
        name: &str,
        parse: impl Fn(&str) -> Option<T>,
        known: &str,
    ) -> Result<Option<T>, FieldError> {
        let Some(text) = self.optional(name, SHORT)? else { return Ok(None) };
        parse(&text).map(Some).ok_or_else(|| self.error(name, format!("is none of {known}")))
    }

    /// An amount that is not negative: a decimal number, or the text of one. A number is read from
    /// its digits, so that no binary fraction comes between.
    pub fn money(&mut self, name: &str) -> Result<Option<Money>, FieldError> {
        let text = match self.take(name) {
            None => return Ok(None),
            Some(Value::String(text)) => text,
            Some(Value::Number(number)) => number.to_string(),
            Some(_) => String::new(),
        };
        let money = Money::parse(&text, self.tenant.currency)
            .map_err(|problem| self.error(name, problem.to_string()))?;
        if money.minor < 0 {
            return Err(self.error(name, "is negative"));
        }
        Ok(Some(money))
    }

    /// A whole number between two others, both included.
    pub fn whole(&mut self, name: &str, from: i64, to: i64) -> Result<Option<i64>, FieldError> {
        let number = match self.take(name) {
            None => return Ok(None),
            Some(Value::Number(number)) => number.as_i64(),
            Some(Value::String(text)) => text.trim().parse().ok(),
            Some(_) => None,
        };
        match number {
            Some(number) if (from..=to).contains(&number) => Ok(Some(number)),
            Some(_) => Err(self.error(name, format!("is not between {from} and {to}"))),
            None => Err(self.error(name, "is not a whole number")),
        }
    }

    /// Yes or no.
    pub fn flag(&mut self, name: &str) -> Result<Option<bool>, FieldError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(flag)),
            Some(Value::String(text)) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "yes" | "1" => Ok(Some(true)),
                "false" | "no" | "0" => Ok(Some(false)),
                _ => Err(self.error(name, "is neither true nor false")),
            },
            Some(_) => Err(self.error(name, "is neither true nor false")),
        }
    }

    /// A time, RFC 3339 with its offset; a day alone is its beginning in UTC.
    pub fn time(&mut self, name: &str) -> Result<Option<DateTime<Utc>>, FieldError> {
        let Some(text) = self.optional(name, SHORT)? else { return Ok(None) };
        let at = DateTime::parse_from_rfc3339(&text).map(|at| at.to_utc()).or_else(|_| {
            NaiveDate::parse_from_str(&text, "%Y-%m-%d")
                .map(|day| day.and_time(NaiveTime::MIN).and_utc())
        });
        let years = |at: &DateTime<Utc>| (1900..=2200).contains(&chrono::Datelike::year(at));
        match at.ok().filter(years) {
            Some(at) => Ok(Some(at.trunc_subsecs(3))),
            None => Err(self.error(name, "is not a time such as 2026-05-31T14:30:00Z")),
        }
    }

    /// An object that need not be there.
    pub fn object(&mut self, name: &str) -> Result<Option<Fields<'r>>, FieldError> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let path = self.error(name, "").field;
        Fields::new(value, path, self.tenant).map(Some)
    }

    /// A list that need not be there, each of its values with its path.
    pub fn list(&mut self, name: &str) -> Result<Option<Vec<(String, Value)>>, FieldError> {
        match self.take(name) {
            None => Ok(None),
            Some(Value::Array(values)) => {
                if values.is_empty() {
                    self.empty.push(name.to_owned());
                }
                let path = self.error(name, "").field;
                let with_path = |(n, value)| (format!("{path}[{n}]"), value);
                Ok(Some(values.into_iter().enumerate().map(with_path).collect()))
            }
            Some(_) => Err(self.error(name, "is not a list")),
        }
    }

    /// A list of objects that need not be there, each read by a function.
    pub fn objects<T>(
        &mut self,
        name: &str,
        read: impl Fn(&mut Fields<'r>) -> Result<T, FieldError>,
    ) -> Result<Option<Vec<T>>, FieldError> {
        let Some(values) = self.list(name)? else { return Ok(None) };
        let records = values.into_iter().map(|(path, value)| {
            let mut fields = Fields::new(value, path, self.tenant)?;
            let record = read(&mut fields)?;
            fields.finish()?;
            Ok(record)
        });
        records.collect::<Result<_, _>>().map(Some)
    }

    /// Whatever fields are left, for an object whose names are free.
    pub fn rest(&mut self) -> Map<String, Value> {
        std::mem::take(&mut self.object)
    }

    /// Nothing may be left.
    ///
    /// # Errors
    /// The first field that nobody asked for.
    pub fn finish(&mut self) -> Result<(), FieldError> {
        match self.object.keys().next() {
            Some(name) => Err(self.error(name, "is not a field of the import format")),
            None => Ok(()),
        }
    }
}

/// Writes an amount as the import format does: a plain decimal in text.
///
/// # Errors
/// The serializer's own.
pub fn decimal<S: Serializer>(money: &Money, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&money.decimal())
}

/// The same of an amount that may not be there.
///
/// # Errors
/// The serializer's own.
pub fn optional_decimal<S: Serializer>(money: &Option<Money>, to: S) -> Result<S::Ok, S::Error> {
    match money {
        Some(money) => decimal(money, to),
        None => to.serialize_none(),
    }
}
