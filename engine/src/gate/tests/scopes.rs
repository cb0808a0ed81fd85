//! An answer is repeated to callers who may hear it now.

use super::*;
use crate::{testing::access::CLERK, tool::ErrorCode};

#[tokio::test]
async fn an_answer_reaches_no_call_with_fewer_scopes() {
    let few = AGENT.scopes();
    let many = CLERK.scopes();
    for theatre in theatres().await {
        for arguments in
            [json!({ "row": "a" }), json!({ "row": "b", "idempotency_key": "seat-0001" })]
        {
            let first = theatre.take_with(&many, arguments.clone()).await.unwrap();
            for note in [None, Some("In other words.")] {
                let mut arguments = arguments.clone();
                arguments["note"] = json!(note);
                let refused = theatre.take_with(&few, arguments.clone()).await.unwrap_err();
                assert_eq!(refused.code(), ErrorCode::Forbidden, "{arguments}");
                let again = theatre.take_with(&many, arguments).await.unwrap();
                assert_eq!(again["data"], first["data"]);
            }
        }
        // More scopes than it was answered with hear it.
        let first = theatre.take_with(&few, json!({ "row": "c" })).await.unwrap();
        let again = theatre.take_with(&many, json!({ "row": "c" })).await.unwrap();
        assert_eq!(again["data"], first["data"]);
        assert_eq!(theatre.taken().await.len(), 3);
    }
}
