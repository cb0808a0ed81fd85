use serde_json::json;

use super::*;
use crate::{
    access::role,
    testing::{self, shops},
};

#[tokio::test]
async fn a_profile_is_whole_for_whoever_may_see_it() {
    for mut shop in shops().await {
        shop.role = role::DESK;
        let mut tx = shop.db.db.write().await.unwrap().of("demo");
        testing::refund(&mut tx, "ORD-10002", 250).await;
        let at = "2024-12-31T12:00:00Z".parse().unwrap();
        testing::another_order(&mut tx, "CUST-1", "ORD-9000", at).await;
        tx.commit().await.unwrap();
        let answer = shop.call(CrmGetCustomer, json!({ "customer_id": "cust 1" })).await;
        let answer = answer.unwrap();
        let data = &answer["data"];
        assert_eq!(data["email"], "ana.lopez@example.com");
        assert_eq!(data["phone"], "+12125550101");
        assert_eq!(data["address"]["line1"], "1 Main Street");
        assert_eq!(data["masked"], false);
        // 10.00 and 7.50 less 2.50 this year, 5.00 before.
        assert_eq!(data["lifetime_value"]["amount"], "20.00");
        assert_eq!(data["mrr"]["amount"], "1.25");
        assert_eq!(data["order_ids"], json!(["ORD-10002", "ORD-10001", "ORD-9000"]));
        assert_eq!(data["orders"][1]["status"], "pending");
        assert_eq!(data["order_count"], 3);
        assert_eq!(data["payment_methods"][0]["last4"], "4242");
        assert_eq!(data["payment_methods"][1]["balance"]["amount"], "50.00");
        assert_eq!(
            answer["say"],
            "Ana López is a premium customer since January 5th, with 3 orders worth 20 dollars."
        );
    }
}

#[tokio::test]
async fn personal_fields_are_masked_for_others() {
    for shop in shops().await {
        let arguments = json!({ "customer_id": "CUST-1" });
        let data = shop.call(CrmGetCustomer, arguments).await.unwrap()["data"].clone();
        assert_eq!(data["masked"], true);
        assert_eq!(data["email"], "a***@example.com");
        assert_eq!(data["phone"], "***01");
        let address = json!({ "city": "New York", "region": "NY", "country": "USA" });
        assert_eq!(data["address"], address);
    }
}

#[tokio::test]
async fn a_customer_with_very_many_orders_still_fits() {
    for shop in shops().await {
        let mut tx = shop.db.db.write().await.unwrap().of("demo");
        for n in 0..300 {
            let id = format!("ORD-{}", 20_000 + n);
            testing::another_order(&mut tx, "CUST-1", &id, testing::long_ago()).await;
        }
        tx.commit().await.unwrap();
        // That it fits into 8 KB is looked at for every call.
        let arguments = json!({ "customer_id": "CUST-1" });
        let data = shop.call(CrmGetCustomer, arguments).await.unwrap()["data"].clone();
        assert_eq!(data["order_count"], 302);
        assert_eq!(data["orders"].as_array().unwrap().len(), 20);
        assert!(data["order_ids"].as_array().unwrap().len() > 100);
    }
}

#[tokio::test]
async fn nobody_is_told_as_nobody() {
    for shop in shops().await {
        let refusal = shop.refusal(CrmGetCustomer, json!({ "customer_id": "CUST-9" })).await;
        let words = "I found no customer CUST-9. Please check it and try again.";
        assert_eq!(refusal, ("not_found", words.to_owned()));
        let mut tx = shop.db.db.write().await.unwrap().of("demo");
        testing::move_to_another_tenant(&mut tx, "CUST-1").await;
        tx.commit().await.unwrap();
        let foreign = shop.refusal(CrmGetCustomer, json!({ "customer_id": "CUST-1" })).await;
        assert_eq!(foreign, ("not_found", words.replace('9', "1")));
    }
}

#[test]
fn the_platforms_own_name_reaches_it() {
    let catalogue = crate::application().tools(Vec::new());
    assert_eq!(catalogue.find("get_customer_data").unwrap().spec.name, "crm_get_customer");
}
