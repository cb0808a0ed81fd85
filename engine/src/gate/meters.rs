//! One counter, one histogram, and one log line a call. Nothing else in the server counts calls.

use std::{collections::HashMap, time::Duration};

use metrics::{Counter, Histogram};

use super::{
    CallRequest,
    approvals::{Decision, Outcome},
};
use crate::tool::{Caller, Catalogue, ErrorCode, Spec, ToolError, catalogue::Rendered};

/// The figures of each tool, looked up once: on the hot path that would cost more than to count.
pub(super) struct Meters(HashMap<&'static str, Meter>);

/// How a call ended that did what it was asked to.
const OK: &str = "ok";

struct Meter {
    answered: Counter,
    seconds: Histogram,
}

/// Counts and logs a call that was refused before it came to its tool.
pub(super) fn refused(
    tool: &'static str,
    request: &CallRequest,
    error: &ToolError,
    elapsed: Duration,
) {
    count(tool, error.code().as_str());
    log((tool, false), request, Err(error), elapsed);
}

/// Counts a call that is not an answer.
fn count(tool: &'static str, outcome: &'static str) {
    metrics::counter!("tool_calls_total", "tool" => tool, "outcome" => outcome).increment(1);
}

impl Meters {
    /// Meters for these tools. Whatever records the figures must have been started before.
    pub(super) fn of(catalogue: &Catalogue) -> Self {
        let meter = |tool: &'static str| Meter {
            answered: metrics::counter!("tool_calls_total", "tool" => tool, "outcome" => OK),
            seconds: metrics::histogram!("tool_call_seconds", "tool" => tool),
        };
        let names = catalogue.iter().map(|entry| entry.spec.name);
        Self(names.map(|name| (name, meter(name))).collect())
    }

    /// Counts a call, and logs it.
    pub(super) fn observe(
        &self,
        spec: &Spec,
        request: &CallRequest,
        outcome: &Result<Rendered, ToolError>,
        took: Duration,
    ) {
        self.count(spec.name, word(outcome.as_ref()), took);
        log((spec.name, !spec.effect.writes()), request, outcome.as_ref(), took);
    }

    fn count(&self, tool: &str, outcome: &'static str, elapsed: Duration) {
        let Some((tool, meter)) = self.0.get_key_value(tool) else { return };
        meter.seconds.record(elapsed);
        if outcome == OK {
            meter.answered.increment(1);
        } else {
            count(tool, outcome);
        }
    }

    /// Logs a decision, and counts the call that it has executed as one that was made.
    pub(super) fn decided(
        &self,
        approver: &Caller,
        decision: Decision,
        outcome: &Result<Outcome, ToolError>,
        elapsed: Duration,
    ) {
        let request = outcome.as_ref().ok();
        let word = match outcome {
            Ok(decided) => decided.failure().map_or(OK, ErrorCode::as_str),
            Err(error) => error.code().as_str(),
        };
        if let Some(request) = request
            && decision == Decision::Approve
            && !request.repeated
        {
            self.count(&request.approval.tool, word, elapsed);
        }
        // The id that was asked for is the approver's own words until there is a request of that id.
        tracing::info!(
            tool = request.map(|request| &*request.approval.tool),
            approval_id = request.map(|request| &*request.approval.id),
            decision = decision.as_str(),
            outcome = word,
            millis = elapsed.as_secs_f64() * 1_000.0,
            tenant = &*approver.tenant,
            approver = &*approver.subject,
            replayed = request.is_some_and(|request| request.repeated),
            "a request was decided"
        );
    }
}

/// The outcome of a call in one word.
fn word(outcome: Result<&Rendered, &ToolError>) -> &'static str {
    match outcome {
        Ok(answer) if answer.is_pending => "approval_pending",
        Ok(_) => OK,
        Err(error) => error.code().as_str(),
    }
}

/// One line a call: who, what, how it ended and how long it took. What was sent and what was answered
/// is the business's and its customers', and stays out of the log. A read that went well is for
/// debugging only: its line would cost more than half of the read.
fn log(
    (tool, is_read): (&'static str, bool),
    request: &CallRequest,
    outcome: Result<&Rendered, &ToolError>,
    elapsed: Duration,
) {
    let (tenant, principal) = (&*request.caller.tenant, &*request.caller.subject);
    let request_id = request.request_id.as_deref();
    let millis = elapsed.as_secs_f64() * 1_000.0;
    let word = word(outcome);
    match outcome {
        Err(error) if error.code() == ErrorCode::InternalError => tracing::error!(
            tool,
            outcome = word,
            millis,
            tenant,
            principal,
            request_id,
            incident = error.incident(),
            source = std::error::Error::source(error).map(chain).unwrap_or_default(),
            "a tool call failed on our side"
        ),
        Ok(_) if is_read && word == OK => tracing::debug!(
            tool,
            outcome = word,
            millis,
            tenant,
            principal,
            request_id,
            "a tool was called"
        ),
        _ => tracing::info!(
            tool,
            outcome = word,
            millis,
            tenant,
            principal,
            request_id,
            replayed = outcome.is_ok_and(|answer| answer.is_replayed),
            "a tool was called"
        ),
    }
}

/// An error and what caused it, in one line.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
