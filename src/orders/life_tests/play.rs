//! One step on both, the shop and the model.

use serde_json::{Value, json};

use super::{
    super::{
        OrderCancel, OrderDeliver, OrderExchange, OrderRefund, OrderReturn, OrderSettleRequest,
        OrderShip, OrderUpdateAddress, OrderUpdateItems, OrderUpdatePayment,
    },
    model::{METHODS, Model, Request, Step},
    prices::SKUS,
};
use crate::{
    orders::order_state::OrderStatus,
    payments::Worker,
    testing::{Shop, TestProvider},
};
use business_mcp_engine::{
    db::params,
    tool::{Clock, ToolError},
};

/// Plays one step on both, and holds the answer against the model. Says which tool was called and
/// whether it did it.
pub async fn play(shop: &Shop, model: &mut Model, step: &Step) -> (&'static str, bool) {
    use OrderStatus::{
        Cancelled, Delivered, ExchangeRequested, Pending, PendingModified, Processed,
        ReturnRequested, Shipped,
    };
    let id = model.id.clone();
    let before = model.status;
    match step {
        Step::Cancel => {
            let args = json!({ "order_id": id, "reason": "no longer needed" });
            let may = before == Pending;
            if ended_as(shop.call(OrderCancel, args).await, may) {
                model.status = Cancelled;
                model.refund(model.net(), None);
                model.stock = [0, 1].map(|n| model.stock[n] + model.lines.pieces(n));
            }
            ("cancel", may)
        }
        Step::Readdress => {
            let address = json!({
                "line1": "5 Elm Street", "city": "Boston", "postal_code": "02108", "country": "USA",
            });
            let args = json!({ "order_id": id, "address": address });
            let may = matches!(before, Pending | PendingModified);
            ended_as(shop.call(OrderUpdateAddress, args).await, may);
            ("readdress", may)
        }
        Step::Swap { from, pieces, method } => {
            let args = changes(&id, *from, *pieces, *method);
            let may = before == Pending && model.may_swap(*from, *pieces, *method);
            if ended_as(shop.call(OrderUpdateItems, args).await, may) {
                model.status = PendingModified;
                model.swap(*from, *pieces, *method);
            }
            ("swap", may)
        }
        Step::Repay { method } => ("repay", repay(shop, model, *method).await),
        Step::Ship => {
            let args = json!({ "order_id": id, "carrier": "UPS", "tracking_number": "1Z" });
            let may = matches!(before, Pending | PendingModified | Processed);
            if ended_as(shop.call(OrderShip, args).await, may) {
                model.status = Shipped;
            }
            ("ship", may)
        }
        Step::Deliver => {
            let may = before == Shipped;
            if ended_as(shop.call(OrderDeliver, json!({ "order_id": id })).await, may) {
                model.status = Delivered;
            }
            ("deliver", may)
        }
        Step::Return { sku, pieces, to } => {
            let args = json!({
                "order_id": id, "items": [{ "sku": SKUS[*sku], "quantity": pieces }],
                "refund_to": to.map(|method| METHODS[method]),
            });
            let enough = model.lines.pieces(*sku) >= *pieces;
            let may = before == Delivered
                && enough
                && model.may_get_all(model.lines.worth(*sku, *pieces), *to);
            if ended_as(shop.call(OrderReturn, args).await, may) {
                model.status = ReturnRequested;
                model.request = Some(Request::Return { sku: *sku, pieces: *pieces, to: *to });
                model.requests += 1;
            }
            ("return", may)
        }
        Step::Exchange { from, pieces, method } => {
            let args = changes(&id, *from, *pieces, *method);
            let may = before == Delivered && model.may_swap(*from, *pieces, *method);
            if ended_as(shop.call(OrderExchange, args).await, may) {
                model.status = ExchangeRequested;
                let (from, pieces, method) = (*from, *pieces, *method);
                model.request = Some(Request::Exchange { from, pieces, method });
                model.requests += 1;
            }
            ("exchange", may)
        }
        Step::Settle { received } => ("settle", settle(shop, model, *received).await),
        Step::Refund { cents, to } => ("refund", refund(shop, model, *cents, *to).await),
        Step::Answer => {
            answer(shop).await;
            while model.turn() {}
            ("answer", true)
        }
        Step::Turn => {
            let there_was_something = worker(shop).turn().await.unwrap() > 0;
            assert_eq!(there_was_something, model.turn());
            ("turn", there_was_something)
        }
    }
}

/// Another method pays.
async fn repay(shop: &Shop, model: &mut Model, method: usize) -> bool {
    let args = json!({ "order_id": model.id, "payment_method_id": METHODS[method] });
    let is_pending = model.status == OrderStatus::Pending;
    let due = model.repaid().filter(|(old, _)| is_pending && *old != Some(method));
    let may = due.is_some_and(|(_, amount)| model.holds(method, amount));
    if ended_as(shop.call(OrderUpdatePayment, args).await, may) {
        let (old, amount) = due.unwrap();
        model.charge(method, amount);
        if let Some(old) = old {
            // The old charge alone decides whether it has to wait for an answer.
            model.give_back(old, amount, false);
        }
    }
    may
}

/// The provider answers everything that it was asked.
pub async fn answer(shop: &Shop) {
    while worker(shop).turn().await.unwrap() > 0 {}
}

fn worker(shop: &Shop) -> Worker<TestProvider> {
    Worker::new(shop.db.db.clone(), Clock::stopped(shop.now), shop.provider.clone())
}

/// Money goes back.
async fn refund(shop: &Shop, model: &mut Model, cents: i64, to: Option<usize>) -> bool {
    let args = json!({
        "order_id": model.id, "amount": format!("{}.{:02}", cents / 100, cents % 100),
        "reason": "late", "refund_to": to.map(|method| METHODS[method]),
    });
    let may = cents <= model.net() && model.may_get_all(cents, to);
    if ended_as(shop.call(OrderRefund, args).await, may) {
        model.refund(cents, to);
    }
    may
}

/// The goods have arrived: all of them, or so many.
async fn settle(shop: &Shop, model: &mut Model, received: Option<i64>) -> bool {
    let mut args = json!({ "order_id": model.id, "request_id": request_id(shop, model).await });
    let sku = match &model.request {
        Some(Request::Exchange { from: sku, .. } | Request::Return { sku, .. }) => SKUS[*sku],
        None => SKUS[0],
    };
    if let Some(pieces) = received {
        args["received"] = json!([{ "sku": sku, "quantity": pieces }]);
    }
    let answer = shop.call(OrderSettleRequest, args).await;
    match model.request.clone() {
        None => ended_as(answer, false),
        Some(Request::Return { sku, pieces, to }) => {
            let here = received.unwrap_or(pieces);
            let may = here <= pieces;
            if ended_as(answer, may) {
                let worth = model.lines.worth(sku, here);
                // Where the refund was to go and cannot any more, it goes to what paid.
                let to = to.filter(|_| model.may_get(to));
                model.refund(worth, to);
                model.stock[sku] += here;
                model.request = None;
            }
            may
        }
        Some(Request::Exchange { from, pieces, method }) => {
            let here = received.unwrap_or(pieces);
            let may = here <= pieces && (here == 0 || model.may_swap(from, here, method));
            if ended_as(answer, may) {
                if here > 0 {
                    model.swap(from, here, method);
                }
                model.request = None;
            }
            may
        }
    }
}

/// The number of the order's latest request; one that is nobody's where there is none.
async fn request_id(shop: &Shop, model: &Model) -> String {
    let mut tx = shop.db.db.read().await.unwrap().of("demo");
    let sql = "select id from order_requests where tenant_id = 'demo' and order_id = $1";
    let rows: Vec<(String,)> = tx.fetch_all(sql, params![&model.id]).await.unwrap();
    assert_eq!(rows.len(), model.requests, "one return or exchange per order");
    rows.into_iter().next().map_or_else(|| "RET-1".to_owned(), |(id,)| id)
}

fn changes(id: &str, from: usize, pieces: i64, method: usize) -> Value {
    let change = json!({ "sku": SKUS[from], "new_sku": SKUS[1 - from], "quantity": pieces });
    json!({ "order_id": id, "changes": [change], "payment_method_id": METHODS[method] })
}

/// Whether a call went well, which the model must have said; otherwise it was refused in order.
fn ended_as(answer: Result<Value, ToolError>, well: bool) -> bool {
    match answer {
        Ok(answer) => assert!(well, "the model would have refused: {answer}"),
        Err(refused) => {
            assert!(!well, "the model would have done it: {refused}");
            let code = refused.code().as_str();
            let refusals = [
                "out_of_stock",
                "invalid_state",
                "invalid_parameters",
                "insufficient_balance",
                "not_found",
            ];
            assert!(refusals.contains(&code), "{refused:?}");
        }
    }
    well
}
