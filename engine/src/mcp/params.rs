//! What a method is given.

use std::fmt;

use rmcp::model::{JsonObject, MetaObject, ProtocolVersion, RequestMetaObject};
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;

use super::Malformed;

/// The `_meta` key that names the revision of a request.
const VERSION: &str = "io.modelcontextprotocol/protocolVersion";

/// What a method is given.
#[derive(Debug, Default)]
pub struct Params {
    /// Everything but `_meta`.
    pub(super) given: JsonObject,
    meta: RequestMetaObject,
    /// A member was given twice, so two readers could understand two different things.
    twice: bool,
}

impl Params {
    pub(super) fn read(given: Given) -> Result<Self, Malformed> {
        let (mut given, twice) = match given {
            Given::Nothing => return Ok(Self::default()),
            Given::Object(members, twice) => (members, twice),
            Given::Other => {
                return Err(Malformed::params("The params of a message are an object."));
            }
        };
        // Swapped out, because nobody asks for the order of what is left.
        let meta = match given.swap_remove("_meta") {
            None | Some(Value::Null) => RequestMetaObject::default(),
            Some(Value::Object(meta)) => RequestMetaObject(MetaObject(meta)),
            Some(_) => return Err(Malformed::params("The _meta of a message is an object.")),
        };
        Ok(Self { given, meta, twice })
    }

    /// A member that is text. What is given twice has none.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.given.get(name).filter(|_| !self.twice).and_then(Value::as_str)
    }

    /// Whether each member was given once.
    pub(super) fn is_plain(&self) -> bool {
        !self.twice
    }

    /// The revision that the request says it is of.
    pub fn version(&self) -> Option<&str> {
        self.meta.get(VERSION).and_then(Value::as_str)
    }

    /// What a request of 2026-07-28 has to say of itself, and this one does not.
    pub fn missing(&self) -> Vec<&'static str> {
        self.meta.missing_required_keys(&ProtocolVersion::V_2026_07_28)
    }
}

/// The params as they were sent.
#[derive(Default)]
pub(super) enum Given {
    #[default]
    Nothing,
    Object(JsonObject, bool),
    Other,
}

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(GivenVisitor)
    }
}

struct GivenVisitor;

impl<'de> Visitor<'de> for GivenVisitor {
    type Value = Given;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the params of a message")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Given, A::Error> {
        let mut members = JsonObject::new();
        let mut twice = false;
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            twice |= members.insert(name, value).is_some();
        }
        Ok(Given::Object(members, twice))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Given, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Given::Other)
    }

    fn visit_unit<E>(self) -> Result<Given, E> {
        Ok(Given::Nothing)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Given, E> {
        Ok(Given::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Given, E> {
        Ok(Given::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Given, E> {
        Ok(Given::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Given, E> {
        Ok(Given::Other)
    }

    fn visit_str<E>(self, _: &str) -> Result<Given, E> {
        Ok(Given::Other)
    }
}
