//! The trait that every tool implements.

use std::future::{Future, ready};

use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use validator::Validate;

use super::{answer::Answer, context::CallContext, error::ToolError, spec::Spec};
use crate::money::Money;

/// One thing an agent can ask this server to do.
pub trait Tool: Send + Sync + 'static {
    /// What the agent sends; parsed leniently and validated before the tool sees it.
    type Args: DeserializeOwned + JsonSchema + Validate + Send + Sync + 'static;
    /// The `data` of an answer.
    type Output: Serialize + JsonSchema + Send + 'static;
    /// What the tool says about itself.
    const SPEC: Spec;

    /// What the call is about to do, for whoever decides about it. Runs in a transaction that is
    /// rolled back, unless the request is stored. A refusal that can be known now belongs here.
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

/// What a gated call is about to do.
#[derive(Debug)]
pub struct Preview {
    /// The sentence an approver reads, made by the server from its own records.
    pub summary: String,
    /// What it is worth, where it is worth something; rules of the policy compare it, and an
    /// approved request fails when it has changed.
    pub amount: Option<Money>,
    /// More for the approver: lines, stock, prices.
    pub details: Value,
    /// Stock that the request holds while it waits.
    pub holds: Vec<Hold>,
}

impl Preview {
    /// A preview that is a sentence only.
    pub fn new(summary: impl Into<String>) -> Self {
        Self { summary: summary.into(), amount: None, details: Value::Null, holds: Vec::new() }
    }
}

/// Stock held for a request that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// What is held.
    pub sku: String,
    /// How many pieces.
    pub quantity: i64,
    /// Only at the location of this id; otherwise wherever there are pieces.
    pub location: Option<String>,
}
