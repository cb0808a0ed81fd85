//! The tool that the README adds, so that what it shows compiles, lints and runs.

mod find_location;

use std::{sync::Arc, time::Duration};

use business_mcp::{
    access::{ACCESS, role},
    application,
};
use business_mcp_engine::{
    business::NoReservations,
    cli::start,
    gate::{CallRequest, Gate, GateOptions, policy::Policy},
    tool::{Caller, Catalogue, Clock, ErrorCode},
};
use chrono::TimeDelta;
use serde_json::{Map, Value, json};

use self::find_location::FindLocation;
use crate::{databases::BUSINESS_FILE, readme};

/// A new tool is short enough to be written before the coffee is cold.
const LONGEST: usize = 42;

#[test]
fn the_readme_shows_the_new_tool() {
    let code = include_str!("find_location.rs");
    assert!(
        code.lines().count() <= LONGEST,
        "the tool of the README has more than {LONGEST} lines"
    );
    readme::keep("README.md", "new-tool", &format!("```rust\n{code}```"));
}

#[tokio::test]
async fn the_new_tool_answers_through_the_gate() {
    let folder = tempfile::tempdir().unwrap();
    let db = start::open(&format!("sqlite://{}", folder.path().join("test.db").display())).unwrap();
    db.migrate(&application().migrations().unwrap()).await.unwrap();
    let options = GateOptions {
        deadline: Duration::from_secs(5),
        approval_ttl: TimeDelta::minutes(15),
        clock: Clock::System,
        policy: Policy::default(),
        business_file: application().business_file(Some(BUSINESS_FILE.as_ref())).unwrap(),
        erasures: application().erasures(),
        reservations: Arc::new(NoReservations),
    };
    let gate = Gate::new(db, Catalogue::default().with(FindLocation), options).unwrap();
    let call = |name: &str| CallRequest {
        verification: None,
        caller: Arc::new(Caller {
            tenant: "demo".into(),
            subject: "tester".into(),
            token_id: None,
            scopes: role::AGENT.scopes(),
            role: Some(role::AGENT),
            expires_at: None,
            access: ACCESS,
        }),
        tool: "find_location".to_owned(),
        arguments: Map::from_iter([("name".to_owned(), Value::from(name))]),
        conversation: None,
        toolset: None,
        request_id: None,
        cancelled: tokio_util::sync::CancellationToken::new(),
    };
    let found: Value =
        serde_json::from_str(&gate.call(call("main warehouse")).await.unwrap().json).unwrap();
    assert_eq!(
        found,
        json!({
            "say": "Main warehouse is at 48 Depot Road, Portland, OR 97203, USA.",
            "status": "ok",
            "data": "48 Depot Road, Portland, OR 97203, USA",
        })
    );
    let refused = gate.call(call("the moon")).await.unwrap_err();
    assert_eq!(refused.code(), ErrorCode::NotFound);
}
