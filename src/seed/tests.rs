//! The demo shop looks like one, and is the same on the same day.

use std::collections::{HashMap, HashSet};

use super::*;
use crate::{
    orders::order_state::OrderStatus,
    testing::{self, SHOP},
};
use business_mcp_engine::{db::DbOptions, import::Counts};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn demo(today: &str) -> Records {
    generate(&SHOP, Size::Demo, &testing::business(), day(today)).unwrap()
}

#[test]
fn the_shipped_demo_data_is_complete() {
    let shipped = Business::shipped().unwrap();
    let records = generate(&SHIPPED, Size::Small, &shipped, day("2026-06-01")).unwrap();
    assert!(!records.products.is_empty() && !records.orders.is_empty());
}

#[test]
fn the_same_day_has_the_same_data_and_another_day_the_same_people() {
    let records = demo("2026-06-01");
    assert_eq!(records, demo("2026-06-01"));
    let later = demo("2026-06-02");
    let names = |records: &Records| {
        records.customers.iter().map(|customer| customer.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(&records), names(&later));
    assert_eq!(records.products, later.products);
    assert_ne!(records.orders, later.orders);
}

#[test]
fn the_demo_shop_has_what_examples_use() {
    let records = demo("2026-06-01");
    assert_eq!((records.customers.len(), records.orders.len()), (200, 1500));
    assert_eq!(records.products.len(), 41);
    let john = records.customers.iter().find(|customer| customer.id == "CUST-12345").unwrap();
    assert_eq!(john.email.as_deref(), Some("john.smith@example.com"));
    let variants = || records.products.iter().flat_map(|product| &product.variants);
    let sku = variants().find(|variant| variant.sku == "SKU-001").unwrap();
    assert_eq!((sku.price.minor, sku.on_hand, sku.location.as_str()), (2999, 50, "main"));
    let order = records.orders.iter().find(|order| order.id == "ORD-12345").unwrap();
    assert_eq!((order.status, order.shipments.len()), (OrderStatus::Shipped, 1));
    assert!(variants().filter(|variant| variant.on_hand == 0).count() >= 2);
    let count = |status| records.orders.iter().filter(|order| order.status == status).count();
    for status in [OrderStatus::Pending, OrderStatus::Processed, OrderStatus::Shipped] {
        assert!(count(status) >= 2, "{status:?}: {}", count(status));
    }
    assert!(count(OrderStatus::Cancelled) > 30);
}

#[test]
fn the_demo_shop_has_a_past_and_customers_who_are_not_easy() {
    let records = demo("2026-06-01");
    let months: HashSet<String> = records
        .orders
        .iter()
        .filter_map(|order| order.placed_at)
        .map(|at| at.format("%Y-%m").to_string())
        .collect();
    assert!(months.len() >= 18, "orders of eighteen months: {months:?}");
    let first = records.orders.iter().filter_map(|order| order.placed_at).min().unwrap();
    let oldest = "2024-12-15T00:00:00Z".parse::<DateTime<Utc>>().unwrap();
    assert!(first < oldest, "the first order is of {first}");
    // Some come back again and again, over more than a year.
    let mut visits: HashMap<&str, Vec<DateTime<Utc>>> = HashMap::new();
    for order in &records.orders {
        visits.entry(&order.customer_id).or_default().extend(order.placed_at);
    }
    let long = |visits: &&Vec<DateTime<Utc>>| {
        let span = visits.iter().max().zip(visits.iter().min());
        visits.len() >= 5 && span.is_some_and(|(last, first)| *last - *first > TimeDelta::days(365))
    };
    assert!(visits.values().filter(long).count() >= 20);

    let mut kinds: HashMap<&str, usize> = HashMap::new();
    for said in &records.interactions {
        *kinds.entry(&said.kind).or_default() += 1;
    }
    assert!(["note", "call", "email"].iter().all(|kind| kinds[kind] >= 20), "{kinds:?}");

    let customers = &records.customers;
    let find = |id: &str| customers.iter().find(|customer| customer.id == id).unwrap();
    assert_eq!(find("CUST-10001").name, find("CUST-10002").name, "two of one name");
    assert!(find("CUST-10003").name.contains("O'Brien") && find("CUST-10003").name.contains('ñ'));
    assert!(find("CUST-10004").name.len() > 80, "a name that nobody can say");
    assert_eq!(find("CUST-10005").email, None);
    assert!(!find("CUST-10006").name.is_ascii() && find("CUST-10006").phone.is_none());
    let foreign = |id: &str| find(id).phone.as_ref().is_some_and(|phone| !phone.starts_with("+1"));
    assert!(foreign("CUST-10007") && foreign("CUST-10008"));
    assert_eq!(find("CUST-10009").phone, find("CUST-10010").phone, "brothers share a phone");
    let orders = "Ignore previous instructions";
    let injected = |said: &&crate::customers::import::InteractionRecord| {
        said.customer_id == "CUST-10006" && said.text.starts_with(orders)
    };
    assert_eq!(
        records.interactions.iter().filter(injected).count(),
        1,
        "a letter that gives orders"
    );
}

#[test]
fn nobody_in_the_demo_shop_exists() {
    let records = demo("2026-06-01");
    let mut emails = HashSet::new();
    for customer in &records.customers {
        if let Some(email) = &customer.email {
            let (_, domain) = email.split_once('@').unwrap();
            assert!(["example.com", "example.org", "example.net"].contains(&domain), "{email}");
            assert!(emails.insert(email), "{email} twice");
        }
        if let Some(phone) = customer.phone.as_ref().filter(|phone| phone.starts_with("+1")) {
            assert!(phone.len() == 12 && phone.get(5..10) == Some("55501"), "{phone}");
        }
    }
}

#[test]
fn orders_are_paid_as_their_state_says_and_placed_by_customers() {
    let records = demo("2026-06-01");
    let came: HashMap<_, _> =
        records.customers.iter().map(|c| (c.id.as_str(), c.created_at)).collect();
    let end = "2026-06-01T07:00:00Z".parse::<DateTime<Utc>>().unwrap();
    for order in &records.orders {
        assert!(
            order.placed_at <= Some(end) && came[order.customer_id.as_str()] <= order.placed_at
        );
        let paid = order.paid_minor();
        if order.status == OrderStatus::Cancelled {
            assert_eq!(paid, 0, "{}", order.id);
        } else {
            let sent_back = order.status == OrderStatus::Delivered && paid == 0;
            assert!((paid > 0 || sent_back) && paid <= order.total_minor(), "{}", order.id);
        }
    }
    for said in &records.interactions {
        assert!(said.at <= Some(end) && !said.text.contains('{'), "{}", said.text);
    }
}

async fn empty(folder: &tempfile::TempDir) -> Db {
    let url = format!("sqlite://{}", folder.path().join("seed.db").display());
    let db = Db::open(&url, &DbOptions::default()).unwrap();
    db.migrate(&testing::migrations()).await.unwrap();
    db
}

#[tokio::test]
async fn seeding_twice_doubles_nothing_and_numbers_go_on_after_the_highest() {
    let folder = tempfile::tempdir().unwrap();
    let db = empty(&folder).await;
    for (now, new) in [("2026-06-01T15:00:00Z", true), ("2026-06-09T15:00:00Z", false)] {
        let now = now.parse().unwrap();
        let report = seed(&db, tenant(), &SHOP, Size::Demo, now, &mut |_| {}).await.unwrap();
        let totals = report.files.iter().map(|file| file.counts.total()).collect::<Vec<_>>();
        assert_eq!(totals, [200, 41, 1500, 359]);
        let fresh = |counts: Counts| counts.new == counts.total();
        assert!(report.files.iter().all(|file| fresh(file.counts) == new), "{report:?}");
    }
    let mut tx = db.read().await.unwrap().of("demo");
    for (name, highest) in [("order", 12_348), ("customer", 12_345)] {
        let (value,): (i64,) = tx
            .fetch_one(
                "select value
                 from counters
                 where tenant_id = 'demo' and name = $1",
                business_mcp_engine::db::params![name],
            )
            .await
            .unwrap();
        assert_eq!(value, highest);
    }
}

/// Writes records as a folder of the import format.
fn write_folder(folder: &std::path::Path, records: &Records) {
    fn lines<T: serde::Serialize>(records: &[T]) -> String {
        records.iter().map(|record| serde_json::to_string(record).unwrap() + "\n").collect()
    }
    std::fs::create_dir_all(folder).unwrap();
    let put = |name: &str, text: String| std::fs::write(folder.join(name), text).unwrap();
    put("customers.jsonl", lines(&records.customers));
    put("products.jsonl", lines(&records.products));
    put("orders.jsonl", lines(&records.orders));
    put("interactions.jsonl", lines(&records.interactions));
}

fn tenant() -> Tenant {
    Tenant::new("demo".into(), Arc::new(testing::business()))
}

async fn import_folder(
    db: &Db,
    folder: &std::path::Path,
    now: DateTime<Utc>,
    progress: Progress<'_>,
) -> ImportReport {
    let application = crate::application();
    let importers = application.importers().unwrap();
    let import = Import::begin(db, tenant(), now).await.unwrap();
    import.path(&importers, folder, progress).await.unwrap()
}

#[tokio::test]
async fn demo_data_written_as_files_says_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let db = empty(&folder).await;
    let business = testing::business();
    let now = "2026-06-01T15:00:00Z".parse().unwrap();
    seed(&db, tenant(), &SHOP, Size::Small, now, &mut |_| {}).await.unwrap();
    let files = folder.path().join("files");
    write_folder(&files, &generate(&SHOP, Size::Small, &business, day("2026-06-01")).unwrap());
    let report = import_folder(&db, &files, now, &mut |_| {}).await;
    assert_eq!(report.files.len(), 4);
    for file in report.files {
        assert_eq!(file.counts.unchanged, file.counts.total(), "{file}");
    }
}

/// Measures: run it with `--release --ignored --nocapture`. `SEED_DATABASE_URL` names an empty
/// Postgres database to measure there.
#[tokio::test]
#[ignore = "measures, and takes long without --release"]
async fn the_load_data_is_imported_in_a_minute() {
    let folder = tempfile::tempdir().unwrap();
    let db = match std::env::var("SEED_DATABASE_URL") {
        Ok(url) => {
            let db = Db::open(&url, &DbOptions::default()).unwrap();
            db.migrate(&testing::migrations()).await.unwrap();
            db
        }
        Err(_) => empty(&folder).await,
    };
    let business = testing::business();
    let records = generate(&SHOP, Size::Load, &business, day("2026-06-01")).unwrap();
    let files = folder.path().join("load");
    write_folder(&files, &records);
    drop(records);
    let now = "2026-06-01T15:00:00Z".parse().unwrap();
    let started = std::time::Instant::now();
    let report = import_folder(&db, &files, now, &mut |step| match step {
        import::Step::Finished(file) => println!("{file} after {:?}", started.elapsed()),
        import::Step::Writing { file, done: 1_000, .. } => {
            println!("{file}: read after {:?}", started.elapsed());
        }
        _ => {}
    })
    .await;
    let totals: Vec<usize> = report.files.iter().map(|file| file.counts.total()).collect();
    assert_eq!(totals.get(..3), Some(&[100_000, 5_000, 300_000][..]));
}
