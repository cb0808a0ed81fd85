//! The example works as its README says, and the README shows it as it is.

use business_mcp_engine::testing::{TestServer, databases_with};
use serde_json::json;

#[path = "../../examples/smallest.rs"]
#[expect(dead_code, reason = "its `main` is the example's")]
mod example;

const EXAMPLE: &str = include_str!("../../examples/smallest.rs");
const README: &str = include_str!("../../README.md");

#[test]
fn the_readme_shows_the_example_as_it_is() {
    let block = README.split("```rust\n").nth(1).and_then(|rest| rest.split("```").next());
    assert!(block == Some(EXAMPLE), "copy engine/examples/smallest.rs into engine/README.md");
    assert!(EXAMPLE.lines().count() < 100, "the smallest server has grown");
}

#[tokio::test]
async fn the_smallest_server_takes_a_call_through_its_approval() {
    let application = example::application();
    for database in databases_with(&application.migrations().unwrap()).await {
        let server = TestServer::start(&application, database, &[]).await;
        let agent = server.agent().with_header("x-conversation-id", "call-7001");
        let listed = agent.tools().await;
        assert!(listed.iter().any(|tool| tool["name"] == "guest_add"), "{listed:?}");

        let guest = json!({ "name": "Ana López", "people": 2 });
        let id = agent.call("guest_add", guest.clone()).await.pending();
        let decided = server.approver().approve(&id).await;
        assert_eq!(decided.body["status"], "executed", "{}", decided.body);

        let again = agent.call("guest_add", guest.clone()).await;
        assert_eq!(again.answer()["say"], "Ana López is on the list.");
        assert_eq!(again.answer()["replayed"], true);
        let another = agent.call("guest_add", json!({ "name": "Ana López", "people": 3 })).await;
        assert_eq!(another.error(), "invalid_state", "{}", another.body);
    }
}
