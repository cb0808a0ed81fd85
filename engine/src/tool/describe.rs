//! Tools as the protocol describes them: the one file of the toolkit that names rmcp.

use rmcp::model::{JsonObject, MetaObject, Tool as ToolDescription, ToolAnnotations};
use serde_json::Value;

use super::{Approval, Effect, Risk, catalogue::Entry};

/// How a tool stands in `tools/list`, under what the policy says of it.
pub fn describe(entry: &Entry, risk: Risk, approval: Approval) -> ToolDescription {
    let spec = entry.spec;
    let mut tool = ToolDescription::new(spec.name, spec.description, entry.input_schema.clone());
    tool.title = Some(spec.title.to_owned());
    tool.output_schema = Some(entry.output_schema.clone());
    tool.annotations = Some(annotations(spec.title, spec.effect));
    tool.meta = Some(MetaObject(JsonObject::from_iter([
        ("riskLevel".to_owned(), Value::from(risk.as_str())),
        ("approval".to_owned(), Value::from(approval.as_str())),
    ])));
    tool
}

/// All four hints are always set: their defaults call every tool destructive and open to the world.
fn annotations(title: &str, effect: Effect) -> ToolAnnotations {
    ToolAnnotations::with_title(title)
        .read_only(!effect.writes())
        .destructive(effect == Effect::Change)
        .idempotent(!effect.writes())
        .open_world(false)
}
