//! Every tool by name: parse, validate, describe.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use schemars::JsonSchema;
use serde_json::{Map, Value};

use super::{
    access::Toolset,
    answer::Envelope,
    arguments,
    error::ToolError,
    prepared::{AnyTool, Reading, Writing},
    schema,
    spec::Spec,
    traits::{ReadTool, WriteTool},
};
pub use super::{
    prepared::{PlannedCall, PreparedCall, ResolvedCall},
    rendered::Rendered,
};
use crate::text;

/// The name of the argument that makes a write safe to repeat; the catalogue adds it to every tool
/// that writes, and the gate takes it out.
pub const IDEMPOTENCY_KEY: &str = "idempotency_key";

/// The tools of this server, in the order in which they are listed.
#[derive(Default)]
pub struct Catalogue {
    entries: Vec<Arc<Entry>>,
    by_name: HashMap<&'static str, usize>,
    ignored: arguments::Ignored,
    instructions: &'static str,
}

/// A tool, its declaration and its schemas, built once.
#[derive(Clone)]
pub struct Entry {
    /// What the tool says about itself.
    pub spec: &'static Spec,
    /// The portable schema of its arguments, as it is listed.
    pub input_schema: Arc<Map<String, Value>>,
    /// The schema by which its arguments are read.
    shape: Map<String, Value>,
    /// The schema of its whole answer.
    pub output_schema: Arc<Map<String, Value>>,
    /// Arguments that work, where the fields give examples; tests, the docs and the benchmark call the tool with them.
    pub example: Option<Map<String, Value>>,
    /// Whether its module records amounts.
    holds_money: bool,
    tool: Arc<dyn AnyTool>,
}

impl Catalogue {
    /// An empty catalogue. It drops these argument names wherever a tool does not know them, and has these instructions
    /// for agents.
    pub fn new(ignored: Vec<String>, instructions: &'static str) -> Self {
        Self { ignored: arguments::Ignored::new(ignored), instructions, ..Self::default() }
    }

    /// What the business tells agents before they call any tool.
    pub fn instructions(&self) -> &'static str {
        self.instructions
    }

    /// This catalogue and one tool more.
    #[must_use]
    pub fn with<K>(self, tool: impl AnyKind<K>) -> Self {
        self.with_entry(Arc::new(Entry::of(tool)))
    }

    /// This catalogue and one tool more, whose types are hidden already.
    #[must_use]
    pub fn with_entry(mut self, entry: Arc<Entry>) -> Self {
        let position = self.entries.len();
        for name in std::iter::once(&entry.spec.name).chain(entry.spec.aliases) {
            self.by_name.insert(name, position);
        }
        self.entries.push(entry);
        self
    }

    /// Every tool, in listed order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.entries.iter()
    }

    /// The toolsets that tools name, and the engine's own.
    pub fn toolsets(&self) -> Vec<Toolset> {
        let named = self.iter().flat_map(|entry| entry.spec.toolsets).copied();
        let every: BTreeSet<_> = named.chain([Toolset::VOICE, Toolset::APPROVER]).collect();
        every.into_iter().filter(|toolset| !toolset.is_many()).collect()
    }

    /// The tool with this name or alias.
    pub fn find(&self, name: &str) -> Option<&Arc<Entry>> {
        self.entries.get(*self.by_name.get(name)?)
    }

    /// Parses and validates a call. What is prepared may run; nothing else may.
    ///
    /// # Errors
    /// `invalid_parameters` naming the argument.
    pub fn prepare(
        &self,
        entry: &Entry,
        arguments: Map<String, Value>,
    ) -> Result<PreparedCall, ToolError> {
        let normal = arguments::normalise(arguments, &entry.shape, &self.ignored)?;
        entry.prepare(normal)
    }
}

impl Entry {
    /// A tool with its schemas.
    pub fn of<K>(tool: impl AnyKind<K>) -> Self {
        tool.entry()
    }

    fn build<A: JsonSchema, O: JsonSchema>(
        spec: &'static Spec,
        shape: Map<String, Value>,
        tool: Arc<dyn AnyTool>,
    ) -> Self {
        Self {
            spec,
            input_schema: Arc::new(schema::portable(&shape)),
            shape,
            output_schema: Arc::new(schema::portable_answer::<Envelope<O>>()),
            example: schema::example::<A>(),
            holds_money: false,
            tool,
        }
    }

    /// This tool as one of a module that records amounts.
    pub(crate) fn holding_money(&self) -> Self {
        Self { holds_money: true, ..self.clone() }
    }

    /// Whether it may write amounts, which it does not while their currency is in doubt.
    pub fn writes_money(&self) -> bool {
        self.holds_money && self.spec.effect.writes()
    }

    /// Prepares arguments that are in their normal form already, such as stored ones.
    ///
    /// # Errors
    /// `invalid_parameters` naming the argument.
    pub fn prepare(&self, mut arguments: Map<String, Value>) -> Result<PreparedCall, ToolError> {
        let idempotency_key = match arguments.shift_remove(IDEMPOTENCY_KEY) {
            Some(Value::String(key)) if self.spec.effect.writes() => Some(checked_key(key)?),
            _ => None,
        };
        let arguments = Arc::new(arguments);
        let call = self.tool.clone().prepare(arguments.clone())?;
        Ok(PreparedCall { arguments, idempotency_key, call })
    }

    /// Reads the intent of a call that was stored for approval.
    ///
    /// # Errors
    /// An intent that this version of the tool does not write.
    pub fn restore(&self, intent: &str) -> Result<ResolvedCall, ToolError> {
        self.tool.clone().restore(intent).map(ResolvedCall)
    }
}

/// A tool of either trait; `K` says which one, and is never written.
pub trait AnyKind<K> {
    /// The tool with its schemas.
    fn entry(self) -> Entry;
}

/// The mark of [`ReadTool`].
pub struct Reads;
/// The mark of [`WriteTool`].
pub struct Writes;

impl<T: ReadTool> AnyKind<Reads> for T {
    fn entry(self) -> Entry {
        let shape = schema::shape::<T::Args>();
        Entry::build::<T::Args, T::Output>(const { &T::SPEC }, shape, Arc::new(Reading(self)))
    }
}

impl<T: WriteTool> AnyKind<Writes> for T {
    fn entry(self) -> Entry {
        let shape = writing_shape::<T::Args>();
        Entry::build::<T::Args, T::Output>(const { &T::SPEC }, shape, Arc::new(Writing(self)))
    }
}

/// The schema of a tool that writes, with the argument that every one of them has.
fn writing_shape<A: JsonSchema>() -> Map<String, Value> {
    let mut shape = schema::shape::<A>();
    if let Some(Value::Object(properties)) = shape.get_mut("properties") {
        properties.insert(IDEMPOTENCY_KEY.into(), idempotency_property());
    }
    shape
}

fn idempotency_property() -> Value {
    serde_json::json!({
        "type": "string",
        "description": "Optional. The same key makes a repeated call return the first answer. 8 to 64 letters, digits, - or _.",
    })
}

fn checked_key(key: String) -> Result<String, ToolError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if (8..=64).contains(&key.len()) && key.bytes().all(plain) {
        return Ok(key);
    }
    Err(ToolError::invalid(text!(
        "The argument idempotency_key must be 8 to 64 letters, digits, hyphens or underscores."
    )))
}
