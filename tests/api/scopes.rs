//! What a token may, and whose business it opens: told from the token, and from nothing else.

use business_mcp::access::{ACCESS, role, scope};
use business_mcp_engine::{auth::Grant, tool::Scope};
use serde_json::{Value, json};

use crate::{
    books::{Books, change, open_other_shop, two},
    support::{Client, TENANT, TestServer, servers},
    wire::Wire,
};

fn with_scopes(server: &TestServer, scopes: &[Scope]) -> Client {
    server.client(server.token(TENANT, "someone", Grant::Scopes(scopes.iter().copied().collect())))
}

async fn called(client: &Client, tool: &str, arguments: Value) -> crate::wire::Answer {
    let call = json!({ "name": tool, "arguments": arguments });
    Wire::mcp(&client.url, &client.token).rpc("tools/call", &call).send().await
}

#[tokio::test]
async fn a_token_that_lacks_a_scope_is_told_which_one_and_one_that_has_it_is_let_in() {
    for server in servers().await {
        let before = Books::of(&server.db).await;
        let order = json!({ "order_id": "ORD-12345" });
        let customer = json!({ "customer_id": "CUST-12345" });
        for (tool, arguments, scope) in [
            ("order_get", order, scope::ORDERS_READ),
            ("order_create", two(), scope::ORDERS_WRITE),
            ("crm_get_customer", customer.clone(), scope::CRM_READ),
            // Its other name is the same tool.
            ("get_customer_data", customer, scope::CRM_READ),
            ("analytics_kpis", json!({ "period": "today" }), scope::ANALYTICS_READ),
        ] {
            let others: Vec<Scope> =
                ACCESS.scopes.iter().copied().filter(|s| *s != scope).collect();
            let refused = called(&with_scopes(&server, &others), tool, arguments.clone()).await;
            refused.refused(403);
            let challenge = refused.header("www-authenticate").unwrap();
            let expected = format!("Bearer error=\"insufficient_scope\", scope=\"{scope}\"");
            assert!(challenge.starts_with(&expected), "{tool}: {challenge}");
            assert_eq!(refused.framed()["id"], 1, "{tool}");

            let allowed = called(&with_scopes(&server, &[scope]), tool, arguments).await;
            assert_ne!(allowed.result()["isError"], true, "{tool}: {allowed:?}");
        }
        let now = Books::of(&server.db).await;
        assert_eq!(now, before.holding(2), "only the allowed order holds its stock");
    }
}

#[tokio::test]
async fn nobody_is_shown_what_they_may_not_call() {
    for server in servers().await {
        for role in ACCESS.roles.iter().copied() {
            let client = server.as_role(role);
            let policy = client.rpc("resources/read", json!({ "uri": "policy://tools" })).await;
            let policy = policy.body.pointer("/result/contents/0/text").unwrap().clone();
            let policy: Value = serde_json::from_str(policy.as_str().unwrap()).unwrap();
            let may = |tool: &Value| {
                let known = policy["tools"].as_array().unwrap();
                known
                    .iter()
                    .any(|known| known["name"] == tool["name"] && known["approval"] != "disabled")
            };
            let shown = client.tools().await;
            assert!(shown.iter().all(may), "{role:?}");
        }
        let nothing = with_scopes(&server, &[]);
        let shown = nothing.tools().await;
        let names: Vec<&str> = shown.iter().filter_map(|tool| tool["name"].as_str()).collect();
        assert!(names.iter().all(|name| !name.starts_with("order_")), "{names:?}");
        assert!(names.contains(&"approval_status"), "a valid token is enough: {names:?}");
    }
}

#[tokio::test]
async fn deciding_needs_its_own_scope() {
    for server in servers().await {
        let id = server.agent().call("order_create", two()).await.pending();
        let others: Vec<Scope> =
            ACCESS.scopes.iter().copied().filter(|s| *s != Scope::APPROVALS_DECIDE).collect();
        let without = with_scopes(&server, &others);
        for line in [
            "GET /api/approvals".to_owned(),
            format!("GET /api/approvals/{id}"),
            format!("POST /api/approvals/{id}/approve"),
            format!("POST /api/approvals/{id}/deny"),
        ] {
            let asked = Wire::new(&server.url, &line);
            asked.send().await.refused(401);
            let bearer = format!("Bearer {}", without.token);
            let refused = asked.with("authorization", &bearer).send().await;
            refused.refused(403);
            let challenge = refused.header("www-authenticate").unwrap();
            assert!(challenge.contains("scope=\"approvals:decide\""), "{challenge}");
        }
        let decided = with_scopes(&server, &[Scope::APPROVALS_DECIDE]).approve(&id).await;
        assert_eq!(decided.body["status"], "executed", "{}", decided.body);
    }
}

#[tokio::test]
async fn the_tenant_comes_from_the_token_alone() {
    for server in servers().await {
        open_other_shop(&server).await;
        let renamed = "update customers
                       set name = 'Other Person'
                       where tenant_id = 'other' and id = 'CUST-12345'";
        assert_eq!(change(&server.db, renamed, &[]).await, 1);
        let other = server.token("other", "agent", Grant::Role(role::AGENT));
        let call = json!({
            "name": "customer_lookup",
            "arguments": { "customer_id": "CUST-12345", "tenant": TENANT, "tenant_id": TENANT },
        });
        let wire = Wire::mcp(&server.url, &other).rpc("tools/call", &call);
        let named = ["x-tenant", "x-tenant-id", "tenant", "x-user", "x-forwarded-user", "cookie"];
        let wire = named.iter().fold(wire, |wire, name| wire.with(name, TENANT));
        for path in ["/mcp", "/mcp?tenant=demo&tenant_id=demo"] {
            let found = wire.clone().on(path).send().await.result();
            assert_eq!(found["structuredContent"]["data"]["name"], "Other Person", "{found}");
            assert!(!found.to_string().contains("John Smith"), "{found}");
        }
        let refused = json!({ "name": "customer_lookup", "arguments": { "organisation": TENANT } });
        let refused = Wire::mcp(&server.url, &other).rpc("tools/call", &refused).send().await;
        assert_eq!(refused.result()["_meta"]["code"], "invalid_parameters");

        // A tenant that nobody has opened sees an empty house.
        let unknown = server.client(server.token("nobody", "agent", Grant::Role(role::ADMIN)));
        let reply = unknown.call("order_get", json!({ "order_id": "ORD-12345" })).await;
        assert!(!reply.body.to_string().contains("CUST-12345"), "{}", reply.body);
        let list = unknown.api("GET", "", None).await;
        assert_eq!(list.body["approvals"], json!([]), "{}", list.body);
    }
}
