//! A tool that writes in two steps, on its way to [`WriteTool`](super::WriteTool).

use std::{
    future::{Future, ready},
    sync::Arc,
};

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use validator::Validate;

use super::{
    answer::Answer,
    catalogue::Rendered,
    context::CallContext,
    error::ToolError,
    prepared::{
        AnyCall, AnyIntent, AnyPlan, AnyTool, Arguments, Pending, PlannedCall, parse, render,
    },
    spec::Spec,
    traits::Preview,
};

/// A tool that writes in two steps.
pub trait Tool: Send + Sync + 'static {
    /// What the agent sends.
    type Args: DeserializeOwned + JsonSchema + Validate + Send + Sync + 'static;
    /// The `data` of an answer.
    type Output: Serialize + JsonSchema + Send + 'static;
    /// What the tool says about itself.
    const SPEC: Spec;

    /// What the call is about to do, for whoever decides about it.
    fn preview(
        &self,
        _ctx: &mut CallContext,
        _args: &Self::Args,
    ) -> impl Future<Output = Result<Preview, ToolError>> + Send {
        ready(Ok(Preview::new(Self::SPEC.title)))
    }

    /// Does it.
    fn call(
        &self,
        ctx: &mut CallContext,
        args: Self::Args,
    ) -> impl Future<Output = Result<Answer<Self::Output>, ToolError>> + Send;
}

pub(super) struct Legacy<T>(pub(super) T);

struct LegacyCall<T: Tool> {
    tool: Arc<Legacy<T>>,
    args: Arguments<T::Args>,
}

struct LegacyIntent<T: Tool> {
    tool: Arc<Legacy<T>>,
    json: Arc<Map<String, Value>>,
    args: T::Args,
}

impl<T: Tool> AnyTool for Legacy<T> {
    fn prepare(
        self: Arc<Self>,
        arguments: Arc<Map<String, Value>>,
    ) -> Result<Box<dyn AnyCall>, ToolError> {
        Ok(Box::new(LegacyCall { args: Arguments::read(arguments)?, tool: self }))
    }

    fn restore(self: Arc<Self>, intent: &str) -> Result<Box<dyn AnyIntent>, ToolError> {
        let json: Map<String, Value> = serde_json::from_str(intent).map_err(ToolError::internal)?;
        let args = parse(&json)?;
        Ok(Box::new(LegacyIntent { tool: self, json: Arc::new(json), args }))
    }
}

impl<T: Tool> AnyCall for LegacyCall<T> {
    fn resolve<'a>(&'a self, _ctx: &'a mut CallContext) -> Pending<'a, Box<dyn AnyIntent>> {
        Box::pin(async {
            let (tool, json) = (self.tool.clone(), self.args.json.clone());
            let intent = LegacyIntent { tool, json, args: self.args.take()? };
            Ok(Box::new(intent) as Box<dyn AnyIntent>)
        })
    }

    fn run<'a>(&'a self, ctx: &'a mut CallContext) -> Pending<'a, Rendered> {
        Box::pin(async { render(self.tool.0.call(ctx, self.args.take()?).await?) })
    }
}

impl<T: Tool> AnyIntent for LegacyIntent<T> {
    fn intent(&self) -> Result<Map<String, Value>, ToolError> {
        Ok((*self.json).clone())
    }

    fn names_a_record(&self) -> bool {
        true
    }

    fn plan(self: Box<Self>, ctx: &mut CallContext) -> Pending<'_, PlannedCall> {
        Box::pin(async move {
            let preview = self.tool.0.preview(ctx, &self.args).await?;
            Ok(PlannedCall { preview, plan: self })
        })
    }
}

impl<T: Tool> AnyPlan for LegacyIntent<T> {
    fn execute(self: Box<Self>, ctx: &mut CallContext) -> Pending<'_, Rendered> {
        Box::pin(async move { render(self.tool.0.call(ctx, self.args).await?) })
    }
}
