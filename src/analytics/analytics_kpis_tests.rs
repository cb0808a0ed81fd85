use serde_json::json;

use super::*;
use crate::testing::shops;
use business_mcp_engine::db::params;

#[test]
fn changes_are_rounded_to_tenths_of_a_percent() {
    assert_eq!(percent(2, 3).as_deref(), Some("-33.3"));
    assert_eq!(percent(3, 2).as_deref(), Some("50.0"));
    assert_eq!(percent(100_001, 100_000).as_deref(), Some("0.0"));
    assert_eq!(percent(99_999, 100_000).as_deref(), Some("0.0"));
    assert_eq!(percent(5, -10).as_deref(), Some("150.0"));
    assert_eq!(percent(5, 0), None);
    assert_eq!(percent(i64::MAX, 1).map(|text| text.len()), Some(23));
}

#[tokio::test]
async fn figures_count_what_was_not_cancelled_and_compare_with_before() {
    for shop in shops().await {
        let mut ctx = shop.context(true).await;
        let at = ctx.now;
        for (id, status, day, subtotal, discount) in [
            ("A", "cancelled", "2026-01-05", 9900_i64, 0_i64),
            ("B", "return_requested", "2026-01-06", 4000, 400),
            ("C", "delivered", "2025-12-31", 5000, 650),
        ] {
            let order = "insert into orders
                             (tenant_id, id, id_tail, customer_id, status, placed_at,
                              placed_on, subtotal_minor, discount_minor, tax_minor,
                              total_minor, version)
                         values ('demo', $1, $1, 'CUST-1', $2, $3, $4, $5, $6, 0, 0, 1)";
            let values = params![id, status, at, day, subtotal, discount];
            ctx.tx.execute(order, values).await.unwrap();
            let refund = "insert into payments
                              (tenant_id, id, order_id, kind, amount_minor, payment_method_id,
                               at, at_day)
                          values ('demo', $1, $1, 'refund', 250, 'card_1', $2, '2026-01-07')";
            ctx.tx.execute(refund, params![id, at]).await.unwrap();
            sales::order_placed(&mut ctx.tx, day).await.unwrap();
        }
        ctx.tx.commit().await.unwrap();
        let answer = shop.call(AnalyticsKpis, json!({ "period": "2026-01" })).await.unwrap();
        let data = &answer["data"];
        assert_eq!((&data["from"], &data["to"]), (&json!("2026-01-01"), &json!("2026-01-31")));
        let money = |amount| json!({ "amount": amount, "currency": "USD" });
        assert_eq!(data["revenue"], money("53.50"));
        assert_eq!(data["orders"], 3);
        assert_eq!(data["average_order_value"], money("17.83"));
        assert_eq!(data["new_customers"], 3);
        assert_eq!(data["returns"], 1);
        assert_eq!(data["refunds"], money("5.00"));
        assert_eq!(data["net_revenue"], money("48.50"));
        assert_eq!(data["previous"]["revenue"], money("43.50"));
        assert_eq!(data["previous"]["to"], "2025-12-31");
        assert_eq!(data["change"]["revenue"], "23.0");
        assert_eq!(data["change"]["orders"], "200.0");
        assert!(data["change"].get("refunds").is_none());
        assert_eq!(
            answer["say"],
            "Revenue for January 2026 is 53 dollars and 50 cents from 3 orders, up 23.0 \
             percent. The average order is 17 dollars and 83 cents."
        );
    }
}

#[tokio::test]
async fn a_period_without_orders_is_zero_and_can_stand_alone() {
    for shop in shops().await {
        let args = json!({ "period": "yesterday", "compare": "no" });
        let answer = shop.call(AnalyticsKpis, args).await.unwrap();
        assert_eq!(answer["data"]["average_order_value"]["amount"], "0.00");
        assert!(answer["data"].get("change").is_none());
        assert_eq!(answer["say"], "There are no orders for yesterday.");
    }
}

#[tokio::test]
async fn what_is_no_period_or_too_long_is_refused() {
    for shop in shops().await {
        for period in ["soon", "2026-13", "2026-02-01..2026-01-01", "2024-01-01..2026-01-01"] {
            let (code, _) = shop.refusal(AnalyticsKpis, json!({ "period": period })).await;
            assert_eq!(code, "invalid_parameters", "{period}");
        }
    }
}
