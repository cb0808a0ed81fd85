//! The protocol: one dispatcher answers every message, whichever revision it is of and whichever way it
//! came. It translates between the protocol and the gate, and decides nothing. rmcp's types say what the
//! protocol looks like; its services and transports have no part in this.
//!
//! * `message`: a message is parsed, once; `params`: what its method is given;
//! * `dispatch`: what is answered to it; `tool_lists`: lists that were answered before;
//! * `results`: answers and failures as the protocol writes them;
//! * `parameters`: arguments that stand in headers, too;
//! * `resources`: what can be read by its URI;
//! * `stdio`: one local client. HTTP has a room of its own.

mod dispatch;
mod message;
mod parameters;
mod params;
mod resources;
mod results;
mod stdio;
mod tool_lists;

pub use self::{
    dispatch::{Answer, Dispatcher},
    message::{Malformed, Message},
    parameters::ParameterHeader,
    params::Params,
};

use std::sync::Arc;

use rmcp::model::{
    Implementation, ProtocolVersion, ResourcesCapability, ServerCapabilities, ServerConfig,
    ToolsCapability,
};

use crate::tool::{Caller, ConversationId, Toolset};

/// What the transport knows about a request.
#[derive(Clone)]
pub struct CallInfo {
    /// Who calls.
    pub caller: Arc<Caller>,
    /// The conversation that a header names.
    pub conversation: Option<ConversationId>,
    /// The verification handle that a header holds.
    pub verification: Option<Arc<str>>,
    /// The toolset that the URL names.
    pub toolset: Option<Toolset>,
    /// The request's id.
    pub request_id: Option<Arc<str>>,
}

/// What a request's revision of the protocol means for its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Revision {
    /// 2025-11-25 and before, which begin with a handshake. Requests that name no revision are of these.
    Legacy,
    /// 2026-07-28: no handshake; each request says what it is, and each result says more of itself.
    Modern,
}

impl Revision {
    /// What a version means. They are dates, so they compare as text.
    pub fn of(version: &str) -> Self {
        if version < ProtocolVersion::V_2026_07_28.as_str() { Self::Legacy } else { Self::Modern }
    }
}

/// Every revision of the protocol that is spoken, the oldest first.
pub fn protocol_versions() -> impl Iterator<Item = &'static str> {
    ProtocolVersion::KNOWN_VERSIONS.iter().map(ProtocolVersion::as_str)
}

/// This server, as it names itself.
fn implementation() -> Implementation {
    Implementation::new("business-mcp", env!("CARGO_PKG_VERSION")).with_title("Business tools")
}

/// What is the same for every business.
const INSTRUCTIONS: &str = "An answer with status approval_pending means that nothing has changed yet: say so, and ask \
                            approval_status later. Speak what `say` holds.";

/// What the server offers, and how to use it.
fn config(instructions: &str) -> ServerConfig {
    let mut capabilities = ServerCapabilities::default();
    capabilities.tools = Some(ToolsCapability::default());
    capabilities.resources = Some(ResourcesCapability::default());
    ServerConfig::new(capabilities)
        .with_server_info(implementation())
        .with_instructions(format!("{instructions} {INSTRUCTIONS}").trim_start())
}
