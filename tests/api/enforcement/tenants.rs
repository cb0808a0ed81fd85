//! Every tool called by another tenant on the same server.

use std::collections::BTreeSet;

use business_mcp::access::role;
use business_mcp_engine::{auth::Grant, tool::Role};

use super::walk::{Shop, arguments, every_tool};
use crate::{
    books::change,
    support::{TENANT, TestServer, servers},
};

/// Another business on the same server, with records of the same ids.
const OTHER: &str = "other";

/// In every text of the first business, so that it is known where it does not belong.
const MARK: &str = "Hier";

/// Marks the names and texts of the first business.
async fn mark(server: &TestServer) {
    for sql in [
        "update customers set name = 'Hier ' || name, company = 'Hier' where tenant_id = 'demo'",
        "update products set name = 'Hier ' || name, category = 'Hier' where tenant_id = 'demo'",
        "update interactions set text = 'Hier ' || text where tenant_id = 'demo'",
        "update orders set note = 'Hier' where tenant_id = 'demo'",
        "update payment_methods set brand = 'Hier' where tenant_id = 'demo'",
    ] {
        assert!(change(&server.db, sql, &[]).await > 0, "{sql}");
    }
}

#[tokio::test]
async fn another_tenant_changes_nothing_here_and_decides_nothing_here() {
    for server in servers().await {
        let shop = Shop::open(server).await;
        let token = |role: &'static Role| {
            shop.server.token(OTHER, &format!("other-{}", role.name), Grant::Role(role))
        };
        let [admin, approver] =
            [role::ADMIN, role::APPROVER].map(|role| shop.server.client(token(role)));
        mark(&shop.server).await;
        let before = shop.dump().await;
        for (entry, sample) in every_tool() {
            let reply = admin.call(sample.tool, arguments(&approver, &admin, &sample).await).await;
            assert_eq!(reply.http.as_u16(), 200, "{}: {}", sample.tool, reply.body);
            assert!(!reply.body.to_string().contains(MARK), "{}: {}", sample.tool, reply.body);
            if !reply.is_error() && reply.answer()["status"] == "approval_pending" {
                let id = reply.pending();
                let stranger = shop.approver.approve(&id).await;
                assert_eq!(stranger.http.as_u16(), 404, "{}: {}", sample.tool, stranger.body);
                let decided = approver.approve(&id).await;
                assert_eq!(decided.body["status"], "executed", "{}", decided.body);
            }
            let changes = before.changes(&shop.dump().await);
            assert!(!changes.tenants().contains(TENANT), "{}: {changes:?}", entry.spec.name);
        }
        assert_eq!(before.changes(&shop.dump().await).tenants(), BTreeSet::from([OTHER]));
    }
}

#[tokio::test]
async fn what_was_made_here_is_not_found_from_elsewhere() {
    for server in servers().await {
        let shop = Shop::open(server).await;
        let token = shop.server.token(OTHER, "other-admin", Grant::Role(role::ADMIN));
        let (here, elsewhere) = (shop.server.as_role(role::ADMIN), shop.server.client(token));
        for (entry, sample) in every_tool() {
            if sample.first.is_empty() {
                continue;
            }
            let arguments = arguments(&shop.approver, &here, &sample).await;
            assert!(!arguments.to_string().contains("none"), "{}: {arguments}", sample.tool);
            let before = shop.dump().await;
            let reply = elsewhere.call(sample.tool, arguments).await;
            assert_eq!(reply.error(), "not_found", "{}: {}", entry.spec.name, reply.body);
            let changes = before.changes(&shop.dump().await);
            assert!(!changes.tenants().contains(TENANT), "{}: {changes:?}", entry.spec.name);
        }
    }
}
