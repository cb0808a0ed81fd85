//! What each tool should answer, made from the shop and compared field by field. Only the times of
//! records are left out, because the shop's file has none.

use serde_json::{Value, json};

use super::shop::{Cents, Product, Request, Shop, User, Variant};

/// `customer_lookup`: the one who was found, or nobody.
#[track_caller]
pub fn is_lookup(shop: &Shop, data: &Value, found: &[&User]) {
    let [user] = found else {
        assert!(found.is_empty(), "the jobs never mean several customers");
        assert_eq!(data, &Value::Null, "nobody is like that");
        return;
    };
    let mut data = data.clone();
    let recent = take_list(&mut data, "recent_orders");
    assert_eq!(
        data,
        json!({
            "customer_id": user.user_id,
            "name": user.full_name(),
            "email": user.email,
            "verified": false,
        })
    );
    assert_eq!(recent.len(), user.orders.len().min(3));
    for mut shown in recent {
        without(&mut shown, "placed_at");
        let id = shown["order_id"].as_str().unwrap().to_owned();
        assert!(user.orders.contains(&id), "{id} is somebody else's");
        let order = &shop.orders[&id];
        let total = Cents(Shop::total(order)).json();
        assert_eq!(shown, json!({ "order_id": id, "status": order.status, "total": total }));
    }
}

/// `crm_get_customer`, to someone who may see personal data.
#[track_caller]
pub fn is_customer(shop: &Shop, data: &Value, id: &str) {
    let user = &shop.users[id];
    let orders = || user.orders.iter().map(|id| &shop.orders[id]);
    let kept = orders().filter(|order| order.status != "cancelled");
    let worth: i64 = kept.map(Shop::total).sum();
    let methods = user.payment_methods.iter().map(|(id, method)| {
        present(json!({
            "payment_method_id": id,
            "kind": method.kind(),
            "brand": method.brand(),
            "last4": method.last_four,
            "balance": method.balance.map(Cents::json),
        }))
    });
    let summary =
        |order: &super::shop::Order| json!({ "order_id": order.order_id, "status": order.status });
    let mut data = data.clone();
    without(&mut data, "created_at");
    for order in data["orders"].as_array_mut().unwrap() {
        without(order, "placed_at");
    }
    sort(&mut data, &["payment_methods", "orders", "order_ids"]);
    let mut expected = json!({
        "customer_id": id,
        "name": user.full_name(),
        "email": user.email,
        "address": user.address.json(),
        "masked": false,
        "lifetime_value": Cents(worth).json(),
        "mrr": Cents(worth / 12).json(),
        "payment_methods": methods.collect::<Vec<_>>(),
        "orders": orders().map(summary).collect::<Vec<_>>(),
        "order_ids": user.orders,
        "order_count": user.orders.len(),
        "version": 1 + user.changes,
    });
    sort(&mut expected, &["payment_methods", "orders", "order_ids"]);
    assert_eq!(data, expected);
}

/// `order_get`, to someone who may see personal data.
#[track_caller]
pub fn is_order(shop: &Shop, data: &Value, id: &str) {
    let order = &shop.orders[id];
    let mut data = data.clone();
    without(&mut data, "placed_at");
    for payment in data["payments"].as_array_mut().unwrap() {
        without(payment, "at");
        // What was charged here is settled as soon as the sandbox has said so.
        let state = payment.as_object_mut().unwrap().remove("state").unwrap();
        assert!(["pending", "settled"].contains(&state.as_str().unwrap()), "{state}");
    }
    let items = order.items.iter().map(|item| {
        json!({
            "sku": item.item_id,
            "name": item.name,
            "options": item.options,
            "quantity": 1,
            "unit_price": item.price.json(),
        })
    });
    let payments = order.payment_history.iter().map(|payment| {
        json!({
            "kind": payment.kind(),
            "amount": payment.amount.json(),
            "payment_method_id": payment.payment_method_id,
        })
    });
    let parcels = order.fulfillments.iter().flat_map(|parcel| {
        let parcel_with = |number| json!({ "tracking_number": number, "skus": parcel.item_ids });
        parcel.tracking_id.iter().map(parcel_with)
    });
    let expected = present(json!({
        "order_id": id,
        "status": order.status,
        "customer_id": order.user_id,
        "currency": "USD",
        "items": items.collect::<Vec<_>>(),
        "discount": Cents(0).json(),
        "tax": Cents(0).json(),
        "total": Cents(Shop::total(order)).json(),
        "address": order.address.json(),
        "payments": payments.collect::<Vec<_>>(),
        "shipments": parcels.collect::<Vec<_>>(),
        "requests": order.requests.iter().map(request).collect::<Vec<_>>(),
        "cancel_reason": order.cancel_reason,
        "version": 1 + order.changes,
    }));
    assert_eq!(data, expected);
}

/// `get_product_info` of a product, with all of its variants.
#[track_caller]
pub fn is_product(shop: &Shop, data: &Value, id: &str) {
    let product = &shop.products[id];
    let prices = || product.variants.values().map(|variant| variant.price);
    let (lowest, highest) = (prices().min().unwrap(), prices().max().unwrap());
    let variant = |variant: &Variant| {
        json!({
            "sku": variant.item_id,
            "options": variant.options,
            "price": variant.price.json(),
            "stock": shop.on_hand(variant),
            "active": true,
        })
    };
    let mut expected = present(json!({
        "product_id": id,
        "name": product.name,
        "price": lowest.json(),
        "price_to": (highest > lowest).then(|| highest.json()),
        "stock": product.variants.values().map(|variant| shop.on_hand(variant)).sum::<i64>(),
        "active": true,
        "variants": product.variants.values().map(variant).collect::<Vec<_>>(),
    }));
    let mut data = data.clone();
    sort(&mut data, &["variants"]);
    sort(&mut expected, &["variants"]);
    assert_eq!(data, expected);
}

/// `get_product_info` of one variant.
#[track_caller]
pub fn is_item(shop: &Shop, data: &Value, id: &str) {
    let (product, variant): (&Product, &Variant) = shop.item(id);
    let expected = json!({
        "product_id": product.product_id,
        "name": product.name,
        "sku": id,
        "options": variant.options,
        "price": variant.price.json(),
        "version": 1,
        "stock": shop.on_hand(variant),
        "active": true,
    });
    assert_eq!(data, &expected);
}

/// The result of `order_cancel`: everything is back where it came from.
#[track_caller]
pub fn is_cancellation(shop: &Shop, result: &Value, id: &str) {
    let order = &shop.orders[id];
    let refunds = order.payment_history.iter().filter(|payment| payment.kind() == "refund");
    let refunds = refunds.map(|refund| {
        json!({ "amount": refund.amount.json(), "payment_method_id": refund.payment_method_id })
    });
    let mut pieces = std::collections::BTreeMap::<&str, i64>::new();
    for item in &order.items {
        *pieces.entry(&item.item_id).or_default() += 1;
    }
    let restocked =
        pieces.iter().map(|(sku, quantity)| json!({ "sku": sku, "quantity": quantity }));
    let expected = json!({
        "order_id": id,
        "status": "cancelled",
        "refunds": refunds.collect::<Vec<_>>(),
        "restocked": restocked.collect::<Vec<_>>(),
    });
    assert_eq!(result, &expected);
}

/// A return or an exchange, as it stands with its order.
fn request(request: &Request) -> Value {
    let mut view = json!({ "request_id": request.id, "kind": request.kind(), "status": "open" });
    let fields = if request.kind() == "return" {
        json!({
            "items": items_of(request),
            "refund_to": request.payment_method_id,
            "refund_amount": request.amount.json(),
        })
    } else {
        json!({
            "changes": changes_of(request),
            "payment_method_id": request.payment_method_id,
            "price_difference": request.amount.json(),
        })
    };
    view.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    view
}

/// What comes back of a return, each article once.
pub fn items_of(request: &Request) -> Vec<Value> {
    let mut items = Vec::<(&str, i64)>::new();
    for (sku, _) in &request.pieces {
        match items.iter_mut().find(|item| item.0 == sku) {
            Some(item) => item.1 += 1,
            None => items.push((sku, 1)),
        }
    }
    let item = |(sku, quantity)| json!({ "sku": sku, "quantity": quantity });
    items.into_iter().map(item).collect()
}

fn changes_of(request: &Request) -> Vec<Value> {
    let change = |(sku, new): &(String, Option<String>)| json!({ "sku": sku, "new_sku": new, "quantity": 1 });
    request.pieces.iter().map(change).collect()
}

/// The result of `order_return` or `order_exchange`: the request as it then stands with its order.
#[track_caller]
pub fn is_request(shop: &Shop, result: &Value, id: &str) {
    let order = &shop.orders[id];
    let mut expected = request(order.requests.last().unwrap());
    let fields = expected.as_object_mut().unwrap();
    fields.remove("kind");
    fields.insert("order_id".to_owned(), json!(id));
    fields.insert("status".to_owned(), json!(order.status));
    assert_eq!(result, &expected);
}

/// The result of `order_update_items`: what it costs now, and what was settled.
#[track_caller]
pub fn is_change(shop: &Shop, result: &Value, id: &str, swaps: &[(&str, &str)]) {
    let order = &shop.orders[id];
    let difference = result["price_difference"].clone();
    let settled = order.payment_history.iter().skip(1).map(|paid| {
        json!({
            "kind": paid.kind(),
            "amount": paid.amount.json(),
            "payment_method_id": paid.payment_method_id,
        })
    });
    let settled: Vec<Value> = settled.collect();
    let changes =
        swaps.iter().map(|(sku, new)| json!({ "sku": sku, "new_sku": new, "quantity": 1 }));
    let expected = json!({
        "order_id": id,
        "status": "pending_modified",
        "changes": changes.collect::<Vec<_>>(),
        "price_difference": difference,
        "total": Cents(Shop::total(order)).json(),
        "payments": settled,
    });
    assert_eq!(result, &expected);
}

/// An object without the fields that have no value: tools leave them out.
fn present(mut object: Value) -> Value {
    object.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    object
}

/// Takes a time out, which must be there.
#[track_caller]
fn without(object: &mut Value, time: &str) {
    let taken = object.as_object_mut().unwrap().remove(time);
    let taken = taken.unwrap_or_else(|| panic!("no {time}"));
    taken.as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
}

fn take_list(object: &mut Value, name: &str) -> Vec<Value> {
    let list = object.as_object_mut().unwrap().remove(name).unwrap();
    list.as_array().unwrap().clone()
}

/// Sorts lists whose order means nothing here.
fn sort(object: &mut Value, lists: &[&str]) {
    for list in lists {
        object[*list].as_array_mut().unwrap().sort_by_key(Value::to_string);
    }
}
