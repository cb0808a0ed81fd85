//! What can be read by its URI.

use rmcp::{
    ErrorData,
    model::{ErrorCode, ReadResourceResult, Resource, ResourceContents},
};
use serde_json::{Value, json};

use super::{CallInfo, Revision};
use crate::gate::Gate;

/// The policy that the server enforces, for clients that show or mirror it.
const POLICY: &str = "policy://tools";

/// Every resource.
pub(super) fn listed() -> Vec<Resource> {
    let policy = Resource::new(POLICY, "policy")
        .with_title("What waits for a person")
        .with_description("Each tool's risk and approval, as the server enforces them.")
        .with_mime_type("application/json");
    vec![policy]
}

/// Reads a resource; one that does not exist is an error and never an empty text.
pub(super) fn read(
    gate: &Gate,
    info: &CallInfo,
    uri: &str,
    revision: Revision,
) -> Result<ReadResourceResult, ErrorData> {
    if uri != POLICY {
        let data = json!({ "uri": uri });
        let code = match revision {
            Revision::Legacy => ErrorCode::RESOURCE_NOT_FOUND,
            Revision::Modern => ErrorCode::INVALID_PARAMS,
        };
        return Err(ErrorData::new(code, "There is no such resource", Some(data)));
    }
    let text = policy(gate, info).to_string();
    let contents = ResourceContents::text(text, POLICY).with_mime_type("application/json");
    Ok(ReadResourceResult::new(vec![contents]))
}

/// The tools that a caller's scopes and role allow, the disabled ones among them.
fn policy(gate: &Gate, info: &CallInfo) -> Value {
    let tools: Vec<Value> = gate
        .catalogue()
        .iter()
        .filter(|entry| {
            let is_in = |toolset| gate.ruling(entry.spec).is_in(entry.spec, toolset);
            info.caller.may(entry.spec.scope) && info.caller.reaches(is_in)
        })
        .map(|entry| {
            let ruling = gate.ruling(entry.spec);
            json!({
                "name": entry.spec.name,
                "riskLevel": ruling.risk,
                "approval": ruling.approval,
                "scope": entry.spec.scope.map(crate::tool::Scope::as_str),
                "writes": entry.spec.effect.writes(),
            })
        })
        .collect();
    json!({ "version": gate.policy_version(), "tools": tools })
}
