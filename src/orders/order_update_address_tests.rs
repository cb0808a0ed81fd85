use serde_json::{Value, json};

use super::*;
use crate::testing::shops;

fn args(order_id: &str) -> Value {
    json!({
        "order_id": order_id,
        "address": {
            "line1": "5 Elm Street", "city": "Boston", "region": "MA", "postalCode": 2108,
            "country": "USA",
        },
    })
}

#[tokio::test]
async fn the_whole_address_is_replaced() {
    for shop in shops().await {
        let answer = shop.call(OrderUpdateAddress, args("10001")).await.unwrap();
        let say = "Your order 1 0 0 0 1 now goes to 5 Elm Street, Boston, MA, 2 1 0 8.";
        assert_eq!(answer["say"], say);
        assert_eq!(answer["data"]["status"], "pending");
        let kept = "select version from orders
                    where id = 'ORD-10001' and status = 'pending'
                      and address = '{\"line1\":\"5 Elm Street\",\"city\":\"Boston\",\"region\":\"MA\",\"postal_code\":\"2108\",\"country\":\"USA\"}'";
        assert_eq!(shop.number(kept).await, 2);
    }
}

#[tokio::test]
async fn an_approver_reads_where_it_goes() {
    for shop in shops().await {
        let preview = shop.preview(OrderUpdateAddress, args("ORD-10001")).await.unwrap();
        let summary = "Send order ORD-10001 of Ana López to 5 Elm Street, Boston, MA, 2 1 0 8";
        assert_eq!(preview.summary, summary);
        assert_eq!(preview.amount.unwrap().minor, 1000);
        assert_eq!(preview.details["address"]["postal_code"], "2108");
        assert_eq!(preview.details["old_address"], Value::Null, "it had none");
        shop.call(OrderUpdateAddress, args("ORD-10001")).await.unwrap();
        let next = shop.preview(OrderUpdateAddress, args("ORD-10001")).await.unwrap();
        assert_eq!(next.details["old_address"]["line1"], "5 Elm Street");
    }
}

#[tokio::test]
async fn a_changed_order_may_go_elsewhere_and_a_sent_one_may_not() {
    for shop in shops().await {
        shop.run("update orders set status = 'pending_modified' where id = 'ORD-10001'").await;
        shop.call(OrderUpdateAddress, args("ORD-10001")).await.unwrap();
        let error = shop.preview(OrderUpdateAddress, args("ORD-10002")).await.unwrap_err();
        assert_eq!(error.code().as_str(), "invalid_state");
        assert_eq!(shop.refusal(OrderUpdateAddress, args("ORD-10002")).await.0, "invalid_state");
        assert_eq!(shop.refusal(OrderUpdateAddress, args("ORD-5")).await.0, "not_found");
    }
}

#[tokio::test]
async fn half_an_address_is_refused_by_what_is_missing() {
    for shop in shops().await {
        let mut half = args("ORD-10001");
        half["address"].as_object_mut().unwrap().remove("city");
        let (code, words) = shop.refusal(OrderUpdateAddress, half).await;
        assert_eq!(code, "invalid_parameters");
        assert!(words.contains("address.city"), "{words}");
        let mut more = args("ORD-10001");
        more["address"]["planet"] = json!("Mars");
        let (code, words) = shop.refusal(OrderUpdateAddress, more).await;
        assert_eq!(code, "invalid_parameters");
        assert!(words.contains("planet"), "{words}");
        let kept = "select version from orders where id = 'ORD-10001'";
        assert_eq!(shop.number(kept).await, 1);
    }
}
