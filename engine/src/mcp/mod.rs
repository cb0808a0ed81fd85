//! rmcp's `ServerHandler`: translates between the protocol and the gate, and decides nothing.
//!
//! * `direct`: the short way for the two hot methods;
//! * `results`: answers and failures as the protocol writes them;
//! * `resources`: what can be read by its URI;
//! * `transport`: the library behind `/mcp`; `stdio`: the same for one local client.

mod direct;
mod resources;
mod results;
mod stdio;
mod transport;

pub use self::transport::Transport;

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use rmcp::{
    ErrorData, RoleServer, ServerHandler,
    model::{
        CacheScope, CallToolRequestParams, CallToolResponse, CompleteRequestParams, CompleteResult,
        CustomRequest, CustomResult, DiscoverResult, GetPromptRequestParams, GetPromptResponse,
        Implementation, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult,
        ListToolsResult, PaginatedRequestParams, ProtocolVersion, ReadResourceRequestParams,
        ReadResourceResponse, ServerCapabilities, ServerConfig, SubscribeRequestParams,
        Tool as ToolDescription, UnsubscribeRequestParams,
    },
    service::RequestContext,
};

use crate::{
    gate::{CallRequest, Gate},
    tool::{Caller, ConversationId, Role, Scopes, Toolset, describe},
};

/// How long a client may keep a list (milliseconds).
const LIST_TTL: u64 = 60_000;
/// How long a client may keep what `server/discover` says (milliseconds).
const DISCOVER_TTL: u64 = 300_000;

/// What the edge knows about a request; it travels in the HTTP request's extensions.
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

/// The protocol's side of the server; cheap to clone, which rmcp does for each request.
#[derive(Clone)]
pub struct McpServer(Arc<Shared>);

/// What `tools/list` says, by what the caller may do and asked for.
type Lists = HashMap<(Scopes, Option<Role>, Option<Toolset>), Arc<Listed>>;

struct Listed {
    tools: Vec<ToolDescription>,
    /// The result of `tools/list` as it is sent before 2026-07-28.
    written: String,
}

struct Shared {
    gate: Arc<Gate>,
    /// Who calls where the transport carries nobody: standard input and output.
    local: Option<CallInfo>,
    lists: RwLock<Lists>,
}

impl McpServer {
    /// The server over HTTP, where each request brings its caller.
    pub fn new(gate: Arc<Gate>) -> Self {
        Self(Arc::new(Shared { gate, local: None, lists: RwLock::default() }))
    }

    /// The server for one local client.
    pub fn local(gate: Arc<Gate>, caller: Arc<Caller>) -> Self {
        // One client, from its start to its end, is one conversation.
        let conversation = ConversationId::parse(&uuid::Uuid::now_v7().to_string()).ok();
        let local =
            CallInfo { caller, conversation, verification: None, toolset: None, request_id: None };
        Self(Arc::new(Shared { gate, local: Some(local), lists: RwLock::default() }))
    }

    /// Who sent this request. Fails closed: a transport that lost it serves nobody.
    fn info<'a>(&'a self, ctx: &'a RequestContext<RoleServer>) -> Result<&'a CallInfo, ErrorData> {
        let parts = ctx.extensions.get::<axum::http::request::Parts>();
        parts
            .and_then(|parts| parts.extensions.get::<CallInfo>())
            .or(self.0.local.as_ref())
            .ok_or_else(|| results::internal("the request has no caller"))
    }

    /// The tools that a caller is shown, described once for all callers with the same scopes and role.
    fn listed(&self, info: &CallInfo) -> Arc<Listed> {
        let key = (info.caller.scopes, info.caller.role, info.toolset);
        let lists = self.0.lists.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(list) = lists.get(&key) {
            return list.clone();
        }
        drop(lists);
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
        let written = direct::written_list(ListToolsResult::with_all_items(tools.clone()));
        let list = Arc::new(Listed { tools, written });
        let mut lists = self.0.lists.write().unwrap_or_else(PoisonError::into_inner);
        lists.insert(key, list.clone());
        list
    }
}

/// This server, as it names itself.
fn implementation() -> Implementation {
    Implementation::new("business-mcp", env!("CARGO_PKG_VERSION")).with_title("Business tools")
}

/// Every revision of the protocol that is spoken, the oldest first.
pub fn protocol_versions() -> impl Iterator<Item = &'static str> {
    ProtocolVersion::KNOWN_VERSIONS.iter().map(ProtocolVersion::as_str)
}

/// Whether a request speaks the revision without sessions, whose results say more of themselves.
fn is_modern(ctx: &RequestContext<RoleServer>) -> bool {
    let modern = ProtocolVersion::V_2026_07_28;
    ctx.protocol_version().is_some_and(|version| version.as_str() >= modern.as_str())
}

impl ServerHandler for McpServer {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder().enable_tools().enable_resources().build();
        ServerConfig::new(capabilities).with_server_info(implementation()).with_instructions(
            "Look the customer up first. Quote before you order, read the total back, and send it \
             with the order. An answer with status approval_pending means that nothing has changed \
             yet: say so, and ask approval_status later. Speak what `say` holds.",
        )
    }

    async fn discover(
        &self,
        _ctx: RequestContext<RoleServer>,
    ) -> Result<DiscoverResult, ErrorData> {
        let versions = self.supported_protocol_versions().into_owned();
        let mut result = DiscoverResult::from_server_info(versions, self.get_info());
        result.ttl_ms = DISCOVER_TTL;
        result.cache_scope = CacheScope::Private;
        Ok(result)
    }

    async fn list_tools(
        &self,
        request: Option<PaginatedRequestParams>,
        ctx: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        results::only_page(request.as_ref())?;
        let tools = self.listed(self.info(&ctx)?).tools.clone();
        let mut result = ListToolsResult::with_all_items(tools);
        if is_modern(&ctx) {
            result.meta = Some(results::server_info_meta());
            result.ttl_ms = Some(LIST_TTL);
            result.cache_scope = Some(CacheScope::Private);
        }
        Ok(result)
    }

    fn get_tool(&self, name: &str) -> Option<ToolDescription> {
        let gate = &self.0.gate;
        let entry = gate.catalogue().find(name)?;
        let ruling = gate.ruling(entry.spec);
        Some(describe::describe(entry, ruling.risk, ruling.approval))
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        ctx: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let info = self.info(&ctx)?;
        let call = CallRequest {
            caller: info.caller.clone(),
            tool: request.name.into_owned(),
            arguments: request.arguments.unwrap_or_default(),
            conversation: info.conversation.clone(),
            verification: info.verification.clone(),
            toolset: info.toolset,
            request_id: info.request_id.clone(),
            cancelled: ctx.ct.clone(),
        };
        // Boxed, because rmcp moves this future several times and the gate's is large.
        let outcome = Box::pin(self.0.gate.call(call)).await;
        results::call_result(outcome, is_modern(&ctx)).map(Into::into)
    }

    async fn list_resources(
        &self,
        request: Option<PaginatedRequestParams>,
        ctx: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        results::only_page(request.as_ref())?;
        let mut result = ListResourcesResult::with_all_items(resources::listed());
        if is_modern(&ctx) {
            result.meta = Some(results::server_info_meta());
            result.ttl_ms = Some(LIST_TTL);
            result.cache_scope = Some(CacheScope::Private);
        }
        Ok(result)
    }

    async fn list_resource_templates(
        &self,
        _request: Option<PaginatedRequestParams>,
        ctx: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        let mut result = ListResourceTemplatesResult::with_all_items(Vec::new());
        if is_modern(&ctx) {
            result.meta = Some(results::server_info_meta());
            result.ttl_ms = Some(LIST_TTL);
            result.cache_scope = Some(CacheScope::Private);
        }
        Ok(result)
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        ctx: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let mut result = resources::read(&self.0.gate, self.info(&ctx)?, &request.uri)?;
        if is_modern(&ctx) {
            result.meta = Some(results::server_info_meta());
            result.ttl_ms = Some(LIST_TTL);
            result.cache_scope = Some(CacheScope::Private);
        }
        Ok(result.into())
    }

    // rmcp answers some of these with an empty success even where the capability is not declared, and the
    // others with nothing but the method's name.

    async fn list_prompts(
        &self,
        _request: Option<PaginatedRequestParams>,
        _ctx: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Err(results::no_method("prompts/list"))
    }

    async fn get_prompt(
        &self,
        _request: GetPromptRequestParams,
        _ctx: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        Err(results::no_method("prompts/get"))
    }

    async fn complete(
        &self,
        _request: CompleteRequestParams,
        _ctx: RequestContext<RoleServer>,
    ) -> Result<CompleteResult, ErrorData> {
        Err(results::no_method("completion/complete"))
    }

    #[expect(deprecated, reason = "clients of revisions before 2026-07-28 ask for it")]
    async fn set_level(
        &self,
        _request: rmcp::model::SetLevelRequestParams,
        _ctx: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        Err(results::no_method("logging/setLevel"))
    }

    async fn subscribe(
        &self,
        _request: SubscribeRequestParams,
        _ctx: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        Err(results::no_method("resources/subscribe"))
    }

    async fn unsubscribe(
        &self,
        _request: UnsubscribeRequestParams,
        _ctx: RequestContext<RoleServer>,
    ) -> Result<(), ErrorData> {
        Err(results::no_method("resources/unsubscribe"))
    }

    /// Known methods whose parameters could not be read arrive here too.
    async fn on_custom_request(
        &self,
        request: CustomRequest,
        _ctx: RequestContext<RoleServer>,
    ) -> Result<CustomResult, ErrorData> {
        Err(results::unreadable(&request.method))
    }
}
