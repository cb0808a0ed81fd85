use serde_json::{Value, json};

use super::*;
use crate::testing::{Shop, shops};
use business_mcp_engine::db::params;

/// Orders of one line each, beside the small shop's two on Monday 2026-01-05, of 10.00 and 7.50.
async fn sell(shop: &Shop, orders: &[(&str, &str, &str, &str, i64, i64, i64)]) {
    let mut ctx = shop.context(true).await;
    for (id, customer, day, sku, quantity, price, discount) in orders {
        let order = "insert into orders
                         (tenant_id, id, id_tail, customer_id, status, placed_at, placed_on,
                          subtotal_minor, discount_minor, tax_minor, total_minor, version)
                     values ('demo', $1, $1, $2, 'delivered', $3, $4, $5, $6, 0, 0, 1)";
        let values = params![*id, *customer, ctx.now, *day, quantity * price, *discount];
        ctx.tx.execute(order, values).await.unwrap();
        let line = "insert into order_items
                        (tenant_id, order_id, line, sku, quantity, unit_price_minor, discount_minor)
                    values ('demo', $1, 1, $2, $3, $4, $5)";
        ctx.tx.execute(line, params![*id, *sku, *quantity, *price, *discount]).await.unwrap();
        sales::order_placed(&mut ctx.tx, day).await.unwrap();
    }
    ctx.tx.commit().await.unwrap();
}

async fn shop_with_sales(shop: &Shop) {
    let orders = [
        ("A", "CUST-2", "2026-01-04", "TEE-RED-M", 2, 1000, 500),
        ("B", "CUST-3", "2026-01-11", "TEE-BLUE-M", 1, 1000, 0),
        ("C", "CUST-1", "2026-02-01", "MUG-1", 10, 700, 0),
        ("D", "CUST-1", "2025-12-31", "MUG-1", 1, 99_900, 0),
    ];
    sell(shop, &orders).await;
}

/// A report, which says the same when some of its days were counted before, and when all were.
async fn report(shop: &Shop, group_by: &str) -> Value {
    let args = json!({ "from": "2026-01-01", "to": "2026-02-28", "group_by": group_by });
    let answer = shop.call(AnalyticsSales, args.clone()).await.unwrap();
    for until in ["2026-01-07", "2026-12-31"] {
        sales::count_some(&shop.db.db, until, 100).await.unwrap();
        assert_eq!(shop.call(AnalyticsSales, args.clone()).await.unwrap(), answer, "{until}");
    }
    answer
}

fn rows(answer: &Value) -> Vec<(String, String, i64, i64)> {
    let row = |row: &Value| {
        (
            row["label"].as_str().unwrap().to_owned(),
            row["revenue"]["amount"].as_str().unwrap().to_owned(),
            row["orders"].as_i64().unwrap(),
            row["units"].as_i64().unwrap(),
        )
    };
    answer["data"]["rows"].as_array().unwrap().iter().map(row).collect()
}

fn row(label: &str, revenue: &str, orders: i64, units: i64) -> (String, String, i64, i64) {
    (label.to_owned(), revenue.to_owned(), orders, units)
}

#[tokio::test]
async fn sales_are_grouped_by_the_calendar() {
    for shop in shops().await {
        shop_with_sales(&shop).await;
        let days = report(&shop, "day").await;
        let expected = [
            row("2026-01-04", "15.00", 1, 2),
            row("2026-01-05", "17.50", 2, 2),
            row("2026-01-11", "10.00", 1, 1),
            row("2026-02-01", "70.00", 1, 10),
        ];
        assert_eq!(rows(&days), expected);
        // Sunday the 4th is in the week of Monday, December 29th.
        let expected = [
            row("2025-12-29", "15.00", 1, 2),
            row("2026-01-05", "27.50", 3, 3),
            row("2026-01-26", "70.00", 1, 10),
        ];
        assert_eq!(rows(&report(&shop, "week").await), expected);
        let expected = [row("2026-01", "42.50", 4, 5), row("2026-02", "70.00", 1, 10)];
        let months = report(&shop, "month").await;
        assert_eq!(rows(&months), expected);
        let total = &months["data"]["total"];
        assert_eq!(total["revenue"]["amount"], "112.50");
        assert_eq!((&total["orders"], &total["units"]), (&json!(5), &json!(15)));
        assert_eq!(
            days["say"],
            "Revenue for January 1st to February 28th is 112 dollars and 50 cents from 5 orders. \
             The best day was February 1st, with 70 dollars."
        );
    }
}

#[tokio::test]
async fn sales_are_grouped_by_what_and_to_whom() {
    for shop in shops().await {
        shop_with_sales(&shop).await;
        let products = report(&shop, "product").await;
        let expected = [row("Coffee Mug", "77.50", 2, 11), row("T-Shirt", "35.00", 3, 4)];
        assert_eq!(rows(&products), expected);
        assert_eq!(products["data"]["rows"][0]["product_id"], "MUG");
        let expected = [row("Kitchen", "77.50", 2, 11), row("Clothing", "35.00", 3, 4)];
        assert_eq!(rows(&report(&shop, "category").await), expected);
        let expected = [
            row("premium", "87.50", 3, 12),
            row("none", "15.00", 1, 2),
            row("basic", "10.00", 1, 1),
        ];
        assert_eq!(rows(&report(&shop, "Tier").await), expected);
    }
}

#[tokio::test]
async fn the_total_is_of_the_whole_range_whatever_the_limit() {
    for shop in shops().await {
        shop_with_sales(&shop).await;
        let args = json!({
            "from": "2026-01-01", "to": "2026-02-28", "group_by": "product", "limit": "1",
        });
        let answer = shop.call(AnalyticsSales, args).await.unwrap();
        assert_eq!(rows(&answer), [row("Coffee Mug", "77.50", 2, 11)]);
        assert_eq!(answer["data"]["more"], 1);
        assert_eq!(answer["data"]["total"]["revenue"]["amount"], "112.50");
        assert_eq!(answer["data"]["total"]["units"], 15);
    }
}

#[tokio::test]
async fn cancelled_orders_and_other_tenants_do_not_count() {
    for shop in shops().await {
        let mut ctx = shop.context(true).await;
        let cancel = "update orders set status = 'cancelled' where id = $1";
        ctx.tx.execute(cancel, params!["ORD-10001"]).await.unwrap();
        let other = "update orders set tenant_id = 'other' where id = $1";
        ctx.tx.execute(other, params!["ORD-10002"]).await.unwrap();
        ctx.tx.commit().await.unwrap();
        for group_by in ["day", "week", "month", "category", "product", "tier"] {
            let answer = report(&shop, group_by).await;
            assert!(rows(&answer).is_empty(), "{answer}");
            assert_eq!(answer["data"]["total"]["orders"], 0);
            assert_eq!(answer["say"], "There are no orders for January 1st to February 28th.");
        }
    }
}

#[tokio::test]
async fn a_range_is_two_days_in_order_and_no_longer_than_a_year() {
    for shop in shops().await {
        for (from, to) in [
            ("2026-02-01", "2026-01-01"),
            ("2025-01-01", "2026-01-02"),
            ("2026-01", "2026-02"),
            ("2026-02-30", "2026-03-01"),
        ] {
            let args = json!({ "from": from, "to": to, "group_by": "day" });
            assert_eq!(shop.refusal(AnalyticsSales, args).await.0, "invalid_parameters", "{from}");
        }
        let leap = json!({ "from": "2024-01-01", "to": "2024-12-31", "group_by": "day" });
        shop.call(AnalyticsSales, leap).await.unwrap();
    }
}
