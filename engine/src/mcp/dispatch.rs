//! What is answered to a message. Every request of every revision comes here, over HTTP and over standard
//! input and output.

use std::{collections::HashMap, sync::Arc};

use rmcp::{
    ErrorData,
    model::{
        DiscoverResult, InitializeRequestParams, JsonObject, ListResourceTemplatesResult,
        ListResourcesResult, ListToolsResult, ProtocolVersion, Tool as ToolDescription,
    },
};
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

use super::{
    CallInfo, Message, Params, Revision,
    parameters::{self, ParameterHeader},
    protocol_versions, resources, results,
    tool_lists::ToolLists,
};
use crate::{
    gate::{CallRequest, Gate},
    tool::{ToolError, catalogue::Rendered, describe},
};

/// How long a client may keep what `server/discover` says (milliseconds).
const DISCOVER_TTL: u64 = 300_000;

/// Answers messages; cheap to clone.
#[derive(Clone)]
pub struct Dispatcher(Arc<Shared>);

struct Shared {
    gate: Arc<Gate>,
    lists: ToolLists,
    /// By tool, where one has any.
    parameter_headers: HashMap<&'static str, Vec<ParameterHeader>>,
    stop: CancellationToken,
}

/// An answer as it is sent.
#[derive(Debug)]
pub struct Answer {
    /// The whole message.
    pub body: String,
    /// The JSON-RPC code, where it is an error.
    pub code: Option<i32>,
}

impl Dispatcher {
    /// A dispatcher in front of a gate.
    pub fn new(gate: Arc<Gate>) -> Self {
        let parameter_headers = gate
            .catalogue()
            .iter()
            .map(|entry| (entry.spec.name, parameters::headers(&entry.input_schema)))
            .filter(|(_, headers)| !headers.is_empty())
            .collect();
        let (lists, stop) = (ToolLists::default(), CancellationToken::new());
        Self(Arc::new(Shared { gate, lists, parameter_headers, stop }))
    }

    /// The arguments of a tool that are repeated in headers.
    pub fn parameter_headers(&self, tool: &str) -> &[ParameterHeader] {
        self.0.parameter_headers.get(tool).map(Vec::as_slice).unwrap_or_default()
    }

    /// The revision that a request says it is of. HTTP says it in a header as well, and compares the two.
    ///
    /// # Errors
    /// For a revision that nobody speaks, and for a request that does not say what its revision asks for.
    pub(super) fn revision(message: &Message) -> Result<Revision, ErrorData> {
        let Some(version) = message.params.version() else { return Ok(Revision::Legacy) };
        if protocol_versions().all(|known| known != version) {
            return Err(results::unknown_version(version));
        }
        let revision = Revision::of(version);
        let missing = message.params.missing();
        if revision == Revision::Modern && !missing.is_empty() {
            return Err(results::missing(&missing));
        }
        Ok(revision)
    }

    /// What tells one request that nobody waits for it any more. It fires with [`Self::stop`], too.
    pub fn cancellation(&self) -> CancellationToken {
        self.0.stop.child_token()
    }

    /// Ends what still runs; called when the drain is over and not before, because what is ended in the
    /// middle answers with an error.
    pub fn stop(&self) {
        self.0.stop.cancel();
    }

    /// Answers a request. When the answer is dropped before it is there, nobody waits for it: the call is
    /// told, rolls back and is written down.
    pub async fn answer(
        &self,
        message: Message,
        revision: Revision,
        info: &CallInfo,
        cancelled: CancellationToken,
    ) -> Answer {
        let Message { id, method, params } = message;
        let (id, method) = (id.unwrap_or_default(), method.unwrap_or_default());
        let mut body = results::opening(&id);
        let written = if method == "tools/call" {
            self.call(&mut body, params, revision, info, cancelled).await
        } else {
            self.tell(&mut body, &method, params, revision, info)
        };
        match written {
            Ok(()) => {
                body.push('}');
                Answer { body, code: None }
            }
            Err(error) => Answer { body: results::error(&id, &error), code: Some(error.code.0) },
        }
    }

    /// Runs a tool. It runs in a task of its own, because the server drops what it does for a client that
    /// goes away.
    async fn call(
        &self,
        body: &mut String,
        mut params: Params,
        revision: Revision,
        info: &CallInfo,
        cancelled: CancellationToken,
    ) -> Result<(), ErrorData> {
        let tool = params.text("name").ok_or_else(results::malformed)?.to_owned();
        let arguments = match params.given.get_mut("arguments").map(Value::take) {
            None | Some(Value::Null) => JsonObject::new(),
            Some(Value::Object(arguments)) => arguments,
            Some(_) => return Err(results::malformed()),
        };
        let waiting = cancelled.clone().drop_guard();
        let request = CallRequest {
            caller: info.caller.clone(),
            tool,
            arguments,
            conversation: info.conversation.clone(),
            verification: info.verification.clone(),
            toolset: info.toolset,
            request_id: info.request_id.clone(),
            cancelled,
        };
        let gate = self.0.gate.clone();
        let call = async move { gate.call(request).await };
        let ended = tokio::spawn(call.in_current_span()).await;
        waiting.disarm();
        match ended {
            Ok(Ok(Rendered { json: answer, .. })) => {
                results::success(body, &answer, revision);
                Ok(())
            }
            Ok(Err(error)) => results::failure(body, &error, revision),
            Err(end) => {
                let error = ToolError::internal(end.to_string());
                tracing::error!(incident = error.incident(), %end, "a call ended badly");
                results::failure(body, &error, revision)
            }
        }
    }

    /// Answers what asks for nothing to be done.
    fn tell(
        &self,
        body: &mut String,
        method: &str,
        params: Params,
        revision: Revision,
        info: &CallInfo,
    ) -> Result<(), ErrorData> {
        if !is_offered(method, revision) {
            return Err(results::no_method(method));
        }
        if !params.is_plain() {
            return Err(results::malformed());
        }
        match method {
            "initialize" => initialize(body, params, self.0.gate.catalogue().instructions()),
            "server/discover" => discover(body, &params, self.0.gate.catalogue().instructions()),
            "ping" => {
                body.push_str("{}");
                Ok(())
            }
            "tools/list" => {
                only_page(&params)?;
                body.push_str(&self.listed(info, revision)?);
                Ok(())
            }
            "resources/list" => {
                only_page(&params)?;
                let list = ListResourcesResult::with_all_items(resources::listed());
                results::write(body, &results::stamped!(list, revision))
            }
            "resources/templates/list" => {
                only_page(&params)?;
                let list = ListResourceTemplatesResult::with_all_items(Vec::new());
                results::write(body, &results::stamped!(list, revision))
            }
            "resources/read" => {
                let uri = params.text("uri").ok_or_else(results::malformed)?;
                let read = resources::read(&self.0.gate, info, uri, revision)?;
                results::write(body, &results::stamped!(read, revision))
            }
            _ => Err(results::no_method(method)),
        }
    }

    /// The tools that a caller is shown, written once for all callers with the same scopes and role.
    fn listed(&self, info: &CallInfo, revision: Revision) -> Result<Arc<str>, ErrorData> {
        let key = (info.caller.scopes.clone(), info.caller.role, info.toolset, revision);
        if let Some(list) = self.0.lists.get(&key) {
            return Ok(list);
        }
        let gate = &self.0.gate;
        let tools: Vec<ToolDescription> = gate
            .catalogue()
            .iter()
            .filter(|entry| gate.is_listed(entry.spec, &info.caller, info.toolset))
            .map(|entry| {
                let ruling = gate.ruling(entry.spec);
                describe::describe(entry, ruling.risk, ruling.approval)
            })
            .collect();
        let list = ListToolsResult::with_all_items(tools);
        let mut written = String::new();
        results::write(&mut written, &results::stamped!(list, revision))?;
        let list: Arc<str> = written.into();
        self.0.lists.keep(key, list.clone());
        Ok(list)
    }
}

/// Whether a revision has a method, and this server offers it.
fn is_offered(method: &str, revision: Revision) -> bool {
    match method {
        "initialize" | "ping" => revision == Revision::Legacy,
        "server/discover"
        | "tools/list"
        | "tools/call"
        | "resources/list"
        | "resources/templates/list"
        | "resources/read" => true,
        _ => false,
    }
}

/// The handshake: the revision that was asked for, or else the last that has one.
fn initialize(body: &mut String, params: Params, instructions: &str) -> Result<(), ErrorData> {
    let asked: InitializeRequestParams =
        serde_json::from_value(Value::Object(params.given)).map_err(|_| results::malformed())?;
    let asked = asked.protocol_version;
    let is_known = protocol_versions().any(|known| known == asked.as_str());
    let mut result = super::config(instructions);
    let spoken = is_known && Revision::of(asked.as_str()) == Revision::Legacy;
    result.protocol_version = if spoken { asked } else { ProtocolVersion::LATEST_WITH_INITIALIZE };
    results::write(body, &result)
}

fn discover(body: &mut String, params: &Params, instructions: &str) -> Result<(), ErrorData> {
    let missing = params.missing();
    if !missing.is_empty() {
        return Err(results::missing(&missing));
    }
    let versions = ProtocolVersion::KNOWN_VERSIONS.to_vec();
    // It is private to the caller unless it says otherwise.
    let result = DiscoverResult::from_server_info(versions, super::config(instructions));
    results::write(body, &result.with_ttl_ms(DISCOVER_TTL))
}

/// Every list has one page, so no cursor was ever given out.
fn only_page(params: &Params) -> Result<(), ErrorData> {
    match params.given.get("cursor") {
        None | Some(Value::Null) => Ok(()),
        Some(Value::String(_)) => {
            Err(ErrorData::invalid_params("The cursor is not one of this list", None))
        }
        Some(_) => Err(results::malformed()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handshake_exists_where_the_revision_has_one() {
        assert!(is_offered("initialize", Revision::Legacy) && is_offered("ping", Revision::Legacy));
        assert!(
            !is_offered("initialize", Revision::Modern) && !is_offered("ping", Revision::Modern)
        );
        for method in ["prompts/list", "subscriptions/listen", "tools/Call", ""] {
            assert!(!is_offered(method, Revision::Legacy) && !is_offered(method, Revision::Modern));
        }
    }
}
