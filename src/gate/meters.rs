//! One counter, one histogram, and one log line a call. Nothing else in the server counts calls.

use std::{collections::HashMap, time::Duration};

use metrics::{Counter, Histogram};

use super::CallRequest;
use crate::toolkit::{Catalogue, ErrorCode, Spec, ToolError, catalogue::Rendered};

/// The figures of each tool, looked up once: on the hot path that would cost more than to count.
pub(super) struct Meters(HashMap<&'static str, Meter>);

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
            answered: metrics::counter!("tool_calls_total", "tool" => tool, "outcome" => "ok"),
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
        if let Some(meter) = self.0.get(spec.name) {
            meter.seconds.record(took);
            if outcome.is_ok() {
                meter.answered.increment(1);
            }
        }
        if let Err(error) = outcome {
            count(spec.name, error.code().as_str());
        }
        log((spec.name, !spec.effect.writes()), request, outcome.as_ref(), took);
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
    match outcome {
        Err(error) if error.code() == ErrorCode::InternalError => tracing::error!(
            tool,
            outcome = error.code().as_str(),
            millis,
            tenant,
            principal,
            request_id,
            incident = error.incident(),
            source = std::error::Error::source(error).map(chain).unwrap_or_default(),
            "a tool call failed on our side"
        ),
        Ok(_) if is_read => tracing::debug!(
            tool,
            outcome = "ok",
            millis,
            tenant,
            principal,
            request_id,
            "a tool was called"
        ),
        _ => tracing::info!(
            tool,
            outcome = outcome.map_or_else(|error| error.code().as_str(), |_| "ok"),
            millis,
            tenant,
            principal,
            request_id,
            replayed = outcome.is_ok_and(Rendered::is_replayed),
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
