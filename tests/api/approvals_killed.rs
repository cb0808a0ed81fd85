//! A process that is killed between a decision and its answer.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde_json::json;
use tokio::{sync::Semaphore, task::JoinSet};

use crate::{
    books::{Books, number},
    process::HotShop,
    support::Client,
};
use business_mcp::access::role;

/// As many as one caller may have open.
const OF_EACH: usize = 20;
const CALLERS: usize = 10;

/// Approves a request on a server that may go away: the order that came of it.
async fn approve(client: &Client, id: &str) -> Option<String> {
    let url = format!("{}/api/approvals/{id}/approve", client.url);
    let answer = client.http.post(url).bearer_auth(&client.token).send().await.ok()?;
    let body: serde_json::Value = answer.json().await.ok()?;
    assert_eq!(body["status"], "executed", "{body}");
    Some(body["result"]["data"]["order_id"].as_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_kill_each_request_waits_still_or_has_its_one_order() {
    let total = CALLERS * OF_EACH;
    for shop in HotShop::on_both(1_000).await {
        shop.let_orders_wait();
        let mut server = shop.serve().await;
        let mut ids = Vec::new();
        for caller in 0..CALLERS {
            let agent = shop.client(&server, role::AGENT, &format!("agent-{caller}"));
            for number in 0..OF_EACH {
                let order = json!({
                    "customer_id": "C-1",
                    "items": [{ "sku": "HOT-1", "quantity": 1 }],
                    "total": "10.00",
                    "idempotency_key": format!("number-{number:04}"),
                });
                ids.push(agent.call("order_create", order).await.pending());
            }
        }

        let approver = shop.client(&server, role::APPROVER, "approver");
        let slots = Arc::new(Semaphore::new(16));
        let mut decisions = JoinSet::new();
        for id in ids.clone() {
            let (approver, slots) = (approver.clone(), slots.clone());
            decisions.spawn(async move {
                let _slot = slots.acquire().await.unwrap();
                (id.clone(), approve(&approver, &id).await)
            });
        }
        let mut answered = BTreeMap::new();
        while let Some(decision) = decisions.join_next().await {
            let (id, order) = decision.unwrap();
            answered.extend(order.map(|order| (id, order)));
            // Some are answered, some are being executed, some have not begun.
            if answered.len() == 50 {
                server.kill();
            }
        }
        assert!((50..total).contains(&answered.len()), "{} were answered", answered.len());

        let server = shop.serve().await;
        let approver = shop.client(&server, role::APPROVER, "approver");
        let db = business_mcp_engine::cli::start::open(&shop.database_url).unwrap();
        let mut executed = 0;
        for id in &ids {
            let shown = approver.api("GET", &format!("/{id}"), None).await.body;
            match shown["status"].as_str().unwrap() {
                "pending" => assert!(!answered.contains_key(id), "an answered decision is kept"),
                "executed" => {
                    executed += 1;
                    let order = shown["result"]["data"]["order_id"].as_str().unwrap();
                    assert!(answered.get(id).is_none_or(|before| before == order));
                }
                other => panic!("{id} is {other}"),
            }
        }
        let books = Books::of(&db).await;
        let waiting = i64::try_from(total).unwrap() - executed;
        assert_eq!((books.orders, books.on_hand), (executed, 1_000 - executed));
        assert_eq!(books.reserved, waiting, "what waits is still held");

        let mut orders = BTreeSet::new();
        for id in &ids {
            let order = approve(&approver, id).await.unwrap();
            assert!(answered.get(id).is_none_or(|before| *before == order));
            assert!(orders.insert(order), "two requests never share an order");
        }
        let books = Books::of(&db).await;
        assert_eq!((books.orders, books.reserved), (i64::try_from(total).unwrap(), 0));
        let done = "select count(*) from audit where action = 'executed'";
        assert_eq!(number(&db, done, &[]).await, books.orders, "each is written down once");
    }
}
