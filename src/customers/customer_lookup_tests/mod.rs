use serde_json::{Value, json};

use super::*;
use crate::{
    access::role,
    customers::sql::erasure,
    testing::{self, Shop, shops},
};
use business_mcp_engine::db::params;

mod questions;

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
            json!({ "order_id": "it ends in one oh oh oh two please" }),
            json!({ "order_id": "oscar romeo dog one double oh oh two" }),
            json!({ "order_id": "o as in oscar r for robert d like david 10002" }),
            json!({ "phone": "um, area code two one two, then 555 0101 please" }),
            json!({ "phone": "two one two five five five oh won oh won" }),
            json!({ "phone": "555-0101" }),
            json!({ "email": "my email is ana dot lopez at example dotcom, all lower case" }),
            json!({ "email": "a n a full stop l o p e z at example dot com" }),
            json!({ "email": "a-n-a dot l-o-p-e-z at example dot com" }),
            json!({ "email": "adam nora adam dot lima oscar papa echo zulu at example dot com" }),
            json!({ "name": "ana lopez", "postal_code": "1 0 0 0 1" }),
            json!({ "name": "Lopez, Ana", "postal_code": "it's one zero zero zero one" }),
            json!({ "name": "Ana Lopes spelled l o p e z", "postal_code": "10001" }),
            json!({ "name": "ana lopez l as in lima o p e zulu", "postal_code": "10001" }),
            json!({ "name": "this is Mrs. Ana Lopez", "postal_code": "10001" }),
            json!({ "name": "alpha november alpha lopez", "postal_code": "10001" }),
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
        let mut tx = shop.db.db.write().await.unwrap().of("demo");
        for (id, day) in [("ORD-10003", "2026-01-08"), ("ORD-10004", "2026-01-07")] {
            let at = format!("{day}T15:00:00Z").parse().unwrap();
            testing::another_order(&mut tx, "CUST-1", id, at).await;
        }
        tx.commit().await.unwrap();
        let answer = who(&shop, json!({ "customer_id": "CUST-1" })).await;
        assert_eq!(
            answer["say"],
            "I found Ana López, a premium customer. The latest order, from Thursday, has been \
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

        shop.role = role::DESK;
        let answer = who(&shop, json!({ "customer_id": "CUST-1" })).await;
        assert_eq!(numbers(&answer), json!(["ORD-10003", "ORD-10004", "ORD-10002"]));
        assert!(answer["say"].as_str().unwrap().contains("The latest order, 1 0 0 0 3, from"));
        shop.role = role::AGENT;
        let none = who(&shop, json!({ "customer_id": "CUST-2" })).await;
        assert_eq!(none["say"], "I found John Smith, without any orders yet.");
        assert_eq!(none["data"]["recent_orders"], json!([]));
    }
}

#[tokio::test]
async fn no_match_is_an_answer_that_says_what_to_ask_for() {
    for shop in shops().await {
        for (arguments, say) in [
            (
                json!({ "phone": "+1 212 555 0199" }),
                "I found no customer with that phone number. Could you tell me the e-mail address or \
                 an order number?",
            ),
            (
                json!({ "customer_id": "CUST-9" }),
                "I found no customer with that customer number. Could you tell me the phone number or \
                 the e-mail address?",
            ),
            (
                json!({ "name": "Yusuf Rossi", "postal_code": "10001" }),
                "I found no customer of that name with that postal code. Could you tell me the phone \
                 number or the e-mail address?",
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
        let mut tx = shop.db.db.write().await.unwrap().of("demo");
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
        let mut tx = shop.db.db.write().await.unwrap().of("demo");
        assert!(erasure::erase(&mut tx, "CUST-2", shop.now).await.unwrap());
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
async fn only_the_verified_customer_is_a_match() {
    for shop in shops().await {
        let mut tx = shop.db.db.write().await.unwrap().of("demo");
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

#[tokio::test]
async fn the_latest_order_is_from_today_where_it_is_and_its_return_is_settled_where_it_is() {
    for mut shop in shops().await {
        shop.role = role::DESK;
        let mut tx = shop.db.db.write().await.unwrap().of("demo");
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
            let mut tx = shop.db.db.write().await.unwrap().of("demo");
            let sql = "update orders set status = $1 where id = 'ORD-10003'";
            tx.execute(sql, params![status]).await.unwrap();
            tx.commit().await.unwrap();
            let article = if kind == "return" { "a" } else { "an" };
            assert_eq!(said().await, format!("{begin}has {article} {kind} under way."));
            let mut tx = shop.db.db.write().await.unwrap().of("demo");
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
