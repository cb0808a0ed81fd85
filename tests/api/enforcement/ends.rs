//! Every tool behind an approval: however a request ends without a yes, nothing has changed.

use std::collections::BTreeSet;

use business_mcp_engine::{auth::Grant, tool::Approval};
use serde_json::json;

use super::walk::{
    Caller, Shop, Tool, arguments, every_tool, everywhere, only_noted, pending, refusals,
};
use crate::{
    books::{change, status_of},
    support::TENANT,
};

/// How a request may end without being done.
#[derive(Debug, Clone, Copy)]
enum End {
    Denied,
    Expired,
    Withdrawn,
    /// Approved, and by then the tool means something else.
    Failed,
}

/// A request that ends like this has changed nothing, and is not done by a late yes either.
async fn ends(shop: &Shop, tool: &Tool, caller: &Caller, end: End) {
    let at = format!("{} by {}, {end:?}, on {}", tool.1.tool, caller.name, shop.server.db.kind());
    let (db, approver) = (&shop.server.db, &shop.approver);
    let arguments = arguments(approver, &caller.client, &tool.1).await;
    let before = shop.dump().await;
    let reply = caller.client.call(tool.1.tool, arguments).await;
    if reply.is_error() {
        // It could not be done by this caller, and so nobody is asked.
        assert!(!["forbidden", "disabled"].contains(&reply.error()), "{at}: {}", reply.body);
        return only_noted(&shop.since(&before, &at).await, 1, &at);
    }
    pending(shop, caller, &reply, &before, &at).await;
    let id = reply.pending();
    let status = match end {
        End::Denied => {
            shop.deny(&id, &at).await;
            "denied"
        }
        End::Expired => {
            let sql = "update approvals set expires_at = created_at where id = $1";
            assert_eq!(change(db, sql, &[id.as_str().into()]).await, 1);
            "expired"
        }
        End::Withdrawn => {
            let withdrawn = json!({ "approval_id": id });
            caller.client.call("approval_withdraw", withdrawn).await.answer();
            "withdrawn"
        }
        End::Failed => {
            let sql = "update approvals set tool_version = tool_version - 1 where id = $1";
            assert_eq!(change(db, sql, &[id.as_str().into()]).await, 1);
            "failed"
        }
    };
    let late = approver.approve(&id).await;
    let executed = late.http.is_success() && late.body["status"] == "executed";
    assert!(!executed, "{at}: {}", late.body);
    assert_eq!(status_of(db, &id).await, status, "{at}: {}", late.body);
    let changes = shop.since(&before, &at).await;
    assert_eq!(changes.of_the_business(), BTreeSet::new(), "{at}: {changes:?}");
}

#[tokio::test]
async fn what_waits_for_a_person_changes_nothing_until_it_is_decided_and_nothing_without_a_yes() {
    // Whoever withdraws need not wait.
    let withdraw = "approval_withdraw";
    let policy = everywhere(Approval::RequiresApproval, &[withdraw]);
    for server in policy.servers().await {
        let shop = Shop::open(server).await;
        refusals(&shop, |_| Approval::RequiresApproval).await;
        for tool in every_tool().iter().filter(|tool| tool.1.tool != withdraw) {
            let may = shop.who_may(tool);
            for caller in &may {
                ends(&shop, tool, caller, End::Denied).await;
            }
            for end in [End::Expired, End::Withdrawn, End::Failed] {
                let subject = format!("{}-{end:?}", may[0].name);
                let grant = Grant::Scopes(may[0].scopes.clone());
                let client = shop.server.client(shop.server.token(TENANT, &subject, grant));
                let (name, scopes) = (may[0].name, may[0].scopes.clone());
                let caller = Caller { name, scopes, role: None, client };
                ends(&shop, tool, &caller, end).await;
            }
            if tool.0.spec.approval == Approval::Disabled {
                switched_on(&shop, tool, may[0]).await;
            }
        }
    }
}

/// What only a policy switches on changes what its sample says, after a yes.
async fn switched_on(shop: &Shop, tool: &Tool, caller: &Caller) {
    let at = format!("{} on {}", tool.1.tool, shop.server.db.kind());
    let client = shop.server.client(shop.server.token(
        TENANT,
        "the-last",
        Grant::Scopes(caller.scopes.clone()),
    ));
    let before = shop.dump().await;
    let reply = client.call(tool.1.tool, tool.1.arguments("none")).await;
    let decided = shop.approver.approve(&reply.pending()).await;
    assert_eq!(decided.body["status"], "executed", "{at}: {}", decided.body);
    let changes = shop.since(&before, &at).await;
    if let Some(tables) = tool.1.tables() {
        assert_eq!(changes.of_the_business(), tables, "{at} changes other tables than it says");
    }
}
