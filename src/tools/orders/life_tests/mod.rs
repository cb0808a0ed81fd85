//! Any order of the tools that follow a placed order, beside a model that is simple enough to be right.
//!
//! The customer has no tier and nothing is taxed, so a piece costs its list price; there are two
//! variants of one product, a card and a gift card.

mod model;
mod play;

use std::collections::BTreeSet;

use proptest::{
    prelude::*,
    test_runner::{RngAlgorithm, TestRng, TestRunner},
};
use serde_json::json;
use tokio::sync::Mutex;

use self::model::{METHODS, Model, PRICES, SKUS, steps};
use super::OrderCreate;
use crate::{
    domain::order_state::OrderStatus,
    store::params,
    toolkit::testing::{Shop, shops},
};

/// How many sequences are played, each on every database.
const CASES: u32 = 24;

/// A new order of one kind of shirt.
async fn order(shop: &Shop, (sku, pieces): (usize, i64), method: Option<usize>) -> Model {
    let mut tx = shop.db.db.write().await.unwrap();
    let gift = "select balance_minor from payment_methods where id = 'gift_1'";
    let (gift,): (i64,) = tx.fetch_one(gift, &[]).await.unwrap();
    drop(tx);
    let total = pieces * PRICES[sku];
    let args = json!({
        "customer_id": "CUST-1", "total": format!("{}.{:02}", total / 100, total % 100),
        "items": [{ "sku": SKUS[sku], "quantity": pieces }],
        "payment_method_id": method.map(|method| METHODS[method]),
    });
    let answer = shop.call(OrderCreate, args).await.unwrap();
    let mut model = Model {
        id: answer["data"]["order_id"].as_str().unwrap().to_owned(),
        status: OrderStatus::Pending,
        pieces: if sku == 0 { [pieces, 0] } else { [0, pieces] },
        paid: [0, 0],
        rows: 0,
        gift,
        stock: [on_shelf(shop, SKUS[0]).await, on_shelf(shop, SKUS[1]).await],
        request: None,
        requests: 0,
    };
    if let Some(method) = method {
        model.pay(method, total);
    }
    model
}

async fn on_shelf(shop: &Shop, sku: &str) -> i64 {
    let mut tx = shop.db.db.read().await.unwrap();
    let sql = "select cast(sum(on_hand) as bigint) from stock where sku = $1";
    let (on_hand,): (i64,) = tx.fetch_one(sql, params![sku]).await.unwrap();
    on_hand
}

/// The order is what the model says, and the books add up.
async fn check(shop: &Shop, model: &Model) {
    let mut tx = shop.db.db.read().await.unwrap();
    let sql = "select status, total_minor,
                      (select cast(sum(i.quantity * i.unit_price_minor - i.discount_minor) as bigint)
                       from order_items i
                       where i.tenant_id = o.tenant_id and i.order_id = o.id)
               from orders o
               where tenant_id = 'demo' and id = $1";
    let (status, total, lines): (String, i64, i64) =
        tx.fetch_one(sql, params![&model.id]).await.unwrap();
    assert_eq!((status.as_str(), total), (model.status.as_str(), model.total()));
    assert_eq!(total, lines, "the total is the sum of the lines");
    for (n, method) in METHODS.into_iter().enumerate() {
        let sql = "select cast(coalesce(sum(case kind when 'charge' then amount_minor
                                                      else -amount_minor end), 0) as bigint)
                   from payments
                   where tenant_id = 'demo' and order_id = $1 and payment_method_id = $2";
        let (paid,): (i64,) = tx.fetch_one(sql, params![&model.id, method]).await.unwrap();
        assert_eq!(paid, model.paid[n], "{method}");
    }
    drop(tx);
    assert!(model.net() >= 0, "never more back than was paid");
    let gift = "select balance_minor from payment_methods where id = 'gift_1'";
    assert_eq!(shop.number(gift).await, model.gift);
    for (n, sku) in SKUS.into_iter().enumerate() {
        assert_eq!(on_shelf(shop, sku).await, model.stock[n], "{sku}");
    }
    shop.books_add_up().await;
}

/// Whether an order got from one state to another along the edges; packing has no tool of its own.
fn is_edge(from: OrderStatus, to: OrderStatus) -> bool {
    let packed = OrderStatus::Processed;
    from == to || from.may_become(to) || (from.may_become(packed) && packed.may_become(to))
}

#[test]
fn any_order_of_calls_leaves_the_order_and_the_books_right() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // Opening a database takes longer than playing a sequence, so each sequence has its own order.
    let open = async {
        let shops = shops().await;
        for shop in &shops {
            shop.run("update customers set tier = null where id = 'CUST-1'").await;
            shop.run("update variants set price_minor = 1250 where sku = 'TEE-BLUE-M'").await;
        }
        shops
    };
    let played = Mutex::new((runtime.block_on(open), BTreeSet::new()));
    let config = ProptestConfig { cases: CASES, failure_persistence: None, ..Default::default() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let outcome = runner.run(&steps(), |(ordered, method, steps)| {
        runtime.block_on(async {
            let (shops, seen) = &mut *played.lock().await;
            for shop in shops {
                // What earlier sequences sold is bought again.
                restock(shop).await;
                let mut model = order(shop, ordered, method).await;
                check(shop, &model).await;
                for step in &steps {
                    let before = model.status;
                    seen.insert(play::play(shop, &mut model, step).await);
                    assert!(is_edge(before, model.status));
                    check(shop, &model).await;
                }
            }
        });
        Ok(())
    });
    if let Err(failed) = outcome {
        panic!("{failed}");
    }
    let (_, seen) = played.into_inner();
    let tools = [
        "cancel",
        "readdress",
        "swap",
        "repay",
        "ship",
        "deliver",
        "return",
        "exchange",
        "settle",
        "refund",
    ];
    for tool in tools {
        assert!(seen.contains(&(tool, true)), "no {tool} was done");
        assert!(seen.contains(&(tool, false)), "no {tool} was refused");
    }
}

/// Few enough that something is out of stock now and then, and an order can always be placed.
async fn restock(shop: &Shop) {
    let mut tx = shop.db.db.write().await.unwrap();
    let cause =
        crate::store::stock::Cause { reason: "count", id: None, actor: "test", at: shop.now };
    for (sku, wanted) in SKUS.into_iter().zip([5, 4]) {
        let sql = "select on_hand from stock where sku = $1 and location = 'main'";
        let (on_hand,): (i64,) = tx.fetch_one(sql, params![sku]).await.unwrap();
        let missing = wanted - on_hand;
        crate::store::stock::change(&mut tx, "demo", sku, "main", missing, cause).await.unwrap();
    }
    // The gift card holds enough for small things only.
    let sql = "select balance_minor from payment_methods where id = 'gift_1'";
    let (balance,): (i64,) = tx.fetch_one(sql, &[]).await.unwrap();
    let top_up = 5000 - balance;
    let card = crate::store::gift_cards::Card { customer_id: "CUST-1", id: "gift_1" };
    crate::store::gift_cards::put(&mut tx, "demo", card, top_up).await.unwrap();
    let entry = crate::store::gift_cards::Entry { reason: "top up", cause: "test", at: shop.now };
    crate::store::gift_cards::record_entry(&mut tx, "demo", card, top_up, entry).await.unwrap();
    tx.commit().await.unwrap();
}
