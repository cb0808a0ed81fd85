//! A call on its way through the gate: arguments, intent, plan, answer, with the tool's types hidden.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::TimeDelta;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use validator::Validate;

use super::{
    answer::{Answer, Envelope},
    arguments,
    aside::without_asides,
    context::CallContext,
    error::ToolError,
    rendered::Rendered,
    traits::{Planned, Preview, ReadTool, WriteTool},
};
use crate::{digest::sha256, text};

/// A boxed future of one step.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = Result<T, ToolError>> + Send + 'a>>;

/// A call whose arguments have been parsed and validated.
pub struct PreparedCall {
    pub(super) arguments: Arc<Map<String, Value>>,
    /// The key the caller gave.
    pub idempotency_key: Option<String>,
    pub(super) call: Box<dyn AnyCall>,
}

impl PreparedCall {
    /// The one text of these arguments, without the idempotency key.
    pub fn canonical(&self) -> String {
        arguments::canonical(&self.arguments)
    }

    /// Finds what the arguments mean.
    ///
    /// # Errors
    /// Those of the tool.
    pub async fn resolve(&self, ctx: &mut CallContext) -> Result<ResolvedCall, ToolError> {
        self.call.resolve(ctx).await.map(ResolvedCall)
    }

    /// For how long the call shows who calls, if it does.
    pub fn verifies_caller(&self) -> Option<TimeDelta> {
        self.call.verifies_caller()
    }

    /// Takes the call through all of its steps at once.
    ///
    /// # Errors
    /// Those of the tool.
    pub async fn run(&self, ctx: &mut CallContext) -> Result<Rendered, ToolError> {
        self.resolve(ctx).await?.plan(ctx).await?.execute(ctx).await
    }
}

/// A call that was understood.
pub struct ResolvedCall(pub(super) Box<dyn AnyIntent>);

impl ResolvedCall {
    /// The intent as JSON with sorted keys: what an approval stores.
    ///
    /// # Errors
    /// An intent that serde cannot write, which is a defect of the tool.
    pub fn intent(&self) -> Result<String, ToolError> {
        Ok(arguments::canonical(&self.0.intent()?))
    }

    /// The SHA-256 of what identifies the wish: of the intent without its asides.
    ///
    /// # Errors
    /// An intent that serde cannot write, which is a defect of the tool.
    pub fn fingerprint(&self) -> Result<String, ToolError> {
        Ok(sha256(&arguments::canonical(&without_asides(&self.0.intent()?))))
    }

    /// Whether what an equal call was answered before is still so.
    ///
    /// # Errors
    /// Those of the tool.
    pub async fn still_holds(
        &self,
        ctx: &mut CallContext,
        answer: &Rendered,
    ) -> Result<bool, ToolError> {
        self.0.still_holds(ctx, &answer.data()).await
    }

    /// Whether the intent names a record that is there already.
    pub fn names_a_record(&self) -> bool {
        self.0.names_a_record()
    }

    /// Makes the plan.
    ///
    /// # Errors
    /// Those of the tool.
    pub async fn plan(self, ctx: &mut CallContext) -> Result<PlannedCall, ToolError> {
        self.0.plan(ctx).await
    }
}

/// A call that can be done as things stand.
pub struct PlannedCall {
    /// What the approver sees.
    pub preview: Preview,
    pub(super) plan: Box<dyn AnyPlan>,
}

impl PlannedCall {
    /// Does it, and writes the answer down once.
    ///
    /// # Errors
    /// Those of the tool.
    pub async fn execute(self, ctx: &mut CallContext) -> Result<Rendered, ToolError> {
        self.plan.execute(ctx).await
    }
}

/// A tool whose types are hidden, so that one list can hold them all.
pub(super) trait AnyTool: Send + Sync {
    /// Reads the arguments of a call.
    fn prepare(
        self: Arc<Self>,
        arguments: Arc<Map<String, Value>>,
    ) -> Result<Box<dyn AnyCall>, ToolError>;

    /// Reads an intent that was stored.
    fn restore(self: Arc<Self>, intent: &str) -> Result<Box<dyn AnyIntent>, ToolError>;
}

pub(super) trait AnyCall: Send + Sync {
    fn verifies_caller(&self) -> Option<TimeDelta> {
        None
    }

    fn resolve<'a>(&'a self, ctx: &'a mut CallContext) -> Pending<'a, Box<dyn AnyIntent>>;
}

pub(super) trait AnyIntent: Send + Sync {
    fn intent(&self) -> Result<Map<String, Value>, ToolError>;
    fn names_a_record(&self) -> bool;
    fn still_holds<'a>(&'a self, ctx: &'a mut CallContext, answer: &'a Value) -> Pending<'a, bool>;
    fn plan(self: Box<Self>, ctx: &mut CallContext) -> Pending<'_, PlannedCall>;
}

pub(super) trait AnyPlan: Send {
    fn execute(self: Box<Self>, ctx: &mut CallContext) -> Pending<'_, Rendered>;
}

/// Arguments that are parsed once, and anew for each transaction that is run again.
pub(super) struct Arguments<A> {
    pub(super) json: Arc<Map<String, Value>>,
    parsed: Mutex<Option<A>>,
}

impl<A: DeserializeOwned + Validate> Arguments<A> {
    pub(super) fn read(json: Arc<Map<String, Value>>) -> Result<Self, ToolError> {
        let parsed: A = parse(&json)?;
        arguments::validate(&parsed)?;
        Ok(Self { json, parsed: Mutex::new(Some(parsed)) })
    }

    pub(super) fn take(&self) -> Result<A, ToolError> {
        let ready = self.parsed.lock().unwrap_or_else(PoisonError::into_inner).take();
        ready.map_or_else(|| parse(&self.json), Ok)
    }
}

pub(super) fn parse<A: DeserializeOwned>(arguments: &Map<String, Value>) -> Result<A, ToolError> {
    // The normal form was made by the schema of these very types, so serde has little left to
    // refuse. Its own words may repeat a value, hence these.
    A::deserialize(arguments).map_err(|error| {
        tracing::debug!(%error, "arguments passed the schema and not the type");
        ToolError::invalid(text!(
            "An argument does not have the form that the tool's schema describes."
        ))
    })
}

pub(super) fn render<T: Serialize>(answer: Answer<T>) -> Result<Rendered, ToolError> {
    Rendered::of(&Envelope::from(answer))
}

/// A tool that reads, as the gate holds it.
pub(super) struct Reading<T>(pub(super) T);

struct ReadCall<T: ReadTool> {
    tool: Arc<Reading<T>>,
    args: Arguments<T::Args>,
}

/// A read that a person decides about: its intent is what was asked, to the letter.
struct ReadIntent<T: ReadTool> {
    tool: Arc<Reading<T>>,
    json: Arc<Map<String, Value>>,
    args: T::Args,
}

impl<T: ReadTool> AnyTool for Reading<T> {
    fn prepare(
        self: Arc<Self>,
        arguments: Arc<Map<String, Value>>,
    ) -> Result<Box<dyn AnyCall>, ToolError> {
        Ok(Box::new(ReadCall { args: Arguments::read(arguments)?, tool: self }))
    }

    fn restore(self: Arc<Self>, intent: &str) -> Result<Box<dyn AnyIntent>, ToolError> {
        let json: Map<String, Value> = serde_json::from_str(intent).map_err(ToolError::internal)?;
        let args = parse(&json)?;
        Ok(Box::new(ReadIntent { tool: self, json: Arc::new(json), args }))
    }
}

impl<T: ReadTool> AnyCall for ReadCall<T> {
    fn resolve<'a>(&'a self, _ctx: &'a mut CallContext) -> Pending<'a, Box<dyn AnyIntent>> {
        Box::pin(async {
            let (tool, json) = (self.tool.clone(), self.args.json.clone());
            let intent = ReadIntent { tool, json, args: self.args.take()? };
            Ok(Box::new(intent) as Box<dyn AnyIntent>)
        })
    }
}

impl<T: ReadTool> AnyIntent for ReadIntent<T> {
    fn intent(&self) -> Result<Map<String, Value>, ToolError> {
        Ok((*self.json).clone())
    }

    fn names_a_record(&self) -> bool {
        true
    }

    fn still_holds<'a>(&'a self, _: &'a mut CallContext, _: &'a Value) -> Pending<'a, bool> {
        Box::pin(async { Ok(true) })
    }

    fn plan(self: Box<Self>, _ctx: &mut CallContext) -> Pending<'_, PlannedCall> {
        Box::pin(async { Ok(PlannedCall { preview: Preview::new(T::SPEC.title), plan: self }) })
    }
}

impl<T: ReadTool> AnyPlan for ReadIntent<T> {
    fn execute(self: Box<Self>, ctx: &mut CallContext) -> Pending<'_, Rendered> {
        Box::pin(async move { render(self.tool.0.call(ctx, self.args).await?) })
    }
}

/// A tool that writes, as the gate holds it.
pub(super) struct Writing<T>(pub(super) T);

struct WriteCall<T: WriteTool> {
    tool: Arc<Writing<T>>,
    args: Arguments<T::Args>,
}

struct WriteIntent<T: WriteTool> {
    tool: Arc<Writing<T>>,
    intent: T::Intent,
}

struct WritePlan<T: WriteTool> {
    tool: Arc<Writing<T>>,
    plan: T::Plan,
}

impl<T: WriteTool> AnyTool for Writing<T> {
    fn prepare(
        self: Arc<Self>,
        arguments: Arc<Map<String, Value>>,
    ) -> Result<Box<dyn AnyCall>, ToolError> {
        Ok(Box::new(WriteCall { args: Arguments::read(arguments)?, tool: self }))
    }

    fn restore(self: Arc<Self>, intent: &str) -> Result<Box<dyn AnyIntent>, ToolError> {
        let intent = serde_json::from_str(intent).map_err(ToolError::internal)?;
        Ok(Box::new(WriteIntent { tool: self, intent }))
    }
}

impl<T: WriteTool> AnyCall for WriteCall<T> {
    fn verifies_caller(&self) -> Option<TimeDelta> {
        T::VERIFIES_CALLER
    }

    fn resolve<'a>(&'a self, ctx: &'a mut CallContext) -> Pending<'a, Box<dyn AnyIntent>> {
        Box::pin(async {
            let intent = self.tool.0.resolve(ctx, self.args.take()?).await?;
            Ok(Box::new(WriteIntent { tool: self.tool.clone(), intent }) as Box<dyn AnyIntent>)
        })
    }
}

impl<T: WriteTool> AnyIntent for WriteIntent<T> {
    fn intent(&self) -> Result<Map<String, Value>, ToolError> {
        match serde_json::to_value(&self.intent) {
            Ok(Value::Object(intent)) => Ok(intent),
            Ok(_) => Err(ToolError::internal("an intent is an object")),
            Err(error) => Err(ToolError::internal(error)),
        }
    }

    fn names_a_record(&self) -> bool {
        T::names_a_record(&self.intent)
    }

    fn still_holds<'a>(&'a self, ctx: &'a mut CallContext, answer: &'a Value) -> Pending<'a, bool> {
        Box::pin(self.tool.0.still_holds(ctx, &self.intent, answer))
    }

    fn plan(self: Box<Self>, ctx: &mut CallContext) -> Pending<'_, PlannedCall> {
        Box::pin(async move {
            let Self { tool, intent } = *self;
            let Planned { preview, plan } = tool.0.plan(ctx, intent).await?;
            Ok(PlannedCall { preview, plan: Box::new(WritePlan { tool, plan }) })
        })
    }
}

impl<T: WriteTool> AnyPlan for WritePlan<T> {
    fn execute(self: Box<Self>, ctx: &mut CallContext) -> Pending<'_, Rendered> {
        Box::pin(async move { render(self.tool.0.execute(ctx, self.plan).await?) })
    }
}
