use serde_json::{Value, json};

use super::*;
use crate::{
    access::role,
    testing::{self, Shop, shops},
};

async fn ids(shop: &Shop, arguments: Value) -> Vec<String> {
    let answer = shop.call(CrmSearchCustomers, arguments).await.unwrap();
    let none = Vec::new();
    let customers = answer["data"]["customers"].as_array().unwrap_or(&none);
    customers.iter().map(|c| c["customer_id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn part_of_a_name_a_number_or_an_address_is_enough() {
    for shop in shops().await {
        for query in [
            "Ana Lopez",
            "lopez",
            "Lope",
            "Anna Lopes",
            "LÓPEZ, Ana",
            "ana.lopez@example.com",
            "ana.lopez@",
            "Ana dot Lopez at example dot com",
            "212 555 0101",
            "0101",
            "ends in oh one oh one",
            "555-0101",
            "a n a dot l o p e z at example dot com",
            "Lopes spelled l o p e z",
            "lima oscar papa echo zulu",
            "cust 1",
        ] {
            assert_eq!(ids(&shop, json!({ "query": query })).await, ["CUST-1"], "{query}");
        }
        assert_eq!(ids(&shop, json!({ "query": "Jon Smyth" })).await, ["CUST-2", "CUST-3"]);
        let basic = json!({ "query": "Smith", "tier": "Basic" });
        assert_eq!(ids(&shop, basic).await, ["CUST-3"]);
        let both = json!({ "query": "1212555" });
        assert_eq!(ids(&shop, both).await, ["CUST-1", "CUST-2"]);
    }
}

#[tokio::test]
async fn contacts_are_masked_and_nobody_is_an_answer() {
    for mut shop in shops().await {
        let arguments = json!({ "query": "Ana Lopez" });
        let answer = shop.call(CrmSearchCustomers, arguments).await.unwrap();
        assert_eq!(answer["say"], "I found 1 customer: Ana López.");
        let found = json!({
            "customer_id": "CUST-1", "name": "Ana López", "tier": "premium",
            "city": "New York", "email": "a***@example.com", "phone": "***01",
        });
        assert_eq!(answer["data"], json!({ "customers": [found], "more": 0 }));
        for query in ["Xavier Quux", "9999999999", "%%", "nobody@example.com", "''"] {
            let answer = shop.call(CrmSearchCustomers, json!({ "query": query })).await;
            assert_eq!(answer.unwrap()["data"], Value::Null, "{query}");
        }
        shop.role = role::DESK;
        let answer = shop.call(CrmSearchCustomers, json!({ "query": "Ana Lopez" })).await.unwrap();
        let found = &answer["data"]["customers"][0];
        assert_eq!(found["email"], "ana.lopez@example.com");
        assert_eq!(found["phone"], "+12125550101");
    }
}

#[tokio::test]
async fn pages_follow_each_other_and_end() {
    for shop in shops().await {
        let mut tx = shop.db.db.write().await.unwrap().of("demo");
        testing::many_customers(&mut tx, 25).await;
        tx.commit().await.unwrap();
        let first = shop.call(CrmSearchCustomers, json!({ "query": "Petra" })).await.unwrap();
        assert_eq!(
            (&first["data"]["more"], &first["data"]["next_cursor"]),
            (&json!(15), &json!("10"))
        );
        let mut all = Vec::new();
        let mut arguments = json!({ "query": "Petra", "limit": 12 });
        loop {
            let page = shop.call(CrmSearchCustomers, arguments.clone()).await.unwrap();
            let customers = page["data"]["customers"].as_array().unwrap();
            all.extend(customers.iter().map(|c| c["customer_id"].to_string()));
            let Some(cursor) = page["data"]["next_cursor"].as_str() else { break };
            arguments["cursor"] = json!(cursor);
        }
        let distinct: std::collections::HashSet<&String> = all.iter().collect();
        assert_eq!((all.len(), distinct.len()), (25, 25));
        let wrong = json!({ "query": "Petra", "cursor": "x" });
        assert_eq!(shop.refusal(CrmSearchCustomers, wrong).await.0, "invalid_parameters");
    }
}

#[tokio::test]
async fn most_of_the_words_win() {
    for shop in shops().await {
        let mut tx = shop.db.db.write().await.unwrap().of("demo");
        testing::many_customers(&mut tx, 3).await;
        tx.commit().await.unwrap();
        assert_eq!(ids(&shop, json!({ "query": "nr1 petra" })).await, ["MANY-1"]);
        assert_eq!(ids(&shop, json!({ "query": "petra" })).await.len(), 3);
    }
}
