//! The shop's one file in the import format.

use std::{
    fs::File,
    io::{BufWriter, Write},
    path::Path,
};

use serde_json::{Map, Value, json};

/// How many there are of what the shop only calls available.
pub const AVAILABLE: i64 = 10;

/// Writes `customers.jsonl`, `products.jsonl` and `orders.jsonl` from the shop's one file.
pub fn write_import_folder(db_json: &Path, out: &Path) -> std::io::Result<()> {
    let shop: Value = serde_json::from_slice(&std::fs::read(db_json)?)?;
    std::fs::create_dir_all(out)?;
    write_lines(&out.join("customers.jsonl"), &shop["users"], customer)?;
    write_lines(&out.join("products.jsonl"), &shop["products"], product)?;
    write_lines(&out.join("orders.jsonl"), &shop["orders"], order)
}

fn write_lines(
    path: &Path,
    records: &Value,
    convert: impl Fn(&Value) -> Value,
) -> std::io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    for record in records.as_object().into_iter().flat_map(Map::values) {
        writeln!(file, "{}", convert(record))?;
    }
    file.flush()
}

fn customer(user: &Value) -> Value {
    let name = [&user["name"]["first_name"], &user["name"]["last_name"]];
    let methods = user["payment_methods"].as_object().into_iter().flat_map(Map::values);
    json!({
        "id": user["user_id"],
        "name": name.map(|part| part.as_str().unwrap_or_default()).join(" "),
        "email": user["email"],
        "address": address(&user["address"]),
        "payment_methods": methods.map(method).collect::<Vec<_>>(),
    })
}

fn method(method: &Value) -> Value {
    match method["source"].as_str() {
        Some("credit_card") => json!({
            "id": method["id"], "kind": "card", "brand": method["brand"], "last4": method["last_four"],
        }),
        Some("gift_card") => {
            json!({ "id": method["id"], "kind": "gift_card", "balance": method["balance"] })
        }
        _ => json!({ "id": method["id"], "kind": "wallet", "brand": method["source"] }),
    }
}

fn address(address: &Value) -> Value {
    json!({
        "line1": address["address1"],
        "line2": address["address2"],
        "city": address["city"],
        "region": address["state"],
        "postal_code": address["zip"],
        "country": address["country"],
    })
}

fn product(product: &Value) -> Value {
    let variants = product["variants"].as_object().into_iter().flat_map(Map::values);
    let variant = |variant: &Value| {
        let available = variant["available"] == true;
        json!({
            "sku": variant["item_id"],
            "options": variant["options"],
            "price": variant["price"],
            "on_hand": if available { AVAILABLE } else { 0 },
        })
    };
    json!({
        "id": product["product_id"],
        "name": product["name"],
        "variants": variants.map(variant).collect::<Vec<_>>(),
    })
}

fn order(order: &Value) -> Value {
    let list = |name: &str| order[name].as_array().into_iter().flatten();
    let item = |item: &Value| json!({ "sku": item["item_id"], "quantity": 1, "unit_price": item["price"] });
    let payment = |payment: &Value| {
        let refund = payment["transaction_type"] == "refund";
        json!({
            "kind": if refund { "refund" } else { "charge" },
            "amount": payment["amount"],
            "payment_method_id": payment["payment_method_id"],
        })
    };
    let shipments = list("fulfillments").flat_map(|parcel| {
        let numbers = parcel["tracking_id"].as_array().into_iter().flatten();
        numbers.map(|number| json!({ "tracking_number": number, "skus": parcel["item_ids"] }))
    });
    json!({
        "id": order["order_id"],
        "customer_id": order["user_id"],
        "status": order["status"],
        "address": address(&order["address"]),
        "items": list("items").map(item).collect::<Vec<_>>(),
        "payments": list("payment_history").map(payment).collect::<Vec<_>>(),
        "shipments": shipments.collect::<Vec<_>>(),
    })
}
