//! `tools.lock`: the words and schemas of every tool, written down so that none of them changes unnoticed.
//!
//! Platforms pin what a tool says of itself, and some withdraw its approval when a word changes. So
//! the lock is committed, and a change of it is a line in a review.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    digest::sha256,
    tool::{Catalogue, arguments, catalogue::Entry},
};

/// Where the lock is, unless a command says otherwise.
pub const FILE: &str = "tools.lock";

const HEADER: &str = "\
# What clients pin of each tool: its description, and the SHA-256 of its input and output schemas as compact JSON with
# sorted keys. `business-mcp tools --lock` writes this file, and `business-mcp tools --check` holds it against the program.
";

/// What clients pin of every tool, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Lock(BTreeMap<String, Locked>);

/// What clients pin of one tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Locked {
    description: String,
    input_schema: String,
    output_schema: String,
}

/// How one tool differs from what the lock says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// The program has it, the lock does not.
    Added(String),
    /// The lock has it, the program does not.
    Removed(String),
    /// Both have it, and these parts of it differ.
    Changed(String, Vec<&'static str>),
}

impl Lock {
    /// The lock of these tools.
    pub fn of(catalogue: &Catalogue) -> Self {
        let locked = |entry: &Entry| (entry.spec.name.to_owned(), Locked::of(entry));
        Self(catalogue.iter().map(|entry| locked(entry)).collect())
    }

    /// Reads a lock.
    ///
    /// # Errors
    /// A sentence that names the line.
    pub fn parse(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| error.to_string().trim_end().to_owned())
    }

    /// The text of the file: one block a tool, in the order of their names.
    ///
    /// # Errors
    /// None that a lock of tools can cause.
    pub fn text(&self) -> Result<String, toml::ser::Error> {
        Ok(format!("{HEADER}\n{}", toml::to_string(self)?))
    }

    /// How `now` differs from this lock, in the order of the names.
    pub fn differences(&self, now: &Self) -> Vec<Difference> {
        let mut names: Vec<&String> = self.0.keys().chain(now.0.keys()).collect();
        names.sort();
        names.dedup();
        names.into_iter().filter_map(|name| self.difference(now, name)).collect()
    }

    fn difference(&self, now: &Self, name: &str) -> Option<Difference> {
        let name = name.to_owned();
        let (before, now) = match (self.0.get(&name), now.0.get(&name)) {
            (None, Some(_)) => return Some(Difference::Added(name)),
            (Some(_), None) => return Some(Difference::Removed(name)),
            (before, now) => (before?, now?),
        };
        let parts = [
            ("description", before.description == now.description),
            ("input schema", before.input_schema == now.input_schema),
            ("output schema", before.output_schema == now.output_schema),
        ];
        let changed: Vec<_> = parts.iter().filter(|part| !part.1).map(|part| part.0).collect();
        (!changed.is_empty()).then_some(Difference::Changed(name, changed))
    }
}

impl Locked {
    fn of(entry: &Entry) -> Self {
        Self {
            description: entry.spec.description.to_owned(),
            input_schema: hash(&entry.input_schema),
            output_schema: hash(&entry.output_schema),
        }
    }
}

/// The order of a schema's keys says nothing to who reads it, so it is not in the hash.
fn hash(schema: &Map<String, Value>) -> String {
    sha256(&arguments::canonical(schema))
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added(name) => write!(f, "added    {name}"),
            Self::Removed(name) => write!(f, "removed  {name}"),
            Self::Changed(name, parts) => write!(f, "changed  {name}: {}", parts.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_keys_is_not_a_change_and_the_order_of_words_is() {
        let of = |text: &str| hash(&serde_json::from_str(text).unwrap());
        let one = of(r#"{"type":"object","required":["a","b"]}"#);
        assert_eq!(one, of(r#"{"required":["a","b"],"type":"object"}"#));
        assert_ne!(one, of(r#"{"type":"object","required":["b","a"]}"#));
    }
}
