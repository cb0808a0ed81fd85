//! A JSON object whose names are unique.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor},
};
use serde_json::{Map, Value};

use super::Rejected;

/// A header or a set of claims. A name that stands twice is an error: two readers that pick
/// different ones would see two different tokens.
pub(super) struct Object(Map<String, Value>);

impl Object {
    /// Reads one part of a token.
    pub fn from_part(part: &str) -> Result<Self, Rejected> {
        let json = URL_SAFE_NO_PAD.decode(part).map_err(|_| Rejected::Malformed)?;
        serde_json::from_slice(&json).map_err(|_| Rejected::Malformed)
    }

    /// The value of a name; `null` is a value.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Whether one of these names is there, whatever its value.
    pub fn has_any(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.0.contains_key(*name))
    }

    /// A text; `None` if the name is missing, the wrong kind of value is the error given.
    pub fn text(&self, name: &str, wrong: Rejected) -> Result<Option<&str>, Rejected> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(wrong),
        }
    }
}

impl From<Map<String, Value>> for Object {
    fn from(map: Map<String, Value>) -> Self {
        Self(map)
    }
}

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Unique;

        impl<'de> Visitor<'de> for Unique {
            type Value = Object;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with unique names")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Object, A::Error> {
                let mut map = Map::new();
                while let Some((name, value)) = access.next_entry::<String, Value>()? {
                    if map.insert(name, value).is_some() {
                        return Err(A::Error::custom("a name stands twice"));
                    }
                }
                Ok(Object(map))
            }
        }

        deserializer.deserialize_map(Unique)
    }
}
