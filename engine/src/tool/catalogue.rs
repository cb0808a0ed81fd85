//! Every tool by name: parse, validate, describe.

use std::{
    collections::HashMap,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use serde::Deserialize as _;
use serde_json::{Map, Value};

use super::{
    answer::{Answer, Envelope},
    arguments,
    context::CallContext,
    error::ToolError,
    schema,
    spec::Spec,
};
use crate::text;
use crate::tool::traits::{Preview, Tool};

/// A boxed future of a prepared call.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, ToolError>> + Send + 'a>>;

/// The name of the argument that makes a write safe to repeat; the catalogue adds it to every tool
/// that writes, and the gate takes it out.
pub const IDEMPOTENCY_KEY: &str = "idempotency_key";

/// The tools of this server, in the order in which they are listed.
#[derive(Default)]
pub struct Catalogue {
    entries: Vec<Arc<Entry>>,
    by_name: HashMap<&'static str, usize>,
    ignored: arguments::Ignored,
}

/// A tool, its declaration and its schemas, built once.
pub struct Entry {
    /// What the tool says about itself.
    pub spec: &'static Spec,
    /// The portable schema of its arguments, as it is listed.
    pub input_schema: Arc<Map<String, Value>>,
    /// The schema by which its arguments are read.
    shape: Map<String, Value>,
    /// The schema of its whole answer.
    pub output_schema: Arc<Map<String, Value>>,
    tool: Arc<dyn AnyTool>,
}

impl Catalogue {
    /// An empty catalogue that drops these argument names wherever a tool does not know them.
    pub fn new(ignored: Vec<String>) -> Self {
        Self { ignored: arguments::Ignored::new(ignored), ..Self::default() }
    }

    /// This catalogue and one tool more.
    #[must_use]
    pub fn with<T: Tool>(mut self, tool: T) -> Self {
        let spec = const { &T::SPEC };
        let mut shape = schema::shape::<T::Args>();
        if spec.effect.writes()
            && let Some(Value::Object(properties)) = shape.get_mut("properties")
        {
            properties.insert(IDEMPOTENCY_KEY.into(), idempotency_property());
        }
        let entry = Entry {
            spec,
            input_schema: Arc::new(schema::portable(&shape)),
            shape,
            output_schema: Arc::new(schema::portable_answer::<Envelope<T::Output>>()),
            tool: Arc::new(tool),
        };
        let position = self.entries.len();
        for name in std::iter::once(&spec.name).chain(spec.aliases) {
            let before = self.by_name.insert(name, position);
            debug_assert!(before.is_none(), "two tools are called {name}");
        }
        self.entries.push(Arc::new(entry));
        self
    }

    /// Every tool, in listed order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Entry>> {
        self.entries.iter()
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
        let run = self.tool.clone().prepare(arguments.clone())?;
        Ok(PreparedCall { arguments, idempotency_key, run })
    }
}

/// A call whose arguments have been parsed and validated.
pub struct PreparedCall {
    arguments: Arc<Map<String, Value>>,
    /// The key the caller gave.
    pub idempotency_key: Option<String>,
    run: Box<dyn AnyCall>,
}

impl PreparedCall {
    /// The one text of these arguments, without the idempotency key.
    pub fn canonical(&self) -> String {
        arguments::canonical(&self.arguments)
    }

    /// What the call is about to do.
    pub async fn preview(&self, ctx: &mut CallContext) -> Result<Preview, ToolError> {
        self.run.preview(ctx).await
    }

    /// Does it, and writes the answer down once.
    pub async fn run(&self, ctx: &mut CallContext) -> Result<Rendered, ToolError> {
        self.run.run(ctx).await
    }
}

/// An answer as it goes to the agent: the envelope as compact JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered(pub String);

impl Rendered {
    /// Writes an envelope down.
    pub fn of<T: serde::Serialize>(envelope: &Envelope<T>) -> Result<Self, ToolError> {
        serde_json::to_string(envelope).map(Self).map_err(ToolError::internal)
    }

    /// Whether it is the stored answer of an earlier call.
    pub fn is_replayed(&self) -> bool {
        // The mark is the last member of the envelope; inside of `data` it would end otherwise.
        self.0.ends_with(",\"replayed\":true}")
    }

    /// Whether it says that a person decides first.
    pub fn is_pending(&self) -> bool {
        // Before the data, only a member of the envelope itself can read like this.
        let head = self.0.split_once(",\"data\":").map_or(self.0.as_str(), |(head, _)| head);
        head.contains("\",\"status\":\"approval_pending\"")
    }

    /// The same answer, marked as stored.
    #[must_use]
    pub fn replayed(self) -> Self {
        match serde_json::from_str::<Map<String, Value>>(&self.0) {
            Ok(mut object) => {
                object.insert("replayed".into(), Value::Bool(true));
                Self(Value::Object(object).to_string())
            }
            Err(_) => self,
        }
    }
}

/// A tool whose types are hidden, so that one list can hold them all.
trait AnyTool: Send + Sync {
    fn prepare(
        self: Arc<Self>,
        arguments: Arc<Map<String, Value>>,
    ) -> Result<Box<dyn AnyCall>, ToolError>;
}

trait AnyCall: Send + Sync {
    fn preview<'a>(&'a self, ctx: &'a mut CallContext) -> Pending<'a, Preview>;
    fn run<'a>(&'a self, ctx: &'a mut CallContext) -> Pending<'a, Rendered>;
}

struct Call<T: Tool> {
    tool: Arc<T>,
    arguments: Arc<Map<String, Value>>,
    /// The parsed arguments, until a run takes them. A transaction that is run again parses anew.
    args: Mutex<Option<T::Args>>,
}

impl<T: Tool> Call<T> {
    fn take_args(&self) -> Result<T::Args, ToolError> {
        let ready = self.args.lock().unwrap_or_else(PoisonError::into_inner).take();
        ready.map_or_else(|| parse::<T>(&self.arguments), Ok)
    }
}

fn parse<T: Tool>(arguments: &Map<String, Value>) -> Result<T::Args, ToolError> {
    // The normal form was made by the schema of these very types, so serde has little left to
    // refuse. Its own words may repeat a value, hence these.
    T::Args::deserialize(arguments).map_err(|error| {
        tracing::debug!(%error, tool = T::SPEC.name, "arguments passed the schema and not the type");
        ToolError::invalid(text!("An argument does not have the form that the tool's schema describes."))
    })
}

impl<T: Tool> AnyTool for T {
    fn prepare(
        self: Arc<Self>,
        arguments: Arc<Map<String, Value>>,
    ) -> Result<Box<dyn AnyCall>, ToolError> {
        let args = parse::<T>(&arguments)?;
        arguments::validate(&args)?;
        Ok(Box::new(Call { tool: self, arguments, args: Mutex::new(Some(args)) }))
    }
}

impl<T: Tool> AnyCall for Call<T> {
    fn preview<'a>(&'a self, ctx: &'a mut CallContext) -> Pending<'a, Preview> {
        Box::pin(async move {
            let args = self.take_args()?;
            self.tool.preview(ctx, &args).await
        })
    }

    fn run<'a>(&'a self, ctx: &'a mut CallContext) -> Pending<'a, Rendered> {
        Box::pin(async move {
            let args = self.take_args()?;
            let answer: Answer<T::Output> = self.tool.call(ctx, args).await?;
            Rendered::of(&Envelope::from(answer))
        })
    }
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
