use serde_json::json;

use super::*;
use crate::testing::{shops, wordings};

#[tokio::test]
async fn the_same_facts_in_other_words_are_the_same_try() {
    for shop in shops().await {
        let same = [
            json!({
                "customer_id": "CUST-1", "postal_code": "10001", "phone_last4": "0101",
                "email": "ana.lopez@example.com", "order_id": "ORD-10001",
            }),
            json!({
                "customerId": "cust 1", "postal_code": "one double oh oh one",
                "phone_last4": "oh one oh one", "email": "ana dot lopez at example dot com",
                "order_id": "one double oh oh one",
            }),
            json!({
                "customer_id": "one", "postal_code": 10001, "phone_last4": "01 01",
                "email": "it's Ana.Lopez@Example.com", "order_id": "10001",
            }),
        ];
        let two = |code: &str, digits: &str| json!({ "customer_id": "CUST-1", "postal_code": code, "phone_last4": digits });
        let guesses = [
            two("10001", "0101"),
            two("10002", "0101"),
            json!({ "customer_id": "CUST-1", "postal_code": "10001", "email": "a@b.example" }),
            json!({ "customer_id": "CUST-2", "postal_code": "10001", "order_id": "ORD-10001" }),
        ];
        wordings(&shop, CustomerVerify, &same, &guesses).await;
        wordings(&shop, CustomerVerify, &guesses[..1], &guesses[1..]).await;
    }
}
