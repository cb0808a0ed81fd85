//! Where one customer is not sure, it asks.

use super::*;
use crate::customers::sql::customer_changes::{self, Written};

#[tokio::test]
async fn several_matches_are_a_question() {
    for shop in shops().await {
        let mut tx = shop.db.db.write().await.unwrap().of("demo");
        testing::share_phone(&mut tx, "CUST-1", "CUST-2").await;
        testing::another_order(&mut tx, "CUST-2", "ORD-20001", testing::long_ago()).await;
        tx.commit().await.unwrap();
        let answer = who(&shop, json!({ "phone": "2125550101" })).await;
        assert_eq!(answer["status"], "ambiguous");
        assert_eq!(
            answer["say"],
            "I found 2 customers with that phone number. Is it Ana López or John Smith?"
        );
        assert_eq!(answer["candidates"][1]["id"], "CUST-2");
        let hint = "Ana López, New York, premium, customer since 2026";
        assert_eq!(answer["candidates"][0]["hint"], hint);
        assert!(!answer.to_string().contains("10001"), "a postal code is secret");
        let told = json!({ "phone": "2125550101", "name": "Smith, John" });
        assert_eq!(who(&shop, told).await["data"]["customer_id"], "CUST-2");
        let like = who(&shop, json!({ "phone": "2125550101", "name": "Jon Smith" })).await;
        assert_eq!(like["say"], "I found 1 customer with that phone number. Is it John Smith?");
        let answer = who(&shop, json!({ "order_id": "0001" })).await;
        assert_eq!(answer["status"], "ambiguous");
        let told = json!({ "order_id": "0001", "email": "john.smith@example.com" });
        assert_eq!(who(&shop, told).await["data"]["customer_id"], "CUST-2");
        // All of the digits were said, so that it is not the end of a longer number.
        let whole = who(&shop, json!({ "order_id": "10001" })).await;
        assert_eq!(whole["data"]["customer_id"], "CUST-1");
    }
}

#[tokio::test]
async fn a_misheard_address_is_asked_back_and_never_guessed() {
    for shop in shops().await {
        let answer = who(&shop, json!({ "email": "anna dot lopes at example dot com" })).await;
        assert_eq!(answer["status"], "ambiguous", "{answer}");
        assert_eq!(answer["candidates"][0]["id"], "CUST-1");
        assert_eq!(answer["candidates"].as_array().unwrap().len(), 1);
        assert!(!answer.to_string().contains('@'), "no address is given away: {answer}");
        assert_eq!(
            answer["say"],
            "I found nobody with exactly that e-mail address, but a similar one. Is it Ana López?"
        );
        let nobody = who(&shop, json!({ "email": "robert.koch@example.com" })).await;
        assert_eq!((&nobody["status"], nobody.get("data")), (&json!("ok"), None), "{nobody}");
    }
}

/// Somebody new, on file with everything they are found by.
async fn customer(shop: &Shop, id: &str, name: &str, email: Option<&str>, phone: Option<&str>) {
    let mut tx = shop.db.db.write().await.unwrap().of("demo");
    let address = crate::customers::import::Address {
        line1: "2 Main Street".into(),
        line2: None,
        city: "New York".into(),
        region: None,
        postal_code: "10002".into(),
        country: "USA".into(),
    };
    let address = Some(&address);
    let new = Written { name, email, phone, company: None, tier: None, address };
    customer_changes::insert(&mut tx, id, new, shop.now, "2026-01-10").await.unwrap();
    tx.commit().await.unwrap();
}

fn candidates(answer: &Value) -> Vec<&str> {
    let candidates = answer["candidates"].as_array().into_iter().flatten();
    candidates.map(|candidate| candidate["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_name_that_is_only_like_one_on_file_is_a_question() {
    for shop in shops().await {
        customer(&shop, "P-1", "Jane Peters", None, None).await;
        customer(&shop, "P-2", "Stefan Maier", None, None).await;
        customer(&shop, "P-3", "Stephen Mayer", None, None).await;
        customer(&shop, "P-4", "Maria Elena Garcia", None, None).await;
        let by = |name: &str| json!({ "name": name, "postal_code": "10002" });
        let jane = who(&shop, by("Jan Peters")).await;
        assert_eq!((&jane["status"], jane.get("data")), (&json!("ambiguous"), None));
        assert_eq!(
            jane["say"],
            "I found 1 customer with a name like that and that postal code. Is it Jane Peters?"
        );
        let steven = who(&shop, by("Steven Meyer")).await;
        let mut both = candidates(&steven);
        both.sort_unstable();
        assert_eq!(both, ["P-2", "P-3"], "{steven}");
        assert_eq!(candidates(&who(&shop, by("Garcia")).await), ["P-4"]);
        // A middle name that was left out, case, accents and the order of words are none of it.
        for same in ["maría garcía", "Garcia, Maria Elena", "it's Maria Garcia"] {
            assert_eq!(who(&shop, by(same)).await["data"]["customer_id"], "P-4", "{same}");
        }
        assert_eq!(who(&shop, by("Stefan Maier")).await["data"]["customer_id"], "P-2");
    }
}

#[tokio::test]
async fn the_end_of_a_phone_number_is_enough_to_ask_by() {
    for shop in shops().await {
        customer(&shop, "P-1", "Jane Peters", None, Some("+13035550101")).await;
        customer(&shop, "P-2", "Tom Bell", None, Some("+13035559876")).await;
        for said in ["0101", "the last four are oh one oh one", "5550101"] {
            let answer = who(&shop, json!({ "phone": said })).await;
            assert_eq!(candidates(&answer), ["CUST-1", "P-1"], "{said}: {answer}");
        }
        let one = who(&shop, json!({ "phone": "it ends in 9876" })).await;
        assert_eq!(
            one["say"],
            "I found 1 customer with a phone number that ends like that. Is it Tom Bell?"
        );
        let whole = who(&shop, json!({ "phone": "555-9876" })).await;
        assert_eq!(whole["data"]["customer_id"], "P-2");
        let told = json!({ "phone": "0101", "name": "Jane Peters" });
        assert_eq!(candidates(&who(&shop, told).await), ["P-1"]);
        assert_eq!(candidates(&who(&shop, json!({ "phone": "4321" })).await), [""; 0]);
        // Who was forgotten, or has another number now, is not found by the old one.
        let mut tx = shop.db.db.write().await.unwrap().of("demo");
        assert!(erasure::erase(&mut tx, "P-2", shop.now).await.unwrap());
        let other = Written {
            name: "Jane Peters",
            email: None,
            phone: Some("+13035550155"),
            company: None,
            tier: None,
            address: None,
        };
        assert!(customer_changes::update(&mut tx, "P-1", 1, other).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(candidates(&who(&shop, json!({ "phone": "9876" })).await), [""; 0]);
        assert_eq!(candidates(&who(&shop, json!({ "phone": "0101" })).await), ["CUST-1"]);
        assert_eq!(candidates(&who(&shop, json!({ "phone": "0155" })).await), ["P-1"]);
    }
}

#[tokio::test]
async fn an_address_whose_words_ran_together_is_asked_back() {
    for shop in shops().await {
        for said in [
            "john smith at example dot com",
            "john smith all one word at example dot com",
            "jonsmith@example.com",
            "jon smyth at example dot com",
            "johnsmith@exampel.com",
        ] {
            let answer = who(&shop, json!({ "email": said })).await;
            assert_eq!(answer["status"], "ambiguous", "{said}: {answer}");
            assert_eq!(candidates(&answer)[0], "CUST-2", "{said}: {answer}");
            assert!(!answer.to_string().contains('@'), "no address is given away: {answer}");
        }
        for (n, local) in ["jonsmith", "jhonsmith", "john-smith", "johnsmyth"].iter().enumerate() {
            let email = format!("{local}@example.com");
            customer(&shop, &format!("P-{n}"), &format!("Nr {n}"), Some(&email), None).await;
        }
        let many = who(&shop, json!({ "email": "johnsmith@example.com" })).await;
        assert_eq!(candidates(&many).len(), 3, "{many}");
        let other = who(&shop, json!({ "email": "johnsmith@another.org" })).await;
        assert_eq!(other.get("candidates"), None, "{other}");
    }
}

#[tokio::test]
async fn those_of_one_name_are_asked_for_once() {
    for shop in shops().await {
        let mut tx = shop.db.db.write().await.unwrap().of("demo");
        for same in [
            "insert into customers (tenant_id, id, name, name_key, email, email_key, version,
                                    created_at, created_on)
             select tenant_id, 'CUST-9', name, name_key, 'ana.lopez9@example.com',
                    'ana.lopez9@example.com', 1, created_at, created_on
             from customers where id = 'CUST-1'",
            "insert into search_terms (tenant_id, kind, term, ref_id)
             select tenant_id, kind, term, 'CUST-9'
             from search_terms
             where ref_id = 'CUST-1' and (term like 'w:%' or term like 's:%')",
        ] {
            tx.execute(same, &[]).await.unwrap();
        }
        tx.commit().await.unwrap();
        let answer = who(&shop, json!({ "email": "ana.lopez8@example.com" })).await;
        assert_eq!(answer["candidates"].as_array().unwrap().len(), 2, "{answer}");
        let say = answer["say"].as_str().unwrap();
        assert_eq!(say.matches("Ana López").count(), 1, "{say}");
    }
}

#[tokio::test]
async fn clues_that_contradict_each_other_are_a_question() {
    for shop in shops().await {
        let email = "ana.lopez@example.com";
        for (arguments, ids) in [
            (json!({ "email": email, "phone": "2125550102" }), ["CUST-1", "CUST-2"]),
            (
                json!({ "email": email, "name": "John Smith", "postal_code": "94105" }),
                ["CUST-1", "CUST-3"],
            ),
            (json!({ "order_id": "002", "phone": "2125550102" }), ["CUST-1", "CUST-2"]),
            // Two against one is no proof, either.
            (
                json!({ "email": email, "phone": "2125550102", "name": "John Smith" }),
                ["CUST-1", "CUST-2"],
            ),
        ] {
            let answer = who(&shop, arguments.clone()).await;
            assert_eq!(answer["status"], "ambiguous", "{arguments}: {answer}");
            let candidates = answer["candidates"].as_array().unwrap();
            let found: Vec<&Value> = candidates.iter().map(|candidate| &candidate["id"]).collect();
            assert_eq!(found, ids, "{arguments}");
            assert_eq!(
                answer["say"],
                "That belongs to different customers. Is it Ana López or John Smith?"
            );
        }
        // What nobody has contradicts nobody.
        let misheard = json!({ "email": "ana.lopes@example.org", "phone": "2125550101" });
        assert_eq!(who(&shop, misheard).await["data"]["customer_id"], "CUST-1");
        // And whoever was asked about is then named by id.
        let told = json!({ "email": email, "phone": "2125550102", "customer_id": "CUST-2" });
        assert_eq!(who(&shop, told).await["data"]["customer_id"], "CUST-2");
    }
}
