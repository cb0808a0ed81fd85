use serde_json::{Value, json};

use super::*;
use crate::{
    store::{erasure, testing},
    toolkit::{
        Role,
        testing::{Shop, shops},
    },
};

async fn who(shop: &Shop, arguments: Value) -> Value {
    shop.call(CustomerLookup, arguments).await.unwrap()
}

/// The numbers of the recent orders, as far as they are told.
fn numbers(answer: &Value) -> Value {
    let orders = answer["data"]["recent_orders"].as_array().unwrap();
    orders.iter().map(|order| order["order_id"].clone()).collect()
}

#[tokio::test]
async fn a_customer_is_found_by_whatever_they_can_say() {
    for shop in shops().await {
        for arguments in [
            json!({ "customer_id": "CUST-1" }),
            json!({ "customerId": "cust one" }),
            json!({ "email": "Ana dot Lopez at example dot com" }),
            json!({ "phone": "(212) 555-0101" }),
            json!({ "order_id": "ORD-10001" }),
            json!({ "order_id": "one double oh oh two" }),
            json!({ "order_id": "002" }),
            json!({ "name": "ana lopez", "postal_code": "1 0 0 0 1" }),
            json!({ "name": "Anna Lopes", "postal_code": "10001" }),
            json!({ "customer_id": "nobody", "email": "ana.lopez@example.com" }),
        ] {
            let answer = who(&shop, arguments.clone()).await;
            assert_eq!(answer["data"]["customer_id"], "CUST-1", "{arguments}: {answer}");
        }
    }
}

#[tokio::test]
async fn the_answer_says_little_that_is_personal() {
    for mut shop in shops().await {
        let mut tx = shop.db.db.write().await.unwrap();
        for (id, day) in [("ORD-10003", "2026-01-08"), ("ORD-10004", "2026-01-07")] {
            let at = format!("{day}T15:00:00Z").parse().unwrap();
            testing::another_order(&mut tx, "CUST-1", id, at).await;
        }
        tx.commit().await.unwrap();
        let answer = who(&shop, json!({ "customer_id": "CUST-1" })).await;
        assert_eq!(
            answer["say"],
            "I found Ana López, a premium customer. The latest order, from January 8th, has been \
             delivered."
        );
        let data = &answer["data"];
        assert_eq!(data["email"], "a***@example.com");
        assert_eq!(data["phone"], "***01");
        assert_eq!(data["verified"], false);
        let latest = json!({
            "status": "delivered", "placed_at": "2026-01-08T15:00:00Z",
            "total": { "amount": "5.00", "currency": "USD" },
        });
        assert_eq!(data["recent_orders"][0], latest, "without the number");
        assert_eq!(data["recent_orders"].as_array().unwrap().len(), 3);

        // What a caller gave is no secret to them; what they gave the end of is.
        let none = [Value::Null, Value::Null, Value::Null];
        let given = json!(["ORD-10003", null, null]);
        for (said, ids) in [
            ("ORD-10003", given.clone()),
            ("one double oh oh three", given),
            ("0003", json!(none)),
            ("003", json!(none)),
        ] {
            let answer = who(&shop, json!({ "order_id": said })).await;
            assert_eq!(numbers(&answer), ids, "{said}");
            let heard = answer["say"].as_str().unwrap().contains("1 0 0 0 3");
            assert_eq!(heard, ids != json!(none), "{answer}");
        }
        let other = who(&shop, json!({ "order_id": "10004" })).await;
        assert_eq!(numbers(&other), json!([null, "ORD-10004", null]));
        assert!(!other["say"].as_str().unwrap().contains("1 0 0 0"), "{other}");

        shop.role = Role::Desk;
        let answer = who(&shop, json!({ "customer_id": "CUST-1" })).await;
        assert_eq!(numbers(&answer), json!(["ORD-10003", "ORD-10004", "ORD-10002"]));
        assert!(answer["say"].as_str().unwrap().contains("The latest order, 1 0 0 0 3, from"));
        shop.role = Role::Agent;
        let none = who(&shop, json!({ "customer_id": "CUST-2" })).await;
        assert_eq!(none["say"], "I found John Smith, without any orders yet.");
        assert_eq!(none["data"]["recent_orders"], json!([]));
    }
}

#[tokio::test]
async fn several_matches_are_a_question() {
    for shop in shops().await {
        let mut tx = shop.db.db.write().await.unwrap();
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
        let told = json!({ "phone": "2125550101", "name": "Jon Smith" });
        assert_eq!(who(&shop, told).await["data"]["customer_id"], "CUST-2");
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
async fn no_match_is_an_answer_that_says_what_to_ask_for() {
    for shop in shops().await {
        for (arguments, say) in [
            (
                json!({ "phone": "+1 212 555 0199" }),
                "I found no customer with that phone number. Please ask for the e-mail address \
                 or an order number.",
            ),
            (
                json!({ "customer_id": "CUST-9" }),
                "I found no customer with that customer number. Please ask for the phone \
                 number or the e-mail address.",
            ),
            (
                json!({ "name": "Yusuf Rossi", "postal_code": "10001" }),
                "I found no customer of that name with that postal code. Please ask for the \
                 phone number or the e-mail address.",
            ),
        ] {
            let answer = who(&shop, arguments).await;
            assert_eq!((&answer["status"], &answer["data"]), (&json!("ok"), &Value::Null));
            assert_eq!(answer["say"], say);
        }
        // Two digits are the end of too many numbers.
        assert_eq!(who(&shop, json!({ "order_id": "01" })).await["data"], Value::Null);
    }
}

#[tokio::test]
async fn what_is_missing_is_named() {
    for shop in shops().await {
        for (arguments, word) in [
            (json!({}), "customer_id, email, phone or order_id"),
            (json!({ "name": "Ana" }), "postal_code"),
            (json!({ "postal_code": "10001" }), "name"),
            (json!({ "email": "ana at" }), "email"),
            (json!({ "phone": "123" }), "phone"),
        ] {
            let (code, words) = shop.refusal(CustomerLookup, arguments).await;
            assert_eq!(code, "invalid_parameters");
            assert!(words.contains(word), "{words}");
        }
    }
}

#[tokio::test]
async fn another_tenants_customers_are_not_found() {
    for shop in shops().await {
        let mut tx = shop.db.db.write().await.unwrap();
        testing::move_to_another_tenant(&mut tx, "CUST-1").await;
        tx.commit().await.unwrap();
        for arguments in [
            json!({ "customer_id": "CUST-1" }),
            json!({ "email": "ana.lopez@example.com" }),
            json!({ "phone": "2125550101" }),
            json!({ "order_id": "ORD-10001" }),
            json!({ "name": "Ana Lopez", "postal_code": "10001" }),
            json!({ "name": "Anna Lopes", "postal_code": "10001" }),
        ] {
            assert_eq!(who(&shop, arguments).await["data"], Value::Null);
        }
    }
}

#[tokio::test]
async fn who_was_erased_is_not_found() {
    for shop in shops().await {
        let mut tx = shop.db.db.write().await.unwrap();
        assert!(erasure::erase(&mut tx, "demo", "CUST-2", shop.now).await.unwrap());
        tx.commit().await.unwrap();
        for arguments in [
            json!({ "customer_id": "CUST-2" }),
            json!({ "customer_id": "cust 2" }),
            json!({ "email": "john.smith@example.com" }),
            json!({ "name": "John Smith", "postal_code": "10001" }),
        ] {
            assert_eq!(who(&shop, arguments).await["data"], Value::Null);
        }
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
            "I found nobody with exactly that e-mail address, but a similar one. Is it Ana López? \
             Please have the address spelt out."
        );
        let nobody = who(&shop, json!({ "email": "robert.koch@example.com" })).await;
        assert_eq!((&nobody["status"], nobody.get("data")), (&json!("ok"), None), "{nobody}");
    }
}

#[tokio::test]
async fn those_of_one_name_are_asked_for_once() {
    for shop in shops().await {
        let mut tx = shop.db.db.write().await.unwrap();
        for same in [
            "insert into customers (tenant_id, id, name, name_key, email, email_key, version,
                                    created_at, created_on)
             select tenant_id, 'CUST-9', name, name_key, 'ana.lopez9@example.com',
                    'ana.lopez9@example.com', 1, created_at, created_on
             from customers where id = 'CUST-1'",
            "insert into search_terms (tenant_id, kind, term, ref_id)
             select tenant_id, kind, term, 'CUST-9' from search_terms where ref_id = 'CUST-1'",
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

#[tokio::test]
async fn only_the_verified_customer_is_a_match() {
    for shop in shops().await {
        let mut tx = shop.db.db.write().await.unwrap();
        testing::share_phone(&mut tx, "CUST-1", "CUST-2").await;
        tx.commit().await.unwrap();
        let look_up = async |customer: &str, arguments: Value| {
            let mut ctx = shop.context(false).await;
            ctx.verified = Some(customer.into());
            let args = serde_json::from_value(arguments).unwrap();
            let answer = CustomerLookup.call(&mut ctx, args).await;
            answer.map(|answer| format!("{answer:?}")).map_err(|error| error.code().as_str())
        };
        let shared = json!({ "phone": "2125550101" });
        let forbidden = Err("forbidden");
        for arguments in [
            shared.clone(),
            json!({ "email": "ana.lopez@example.com" }),
            json!({ "order_id": "001" }),
            json!({ "customer_id": "CUST-1" }),
            json!({ "name": "Ana Lopez", "postal_code": "10001" }),
        ] {
            assert_eq!(look_up("CUST-3", arguments.clone()).await, forbidden, "{arguments}");
        }
        for arguments in
            [shared, json!({ "email": "ana.lopez@example.com", "phone": "2125550101" })]
        {
            let own = look_up("CUST-2", arguments).await.unwrap();
            assert!(own.contains("John Smith") && !own.contains("Ana"), "{own}");
        }
        // Those whose address is similar are not named, either.
        let similar = look_up("CUST-3", json!({ "email": "anna.lopes@example.com" })).await;
        assert!(!similar.as_ref().unwrap().contains("Ana"), "{similar:?}");
    }
}
