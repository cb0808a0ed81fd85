//! One story, told through real clients: look up, order, wait, be approved, and hear of it.

use std::process::{Child, Stdio};

use rmcp::{
    ClientLifecycleMode, ClientServiceExt as _, RoleClient,
    model::{CallToolRequestParams, CallToolResult, ClientConfig, ProtocolVersion},
    service::RunningService,
    transport::{
        StreamableHttpClientTransport, streamable_http_client::StreamableHttpClientTransportConfig,
    },
};
use serde_json::{Value, json};

use crate::{
    books::{Books, SKU, two},
    process::program,
    support::{Client, TestServer, servers},
};
use business_mcp::access::role;

type Session = RunningService<RoleClient, ClientConfig>;

/// The handshake that clients of 2025-11-25 and before make.
fn handshake() -> ClientLifecycleMode {
    ClientLifecycleMode::Initialize
}

/// No handshake: `server/discover` once, and who one is with each request.
fn discovery() -> ClientLifecycleMode {
    ClientLifecycleMode::Discover { preferred_versions: vec![ProtocolVersion::V_2026_07_28] }
}

/// A client library's session over HTTP.
async fn connect(client: &Client, mode: ClientLifecycleMode) -> Session {
    let config = StreamableHttpClientTransportConfig::with_uri(format!("{}/mcp", client.url))
        .auth_header(client.token.clone());
    let transport = StreamableHttpClientTransport::from_config(config);
    ClientConfig::default().serve_with_lifecycle(transport, mode).await.unwrap()
}

/// One call as the library makes it.
async fn call(session: &Session, tool: &'static str, arguments: Value) -> CallToolResult {
    let Value::Object(arguments) = arguments else { panic!("{arguments}") };
    let call = CallToolRequestParams::new(tool).with_arguments(arguments);
    session.call_tool(call).await.unwrap()
}

/// The whole answer of a call that went well; the text block says the same.
async fn answer(session: &Session, tool: &'static str, arguments: Value) -> Value {
    let result = call(session, tool, arguments).await;
    assert_ne!(result.is_error, Some(true), "{tool}: {result:?}");
    let structured = result.structured_content.unwrap();
    let text = &result.content[0].as_text().unwrap().text;
    assert_eq!(serde_json::from_str::<Value>(text).unwrap(), structured);
    structured
}

/// What there is of the article: on hand and available.
async fn stock(session: &Session) -> (i64, i64) {
    let stock = answer(session, "inventory_check_stock", json!({ "sku": SKU })).await;
    (stock["data"]["on_hand"].as_i64().unwrap(), stock["data"]["available"].as_i64().unwrap())
}

/// An agent orders through its session, and someone else approves.
async fn story(agent: &Session, approver: &Client, server: &TestServer) {
    let tools = agent.list_all_tools().await.unwrap();
    for name in ["customer_lookup", "inventory_check_stock", "order_create", "approval_status"] {
        assert!(tools.iter().any(|tool| tool.name == name), "{name} is not listed");
    }
    let before = Books::of(&server.db).await;
    let (on_hand, available) = stock(agent).await;

    let who = json!({ "email": "john dot smith at example dot com" });
    let found = answer(agent, "customer_lookup", who).await;
    assert_eq!(found["data"]["customer_id"], "CUST-12345");
    let items = json!([{ "sku": SKU, "quantity": 2 }]);
    let quote = json!({ "customer_id": "CUST-12345", "items": items });
    let quote = answer(agent, "order_quote", quote).await;
    assert_eq!(quote["data"]["total"], json!({ "amount": "53.98", "currency": "USD" }));

    let asked = answer(agent, "order_create", two()).await;
    assert_eq!(asked["status"], "approval_pending");
    let id = asked["approval"]["approval_id"].as_str().unwrap();
    assert_eq!(stock(agent).await, (on_hand, available - 2), "held, not sold");
    let status = answer(agent, "approval_status", json!({})).await;
    assert_eq!(status["data"]["status"], "pending");

    let decided = approver.approve(id).await;
    assert_eq!(decided.body["status"], "executed", "{}", decided.body);
    let order = &decided.body["result"]["data"]["order_id"];
    let status = answer(agent, "approval_status", json!({ "approval_id": id })).await;
    assert_eq!(status["data"]["status"], "executed");
    assert_eq!(&status["data"]["result"]["order_id"], order);
    let again = answer(agent, "order_create", two()).await;
    assert_eq!((&again["data"]["order_id"], &again["replayed"]), (order, &json!(true)));
    assert_eq!(stock(agent).await, (on_hand - 2, available - 2));
    let placed = answer(agent, "get_order_status", json!({ "order_id": order })).await;
    assert_eq!(placed["data"]["status"], "pending");
    assert_eq!(Books::of(&server.db).await, before.sold(2, 5398));

    let refused = call(agent, "get_order_status", json!({ "order_id": "ORD-99999999" })).await;
    assert_eq!(refused.is_error, Some(true));
    assert_eq!(json!(refused.meta.unwrap())["code"], "not_found");
}

#[tokio::test]
async fn a_client_that_shakes_hands_orders_and_hears_of_the_approval() {
    for server in servers().await {
        let session = connect(&server.agent(), handshake()).await;
        let info = session.peer_info().unwrap();
        assert_eq!(info.server_info.as_ref().unwrap().name, "business-mcp");
        assert!(info.instructions.as_ref().unwrap().contains("approval_pending"));
        story(&session, &server.approver(), &server).await;
        session.cancel().await.unwrap();
    }
}

#[tokio::test]
async fn a_client_that_discovers_orders_and_hears_of_the_approval() {
    for server in servers().await {
        let session = connect(&server.agent(), discovery()).await;
        assert_eq!(session.peer_info().unwrap().server_info.as_ref().unwrap().name, "business-mcp");
        story(&session, &server.approver(), &server).await;
        session.cancel().await.unwrap();
    }
}

#[tokio::test]
async fn a_client_whose_balancer_knows_no_sessions_orders_across_replicas() {
    for server in servers().await {
        let replica = server.replica(&[]).await;
        for mode in [handshake(), discovery()] {
            let here = connect(&server.as_role(role::DESK), mode.clone()).await;
            let there = connect(&replica.as_role(role::DESK), mode).await;
            let asked = answer(&here, "order_create", two()).await;
            let id = json!({ "approval_id": asked["approval"]["approval_id"] });
            let status = answer(&there, "approval_status", id.clone()).await;
            assert_eq!(status["data"]["status"], "pending");
            let deny = format!("/{}/deny", id["approval_id"].as_str().unwrap());
            replica.approver().api("POST", &deny, None).await;
            let heard = call(&here, "order_create", two()).await;
            assert_eq!(json!(heard.meta.unwrap())["code"], "approval_denied");
            // The next client begins anew.
            server.advance(60);
        }
    }
}

/// The program on standard input and output; killed when it goes out of scope.
struct Desktop(Child);

impl Desktop {
    fn start(server: &TestServer) -> Self {
        let mut command = program(&server.database_url);
        command.arg("stdio").stdin(Stdio::piped()).stdout(Stdio::piped());
        Self(command.spawn().unwrap())
    }

    async fn connect(&mut self, mode: ClientLifecycleMode) -> Session {
        let file = |pipe: std::os::fd::OwnedFd| tokio::fs::File::from_std(pipe.into());
        let output = file(self.0.stdout.take().unwrap().into());
        let input = file(self.0.stdin.take().unwrap().into());
        ClientConfig::default().serve_with_lifecycle((output, input), mode).await.unwrap()
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn a_desktop_client_orders_over_standard_input_and_output() {
    for mode in [handshake(), discovery()] {
        for server in servers().await {
            let mut desktop = Desktop::start(&server);
            let session = desktop.connect(mode.clone()).await;
            story(&session, &server.approver(), &server).await;
            session.cancel().await.unwrap();
        }
    }
}
