//! What the payment provider is asked, and what comes of it, with the sandbox that is shipped. Whoever deletes
//! `src/sandbox` deletes this file, too.

use std::time::Duration;

use business_mcp::access::role;
use business_mcp_engine::db::Db;
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::Instant};

use crate::{
    books::{Books, PolicyFile, change, number, one, text, unpaid},
    process::HotShop,
    support::TestServer,
};

/// One piece at 26.99, paid with this method.
fn order(method: &str) -> Value {
    let mut order = unpaid("by card");
    order["payment_method_id"] = json!(method);
    order
}

/// Waits until the provider has answered everything.
pub async fn quiet(db: &Db) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while number(db, OPEN, &[]).await > 0 {
        assert!(Instant::now() < deadline, "the queue is never empty");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn shown(server: &TestServer, order: &str) -> Value {
    let desk = server.as_role(role::DESK);
    desk.call("order_get", json!({ "order_id": order })).await.answer().clone()
}

const OPEN: &str = "select count(*) from provider_calls where next_attempt_at is not null";
const CALLS: &str = "select count(*) from provider_calls";
const ASKED: &str = "select cast(coalesce(sum(asked), 0) as bigint) from sandbox_calls";
const TRAIL: &str = "select count(*) from audit where principal = 'payments'";

#[tokio::test(flavor = "multi_thread")]
async fn each_card_is_charged_once_by_whichever_replica_comes_first() {
    let policy = PolicyFile::orders_pass();
    for server in policy.servers().await {
        // A SQLite file is one process's.
        let replica = if server.database_url.starts_with("postgres") {
            Some(policy.replica(&server).await)
        } else {
            None
        };
        let agent = server.agent();
        let mut ids = Vec::new();
        for n in 0..10 {
            let mut order = order("card_12345");
            order["idempotency_key"] = json!(format!("number-{n:04}"));
            let reply = agent.call("order_create", order).await;
            ids.push(reply.data()["order_id"].as_str().unwrap().to_owned());
        }
        quiet(&server.db).await;
        assert_eq!(
            (number(&server.db, CALLS, &[]).await, number(&server.db, TRAIL, &[]).await),
            (10, 10)
        );
        assert_eq!(number(&server.db, ASKED, &[]).await, 10);
        for id in &ids {
            let payments = &shown(&server, id).await["data"]["payments"];
            assert_eq!(payments[0]["state"], "settled", "{payments}");
        }
        let keys = "select count(*)
                    from sandbox_calls s
                    join payments p on p.tenant_id = s.tenant_id and p.id = s.key
                    where s.kind = 'charge' and s.amount_minor = 2699 and p.amount_minor = 2699
                      and s.currency = 'USD' and s.payment_method_id = 'card_12345'";
        assert_eq!(number(&server.db, keys, &[]).await, 10);
        drop(replica);

        let cancel = json!({ "order_id": ids[0], "reason": "no longer needed" });
        let id = server.as_role(role::DESK).call("order_cancel", cancel).await.pending();
        assert_eq!(server.approver().approve(&id).await.body["status"], "executed");
        quiet(&server.db).await;
        let payments = &shown(&server, &ids[0]).await["data"]["payments"];
        assert_eq!(
            (&payments[1]["kind"], &payments[1]["state"]),
            (&json!("refund"), &json!("settled"))
        );
    }
}

#[tokio::test]
async fn nothing_is_asked_for_gift_cards_unpaid_orders_and_what_was_imported() {
    for server in PolicyFile::orders_pass().servers().await {
        let agent = server.agent();
        agent.call("order_create", one()).await.data();
        agent.call("order_create", unpaid("later")).await.data();
        // The demo's own orders were imported with their payments.
        let paid = "select count(*) from payments where payment_method_id like 'card%'";
        assert!(number(&server.db, paid, &[]).await > 0);
        assert_eq!(number(&server.db, CALLS, &[]).await, 0);
        // A worker has looked once it has handled what comes after them.
        agent.call("order_create", order("card_12345")).await.data();
        quiet(&server.db).await;
        assert_eq!(number(&server.db, ASKED, &[]).await, 1);
        assert_eq!(shown(&server, "ORD-12345").await["data"]["payments"][0]["state"], "settled");
    }
}

#[tokio::test]
async fn a_declined_card_is_told_and_another_one_pays() {
    for server in PolicyFile::orders_pass().servers().await {
        let method = "insert into payment_methods (tenant_id, customer_id, id, kind)
                      values ('demo', 'CUST-12345', 'declined_1', 'card')";
        change(&server.db, method, &[]).await;
        let reply = server.agent().call("order_create", order("declined_1")).await;
        let id = reply.data()["order_id"].as_str().unwrap().to_owned();
        quiet(&server.db).await;
        let answer = shown(&server, &id).await;
        assert_eq!(answer["data"]["payments"][0]["state"], "declined");
        assert_eq!(answer["data"]["status"], "pending", "the order stays as it is");
        let say = answer["say"].as_str().unwrap();
        assert!(say.ends_with("The charge for it was declined."), "{say}");
        let note = "select text from interactions where order_id = $1";
        let note = text(&server.db, note, &[id.as_str().into()]).await;
        assert!(note.starts_with(&format!("The charge of 26.99 USD for order {id} was declined")));

        let desk = server.as_role(role::DESK);
        let other = json!({ "order_id": id, "payment_method_id": "card_12345" });
        let request = desk.call("order_update_payment", other).await.pending();
        assert_eq!(server.approver().approve(&request).await.body["status"], "executed");
        quiet(&server.db).await;
        let answer = shown(&server, &id).await;
        let states: Vec<&Value> =
            answer["data"]["payments"].as_array().unwrap().iter().map(|p| &p["state"]).collect();
        assert_eq!(states, ["declined", "settled"]);
        assert!(!answer["say"].as_str().unwrap().contains("declined"));

        // What comes back is what was paid, and not what was declined.
        let cancel = json!({ "order_id": id, "reason": "no longer needed" });
        let request = desk.call("order_cancel", cancel).await.pending();
        let cancelled = server.approver().approve(&request).await;
        let refunds = cancelled.body.pointer("/result/data/refunds").unwrap().as_array().unwrap();
        assert_eq!(refunds.len(), 1, "{refunds:?}");
        assert_eq!(refunds[0]["payment_method_id"], "card_12345");
        quiet(&server.db).await;
        let moved =
            "select cast(sum(case kind when 'charge' then amount_minor else -amount_minor end)
                                 as bigint)
                     from sandbox_calls
                     where reference is not null";
        assert_eq!(number(&server.db, moved, &[]).await, 0);
    }
}

#[tokio::test]
async fn a_server_that_stops_leaves_no_call_in_hand() {
    for mut server in PolicyFile::orders_pass().servers().await {
        let agent = server.agent();
        for n in 0..20 {
            let mut order = order("card_12345");
            order["idempotency_key"] = json!(format!("number-{n:04}"));
            agent.call("order_create", order).await.data();
        }
        let url = server.database_url.clone();
        server.stop().await;
        let db = business_mcp_engine::cli::start::open(&url).unwrap();
        let leased = "select count(*) from provider_calls where state = 'leased'";
        assert_eq!(number(&db, leased, &[]).await, 0);
        let recorded = "select count(*) from sandbox_calls";
        let done = "select count(*) from provider_calls where state = 'done'";
        assert_eq!(number(&db, recorded, &[]).await, number(&db, done, &[]).await);
    }
}

/// The program is killed again and again while it charges: whatever it had in hand is repeated with
/// the same key, and each payment is charged and written down once.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_kill_each_card_is_charged_once_all_the_same() {
    for shop in HotShop::on_both(1_000).await {
        let db = business_mcp_engine::cli::start::open(&shop.database_url).unwrap();
        let method = "insert into payment_methods (tenant_id, customer_id, id, kind)
                      values ('demo', 'C-1', 'card_1', 'card')";
        change(&db, method, &[]).await;
        for round in 0..3 {
            let mut server = shop.serve().await;
            let agent = shop.agent(&server);
            let mut orders = JoinSet::new();
            for n in 0..60 {
                let (agent, order) = (
                    agent.clone(),
                    json!({
                        "customer_id": "C-1",
                        "items": [{ "sku": "HOT-1", "quantity": 1 }],
                        "total": "10.00",
                        "payment_method_id": "card_1",
                        "idempotency_key": format!("number-{n}-of-round-{round}"),
                    }),
                );
                orders.spawn(async move { agent.try_call("order_create", order).await });
            }
            // As soon as the provider has said something, it is all over.
            let before = number(&db, ASKED, &[]).await;
            let deadline = Instant::now() + Duration::from_secs(20);
            while number(&db, ASKED, &[]).await < before + 3 {
                assert!(Instant::now() < deadline, "nobody is charged");
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            server.kill();
            while orders.join_next().await.is_some() {}
        }
        let open = number(&db, OPEN, &[]).await;
        assert!(open > 0, "some were not charged yet");

        let mut server = TestServer::on(&shop.database_url).await;
        server.advance(20);
        quiet(&db).await;
        server.stop().await;
        let books = Books::of(&db).await;
        assert_eq!(books.paid, books.orders * 1_000);
        let matched = "select count(*)
                       from payments p
                       join provider_calls c on c.tenant_id = p.tenant_id and c.id = p.id
                       join sandbox_calls s on s.tenant_id = c.tenant_id and s.key = c.id
                       where c.state = 'done' and c.provider_reference = s.reference
                         and s.amount_minor = p.amount_minor and s.asked <= c.attempts";
        let sandbox = "select count(*) from sandbox_calls";
        for sql in [CALLS, sandbox, matched, TRAIL] {
            assert_eq!(number(&db, sql, &[]).await, books.orders, "{sql}");
        }
    }
}
