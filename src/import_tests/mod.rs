//! What an import of the shop's records promises, on SQLite and, where `TEST_DATABASE_URL` names a server, on Postgres.

use std::{path::Path, sync::Arc};

use chrono::{DateTime, Utc};

use crate::testing::{TestDb, business, databases};
use business_mcp_engine::{
    db::{Db, params},
    import::{Counts, Import, ImportError, ImportReport},
    tool::context::Tenant,
};

mod again;
mod refusals;

const CUSTOMERS: &str = r#"{"id":"C1","name":"Zoë O'Brien","email":"ZOE@example.com","phone":"(202) 555-0123","company":"Acme","tier":"premium","address":{"line1":"1 Main St","city":"Portland","region":"OR","postal_code":"97 201","country":"USA"},"payment_methods":[{"id":"card","kind":"card","brand":"visa","last4":"4242"},{"id":"gift","kind":"gift_card","balance":30.0}],"created_at":"2026-03-01T03:00:00Z"}
{"id":"CUST-20000","name":"Ana Lopez"}
"#;
const PRODUCTS: &str = r#"{"id":"P1","name":"Work Gloves","category":"Workwear","variants":[{"sku":"G-S","options":{"size":"S"},"price":19.99,"on_hand":7},{"sku":"G-M","options":{"size":"M"},"price":"20.00","on_hand":0,"reorder_point":3,"location":"store","active":false}]}
"#;
const ORDERS: &str = r##"{"id":"#W1","customer_id":"C1","status":"pending (item modified)","items":[{"sku":"G-S","quantity":2,"unit_price":19.99},{"sku":"G-M","quantity":1,"unit_price":"18.00"}],"payments":[{"kind":"charge","amount":57.98,"payment_method_id":"gift"}]}
{"id":"ORD-30000","customer_id":"C1","status":"delivered","placed_at":"2026-05-01T06:30:00Z","items":[{"sku":"G-S","quantity":1,"unit_price":10}],"payments":[{"kind":"charge","amount":"10","payment_method_id":"card"},{"kind":"refund","amount":"4","payment_method_id":"card"}],"shipments":[{"tracking_number":"T1","carrier":"Northline","skus":["G-S"]}]}
"##;
const INTERACTIONS: &str = r##"{"customer_id":"C1","kind":"call","text":"No answer."}
{"customer_id":"C1","kind":"call","text":"No answer."}
{"customer_id":"C1","kind":"note","text":"Asked about #W1.","at":"2026-05-02T10:00:00Z","author":"Dana","order_id":"#W1"}
"##;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// A shop on each database, and a folder with its files.
struct Shop {
    db: Db,
    _test_db: TestDb,
    folder: tempfile::TempDir,
    now: DateTime<Utc>,
}

impl Shop {
    async fn all() -> Vec<Self> {
        let mut shops = Vec::new();
        for test_db in databases().await {
            let folder = tempfile::tempdir().unwrap();
            let db = test_db.db.clone();
            let shop = Self { db, _test_db: test_db, folder, now: at("2026-06-01T12:00:00Z") };
            shop.put("customers.jsonl", CUSTOMERS);
            shop.put("products.jsonl", PRODUCTS);
            shop.put("orders.jsonl", ORDERS);
            shop.put("interactions.jsonl", INTERACTIONS);
            shops.push(shop);
        }
        shops
    }

    fn put(&self, name: &str, text: &str) {
        std::fs::create_dir_all(self.folder.path().join("in")).unwrap();
        std::fs::write(self.folder.path().join("in").join(name), text).unwrap();
    }

    async fn import_path(&mut self, path: &Path) -> Result<ImportReport, ImportError> {
        self.now += chrono::TimeDelta::seconds(1);
        let application = crate::application();
        let importers = application.importers().unwrap();
        let tenant = Tenant::new("demo".into(), Arc::new(business()));
        let import = Import::begin(&self.db, tenant, self.now).await?;
        import.path(&importers, path, &mut |_| {}).await
    }

    /// Imports the folder and says new, changed and unchanged of each file.
    async fn import(&mut self) -> Vec<(usize, usize, usize)> {
        let path = self.folder.path().join("in");
        let report = self.import_path(&path).await.unwrap();
        let counts = report.files.iter().map(|file| file.counts);
        counts.map(|Counts { new, changed, unchanged }| (new, changed, unchanged)).collect()
    }

    async fn refused(&mut self) -> String {
        let path = self.folder.path().join("in");
        self.import_path(&path).await.unwrap_err().to_string()
    }

    async fn number(&self, sql: &'static str) -> i64 {
        let mut tx = self.db.read().await.unwrap().of("demo");
        let (number,): (i64,) = tx.fetch_one(sql, &[]).await.unwrap();
        number
    }

    async fn run(&self, sql: &'static str) {
        let mut tx = self.db.write().await.unwrap().of("demo");
        assert_eq!(tx.execute(sql, params![]).await.unwrap(), 1);
        tx.commit().await.unwrap();
    }

    async fn ledgers_hold(&self) {
        let stock = "select count(*)
             from stock s
             where s.on_hand <> (select coalesce(sum(m.delta), 0)
               from stock_movements m
               where m.tenant_id = s.tenant_id and m.sku = s.sku and m.location = s.location)";
        assert_eq!(self.number(stock).await, 0);
        let cards = "select count(*)
             from payment_methods p
             where p.balance_minor <> (select coalesce(sum(e.amount_minor), 0)
               from gift_card_entries e
               where e.tenant_id = p.tenant_id and e.customer_id = p.customer_id
                 and e.payment_method_id = p.id)";
        assert_eq!(self.number(cards).await, 0);
    }
}

#[tokio::test]
async fn a_folder_is_imported_once_however_often_it_is_imported() {
    for mut shop in Shop::all().await {
        assert_eq!(shop.import().await, [(2, 0, 0), (1, 0, 0), (2, 0, 0), (3, 0, 0)]);
        shop.ledgers_hold().await;
        assert_eq!(shop.import().await, [(0, 0, 2), (0, 0, 1), (0, 0, 2), (0, 0, 3)]);
        // Another byte, and each record is compared.
        for (name, text) in [
            ("customers.jsonl", CUSTOMERS),
            ("products.jsonl", PRODUCTS),
            ("orders.jsonl", ORDERS),
            ("interactions.jsonl", INTERACTIONS),
        ] {
            shop.put(name, &format!("{text}\n"));
        }
        assert_eq!(shop.import().await, [(0, 0, 2), (0, 0, 1), (0, 0, 2), (0, 0, 3)]);
        assert_eq!(shop.number("select count(*) from order_items").await, 3);
        assert_eq!(shop.number("select count(*) from payments").await, 3);
        assert_eq!(shop.number("select count(*) from stock_movements").await, 1);
        assert_eq!(shop.number("select count(*) from gift_card_entries").await, 1);
        assert_eq!(shop.number("select on_hand from stock where sku = 'G-S'").await, 7);
        let (order, customer) = (
            shop.number("select value from counters where name = 'order'").await,
            shop.number("select value from counters where name = 'customer'").await,
        );
        assert_eq!((order, customer), (30_000, 20_000));
        shop.ledgers_hold().await;
    }
}

#[tokio::test]
async fn what_is_written_is_what_lookups_compare() {
    for mut shop in Shop::all().await {
        shop.import().await;
        let mut tx = shop.db.read().await.unwrap().of("demo");
        let keys: (String, String, String, String, String) = tx
            .fetch_one(
                "select name_key, email_key, phone_key, postal_key, created_on
                 from customers
                 where id = 'C1'",
                &[],
            )
            .await
            .unwrap();
        let keys = [keys.0, keys.1, keys.2, keys.3, keys.4];
        assert_eq!(keys, ["zoe obrien", "zoe@example.com", "12025550123", "97201", "2026-02-28"]);
        let orders: Vec<(String, String, String, i64)> = tx
            .fetch_all(
                "select id_tail, status, placed_on, total_minor
                 from orders
                 order by id",
                &[],
            )
            .await
            .unwrap();
        let row = |tail: &str, status: &str, day: &str, total| {
            (tail.to_owned(), status.to_owned(), day.to_owned(), total)
        };
        assert_eq!(
            orders,
            [
                row("1W", "pending_modified", "2026-06-01", 5798),
                row("00003DRO", "delivered", "2026-04-30", 1000),
            ]
        );
        let terms: Vec<(String,)> = tx
            .fetch_all(
                "select term
                 from search_terms
                 where kind = 'product'
                 order by term",
                &[],
            )
            .await
            .unwrap();
        let terms: Vec<&str> = terms.iter().map(|(term,)| term.as_str()).collect();
        let words: Vec<&str> = terms.iter().copied().filter(|term| term.starts_with('w')).collect();
        assert_eq!(words, ["w:gloves", "w:m", "w:s", "w:work", "w:workwear"]);
        assert!(terms.len() > words.len());
    }
}

#[tokio::test]
async fn changed_records_change_what_is_there_and_the_ledgers_say_why() {
    for mut shop in Shop::all().await {
        shop.import().await;
        shop.put(
            "customers.jsonl",
            &CUSTOMERS.replace("30.0", "12.50").replace("Ana Lopez", "Ana Lopes"),
        );
        shop.put("products.jsonl", &PRODUCTS.replace("\"on_hand\":7", "\"on_hand\":5"));
        shop.put("orders.jsonl", &ORDERS.replace("\"delivered\"", "\"shipped\""));
        shop.put("interactions.jsonl", &INTERACTIONS.replace("Dana", "Joel"));
        assert_eq!(shop.import().await, [(0, 2, 0), (0, 1, 0), (0, 1, 1), (1, 0, 2)]);
        shop.ledgers_hold().await;
        assert_eq!(
            shop.number("select cast(sum(delta) as bigint) from stock_movements where delta < 0")
                .await,
            -2
        );
        assert_eq!(shop.number("select min(amount_minor) from gift_card_entries").await, -1750);
        assert_eq!(shop.number("select count(*) from payments").await, 3);
        let found = "select count(*) from search_terms where term = 'w:lopes'";
        assert_eq!(shop.number(found).await, 1);
    }
}

#[tokio::test]
async fn days_are_counted_again_only_where_what_was_sold_may_be_otherwise() {
    for mut shop in Shop::all().await {
        shop.import().await;
        let counted =
            async |shop: &Shop| crate::sales::count_some(&shop.db, "2026-12-31", 99).await;
        assert!(counted(&shop).await.unwrap() > 0);
        shop.put("interactions.jsonl", &INTERACTIONS.replace("No answer", "Nobody there"));
        shop.put("customers.jsonl", &format!("{CUSTOMERS}{}", r#"{"id":"C9","name":"Eve Hart"}"#));
        shop.import().await;
        assert_eq!(counted(&shop).await.unwrap(), 0);
        shop.put("customers.jsonl", &CUSTOMERS.replace("premium", "basic"));
        shop.import().await;
        assert!(counted(&shop).await.unwrap() > 0);
    }
}

#[tokio::test]
async fn what_the_server_did_since_is_not_undone() {
    for mut shop in Shop::all().await {
        shop.import().await;
        shop.run("update orders set status = 'processed', version = 2 where id = '#W1'").await;
        // The very same files say nothing new.
        shop.import().await;
        shop.put("orders.jsonl", &ORDERS.replace("pending (item modified)", "shipped"));
        let refused = shop.refused().await;
        assert_eq!(
            refused,
            "orders.jsonl:1: id: #W1 was made or changed by the server since\n\
             nothing of this file was imported",
        );
        assert_eq!(shop.number("select count(*) from orders where version = 2").await, 1);
        shop.run("update customers set erased_at = created_at, name = '' where id = 'C1'").await;
        shop.put("customers.jsonl", &CUSTOMERS.replace("ZOE@", "zo@"));
        shop.import().await;
        assert_eq!(shop.number("select count(*) from customers where name = ''").await, 1);
    }
}

#[tokio::test]
async fn reserved_stock_is_not_counted_away() {
    for mut shop in Shop::all().await {
        shop.import().await;
        shop.run("update stock set reserved = 4 where sku = 'G-S'").await;
        shop.put("products.jsonl", &PRODUCTS.replace("\"on_hand\":7", "\"on_hand\":3"));
        let refused = shop.refused().await;
        let named = "products.jsonl:1: variants[0].on_hand: is less than the 4 that are reserved";
        assert!(refused.starts_with(named), "{refused}");
        assert_eq!(shop.number("select on_hand from stock where sku = 'G-S'").await, 7);
        shop.run(
            "insert into reservations
                 (tenant_id, id, sku, location, quantity, holder, expires_at)
             select tenant_id, 'R', sku, location, 4, 'RES-1', '2020-01-01T00:00:00.000Z'
             from stock
             where sku = 'G-S'",
        )
        .await;
        shop.import().await;
        assert_eq!(shop.number("select on_hand from stock where sku = 'G-S'").await, 3);
        assert_eq!(shop.number("select reserved from stock where sku = 'G-S'").await, 0);
        let moved = PRODUCTS.replace("P1", "P2");
        shop.put("products.jsonl", &moved);
        let refused = shop.refused().await;
        assert!(refused.contains("variants[1].sku: belongs to product P1"), "{refused}");
    }
}

#[tokio::test]
async fn flat_records_may_come_as_csv() {
    for mut shop in Shop::all().await {
        for kind in crate::application().importers().unwrap().kinds() {
            std::fs::remove_file(shop.folder.path().join("in").join(format!("{kind}.jsonl")))
                .unwrap();
        }
        shop.put(
            "customers.csv",
            "id,name,email,line1,address.city,postal_code,country\n\
             C1,\"Lopez, Ana\",ana@example.com,1 Main St,Portland,97201,USA\nC2,Bo,,,,,\n",
        );
        shop.put(
            "products.csv",
            "\u{feff}id,name,category,sku,price,on_hand,options.size,active\n\
             P1,Gloves,Workwear,G-S,19.99,3,S,yes\nP1,Gloves,Workwear,G-M,19.99,4,M,no\n\
             P2,Vest,,V,5,0,,\n",
        );
        shop.put(
            "orders.csv",
            "id,customer_id,status,sku,quantity,unit_price\nO1,C1,pending,G-S,2,19.99\n\
             O1,C1,pending,V,1,5\nO2,C2,delivered,V,1,4.50\n",
        );
        shop.put("interactions.csv", "customer_id,kind,text\nC1,note,\"two\nlines\"\n");
        assert_eq!(shop.import().await, [(2, 0, 0), (2, 0, 0), (2, 0, 0), (1, 0, 0)]);
        assert_eq!(shop.number("select total_minor from orders where id = 'O1'").await, 4498);
        assert_eq!(shop.number("select count(*) from variants where active").await, 2);
        shop.ledgers_hold().await;

        shop.put("customers.csv", "id,name,payment_methods\nC3,Bo,visa\n");
        let refused = shop.refused().await;
        let list = "customers.csv:1: payment_methods: is a list, which CSV cannot hold";
        assert!(refused.starts_with(list), "{refused}");
        shop.put("customers.csv", "id,name\nC3,Bo,visa\nC4,Al,\n\"C5\nx\",Cy\nC6,Di,\n");
        let refused = shop.refused().await;
        let cells = "customers.csv:2: has 3 cells where the first line has 2\ncustomers.csv:3: has";
        assert!(refused.starts_with(cells), "{refused}");
    }
}

#[tokio::test]
async fn a_path_leads_to_files_of_the_format() {
    let mut shop = Shop::all().await.remove(0);
    let folder = shop.folder.path().to_owned();
    let missing = shop.import_path(&folder.join("nowhere")).await.unwrap_err().to_string();
    assert!(missing.contains("nowhere cannot be read"), "{missing}");
    shop.put("customer.jsonl", "");
    let typo = shop.refused().await;
    assert!(typo.contains("customer.jsonl is none of customers, products"), "{typo}");
    let empty = folder.join("empty");
    std::fs::create_dir(&empty).unwrap();
    let empty = shop.import_path(&empty).await.unwrap_err().to_string();
    assert!(empty.contains("has no file such as customers.jsonl"), "{empty}");
    let one = shop.import_path(&folder.join("in/customers.jsonl")).await.unwrap();
    assert_eq!(one.files.len(), 1);
}
