//! Many callers at once, several processes on one database, and a process that is killed.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use business_mcp::cli::start;
use serde_json::json;
use tokio::{sync::Semaphore, task::JoinSet};

use crate::{
    process::HotShop,
    support::{Client, Reply},
};

/// As many calls at once as a busy hour has.
const AT_ONCE: usize = 64;

/// One order for one piece, under a key.
async fn order(client: &Client, key: &str) -> Option<Reply> {
    let arguments = json!({
        "customer_id": "C-1",
        "items": [{ "sku": "HOT-1", "quantity": 1 }],
        "total": "10.00",
        "idempotency_key": key,
    });
    client.try_call("order_create", arguments).await
}

/// The id of the order that a reply is about.
fn order_id(reply: &Reply) -> String {
    reply.data()["order_id"].as_str().unwrap().to_owned()
}

/// One number out of the shop's database.
async fn number(shop: &HotShop, sql: &'static str) -> i64 {
    let db = start::open(&shop.database_url).unwrap();
    let mut tx = db.read().await.unwrap();
    let (number,): (i64,) = tx.fetch_one(sql, &[]).await.unwrap();
    number
}

/// What is on hand is what the ledger says, and each order took one piece.
async fn check_books(shop: &HotShop, orders: i64, on_hand: i64) {
    assert_eq!(number(shop, "select count(*) from orders").await, orders);
    assert_eq!(number(shop, "select on_hand from stock").await, on_hand);
    assert_eq!(number(shop, "select reserved from stock").await, 0);
    let moved = "select cast(sum(delta) as bigint) from stock_movements";
    assert_eq!(number(shop, moved).await, on_hand);
    let sales = "select count(distinct cause) from stock_movements where reason = 'sale'";
    assert_eq!(number(shop, sales).await, orders);
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_pieces_become_fifty_orders_however_many_ask_and_however_often() {
    for shop in HotShop::on_both(50).await {
        // A SQLite file has one process that writes, a Postgres server as many as there are.
        let processes = if shop.is_sqlite() { 1 } else { 2 };
        let mut servers = Vec::new();
        for _ in 0..processes {
            servers.push(shop.serve().await);
        }
        let clients: Vec<Client> = servers.iter().map(|server| shop.agent(server)).collect();
        let slots = Arc::new(Semaphore::new(AT_ONCE));
        let mut calls = JoinSet::new();
        for number in 0..400 {
            // Each key is sent twice, where there are two processes once to each.
            let (client, slots) = (clients[number % processes].clone(), slots.clone());
            calls.spawn(async move {
                let _slot = slots.acquire().await.unwrap();
                let key = format!("same-key-{:04}", number / 2);
                let reply = order(&client, &key).await.unwrap();
                (key, reply)
            });
        }
        let mut orders: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut answered = 0;
        while let Some(call) = calls.join_next().await {
            let (key, reply) = call.unwrap();
            if reply.is_error() {
                assert_eq!(reply.error(), "out_of_stock", "{}", reply.body);
            } else {
                answered += 1;
                orders.entry(key).or_default().insert(order_id(&reply));
            }
        }
        assert_eq!(orders.len(), 50, "50 keys have an order");
        assert!(orders.values().all(|ids| ids.len() == 1), "both calls of a key tell one order");
        let distinct: BTreeSet<&String> = orders.values().flatten().collect();
        assert_eq!(distinct.len(), 50);
        assert!(answered >= 50);
        check_books(&shop, 50, 0).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_process_loses_no_answered_order_and_doubles_none() {
    const KEYS: i64 = 300;
    for shop in HotShop::on_both(1_000).await {
        let mut server = shop.serve().await;
        let client = shop.agent(&server);
        let slots = Arc::new(Semaphore::new(16));
        let mut calls = JoinSet::new();
        for number in 0..KEYS {
            let (client, slots) = (client.clone(), slots.clone());
            calls.spawn(async move {
                let _slot = slots.acquire().await.unwrap();
                let key = format!("kill-key-{number:04}");
                let reply = order(&client, &key).await;
                (key, reply)
            });
        }
        let mut answered = BTreeMap::new();
        while let Some(call) = calls.join_next().await {
            let (key, reply) = call.unwrap();
            if let Some(reply) = reply {
                answered.insert(key, order_id(&reply));
            }
            // In the middle of it: some are answered, some are running, some have not begun.
            if answered.len() == 60 {
                server.kill();
            }
        }
        let before = i64::try_from(answered.len()).unwrap();
        assert!((60..KEYS).contains(&before), "{before} were answered");

        let server = shop.serve().await;
        let client = shop.agent(&server);
        let mut orders = BTreeSet::new();
        for number in 0..KEYS {
            let key = format!("kill-key-{number:04}");
            let reply = order(&client, &key).await.unwrap();
            let id = order_id(&reply);
            if let Some(before) = answered.get(&key) {
                assert_eq!(&id, before, "a retry finds the answered order");
                assert_eq!(reply.answer()["replayed"], true);
            }
            assert!(orders.insert(id), "two keys never share an order");
        }
        check_books(&shop, KEYS, 1_000 - KEYS).await;
    }
}
