//! The baseline on a small database, under the generator's own checks.

use clap::Parser;

use super::*;
use crate::load;

#[derive(Parser)]
struct Only {
    #[command(flatten)]
    options: load::Options,
}

/// The tables of the server that the baseline needs.
const SCHEMA: &str = concat!(
    include_str!("../../../engine/migrations/0001_engine.sql"),
    include_str!("../../../src/customers/migrations/0001_customers.sql"),
    include_str!("../../../src/catalog/migrations/0001_catalog.sql"),
    include_str!("../../../src/payments/migrations/0001_payments.sql"),
    include_str!("../../../src/orders/migrations/0001_orders.sql"),
);
const ROWS: &str = "
    insert into customers (tenant_id, id, name, name_key, version, created_at, created_on)
    values ('demo', 'CUST-10001', 'Ana', 'ana', 1, '2026-01-01T00:00:00Z', '2026-01-01'),
           ('demo', 'CUST-10002', 'Ben', 'ben', 1, '2026-01-01T00:00:00Z', '2026-01-01');
    insert into products (tenant_id, id, name, name_key) values ('demo', 'P-1', 'Lamp', 'lamp');
    insert into variants
        (tenant_id, sku, product_id, sku_key, options, price_minor, reorder_point, active, version)
    values ('demo', 'SKU-1', 'P-1', 'SKU1', '{}', 950, 0, true, 1);
    insert into stock (tenant_id, sku, location, on_hand, reserved)
    values ('demo', 'SKU-1', 'main', 40, 0);
";

async fn baseline(folder: &Path) -> (PathBuf, String) {
    let database = folder.join("small.db");
    let connection = Connection::open(&database).unwrap();
    // As the server's own migrations run on SQLite.
    let schema = SCHEMA.replace(" collate \"C\"", "");
    connection.execute_batch(&format!("{schema}{ROWS}")).unwrap();
    let routes = routes(&database, "demo", br#"{"result":{"tools":[]}}"#.to_vec()).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (database, url)
}

async fn measure(url: &str, flags: &str) -> crate::report::Report {
    let words = ["load", "--url", url, "--warmup", "0", "--last-customer", "10002"];
    let options = Only::parse_from(words.into_iter().chain(flags.split(' '))).options;
    load::measure(&options).await.unwrap()
}

#[tokio::test]
async fn every_read_is_right() {
    let folder = tempfile::tempdir().unwrap();
    let (_, url) = baseline(folder.path()).await;
    for workload in ["raw-hello", "raw-tools-list", "raw-lookup"] {
        let flags = format!("--workload {workload} --connections 2 --requests 50");
        let report = measure(&url, &flags).await;
        assert!(report.all_right(), "{report}");
    }
}

#[tokio::test]
async fn orders_take_stock_until_there_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let (database, url) = baseline(folder.path()).await;
    let flags =
        "--workload raw-order-create --connections 2 --duration 0.5 --sku SKU-1 --total 9.50";
    let report = measure(&url, flags).await;
    assert_eq!(report.right, 40, "{report}");
    assert!(report.first_wrong.unwrap().contains("out of stock"));
    let connection = open_reader(&database);
    let (on_hand, moved): (i64, i64) = connection
        .query_row(
            "select on_hand, (select sum(delta) from stock_movements) from stock",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    assert_eq!((on_hand, moved), (0, -40));
}

fn open_reader(database: &Path) -> Connection {
    statements::open_reader(database).unwrap()
}
