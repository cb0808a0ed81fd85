use serde_json::{Value, json};

use super::*;
use crate::testing::{Shop, shops};
use business_mcp_engine::db::params;

/// Fills the shop with one order a day in February, of `CUST-2`, every third of them shipped.
async fn february(shop: &mut Shop) {
    let mut tx = shop.db.db.write().await.unwrap().of("demo");
    for day in 1..=28 {
        let id = format!("FEB-{day:02}");
        // Late in the evening in New York, which is the next day in UTC.
        let at: DateTime<Utc> = format!("2026-02-{day:02}T23:30:00-05:00").parse().unwrap();
        let status = if day % 3 == 0 { "shipped" } else { "pending" };
        tx.execute(
            "insert into orders
                 (tenant_id, id, id_tail, customer_id, status, placed_at, placed_on,
                  subtotal_minor, discount_minor, tax_minor, total_minor, version)
             values ('demo', $1, $1, 'CUST-2', $2, $3, '2026-02-01', 500, 0, 0, 500, 1)",
            params![&id, status, at],
        )
        .await
        .unwrap();
    }
    tx.commit().await.unwrap();
    shop.now = "2026-03-01T17:00:00Z".parse().unwrap();
}

fn ids(answer: &Value) -> Vec<String> {
    let orders = answer["data"]["orders"].as_array().unwrap();
    orders.iter().map(|order| order["order_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repetition() {
    for mut shop in shops().await {
        february(&mut shop).await;
        let (mut seen, mut cursor) = (Vec::new(), Value::Null);
        loop {
            let args = json!({ "limit": 9, "cursor": cursor });
            let answer = shop.call(OrderList, args).await.unwrap();
            seen.extend(ids(&answer));
            assert_eq!(answer["data"]["more"], 30 - seen.len());
            cursor = answer["data"]["cursor"].clone();
            if cursor.is_null() {
                break;
            }
        }
        assert_eq!(seen.len(), 30);
        assert_eq!(seen[0], "FEB-28");
        assert_eq!(seen[27], "FEB-01");
        let mut sorted = seen.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!(sorted.len(), 30);
    }
}

#[tokio::test]
async fn filters_are_combined() {
    for mut shop in shops().await {
        february(&mut shop).await;
        for (args, first, count) in [
            (json!({ "customer_id": "CUST-1" }), "ORD-10002", 2),
            (json!({ "customer_id": "CUST-1", "status": "delivered" }), "ORD-10002", 1),
            (json!({ "status": "shipped" }), "FEB-27", 9),
            (
                json!({ "status": "Shipped", "customer_id": "CUST-2", "to": "2026-02-10" }),
                "FEB-09",
                3,
            ),
            (json!({ "from": "2026-02-10", "to": "2026-02-12" }), "FEB-12", 3),
            (json!({ "from": "2026-02-12T04:30:00Z", "to": "2026-02-13T04:29:59Z" }), "FEB-11", 1),
            (json!({ "from": "yesterday" }), "FEB-28", 1),
        ] {
            let answer = shop.call(OrderList, args.clone()).await.unwrap();
            assert_eq!(ids(&answer).len(), count, "{args}");
            assert_eq!(ids(&answer)[0], first, "{args}");
        }
        let none = shop.call(OrderList, json!({ "status": "cancelled" })).await.unwrap();
        assert_eq!(none["say"], "There are no such orders.");
        let order = &shop.call(OrderList, json!({ "customer_id": "CUST-1" })).await.unwrap();
        let order = &order["data"]["orders"][1];
        assert_eq!(order["items"], 1);
        assert_eq!(order["total"]["amount"], "10.00");
        assert_eq!(order["customer_id"], "CUST-1");
    }
}

#[tokio::test]
async fn a_full_page_fits_into_an_answer() {
    for mut shop in shops().await {
        february(&mut shop).await;
        let answer = shop.call(OrderList, json!({ "limit": 50 })).await.unwrap();
        let shown = ids(&answer).len();
        assert_eq!(answer["data"]["more"], 30 - shown);
        assert!(shown > 20);
    }
}

#[tokio::test]
async fn what_makes_no_sense_is_named() {
    for shop in shops().await {
        for (args, code, word) in [
            (json!({ "from": "soon" }), "invalid_parameters", "from"),
            (json!({ "from": "2026-02-02", "to": "2026-02-01" }), "invalid_parameters", "before"),
            (json!({ "cursor": "x" }), "invalid_parameters", "cursor"),
            (json!({ "cursor": "8000000000000000~x" }), "invalid_parameters", "cursor"),
            (json!({ "limit": 51 }), "invalid_parameters", "limit"),
            (json!({ "customer_id": "CUST-9" }), "not_found", "CUST-9"),
        ] {
            let (given, words) = shop.refusal(OrderList, args).await;
            assert_eq!(given, code);
            assert!(words.contains(word), "{words}");
        }
    }
}
