//! What happened on the server between two imports stays.

use super::*;

const BALANCE: &str = "select balance_minor from payment_methods where id = 'gift'";
const ON_HAND: &str = "select on_hand from stock where sku = 'G-S'";
const PRICE: &str = "select price_minor from variants where sku = 'G-S'";

impl Shop {
    /// Puts an amount on the gift card, as a refund does, or takes it off.
    async fn on_card(&self, minor: i64) {
        let mut tx = self.db.write().await.unwrap().of("demo");
        let id = uuid::Uuid::now_v7().to_string();
        for sql in [
            "update payment_methods set balance_minor = balance_minor + $2 where id = 'gift' and $1 <> ''",
            "insert into gift_card_entries
                 (tenant_id, id, customer_id, payment_method_id, amount_minor, reason, at)
             values ('demo', $1, 'C1', 'gift', $2, 'refund', '2026-06-01T12:00:00Z')",
        ] {
            assert_eq!(tx.execute(sql, params![&id, minor]).await.unwrap(), 1);
        }
        tx.commit().await.unwrap();
    }

    /// Moves pieces of `G-S`, as a sale or a return does.
    async fn on_shelf(&self, pieces: i64) {
        let mut tx = self.db.write().await.unwrap().of("demo");
        let cause = crate::catalog::sql::stock::Cause {
            reason: "sale",
            id: None,
            actor: "test",
            at: self.now,
        };
        crate::catalog::sql::stock::change(&mut tx, "G-S", "main", pieces, cause).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn text(&self, sql: &'static str) -> Option<String> {
        let mut tx = self.db.read().await.unwrap().of("demo");
        let (text,): (Option<String>,) = tx.fetch_one(sql, &[]).await.unwrap();
        text
    }
}

#[tokio::test]
async fn a_refund_to_a_gift_card_stays() {
    for mut shop in Shop::all().await {
        shop.import().await;
        shop.on_card(1500).await;
        shop.put("customers.jsonl", &format!("{CUSTOMERS}{}\n", r#"{"id":"C9","name":"Eve"}"#));
        assert_eq!(shop.import().await[0], (1, 0, 2));
        assert_eq!(shop.number(BALANCE).await, 4500);
        // From 30 to 40 in the file is ten more, and from 40 to 10 thirty less.
        for (said, left) in [("40", 5500), ("10", 2500)] {
            shop.put("customers.jsonl", &CUSTOMERS.replace("30.0", said));
            assert_eq!(shop.import().await[0], (0, 1, 1));
            assert_eq!(shop.number(BALANCE).await, left);
            shop.ledgers_hold().await;
        }
        shop.on_card(-2000).await;
        shop.put("customers.jsonl", &CUSTOMERS.replace("30.0", "0"));
        let refused = shop.refused().await;
        let named = "customers.jsonl:1: payment_methods[1].balance: would end below zero";
        assert!(refused.starts_with(named), "{refused}");
        assert_eq!(shop.number(BALANCE).await, 500);
        shop.ledgers_hold().await;
    }
}

#[tokio::test]
async fn what_was_sold_returned_and_priced_anew_stays() {
    for mut shop in Shop::all().await {
        shop.import().await;
        shop.on_shelf(-3).await;
        shop.run("update variants set price_minor = 2500, version = 2 where sku = 'G-S'").await;
        let more = r#"{"id":"P2","name":"Vest","variants":[{"sku":"V","price":5,"on_hand":1}]}"#;
        shop.put("products.jsonl", &format!("{PRODUCTS}{more}\n"));
        assert_eq!(shop.import().await[1], (1, 0, 1));
        assert_eq!((shop.number(ON_HAND).await, shop.number(PRICE).await), (4, 2500));
        // Another name and five more in the file: the price stays, and the sale, too.
        let named =
            PRODUCTS.replace("Work Gloves", "Gloves").replace("\"on_hand\":7", "\"on_hand\":12");
        shop.put("products.jsonl", &named);
        assert_eq!(shop.import().await[1], (0, 1, 0));
        assert_eq!((shop.number(ON_HAND).await, shop.number(PRICE).await), (9, 2500));
        shop.ledgers_hold().await;
        shop.put("products.jsonl", &named.replace("19.99", "21"));
        shop.import().await;
        assert_eq!((shop.number(ON_HAND).await, shop.number(PRICE).await), (9, 2100));
        shop.on_shelf(-8).await;
        shop.put("products.jsonl", &named.replace("\"on_hand\":12", "\"on_hand\":4"));
        let refused = shop.refused().await;
        let below = "products.jsonl:1: variants[0].on_hand: would end below zero";
        assert!(refused.starts_with(below), "{refused}");
        assert_eq!(shop.number(ON_HAND).await, 1);
        shop.ledgers_hold().await;
    }
}

#[tokio::test]
async fn a_file_with_fewer_columns_leaves_the_others() {
    for mut shop in Shop::all().await {
        shop.import().await;
        shop.on_card(500).await;
        shop.on_shelf(-1).await;
        shop.run("update customers set company = 'Bolt' where id = 'C1'").await;
        shop.put("customers.jsonl", "{\"id\":\"C1\",\"tier\":\"basic\"}\n");
        shop.put(
            "products.jsonl",
            "{\"id\":\"P1\",\"variants\":[{\"sku\":\"G-M\",\"price\":18}]}\n",
        );
        shop.put("orders.jsonl", "{\"id\":\"ORD-30000\",\"status\":\"shipped\"}\n");
        let counts = [(0, 1, 0), (0, 1, 0), (0, 1, 0), (0, 0, 3)];
        assert_eq!(shop.import().await, counts);
        let kept = "select name || ' ' || email || ' ' || phone || ' ' || company || ' ' || tier || ' ' || postal_key
                    from customers
                    where id = 'C1'";
        assert_eq!(
            shop.text(kept).await.unwrap(),
            "Zoë O'Brien zoe@example.com +12025550123 Bolt basic 97201"
        );
        assert_eq!((shop.number(BALANCE).await, shop.number(ON_HAND).await), (3500, 6));
        let variant = "select price_minor from variants where sku = 'G-M' and reorder_point = 3 and not active";
        assert_eq!(shop.number(variant).await, 1800);
        let found = "select count(*) from search_terms where kind = 'product' and term = 'w:s'";
        assert_eq!(shop.number(found).await, 1);
        let order = "select count(*) from payments where order_id = 'ORD-30000'";
        assert_eq!(shop.number(order).await, 2);
        let order = "select count(*) from orders where id = 'ORD-30000' and status = 'shipped' and placed_on = '2026-04-30'";
        assert_eq!(shop.number(order).await, 1);
        shop.ledgers_hold().await;

        // The same again, and then the whole file, which says what it said before but for the tier.
        shop.put("customers.jsonl", "\n{\"id\":\"C1\",\"tier\":\"basic\"}\n");
        assert_eq!(shop.import().await[0], (0, 0, 1));
        shop.put("customers.jsonl", CUSTOMERS);
        assert_eq!(shop.import().await[0], (0, 1, 1));
        assert_eq!(
            shop.text("select company from customers where id = 'C1'").await.unwrap(),
            "Bolt"
        );
        assert_eq!(shop.number(BALANCE).await, 3500);
        // A new one needs what one on file may leave out.
        shop.put(
            "customers.jsonl",
            "{\"id\":\"C1\",\"tier\":\"basic\"}\n{\"id\":\"C2\",\"tier\":\"basic\"}\n",
        );
        let refused = shop.refused().await;
        assert!(refused.starts_with("customers.jsonl:2: name: is missing"), "{refused}");
    }
}

#[tokio::test]
async fn an_empty_cell_of_a_column_clears_and_a_missing_column_does_not() {
    for mut shop in Shop::all().await {
        shop.import().await;
        std::fs::remove_file(shop.folder.path().join("in/customers.jsonl")).unwrap();
        std::fs::remove_file(shop.folder.path().join("in/products.jsonl")).unwrap();
        shop.put("customers.csv", "id,email,line1,city\nC1,,,\nCUST-20000,ana@example.com,,\n");
        shop.put("products.csv", "id,category,sku,reorder_point\nP1,,G-S,\nP1,,G-M,\n");
        let counts = shop.import().await;
        assert_eq!((counts[0], counts[1]), ((0, 2, 0), (0, 1, 0)));
        let cleared = "select count(*)
                       from customers
                       where id = 'C1' and email is null and email_key is null and address is null
                         and postal_key is null and phone is not null and company = 'Acme'";
        assert_eq!(shop.number(cleared).await, 1);
        let product =
            "select count(*) from products where category is null and name = 'Work Gloves'";
        assert_eq!(shop.number(product).await, 1);
        // The empty cell of a row that goes on with a record names nothing.
        let variant = "select reorder_point from variants where sku = 'G-M'";
        assert_eq!(shop.number(variant).await, 3);
        assert_eq!(shop.number(ON_HAND).await, 7);
        assert_eq!(shop.import().await[0], (0, 0, 2));
        shop.put("products.csv", "id,name\nP1,\n");
        let refused = shop.refused().await;
        assert!(refused.starts_with("products.csv:2: name: is missing"), "{refused}");
    }
}

#[tokio::test]
async fn an_order_that_moved_on_since_stays_where_it_is() {
    for mut shop in Shop::all().await {
        shop.import().await;
        shop.run("update orders set status = 'cancelled', version = 2 where id = '#W1'").await;
        let more = ORDERS.lines().next().unwrap().replace("#W1", "#W2");
        shop.put("orders.jsonl", &format!("{ORDERS}{more}\n"));
        assert_eq!(shop.import().await[2], (1, 0, 2));
        let status = "select status from orders where id = '#W1'";
        assert_eq!(shop.text(status).await.unwrap(), "cancelled");
        shop.put("orders.jsonl", "{\"id\":\"#W1\",\"status\":\"shipped\"}\n");
        let refused = shop.refused().await;
        assert!(refused.contains("#W1 was made or changed by the server since"), "{refused}");
    }
}

#[tokio::test]
async fn who_was_erased_does_not_come_back() {
    for mut shop in Shop::all().await {
        shop.put("orders.jsonl", &ORDERS.replace("pending (item modified)", "delivered").replace(
            "\"placed_at\":\"2026-05-01T06:30:00Z\"",
            "\"address\":{\"line1\":\"1 Main St\",\"city\":\"Portland\",\"postal_code\":\"97201\",\"country\":\"USA\"}",
        ));
        shop.import().await;
        let mut tx = shop.db.write().await.unwrap().of("demo");
        let erased = crate::customers::sql::erasure::erase(&mut tx, "C1", shop.now).await.unwrap();
        assert!(erased);
        for statement in crate::application().erasures().iter() {
            tx.execute(statement, params!["demo", "C1"]).await.unwrap();
        }
        tx.commit().await.unwrap();
        let left = "select count(*) from imported_records where kind <> 'products'";
        assert_eq!(shop.number(left).await, 1);
        for name in ["customers.jsonl", "orders.jsonl"] {
            let path = shop.folder.path().join("in").join(name);
            let text = std::fs::read_to_string(path).unwrap().replace("Portland", "Salem");
            shop.put(name, &text);
        }
        let counts = shop.import().await;
        assert_eq!((counts[0], counts[2]), ((0, 0, 2), (0, 0, 2)));
        assert_eq!(shop.number(left).await, 1);
        assert_eq!(shop.number("select count(*) from orders where address is not null").await, 0);
    }
}

#[tokio::test]
async fn a_record_that_the_server_made_is_set_by_its_first_import() {
    for mut shop in Shop::all().await {
        shop.import().await;
        shop.run("delete from imported_records where id = 'C1'").await;
        shop.on_card(1500).await;
        shop.run("update customers set company = 'Bolt' where id = 'C1'").await;
        let named = r#"{"id":"C1","email":"new@example.com","payment_methods":[{"id":"gift","balance":20}]}"#;
        shop.put("customers.jsonl", &format!("{named}\n"));
        assert_eq!(shop.import().await[0], (0, 1, 0));
        assert_eq!(shop.number(BALANCE).await, 2000);
        assert_eq!(
            shop.text("select company from customers where id = 'C1'").await.unwrap(),
            "Bolt"
        );
        shop.on_card(300).await;
        shop.put("customers.jsonl", &format!("\n{named}\n"));
        assert_eq!(shop.import().await[0], (0, 0, 1));
        assert_eq!(shop.number(BALANCE).await, 2300);
        shop.ledgers_hold().await;
    }
}
