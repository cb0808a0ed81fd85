//! Any order of the tools that move and hold stock, beside a model that is simple enough to be right.

use std::collections::{BTreeMap, BTreeSet};

use chrono::Duration;
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::{InventoryAdjust, InventoryRelease, InventoryReserve, InventoryTransfer};
use crate::{
    catalog::sql::{reservations, stock},
    payments::sql::ledgers,
    testing::{Shop, sequences, shops},
};
use business_mcp_engine::{db::params, tool::ToolError};

const PLACES: [&str; 2] = ["main", "store"];
/// How many sequences are always played, each on every database.
const KEPT: u32 = 12;

/// One step of a sequence. Places are positions in [`PLACES`].
#[derive(Debug, Clone)]
enum Step {
    Reserve {
        quantity: i64,
        minutes: i64,
    },
    /// One of those that were ever reserved.
    Release(proptest::sample::Index),
    Set {
        place: usize,
        quantity: i64,
    },
    Delta {
        place: usize,
        quantity: i64,
    },
    Transfer {
        from: usize,
        to: usize,
        quantity: i64,
    },
    Wait {
        minutes: i64,
    },
    Sweep,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let place = || 0..PLACES.len();
    let step = prop_oneof![
        4 => (1..9_i64, 1..40_i64)
            .prop_map(|(quantity, minutes)| Step::Reserve { quantity, minutes }),
        3 => any::<proptest::sample::Index>().prop_map(Step::Release),
        1 => (place(), 0..12_i64).prop_map(|(place, quantity)| Step::Set { place, quantity }),
        2 => (place(), -9..9_i64).prop_map(|(place, quantity)| Step::Delta { place, quantity }),
        4 => (place(), place(), 1..9_i64)
            .prop_map(|(from, to, quantity)| Step::Transfer { from, to, quantity }),
        3 => (1..20_i64).prop_map(|minutes| Step::Wait { minutes }),
        1 => Just(Step::Sweep),
    ];
    proptest::collection::vec(step, 10..40)
}

/// A reservation as the model knows it: what it holds where, and the minute in which it ends.
struct Held {
    id: String,
    pieces: [i64; 2],
    ends: i64,
}

/// What there should be of one SKU.
struct Model {
    on_hand: [i64; 2],
    held: Vec<Held>,
    minute: i64,
}

impl Model {
    fn reserved(&self, place: usize) -> i64 {
        let open = self.held.iter().filter(|held| held.ends > self.minute);
        open.map(|held| held.pieces[place]).sum()
    }

    fn free(&self, place: usize) -> i64 {
        self.on_hand[place] - self.reserved(place)
    }

    /// Whether a count at a place may become this one.
    fn may_become(&self, place: usize, after: i64) -> bool {
        after >= 0 && after >= self.reserved(place)
    }
}

/// Plays one step on both, and holds the answer against the model. Says which tool was called and
/// whether it did it.
async fn play(
    shop: &mut Shop,
    sku: &str,
    model: &mut Model,
    step: &Step,
) -> Option<(&'static str, bool)> {
    Some(match step {
        Step::Wait { minutes } => {
            shop.now += Duration::minutes(*minutes);
            model.minute += minutes;
            return None;
        }
        Step::Sweep => {
            let mut tx = shop.db.db.write().await.unwrap().of("demo");
            reservations::release_ended(&mut tx, shop.now, 100).await.unwrap();
            tx.commit().await.unwrap();
            return None;
        }
        Step::Reserve { quantity, minutes } => {
            let args = json!({ "sku": sku, "quantity": quantity, "minutes": minutes });
            let answer = shop.call(InventoryReserve, args).await;
            let may = model.free(0) + model.free(1) >= *quantity;
            if let Some(data) = ended_as(answer, may) {
                let pieces = PLACES.map(|place| held_at(&data, place));
                assert_eq!(pieces.iter().sum::<i64>(), *quantity);
                let id = data["reservation_id"].as_str().unwrap().to_owned();
                model.held.push(Held { id, pieces, ends: model.minute + minutes });
            }
            ("reserve", may)
        }
        Step::Release(which) => {
            if model.held.is_empty() {
                return None;
            }
            let held = model.held.remove(which.index(model.held.len()));
            let args = json!({ "reservation_id": held.id });
            let answer = shop.call(InventoryRelease, args).await;
            let may = held.ends > model.minute;
            if let Some(data) = ended_as(answer, may) {
                assert_eq!(data["quantity"], held.pieces.iter().sum::<i64>());
            }
            ("release", may)
        }
        Step::Set { place, quantity } => {
            let answer = adjust(shop, sku, "set", *place, *quantity).await;
            let may = model.may_become(*place, *quantity);
            if ended_as(answer, may).is_some() {
                model.on_hand[*place] = *quantity;
            }
            ("set", may)
        }
        Step::Delta { place, quantity } => {
            let after = model.on_hand[*place] + quantity;
            let may = *quantity != 0 && model.may_become(*place, after);
            if ended_as(adjust(shop, sku, "delta", *place, *quantity).await, may).is_some() {
                model.on_hand[*place] = after;
            }
            ("delta", may)
        }
        Step::Transfer { from, to, quantity } => {
            let args = json!({
                "sku": sku, "from": PLACES[*from], "to": PLACES[*to], "quantity": quantity,
            });
            let answer = shop.call(InventoryTransfer, args).await;
            let may = from != to && model.free(*from) >= *quantity;
            if ended_as(answer, may).is_some() {
                model.on_hand[*from] -= quantity;
                model.on_hand[*to] += quantity;
            }
            ("transfer", may)
        }
    })
}

async fn adjust(
    shop: &Shop,
    sku: &str,
    mode: &str,
    place: usize,
    quantity: i64,
) -> Result<Value, ToolError> {
    let args = json!({
        "sku": sku, "mode": mode, "quantity": quantity, "reason": "count",
        "location": PLACES[place],
    });
    shop.call(InventoryAdjust, args).await
}

/// The data of a call, which went well if the model says so, and was refused in order otherwise.
fn ended_as(answer: Result<Value, ToolError>, well: bool) -> Option<Value> {
    match answer {
        Ok(answer) => {
            assert!(well, "the model would have refused: {answer}");
            Some(answer["data"].clone())
        }
        Err(refused) => {
            assert!(!well, "the model would have done it: {refused}");
            let refusals = ["out_of_stock", "invalid_state", "invalid_parameters", "not_found"];
            assert!(refusals.contains(&refused.code().as_str()), "{refused:?}");
            None
        }
    }
}

fn held_at(data: &Value, place: &str) -> i64 {
    let here = data["locations"].as_array().unwrap().iter();
    here.filter(|at| at["location"] == place).map(|at| at["quantity"].as_i64().unwrap()).sum()
}

/// Stock is what the model says, and the books add up.
async fn check(shop: &Shop, sku: &str, model: &Model) {
    let mut tx = shop.db.db.read().await.unwrap().of("demo");
    let rows = stock::of_sku(&mut tx, sku, shop.now).await.unwrap();
    let there: BTreeMap<&str, (i64, i64)> =
        rows.iter().map(|row| (row.location.as_str(), (row.on_hand, row.reserved))).collect();
    for (n, place) in PLACES.into_iter().enumerate() {
        let here = there.get(place).copied().unwrap_or_default();
        assert_eq!(here, (model.on_hand[n], model.reserved(n)), "{sku} at {place}");
    }
    let sql = "select location, on_hand, reserved,
                      (select cast(coalesce(sum(m.delta), 0) as bigint)
                       from stock_movements m
                       where m.tenant_id = s.tenant_id and m.sku = s.sku
                         and m.location = s.location) as moved
               from stock s
               where tenant_id = 'demo' and sku = $1";
    let rows: Vec<(String, i64, i64, i64)> = tx.fetch_all(sql, params![sku]).await.unwrap();
    for (place, on_hand, reserved, moved) in rows {
        assert_eq!(on_hand, moved, "{place}: on hand is the sum of the movements");
        assert!(on_hand >= 0 && (0..=on_hand).contains(&reserved), "{place}");
    }
    let transfers = "select cast(coalesce(sum(delta), 0) as bigint), count(*)
                     from stock_movements
                     where tenant_id = 'demo' and sku = $1 and reason = 'transfer'";
    let (sum, count): (i64, i64) = tx.fetch_one(transfers, params![sku]).await.unwrap();
    assert_eq!((sum, count % 2), (0, 0), "a transfer takes as much as it brings");
    assert!(ledgers::differences(&mut tx).await.unwrap().none());
}

/// A variant of its own for each sequence, with five pieces at the first place.
async fn variant(shop: &Shop, sku: &str) {
    let mut tx = shop.db.db.write().await.unwrap().of("demo");
    tx.execute(
        "insert into variants
             (tenant_id, sku, product_id, sku_key, options, price_minor, reorder_point, active,
              version)
         values ('demo', $1, 'MUG', $1, '{}', 100, 1, true, 1)",
        params![sku],
    )
    .await
    .unwrap();
    let cause = stock::Cause { reason: "import", id: None, actor: "test", at: shop.now };
    assert!(stock::change(&mut tx, sku, PLACES[0], 5, cause).await.unwrap());
    tx.commit().await.unwrap();
}

#[test]
fn any_order_of_calls_leaves_the_books_right() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    // Opening a database takes longer than playing a sequence, so each sequence has its own SKU.
    let played = Mutex::new((0, runtime.block_on(shops()), BTreeSet::new()));
    let are_kept = sequences(KEPT, &steps(), |steps| {
        runtime.block_on(async {
            let (number, shops, seen) = &mut *played.lock().await;
            *number += 1;
            let sku = format!("SEQ{number:03}");
            for shop in shops {
                variant(shop, &sku).await;
                let mut model = Model { on_hand: [5, 0], held: Vec::new(), minute: 0 };
                for step in &steps {
                    seen.extend(play(shop, &sku, &mut model, step).await);
                    check(shop, &sku, &model).await;
                }
            }
        });
    });
    let (_, _, seen) = played.into_inner();
    if !are_kept {
        return;
    }
    for tool in ["reserve", "release", "set", "delta", "transfer"] {
        assert!(seen.contains(&(tool, true)), "no {tool} was done");
        assert!(seen.contains(&(tool, false)), "no {tool} was refused");
    }
}
