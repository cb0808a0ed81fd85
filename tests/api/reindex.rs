//! `reindex`: what records are found by, written anew by the rules of the build.

use serde_json::json;

use crate::{
    books::{change, text},
    process::program,
    support::{TestServer, servers},
};
use business_mcp::access::role;

/// Everything that `reindex` writes, in order, as one text.
const SEARCH_DATA: &str = "
    with lines (line) as (
        select tenant_id || ' ' || kind || ' ' || ref_id || ' ' || term from search_terms
        union all
        select tenant_id || ' ' || id || ' ' || name_key || ' ' || coalesce(email_key, '-') || ' '
               || coalesce(phone_key, '-') || ' ' || coalesce(postal_key, '-')
        from customers
        union all
        select tenant_id || ' ' || id || ' ' || name_key || ' ' || coalesce(category_key, '-')
        from products
        union all
        select tenant_id || ' ' || sku || ' ' || sku_key from variants
        union all
        select tenant_id || ' ' || id || ' ' || id_tail from orders
    ),
    ordered (line) as (select line from lines order by line)
    select string_agg(line, ';') from ordered";

/// What an older build might have left, and what it lost.
const SPOILT: [&str; 9] = [
    "update customers set name_key = 'spoilt', phone_key = null where id in ('CUST-12345', 'CUST-10001')",
    "update customers set email_key = 'spoilt', postal_key = 'spoilt' where id = 'CUST-10002'",
    "update products set name_key = 'spoilt', category_key = null",
    "update variants set sku_key = 'spoilt'",
    "update orders set id_tail = 'spoilt'",
    "delete from search_terms where kind = 'customer' and term like 'e:%'",
    "delete from search_terms where kind = 'product' and term like 's:%'",
    "update search_terms set term = 'w:stale-' || ref_id where term = 'w:john'",
    "update search_terms set tenant_id = 'other' where ref_id = 'CUST-10003'",
];

async fn search_data(server: &TestServer) -> String {
    let lines = text(&server.db, SEARCH_DATA, &[]).await;
    // The last of what is spoilt is another tenant's, which has no such customer.
    lines.split(';').filter(|line| !line.starts_with("other ")).collect::<Vec<_>>().join("\n")
}

fn reindex(server: &TestServer, arguments: &[&str]) -> (Option<i32>, String) {
    let output = program(&server.database_url).arg("reindex").args(arguments).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

#[tokio::test]
async fn whatever_is_not_as_this_build_writes_it_is_written_anew() {
    for server in servers().await {
        let written = search_data(&server).await;
        for sql in SPOILT {
            change(&server.db, sql, &[]).await;
        }
        assert_ne!(search_data(&server).await, written);
        let (code, said) = reindex(&server, &["--tenant", "demo"]);
        assert_eq!(code, Some(0), "{said}");
        assert_eq!(said.lines().count(), 4, "{said}");
        assert!(!said.contains(" 0 were"), "{said}");
        let now = search_data(&server).await;
        for (now, written) in now.lines().zip(written.lines()) {
            assert_eq!(now, written);
        }
        assert_eq!(now, written);
        // The server has gone on, and finds what the program has written.
        let agent = server.agent();
        let found = agent.call("get_order_status", json!({ "order_id": "ORD-12345" })).await;
        assert_eq!(found.answer()["status"], "ok", "{}", found.body);
        // It may be run again.
        let (code, said) = reindex(&server, &[]);
        assert_eq!(code, Some(0), "{said}");
        let nothing = said.lines().filter(|line| line.ends_with(" 0 were written anew"));
        assert_eq!(nothing.count(), 4, "{said}");
        let (code, said) = reindex(&server, &["--tenant", "nobody"]);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains("there is no tenant nobody"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_who_is_changed_meanwhile_is_found_by_what_they_are() {
    for server in servers().await {
        let spoilt = "update customers set name_key = 'spoilt' where erased_at is null";
        let (desk, approver) = (server.as_role(role::ADMIN), server.approver());
        let changing = async {
            for letter in 'a'..='l' {
                change(&server.db, spoilt, &[]).await;
                let name = format!("Zoë Meanwhile{letter}");
                let arguments = json!({ "customer_id": "CUST-12345", "name": name });
                let id = desk.call("crm_update_customer", arguments).await.pending();
                approver.approve(&id).await;
            }
        };
        let url = server.database_url.clone();
        let running = tokio::task::spawn_blocking(move || {
            for _ in 0..4 {
                let output = program(&url).arg("reindex").output().unwrap();
                let said = String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success(), "{said}");
            }
        });
        let ((), running) = tokio::join!(changing, running);
        running.unwrap();
        assert_eq!(reindex(&server, &[]).0, Some(0));
        let (_, said) = reindex(&server, &[]);
        assert_eq!(said.matches(" 0 were written anew").count(), 4, "{said}");
        let term = "select string_agg(term, ' ')
                    from (select term
                          from search_terms
                          where ref_id = 'CUST-12345' and term like 'w:meanwhile%') found";
        let name = "select name_key from customers where id = 'CUST-12345'";
        let (terms, name) = (text(&server.db, term, &[]).await, text(&server.db, name, &[]).await);
        assert_eq!(format!("zoe {}", terms.trim_start_matches("w:")), name);
    }
}
