//! One counter, one histogram, and one log line where something failed on our side. Nothing else in
//! the server counts calls.

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

/// Counts a call that is not an answer.
pub(super) fn count(tool: &'static str, outcome: &'static str) {
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

    /// Counts a call, and logs it where it failed on our side.
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
        let word = match outcome {
            Ok(_) => "ok",
            Err(error) => error.code().as_str(),
        };
        if outcome.is_err() {
            count(spec.name, word);
        }
        let subject = &*request.caller.subject;
        match outcome {
            Err(error) if error.code() == ErrorCode::InternalError => tracing::error!(
                tool = spec.name,
                tenant = &*request.caller.tenant,
                subject,
                request_id = request.request_id.as_deref(),
                source = std::error::Error::source(error).map(chain).unwrap_or_default(),
                "a tool call failed on our side"
            ),
            _ => tracing::debug!(
                tool = spec.name,
                risk = spec.risk.as_str(),
                subject,
                outcome = word,
                millis = took.as_secs_f64() * 1_000.0,
                "a tool was called"
            ),
        }
    }
}

/// An error and what caused it, in one line.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    std::iter::successors(Some(error), |error| error.source())
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(": ")
}
