//! Many callers at once, several processes on one database, and a process that is killed.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use business_mcp_engine::cli::start;
use serde_json::json;
use tokio::{sync::Semaphore, task::JoinSet};

use crate::{
    process::{HotShop, Process},
    support::{Client, Reply},
};

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

/// Whether a reply says that the same call may succeed later.
fn may_try_again(reply: &Reply) -> bool {
    reply.is_error() && reply.body["result"]["_meta"]["retryable"] == true
}

/// The id of the order that a reply is about.
fn order_id(reply: &Reply) -> String {
    reply.data()["order_id"].as_str().unwrap().to_owned()
}

/// One number out of the shop's database.
async fn number(shop: &HotShop, sql: &'static str) -> i64 {
    let db = start::open(&shop.database_url).unwrap();
    let mut tx = db.read().await.unwrap().of("demo");
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

/// How many orders are asked for at once, each of them twice.
const KEYS: usize = 200;

/// A SQLite file has one process that writes, a Postgres server as many as there are.
async fn start_servers(shop: &HotShop) -> Vec<Process> {
    let processes = if shop.is_sqlite() { 1 } else { 2 };
    let mut servers = Vec::new();
    for _ in 0..processes {
        // The pool warns of everyone who waits for it.
        let quiet = shop.serve_with(|command| {
            command.env("RUST_LOG", "error");
        });
        servers.push(quiet.await);
    }
    servers
}

/// All of the calls at once: each key twice, where there are two servers once to each.
fn everyone(shop: &HotShop, servers: &[Process]) -> JoinSet<(String, Option<Reply>)> {
    let clients: Vec<Client> = servers.iter().map(|server| shop.agent(server)).collect();
    let mut calls = JoinSet::new();
    for number in 0..KEYS * 2 {
        let client = clients[number % clients.len()].clone();
        calls.spawn(async move {
            let key = format!("same-key-{:04}", number / 2);
            let mut reply = order(&client, &key).await;
            // On a slow machine some wait too long for a connection, and do what they are told to.
            for _ in 0..20 {
                if !reply.as_ref().is_some_and(may_try_again) {
                    break;
                }
                reply = order(&client, &key).await;
            }
            (key, reply)
        });
    }
    calls
}

/// The order of each key that was told of one. Whoever heard of none was told that nothing is left.
#[derive(Default)]
struct Told(BTreeMap<String, BTreeSet<String>>);

impl Told {
    fn hear(&mut self, key: String, reply: &Reply) {
        if reply.is_error() {
            assert_eq!(reply.error(), "out_of_stock", "{}", reply.body);
        } else {
            self.0.entry(key).or_default().insert(order_id(reply));
        }
    }

    /// Fifty keys have an order each, and none has two.
    fn check(&self) {
        assert_eq!(self.0.len(), 50, "50 keys have an order");
        assert!(self.0.values().all(|ids| ids.len() == 1), "both calls of a key tell one order");
        let distinct: BTreeSet<&String> = self.0.values().flatten().collect();
        assert_eq!(distinct.len(), 50);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_pieces_become_fifty_orders_however_many_ask_and_however_often() {
    for shop in HotShop::on_both(50).await {
        let servers = start_servers(&shop).await;
        let mut calls = everyone(&shop, &servers);
        let mut told = Told::default();
        while let Some(call) = calls.join_next().await {
            let (key, reply) = call.unwrap();
            told.hear(key, &reply.unwrap());
        }
        told.check();
        check_books(&shop, 50, 0).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_pieces_become_fifty_orders_although_a_server_is_killed_meanwhile() {
    for shop in HotShop::on_both(50).await {
        let mut servers = start_servers(&shop).await;
        let mut calls = everyone(&shop, &servers);
        let mut told = Told::default();
        let mut unanswered = 0;
        let mut is_running = true;
        while let Some(call) = calls.join_next().await {
            let (key, reply) = call.unwrap();
            match reply {
                Some(reply) => told.hear(key, &reply),
                None => unanswered += 1,
            }
            if is_running && told.0.len() >= 10 {
                servers[0].kill();
                is_running = false;
            }
        }
        assert!(unanswered > 0, "it was killed in the middle");
        if shop.is_sqlite() {
            servers = vec![shop.serve().await];
        }

        // Everyone asks once more, and who was answered before hears the same.
        let client = shop.agent(servers.last().unwrap());
        for number in 0..KEYS {
            let key = format!("same-key-{number:04}");
            let reply = order(&client, &key).await.unwrap();
            if told.0.contains_key(&key) {
                assert_eq!(reply.answer()["replayed"], true, "{}", reply.body);
            }
            told.hear(key, &reply);
        }
        told.check();
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
