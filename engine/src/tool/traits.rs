//! What a tool does: the two traits, and what a write is about to do.

use std::future::Future;

use chrono::TimeDelta;
use schemars::JsonSchema;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use validator::Validate;

use super::{answer::Answer, context::CallContext, error::ToolError, spec::Spec};
use crate::money::Money;

/// A tool that reads. It runs on a handle that the database keeps from writing.
pub trait ReadTool: Send + Sync + 'static {
    /// What the agent sends; parsed leniently and validated before the tool sees it.
    type Args: DeserializeOwned + JsonSchema + Validate + Send + Sync + 'static;
    /// The `data` of an answer.
    type Output: Serialize + JsonSchema + Send + 'static;
    /// What the tool says about itself.
    const SPEC: Spec;

    /// Finds and answers.
    fn call(
        &self,
        ctx: &mut CallContext,
        args: Self::Args,
    ) -> impl Future<Output = Result<Answer<Self::Output>, ToolError>> + Send;
}

/// A tool that writes, in three steps that share one transaction.
pub trait WriteTool: Send + Sync + 'static {
    /// What the agent sends; parsed leniently and validated before the tool sees it.
    type Args: DeserializeOwned + JsonSchema + Validate + Send + Sync + 'static;
    /// What was understood: ids as they are stored, amounts in minor units, lines merged and sorted. The same wish in
    /// other words is the same intent, and the derived idempotency key is its hash. What does not identify the wish
    /// is an [`Aside`](super::Aside). An approval stores the intent, so it must read back what it writes.
    type Intent: Serialize + DeserializeOwned + Send + Sync + 'static;
    /// What will be done.
    type Plan: Send + 'static;
    /// The `data` of an answer.
    type Output: Serialize + JsonSchema + Send + 'static;
    /// What the tool says about itself.
    const SPEC: Spec;
    /// For how long the call verifies the caller, if it does. Its answer is kept for the person whom the call is about, so
    /// that a repeated call in the same conversation finds it although the caller is verified by then, and no longer
    /// than it is true.
    const VERIFIES_CALLER: Option<TimeDelta> = None;

    /// Finds what the arguments mean and judges no state: a repeated call must find the same intent after the first
    /// one has taken effect.
    ///
    /// # Errors
    /// What cannot be understood, or names nothing that is there.
    fn resolve(
        &self,
        ctx: &mut CallContext,
        args: Self::Args,
    ) -> impl Future<Output = Result<Self::Intent, ToolError>> + Send;

    /// Makes every check that can be made now, and writes nothing.
    ///
    /// # Errors
    /// Why it cannot be done as things stand.
    fn plan(
        &self,
        ctx: &mut CallContext,
        intent: Self::Intent,
    ) -> impl Future<Output = Result<Planned<Self::Plan>, ToolError>> + Send;

    /// Does it. The plan was made in the same transaction.
    ///
    /// # Errors
    /// What another transaction has changed since; everything is then rolled back.
    fn execute(
        &self,
        ctx: &mut CallContext,
        plan: Self::Plan,
    ) -> impl Future<Output = Result<Answer<Self::Output>, ToolError>> + Send;

    /// Whether what an equal call did before is still so. Asked before its answer is repeated to a call without a
    /// given key: where the effect has been undone since, such as a reservation that was released, the call wants it
    /// anew and runs. `answer` is the `data` that was answered. A given key repeats its answer whatever became of it.
    ///
    /// # Errors
    /// Those of the database.
    fn still_holds(
        &self,
        _ctx: &mut CallContext,
        _intent: &Self::Intent,
        _answer: &Value,
    ) -> impl Future<Output = Result<bool, ToolError>> + Send {
        async { Ok(true) }
    }

    /// Whether the intent names a record that is there already. Outside of a conversation, a repeated call is
    /// recognised only then: two callers may well want the same new thing. There is no default, because one answer
    /// does things twice and the other one loses what a second caller wants.
    fn names_a_record(intent: &Self::Intent) -> bool;
}

/// A plan, and how it looks to whoever decides about it.
#[derive(Debug)]
pub struct Planned<P> {
    /// What the approver sees.
    pub preview: Preview,
    /// What [`WriteTool::execute`] will do.
    pub plan: P,
}

impl<P> Planned<P> {
    /// A plan whose preview is a sentence only.
    pub fn new(summary: impl Into<String>, plan: P) -> Self {
        Self { preview: Preview::new(summary), plan }
    }
}

/// What a gated call is about to do.
#[derive(Debug)]
pub struct Preview {
    /// The sentence an approver reads, made by the server from its own records.
    pub summary: String,
    /// What it is worth, where it is worth something; rules of the policy compare it. An approved request is not
    /// executed once it has changed, and shows the new one.
    pub amount: Option<Money>,
    /// What the approver decides about: lines, prices, addresses, how it is paid. An approved request is not executed
    /// once it has changed, and shows the new ones.
    pub details: Value,
    /// What helps the approver and may change meanwhile, such as how many are left.
    pub context: Value,
    /// What is reserved for the request while it waits.
    pub holds: Vec<Hold>,
}

impl Preview {
    /// A preview that is a sentence only.
    pub fn new(summary: impl Into<String>) -> Self {
        Self {
            summary: summary.into(),
            amount: None,
            details: Value::Null,
            context: Value::Null,
            holds: Vec::new(),
        }
    }
}

/// Something that is reserved for a request while it waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// What is reserved, such as a SKU.
    pub item: String,
    /// How many pieces.
    pub quantity: i64,
    /// Only at the location of this id; otherwise wherever there are pieces.
    pub location: Option<String>,
    /// Whose reservation is drawn on before what is free; the module that reserves knows them by this name.
    pub drawn_from: Option<String>,
}

impl Hold {
    /// So many pieces that are free, wherever they are.
    pub fn anywhere(item: &str, quantity: i64) -> Self {
        Self { item: item.to_owned(), quantity, location: None, drawn_from: None }
    }
}
