use serde_json::{Value, json};

use super::*;
use crate::{
    access::role,
    customers::{CrmSearchCustomers, CustomerLookup},
    testing::{self, Shop, shops, wordings},
};
use business_mcp_engine::db::params;

async fn customers(shop: &Shop) -> i64 {
    let mut tx = shop.db.db.read().await.unwrap().of("demo");
    let (count,): (i64,) = tx.fetch_one("select count(*) from customers", &[]).await.unwrap();
    count
}

/// Who may be the same person, and why.
fn duplicates(answer: &Value) -> Vec<(&str, Value)> {
    let found = answer["data"]["possible_duplicates"].as_array().unwrap();
    found.iter().map(|one| (one["customer_id"].as_str().unwrap(), one["same"].clone())).collect()
}

async fn count_from(shop: &Shop, number: i64) {
    let mut tx = shop.db.db.write().await.unwrap().of("demo");
    let counted = "insert into counters (tenant_id, name, value)
                   values ('demo', 'customer', $1)";
    tx.execute(counted, params![number]).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_new_customer_is_on_file_and_found_by_everything_that_was_said() {
    for mut shop in shops().await {
        shop.role = role::DESK;
        count_from(&shop, 10_041).await;
        let arguments = json!({
            "name": "Zoë O'Brien", "email": "zoe dot obrien at example dot com",
            "phone": "(212) 555 0177", "company": "Harbor Tiles",
            "address": {
                "line1": "4 Elm Street", "city": "Albany", "region": "NY", "postalCode": "12 207",
                "country": "USA",
            },
        });
        let answer = shop.call(CrmCreateCustomer, arguments).await.unwrap();
        assert_eq!(
            answer["say"],
            "I have added Zoë O'Brien as customer number 1 0 0 4 2, with zoe dot obrien at example dot \
             com and plus 1, 2 1 2, 5 5 5, 0 1 7 7."
        );
        let card = json!({
            "customer_id": "CUST-10042", "name": "Zoë O'Brien", "email": "zoe.obrien@example.com",
            "phone": "+12125550177", "company": "Harbor Tiles",
            "address": {
                "line1": "4 Elm Street", "city": "Albany", "region": "NY", "postal_code": "12 207",
                "country": "USA",
            },
            "masked": false, "created_at": "2026-01-10T17:00:00Z", "version": 1,
        });
        assert_eq!(answer["data"], json!({ "customer": card, "possible_duplicates": [] }));
        for clue in [
            json!({ "email": "zoe.obrien@example.com" }),
            json!({ "phone": "212-555-0177" }),
            json!({ "name": "Zoe Obrien", "postal_code": "12207" }),
        ] {
            let found = shop.call(CustomerLookup, clue.clone()).await.unwrap();
            assert_eq!(found["data"]["customer_id"], "CUST-10042", "{clue}");
        }
        let found =
            shop.call(CrmSearchCustomers, json!({ "query": "harbor tiles" })).await.unwrap();
        assert_eq!(found["data"]["customers"][0]["customer_id"], "CUST-10042");
    }
}

#[tokio::test]
async fn a_name_alone_is_enough_and_each_customer_has_a_number() {
    for shop in shops().await {
        let first = shop.call(CrmCreateCustomer, json!({ "name": "Yusuf Rossi" })).await.unwrap();
        assert_eq!(first["data"]["customer"]["customer_id"], "CUST-10001");
        assert_eq!(first["data"]["customer"].get("email"), None);
        let next = shop.call(CrmCreateCustomer, json!({ "name": "Mei Lin" })).await.unwrap();
        assert_eq!(next["data"]["customer"]["customer_id"], "CUST-10002");
        let mut tx = shop.db.db.read().await.unwrap().of("demo");
        let day = "select created_on from customers where id = 'CUST-10002'";
        let (day,): (String,) = tx.fetch_one(day, &[]).await.unwrap();
        assert_eq!(day, "2026-01-10");
    }
}

#[tokio::test]
async fn whoever_may_be_the_same_person_is_told_with_what_is_the_same() {
    for shop in shops().await {
        let arguments = json!({
            "name": "Jon Smyth", "email": "jsmith@example.com", "phone": "+1 212 555 0101",
        });
        let answer = shop.call(CrmCreateCustomer, arguments).await.unwrap();
        let expected = [
            ("CUST-3", json!(["email", "name"])),
            ("CUST-1", json!(["phone"])),
            ("CUST-2", json!(["name"])),
        ];
        assert_eq!(duplicates(&answer), expected);
        let say = "I have added Jon Smyth as customer number 1 0 0 0 1, with jsmith at example dot com \
                   and plus 1, 2 1 2, 5 5 5, 0 1 0 1. Please check who may be the same person: John \
                   Smith, Ana López and John Smith.";
        assert_eq!(answer["say"], say);
        let first = &answer["data"]["possible_duplicates"][0];
        assert_eq!(first["email"], "j***@example.com", "contacts of others stay masked");
        assert_eq!(answer["data"]["customer"]["phone"], "***01");
        assert_eq!(customers(&shop).await, 4);
    }
}

#[tokio::test]
async fn whoever_sees_personal_data_sees_those_of_the_same_person_too() {
    for mut shop in shops().await {
        shop.role = role::DESK;
        let arguments = json!({ "name": "Ana Lopez" });
        let answer = shop.call(CrmCreateCustomer, arguments).await.unwrap();
        let first = &answer["data"]["possible_duplicates"][0];
        assert_eq!(first["email"], "ana.lopez@example.com");
        assert_eq!(first["phone"], "+12125550101");
    }
}

#[tokio::test]
async fn who_only_looks_a_little_alike_is_no_duplicate() {
    for shop in shops().await {
        for name in ["Ana Gomez", "Jane Smith", "John"] {
            let answer = shop.call(CrmCreateCustomer, json!({ "name": name })).await.unwrap();
            assert_eq!(duplicates(&answer), [], "{name}");
        }
    }
}

#[tokio::test]
async fn customers_of_another_tenant_are_no_duplicates() {
    for shop in shops().await {
        let mut tx = shop.db.db.write().await.unwrap().of("demo");
        testing::move_to_another_tenant(&mut tx, "CUST-1").await;
        tx.commit().await.unwrap();
        let arguments = json!({ "name": "Ana López", "email": "ana.lopez@example.com" });
        let answer = shop.call(CrmCreateCustomer, arguments).await.unwrap();
        assert_eq!(duplicates(&answer), []);
    }
}

#[tokio::test]
async fn what_cannot_be_is_named_and_nobody_is_added() {
    for shop in shops().await {
        let address = json!({ "line1": "4 Elm Street", "city": "Albany" });
        for (arguments, word) in [
            (json!({}), "name"),
            (json!({ "name": "…" }), "name"),
            (json!({ "name": "12345" }), "name"),
            (json!({ "name": "x".repeat(201) }), "name"),
            (json!({ "name": "Mei Lin", "email": "mei at home" }), "email"),
            (json!({ "name": "Mei Lin", "phone": "12345" }), "phone"),
            (json!({ "name": "Mei Lin", "address": address }), "address.postal_code"),
            (json!({ "name": "Mei Lin", "tier": "premium" }), "tier"),
        ] {
            let (code, words) = shop.refusal(CrmCreateCustomer, arguments).await;
            assert_eq!(code, "invalid_parameters", "{words}");
            assert!(words.contains(word), "{words}");
        }
        assert_eq!(customers(&shop).await, 3);
    }
}

#[tokio::test]
async fn a_name_has_a_letter_of_any_script() {
    for shop in shops().await {
        for name in ["山田太郎", "Ольга", "नेहा", "X Æ A-12"] {
            let answer = shop.call(CrmCreateCustomer, json!({ "name": name })).await.unwrap();
            assert_eq!(answer["data"]["customer"]["name"], name);
        }
    }
}

#[tokio::test]
async fn whoever_is_verified_adds_nobody_else() {
    for shop in shops().await {
        let mut ctx = shop.context(true).await;
        ctx.verified = Some("CUST-1".into());
        let args = serde_json::from_value(json!({ "name": "Mei Lin" })).unwrap();
        let refused = testing::run(&CrmCreateCustomer, &mut ctx, args).await.unwrap_err();
        assert_eq!(refused.code().as_str(), "forbidden");
    }
}

#[tokio::test]
async fn an_approver_reads_who_is_added() {
    for shop in shops().await {
        let arguments =
            json!({ "name": "Mei Lin", "email": "mei@lin.example", "company": "Tiles" });
        let preview = shop.preview(CrmCreateCustomer, arguments).await.unwrap();
        assert_eq!(
            preview.summary,
            "Add Mei Lin as a new customer: Tiles and mei at lin dot example"
        );
        assert_eq!(preview.details["email"], "mei@lin.example");
    }
}

#[tokio::test]
async fn the_same_person_in_other_words_is_the_same_wish() {
    for shop in shops().await {
        let same = [
            json!({ "name": "Mei Lin", "email": "mei@lin.example", "phone": "+12125550188" }),
            json!({
                "name": " Mei Lin ", "email": "mei at lin dot example", "phone": "212 555 0188",
                "company": "",
            }),
            json!({ "name": "MEI  LIN", "email": "Mei@Lin.example", "phone": "(212) 555-0188" }),
        ];
        let other = [
            json!({ "name": "Mei Lin", "email": "mei@lin.example" }),
            json!({ "name": "Mei Ling", "email": "mei@lin.example", "phone": "+12125550188" }),
        ];
        wordings(&shop, CrmCreateCustomer, &same, &other).await;
        let living_at = |line1: &str, code: &str, country: &str| {
            json!({
                "name": "Mei Lin", "company": "Harbor Tiles",
                "address": {
                    "line1": line1, "city": "Albany", "postal_code": code, "country": country,
                },
            })
        };
        let here = [
            living_at("4 Elm Street", "12207", "USA"),
            living_at("4 elm street.", "12 207", "usa"),
        ];
        wordings(&shop, CrmCreateCustomer, &here, &[living_at("5 Elm Street", "12207", "USA")])
            .await;
        shop.call(CrmCreateCustomer, same[0].clone()).await.unwrap();
        wordings(&shop, CrmCreateCustomer, &same, &other).await;
    }
}
