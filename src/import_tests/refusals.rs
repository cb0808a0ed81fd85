//! What is wrong is named, and nothing of its file is written.

use super::*;

#[tokio::test]
async fn wrong_records_are_named_and_nothing_of_their_file_is_written() {
    for mut shop in Shop::all().await {
        shop.put(
            "customers.jsonl",
            r#"{"id":"A","name":"Fine"}
{"id":"B","name":"B","payment_methods":[{"id":"g","kind":"gift_card","balance":"1e3"}]}
{"id":"C","name":"C","discount":5}
{"id":"D","name":"D","address":{"line1":"x","city":"y","zip":"1","postal_code":"1","country":"z"}}
not json
{"id":"A","name":"Again"}
{"id":"E","email":"nobody","name":"E"}
{"id":"F","name":"F","payment_methods":[{"id":"g","kind":"gift_card","balance":"-1"}]}
{"name":"G"}
{"id":"H","name":"H","tier":"gold"}
"#,
        );
        assert_eq!(
            shop.refused().await,
            "customers.jsonl:2: payment_methods[0].balance: is not a plain decimal amount such as 59.98
customers.jsonl:3: discount: is not a field of the import format
customers.jsonl:4: address.zip: is not a field of the import format
customers.jsonl:5: is not a JSON object (look at column 2)
customers.jsonl:7: email: is none of the forms of an e-mail address
customers.jsonl:8: payment_methods[0].balance: is negative
customers.jsonl:9: id: is missing
customers.jsonl:10: tier: is none of basic, premium, enterprise
customers.jsonl:6: id: is the id of line 1, too
nothing of this file was imported"
        );
        assert_eq!(shop.number("select count(*) from customers").await, 0);

        let many: String = (0..25).map(|_| "{}\n").collect();
        shop.put("customers.jsonl", &many);
        let refused = shop.refused().await;
        assert!(refused.contains("customers.jsonl:20: id: is missing\nand 5 more"), "{refused}");
    }
}

#[tokio::test]
async fn what_is_there_and_empty_is_not_called_missing() {
    for mut shop in Shop::all().await {
        for (file, record, empty, missing) in [
            ("products.jsonl", r#"{"id":"P","name":"P""#, r#""variants":[]"#, "variants"),
            (
                "orders.jsonl",
                r#"{"id":"O","customer_id":"C","status":"pending""#,
                r#""items":[]"#,
                "items",
            ),
            ("interactions.jsonl", r#"{"customer_id":"C","kind":"note""#, r#""text":"""#, "text"),
            ("customers.jsonl", r#"{"id":"C""#, r#""name":"  ""#, "name"),
        ] {
            shop.put(file, &format!("{record},{empty}}}\n{record}}}\n"));
            let refused = shop.refused().await;
            let (first, second) =
                (format!(":1: {missing}: is empty"), format!(":2: {missing}: is missing"));
            assert!(refused.contains(&first) && refused.contains(&second), "{file}: {refused}");
            shop.put(file, "");
        }
    }
}

#[tokio::test]
async fn what_an_order_refers_to_must_be_there() {
    for mut shop in Shop::all().await {
        shop.put(
            "orders.jsonl",
            r#"{"id":"1","customer_id":"C1","status":"pending","items":[{"sku":"G-S","quantity":1,"unit_price":1}]}
{"id":"2","customer_id":"C9","status":"pending","items":[{"sku":"G-S","quantity":1,"unit_price":1}]}
{"id":"3","customer_id":"C1","status":"pending","items":[{"sku":"X","quantity":1,"unit_price":1}]}
{"id":"4","customer_id":"C1","status":"pending","items":[{"sku":"G-S","quantity":1,"unit_price":1}],"payments":[{"kind":"charge","amount":1,"payment_method_id":"none"}]}
"#,
        );
        assert_eq!(
            shop.refused().await,
            "orders.jsonl:2: customer_id: C9 is no customer
orders.jsonl:3: items[0].sku: X is not the sku of any product
orders.jsonl:4: payments[0].payment_method_id: none is no payment method of C1
nothing of this file was imported"
        );
        assert_eq!(shop.number("select count(*) from orders").await, 0);
        assert_eq!(shop.number("select count(*) from customers").await, 2);
        shop.put(
            "orders.jsonl",
            r#"{"id":"1","customer_id":"C1","status":"lost","items":[]}
{"id":"2","customer_id":"C1","status":"pending","items":[{"sku":"G-S","quantity":0,"unit_price":1}]}
{"id":"3","customer_id":"C1","status":"pending","items":[{"sku":"G-S","quantity":1,"unit_price":1}],"payments":[{"kind":"refund","amount":1,"payment_method_id":"card"}]}
{"id":"4","customer_id":"C1","status":"pending","items":[{"sku":"G-S","quantity":1,"unit_price":1.999}]}
{"id":"5","customer_id":"C1","status":"shipped","items":[{"sku":"G-S","quantity":1,"unit_price":1}],"shipments":[{"tracking_number":"T","skus":["G-M"]}]}
"#,
        );
        assert_eq!(
            shop.refused().await,
            "orders.jsonl:1: status: is none of pending, pending_modified, processed, shipped, delivered, cancelled, return_requested, exchange_requested
orders.jsonl:2: items[0].quantity: is not between 1 and 1000000
orders.jsonl:3: payments: refund more than was charged
orders.jsonl:4: items[0].unit_price: has more decimals than the currency
orders.jsonl:5: shipments[0].skus: has G-M, which was not ordered
nothing of this file was imported"
        );
    }
}
