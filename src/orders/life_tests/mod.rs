//! Any order of the tools that follow a placed order, beside a model that is simple enough to be right.
//!
//! There are two variants of one product, a card, a card that is always declined and a gift card. Orders
//! are placed with and without tier, quantity discount, tax, quote and code.

mod model;
mod play;
mod prices;

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use self::{
    model::{GIFT, METHODS, Model, Sequence, State},
    prices::{Lines, PRICES, SKUS},
};
use super::{OrderCreate, OrderQuote};
use crate::{
    business::pricing::{Percent, TaxRegion},
    catalog::sql::stock,
    orders::order_state::OrderStatus,
    payments::sql::gift_cards::{self, Card, Entry},
    testing::{Shop, sequences, shops},
};
use business_mcp_engine::db::params;

/// How many sequences are always played, each on every database.
const KEPT: u32 = 40;

/// A new order of one kind of shirt.
async fn order(shop: &Shop, of: &Sequence) -> Model {
    let (sku, terms) = (SKUS[of.sku], &of.terms);
    let lines = Lines::ordered(of.sku, of.pieces, terms);
    let total = lines.total();
    // What pays is there, and a little more of it.
    let gift = if of.method == Some(GIFT) { total + 2_000 } else { 2_000 };
    prepare(shop, of, gift).await;
    let items = json!([{ "sku": sku, "quantity": of.pieces }]);
    let mut args = json!({
        "customer_id": "CUST-1", "total": format!("{}.{:02}", total / 100, total % 100),
        "items": items, "payment_method_id": of.method.map(|method| METHODS[method]),
    });
    if terms.is_quoted {
        let code = terms.has_code.then_some("WELCOME15");
        let quote = json!({ "customer_id": "CUST-1", "items": items, "code": code });
        let quote = shop.call(OrderQuote, quote).await.unwrap();
        args["quote_id"] = quote["data"]["quote_id"].clone();
        set_price(shop, sku, PRICES[of.sku] + 500).await;
    }
    let answer: Value = shop.call(OrderCreate, args).await.unwrap();
    set_price(shop, sku, PRICES[of.sku]).await;
    let mut model = Model {
        id: answer["data"]["order_id"].as_str().unwrap().to_owned(),
        status: OrderStatus::Pending,
        lines,
        ledger: Vec::new(),
        declined: Vec::new(),
        gift,
        stock: [on_shelf(shop, SKUS[0]).await, on_shelf(shop, SKUS[1]).await],
        request: None,
        requests: 0,
    };
    if let Some(method) = of.method {
        model.charge(method, total);
    }
    model
}

async fn set_price(shop: &Shop, sku: &str, minor: i64) {
    let mut tx = shop.db.db.write().await.unwrap().of("demo");
    let sql = "update variants set price_minor = $2 where sku = $1";
    tx.execute(sql, params![sku, minor]).await.unwrap();
    tx.commit().await.unwrap();
}

/// The customer, the shelf and the gift card before an order. On the shelf are few enough that
/// something is out of stock now and then.
async fn prepare(shop: &Shop, of: &Sequence, gift: i64) {
    // What earlier sequences have left open comes to its end before.
    play::answer(shop).await;
    let region = if of.terms.is_taxed { "NY" } else { "OR" };
    let address = json!({ "city": "Here", "country": "USA", "region": region }).to_string();
    let mut tx = shop.db.db.write().await.unwrap().of("demo");
    let sql = "update customers set tier = $1, address = $2 where id = 'CUST-1'";
    tx.execute(sql, params![of.terms.tier, &address]).await.unwrap();
    let cause = stock::Cause { reason: "count", id: None, actor: "test", at: shop.now };
    for (sku, place, wanted) in [(SKUS[0], "main", 12), (SKUS[1], "main", 6), (SKUS[1], "store", 3)]
    {
        let sql = "select on_hand from stock where sku = $1 and location = $2";
        let (on_hand,): (i64,) = tx.fetch_one(sql, params![sku, place]).await.unwrap();
        stock::change(&mut tx, sku, place, wanted - on_hand, cause).await.unwrap();
    }
    for (sku, price) in SKUS.into_iter().zip(PRICES) {
        let sql = "update variants set price_minor = $2 where sku = $1";
        tx.execute(sql, params![sku, price]).await.unwrap();
    }
    let sql = "select balance_minor from payment_methods where id = 'gift_1'";
    let (balance,): (i64,) = tx.fetch_one(sql, &[]).await.unwrap();
    let card = Card { customer_id: "CUST-1", id: "gift_1" };
    let entry = Entry { reason: "top up", cause: "test", at: shop.now };
    gift_cards::put(&mut tx, card, gift - balance).await.unwrap();
    gift_cards::record_entry(&mut tx, card, gift - balance, entry).await.unwrap();
    tx.commit().await.unwrap();
}

async fn on_shelf(shop: &Shop, sku: &str) -> i64 {
    let mut tx = shop.db.db.read().await.unwrap().of("demo");
    let sql = "select cast(sum(on_hand) as bigint) from stock where sku = $1";
    let (on_hand,): (i64,) = tx.fetch_one(sql, params![sku]).await.unwrap();
    on_hand
}

/// The order is what the model says, and the books add up.
async fn check(shop: &Shop, model: &Model) {
    let mut tx = shop.db.db.read().await.unwrap().of("demo");
    let sql = "select status, total_minor, tax_minor,
                      (select cast(sum(i.quantity * i.unit_price_minor - i.discount_minor) as bigint)
                       from order_items i
                       where i.tenant_id = o.tenant_id and i.order_id = o.id)
               from orders o
               where tenant_id = 'demo' and id = $1";
    let (status, total, tax, lines): (String, i64, i64, i64) =
        tx.fetch_one(sql, params![&model.id]).await.unwrap();
    assert_eq!((status.as_str(), total), (model.status.as_str(), model.lines.total()));
    assert_eq!(total, lines + tax, "the total is the sum of the lines");
    let sql = "select p.kind, p.payment_method_id, coalesce(c.state, 'done') as state,
                      case when c.state = 'done' then c.amount_minor else p.amount_minor end
               from payments p
               left join provider_calls c on c.tenant_id = p.tenant_id and c.id = p.id
               where p.tenant_id = 'demo' and p.order_id = $1
               order by p.at, p.id";
    let there: Vec<(String, String, String, i64)> =
        tx.fetch_all(sql, params![&model.id]).await.unwrap();
    let row = |row: &model::Row| {
        let kind = if row.is_charge { "charge" } else { "refund" };
        let state = match row.state {
            State::Open => "queued",
            State::Done => "done",
            State::Declined => "declined",
        };
        (kind.to_owned(), METHODS[row.method].to_owned(), state.to_owned(), row.minor)
    };
    assert_eq!(there, model.ledger.iter().map(row).collect::<Vec<_>>());
    // What was really moved, whatever any ledger says of it: at the provider and on the gift card.
    let by_card = shop.provider.moved_for(&model.id);
    let sql = "select cast(coalesce(sum(amount_minor), 0) as bigint)
               from gift_card_entries
               where tenant_id = 'demo' and cause = $1";
    let (on_gift_card,): (i64,) = tx.fetch_one(sql, params![&model.id]).await.unwrap();
    let open = model.ledger.iter().any(|row| row.state == State::Open);
    assert!(by_card - on_gift_card >= 0, "never more back than was paid");
    assert!(open || by_card - on_gift_card == model.net(), "what counts as paid was brought");
    drop(tx);
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

/// Opening a database takes longer than playing a sequence, so each sequence has its own order.
async fn open() -> Vec<Shop> {
    let mut shops = shops().await;
    for shop in &mut shops {
        let percent = Percent::parse("8.875").unwrap();
        let tax = TaxRegion { country: "USA".into(), region: Some("NY".into()), percent };
        shop.business.pricing.tax_regions.push(tax);
        shop.run(
            "insert into payment_methods (tenant_id, customer_id, id, kind)
             values ('demo', 'CUST-1', 'declined_1', 'card')",
        )
        .await;
    }
    shops
}

#[test]
fn any_order_of_calls_leaves_the_order_and_the_books_right() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let played = Mutex::new((runtime.block_on(open()), BTreeSet::new()));
    let are_kept = sequences(KEPT, &model::sequence(), |sequence| {
        runtime.block_on(async {
            let (shops, seen) = &mut *played.lock().await;
            for shop in shops {
                let mut model = order(shop, &sequence).await;
                check(shop, &model).await;
                for step in &sequence.steps {
                    shop.now += TimeDelta::seconds(1);
                    let before = model.status;
                    seen.insert(play::play(shop, &mut model, step).await);
                    assert!(is_edge(before, model.status));
                    check(shop, &model).await;
                }
            }
        });
    });
    let (_, seen) = played.into_inner();
    if !are_kept {
        return;
    }
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
