//! The steps that every call passes, in order, whoever calls and however.
//!
//! 1. find the tool;
//! 2. scope, and the toolsets of the role and of the URL;
//! 3. parse leniently and validate;
//! 4. one transaction, read-only for a tool that reads;
//! 5. a call that was made before, to the letter, finds its stored answer;
//! 6. the tool resolves the arguments to an intent, whose key the call claims, and plans what it will do;
//! 7. the policy, and the approval that some calls wait for;
//! 8. the tool executes; answer, audit row and approval are committed together with the effect;
//! 9. a failure is rolled back, and audited on its own, behind the answer.
//!
//! * [`policy`]: what waits for a person, from a built-in default and a file;
//! * [`approvals`]: requests, and the decision that executes them;
//! * [`claims`]: given and derived keys;
//! * `identity`: as whom the caller is verified;
//! * `guard`: deadline, cancellation and panics;
//! * `meters`: figures and log lines;
//! * `trail`: the audit lines of what failed;
//! * `transaction`: steps 4 to 8.

pub mod approvals;
pub mod claims;
mod guard;
mod identity;
mod meters;
pub mod policy;
mod trail;
mod transaction;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use self::{
    claims::{Claims, Trace},
    meters::Meters,
    policy::{Policy, Ruling},
    trail::Trail,
};
use crate::{
    business::Reservations,
    db::{Db, audit},
    speech::words,
    tenants::{BusinessFile, Tenants},
    text,
    tool::{
        Approval, Caller, Catalogue, Clock, ConversationId, ErrorCode, Spec, ToolError, Toolset,
        catalogue::{Entry, Rendered},
    },
};

/// How often a transaction that others were in the way of is run before the caller is told.
const ATTEMPTS: u32 = 5;

/// What the gate is built from.
pub struct GateOptions {
    /// The deadline of one call.
    pub deadline: Duration,
    /// How long a request waits before no answer is a no.
    pub approval_ttl: TimeDelta,
    /// Where the time comes from.
    pub clock: Clock,
    /// What waits for a person.
    pub policy: Policy,
    /// The facts of every tenant that has none of its own.
    pub business_file: BusinessFile,
    /// What is reserved for approvals.
    pub reservations: Arc<dyn Reservations>,
    /// What erases a person.
    pub erasures: Arc<[&'static str]>,
}

/// One call as it arrives from the protocol.
pub struct CallRequest {
    /// Who calls.
    pub caller: Arc<Caller>,
    /// The tool's name or alias.
    pub tool: String,
    /// What was sent.
    pub arguments: Map<String, Value>,
    /// The conversation that a header names.
    pub conversation: Option<ConversationId>,
    /// The verification handle that a header holds.
    pub verification: Option<Arc<str>>,
    /// The toolset that the URL names.
    pub toolset: Option<Toolset>,
    /// The HTTP request's id, for the audit trail.
    pub request_id: Option<Arc<str>>,
    /// Fires when the client has gone.
    pub cancelled: CancellationToken,
}

/// The gate. Everything that calls a tool holds one and nothing else.
pub struct Gate {
    db: Db,
    catalogue: Catalogue,
    policy: Policy,
    clock: Clock,
    deadline: Duration,
    claims: Claims,
    meters: Meters,
    approval_ttl: TimeDelta,
    tenants: Tenants,
    trail: Trail,
    reservations: Arc<dyn Reservations>,
    erasures: Arc<[&'static str]>,
}

impl Gate {
    /// A gate in front of these tools.
    ///
    /// # Errors
    /// A policy that names an unknown tool or weakens one, in one sentence.
    pub fn new(db: Db, catalogue: Catalogue, options: GateOptions) -> Result<Self, String> {
        options.policy.check(&catalogue)?;
        if let Some(crowded) = options.policy.crowded_voice(&catalogue) {
            tracing::warn!("{crowded}");
        }
        Ok(Self {
            tenants: Tenants::new(options.business_file),
            trail: Trail::new(db.clone()),
            db,
            policy: options.policy,
            clock: options.clock,
            deadline: options.deadline,
            claims: Claims::default(),
            meters: Meters::of(&catalogue),
            catalogue,
            approval_ttl: options.approval_ttl,
            reservations: options.reservations,
            erasures: options.erasures,
        })
    }

    /// The tools behind the gate.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// What the policy says of a tool.
    pub fn ruling(&self, spec: &Spec) -> Ruling<'_> {
        self.policy.ruling(spec)
    }

    /// The policy's version, as it is stored with each request.
    pub fn policy_version(&self) -> &str {
        self.policy.version()
    }

    /// Where the time comes from.
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Whether a caller is shown a tool: by the predicates that decide about the call.
    pub fn is_listed(&self, spec: &Spec, caller: &Caller, toolset: Option<Toolset>) -> bool {
        self.is_within(spec, toolset) && self.ruling(spec).admit(spec, caller).is_ok()
    }

    /// Whether a tool is in the toolset that the URL names, if it names one.
    fn is_within(&self, spec: &Spec, toolset: Option<Toolset>) -> bool {
        toolset.is_none_or(|toolset| self.ruling(spec).is_in(spec, toolset))
    }

    /// How many tools are switched on, for whoever may call them.
    pub fn switched_on(&self) -> usize {
        let on = |spec| self.ruling(spec).approval != Approval::Disabled;
        self.catalogue.iter().filter(|entry| on(entry.spec)).count()
    }

    /// Takes one call through every step.
    ///
    /// # Errors
    /// Whatever is not an answer, with its sentence. `tool_not_found` is a fault of the protocol;
    /// all others are told to the agent.
    pub async fn call(&self, request: CallRequest) -> Result<Rendered, ToolError> {
        let started = Instant::now();
        let language = self.tenants.language(&request.caller.tenant, &self.db).await;
        let said = async { self.called(request, started).await.map_err(ToolError::aloud) };
        words::speaking(language, said).await
    }

    async fn called(
        &self,
        mut request: CallRequest,
        started: Instant,
    ) -> Result<Rendered, ToolError> {
        let entry = self.catalogue.find(&request.tool);
        let entry = entry.filter(|entry| self.is_within(entry.spec, request.toolset));
        let Some(entry) = entry else {
            let sentence =
                text!("There is no tool of this name. List the tools to see what there is.");
            let error = ToolError::new(ErrorCode::ToolNotFound, sentence);
            // The name is the caller's own words, and those are not logged.
            meters::refused("unknown", &request, &error, started.elapsed());
            return Err(error);
        };
        let mut arguments = std::mem::take(&mut request.arguments);
        identity::take_handle(&mut arguments, &mut request);
        let trace = OnceLock::new();
        let steps = self.steps(entry, &request, arguments, &trace);
        let left = self.deadline.saturating_sub(started.elapsed());
        let outcome = guard::guarded(left, &request.cancelled, steps).await;
        let outcome = outcome.or_else(ToolError::answered);
        let trace = trace.into_inner();
        if let Err(error) = &outcome
            && is_audited(entry.spec, error)
            && !trace.as_ref().is_some_and(Trace::is_open)
        {
            let fingerprint = trace.map(|trace| trace.fingerprint);
            self.trail.note(entry.spec, fingerprint, &request, error, self.clock.now());
        }
        self.meters.observe(entry.spec, &request, &outcome, started.elapsed());
        outcome
    }

    /// Writes down a call that the edge has refused for want of a scope or a toolset.
    pub fn note_refusal(&self, spec: &'static Spec, request: &CallRequest) {
        let started = Instant::now();
        if let Err(refusal) = self.ruling(spec).admit(spec, &request.caller) {
            self.trail.note(spec, None, request, &refusal, self.clock.now());
            meters::refused(spec.name, request, &refusal, started.elapsed());
        }
    }

    /// Waits until every call that was refused or failed is in the audit trail.
    pub async fn written_down(&self) {
        self.trail.written().await;
    }

    /// Steps 2 to 8. A write leaves its `trace`, because a call that is cut off leaves nothing else.
    async fn steps(
        &self,
        entry: &Entry,
        request: &CallRequest,
        arguments: Map<String, Value>,
        trace: &OnceLock<Trace>,
    ) -> Result<Rendered, ToolError> {
        let now = self.clock.now();
        let ruling = self.ruling(entry.spec);
        ruling.admit(entry.spec, &request.caller)?;
        let call = self.catalogue.prepare(entry, arguments)?;
        // A read that a person decides about takes the writing way, since its request is stored.
        if !entry.spec.effect.writes() && ruling.approval != Approval::RequiresApproval {
            return self.read(entry, &call, request, now).await;
        }
        let trace = trace.get_or_init(|| Trace::of(&call));
        // Boxed, so that a read does not carry the room that a write needs.
        Box::pin(self.write(entry, &call, request, trace, now)).await
    }
}

/// Failures of writes are audited, and whatever was refused for its scope or by the policy.
fn is_audited(spec: &Spec, error: &ToolError) -> bool {
    spec.effect.writes() || matches!(error.code(), ErrorCode::Forbidden | ErrorCode::Disabled)
}

/// The event of a call, before its outcome is known.
fn event<'a>(spec: &Spec, request: &'a CallRequest, at: DateTime<Utc>) -> audit::Event<'a> {
    audit::Event {
        at,
        principal: &request.caller.subject,
        token_id: request.caller.token_id.as_deref(),
        action: "failed",
        tool: spec.name,
        outcome: "ok",
        approval_id: None,
        subject: None,
        arguments_hash: None,
        conversation: request.conversation.as_deref(),
        request_id: request.request_id.as_deref(),
    }
}

#[cfg(test)]
mod tests;
