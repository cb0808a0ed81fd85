use serde_json::{Value, json};

use super::*;
use crate::{
    store::{erasure, params, testing},
    toolkit::testing::{Shop, shops},
};

async fn who(shop: &Shop, arguments: Value) -> Value {
    shop.call(CustomerLookup, arguments).await.unwrap()
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
    for shop in shops().await {
        let mut tx = shop.db.db.write().await.unwrap();
        for (id, day) in [("ORD-10003", "2026-01-08"), ("ORD-10004", "2026-01-07")] {
            let at = format!("{day}T15:00:00Z").parse().unwrap();
            testing::another_order(&mut tx, "CUST-1", id, at).await;
        }
        tx.commit().await.unwrap();
        let answer = who(&shop, json!({ "customer_id": "CUST-1" })).await;
        assert_eq!(
            answer["say"],
            "I found Ana López, a premium customer. The latest order, 1 0 0 0 3, from \
             Thursday, has been delivered."
        );
        let data = &answer["data"];
        assert_eq!(data["email"], "a***@example.com");
        assert_eq!(data["phone"], "***0101");
        assert_eq!(data["verified"], false);
        let ids = data["recent_orders"].as_array().unwrap();
        let ids: Vec<&Value> = ids.iter().map(|order| &order["order_id"]).collect();
        assert_eq!(ids, ["ORD-10003", "ORD-10004", "ORD-10002"]);
        let total = json!({ "amount": "5.00", "currency": "USD" });
        assert_eq!(data["recent_orders"][0]["total"], total);
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
async fn the_latest_order_is_from_today_where_it_is_and_its_return_is_settled_where_it_is() {
    for shop in shops().await {
        let mut tx = shop.db.db.write().await.unwrap();
        testing::another_order(&mut tx, "CUST-1", "ORD-10003", shop.now).await;
        tx.commit().await.unwrap();
        let said = async || {
            let answer = who(&shop, json!({ "customer_id": "CUST-1" })).await;
            answer["say"].as_str().unwrap().to_owned()
        };
        let begin =
            "I found Ana López, a premium customer. The latest order, 1 0 0 0 3, from today, ";
        assert_eq!(said().await, format!("{begin}has been delivered."));
        for (status, kind) in [("return_requested", "return"), ("exchange_requested", "exchange")] {
            let mut tx = shop.db.db.write().await.unwrap();
            let sql = "update orders set status = $1 where id = 'ORD-10003'";
            tx.execute(sql, params![status]).await.unwrap();
            tx.commit().await.unwrap();
            let article = if kind == "return" { "a" } else { "an" };
            assert_eq!(said().await, format!("{begin}has {article} {kind} under way."));
            let mut tx = shop.db.db.write().await.unwrap();
            tx.execute(
                "insert into order_requests
                     (tenant_id, id, order_id, kind, status, amount_minor, created_at)
                 values ('demo', $1, 'ORD-10003', $1, 'settled', 0, $2)",
                params![kind, shop.now],
            )
            .await
            .unwrap();
            tx.commit().await.unwrap();
            let settled = format!("{begin}has been delivered, and its {kind} is settled.");
            assert_eq!(said().await, settled);
            shop.run("delete from order_requests").await;
        }
    }
}
