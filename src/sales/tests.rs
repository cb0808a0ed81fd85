use super::{kept, *};
use crate::{
    customers::sql::customer_changes::{self, Written},
    orders::{
        order_lines::Sums,
        sql::{
            order_items::{self, NewItem},
            orders,
        },
    },
    testing::{self, TestDb},
};
use business_mcp_engine::db::{Db, params};

fn january() -> DayRange {
    DayRange::new("2026-01-01".parse().unwrap(), "2026-01-31".parse().unwrap()).unwrap()
}

/// Fresh databases with the small shop, whose two orders, of 10.00 and 7.50, are of 2026-01-05.
async fn shops() -> Vec<TestDb> {
    let shops = testing::databases().await;
    for shop in &shops {
        let mut tx = shop.db.write().await.unwrap().of("demo");
        testing::small_shop(&mut tx).await;
        tx.commit().await.unwrap();
    }
    shops
}

/// How many days had to be counted.
async fn count(db: &Db) -> usize {
    kept::count_some(db, "2026-12-31", 100).await.unwrap()
}

/// Orders, revenue, units and returns of January, and revenue by tier, category and product.
async fn january_of(db: &Db) -> ([i64; 4], Vec<(Heading, Option<String>, i64)>) {
    let mut tx = db.read().await.unwrap().of("demo");
    let days = by_day(&mut tx, january()).await.unwrap();
    let sum = |of: fn(&DayRow) -> i64| days.iter().map(of).sum();
    let sums = [
        sum(|day| day.orders),
        sum(|day| day.revenue_minor),
        sum(|day| day.units),
        sum(|day| day.returns),
    ];
    let mut rows = Vec::new();
    for heading in [Heading::Tier, Heading::Category, Heading::Product] {
        for row in by(&mut tx, january(), heading).await.unwrap() {
            rows.push((heading, row.key, row.revenue_minor));
        }
    }
    (sums, rows)
}

async fn order(tx: &mut Tx, id: &str) -> orders::OrderRow {
    orders::find(tx, id).await.unwrap().unwrap().unchecked()
}

#[tokio::test]
async fn what_was_kept_is_what_the_orders_say_and_is_counted_once() {
    for TestDb { db, .. } in &shops().await {
        let counted_anew = january_of(db).await;
        assert_eq!(counted_anew.0, [2, 1750, 2, 0]);
        assert_eq!(kept::count_some(db, "2026-01-04", 100).await.unwrap(), 0);
        assert_eq!(count(db).await, 1);
        assert_eq!(count(db).await, 0);
        assert_eq!(january_of(db).await, counted_anew);
        // To see that it is read and not counted.
        let mut tx = db.write().await.unwrap().of("demo");
        tx.execute("update sales_days set orders = 7, tiers = '[]'", params![]).await.unwrap();
        tx.commit().await.unwrap();
        let (sums, rows) = january_of(db).await;
        assert_eq!(sums[0], 7);
        assert!(rows.iter().all(|(heading, ..)| *heading != Heading::Tier));
    }
}

#[tokio::test]
async fn whatever_changes_a_figure_makes_its_day_be_counted_again() {
    for TestDb { db, .. } in &shops().await {
        count(db).await;
        let mut tx = db.write().await.unwrap().of("demo");
        let pending = order(&mut tx, "ORD-10001").await;
        assert!(orders::cancel(&mut tx, &pending, "", testing::long_ago()).await.unwrap());
        order_changed(&mut tx, "ORD-10001").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(january_of(db).await.0, [1, 750, 1, 0]);
        assert_eq!(count(db).await, 1);

        let mut tx = db.write().await.unwrap().of("demo");
        let delivered = order(&mut tx, "ORD-10002").await;
        assert!(
            orders::advance(&mut tx, &delivered, "return_requested").await.unwrap(),
            "somebody sends it back"
        );
        order_changed(&mut tx, "ORD-10002").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(january_of(db).await.0, [1, 750, 1, 1]);
        assert_eq!(count(db).await, 1);

        let mut tx = db.write().await.unwrap().of("demo");
        let item = NewItem {
            line: 1,
            sku: "TEE-RED-M",
            quantity: 3,
            unit_price_minor: 1000,
            discount_minor: 0,
        };
        order_items::write(&mut tx, "ORD-10002", item).await.unwrap();
        let sums =
            Sums { subtotal_minor: 3000, discount_minor: 0, tax_minor: 0, total_minor: 3000 };
        orders::set_sums(&mut tx, "ORD-10002", sums).await.unwrap();
        order_changed(&mut tx, "ORD-10002").await.unwrap();
        tx.commit().await.unwrap();
        let (sums, rows) = january_of(db).await;
        assert_eq!(sums, [1, 3000, 3, 1]);
        assert!(rows.iter().any(|row| row.0 == Heading::Product && row.2 == 3000));
        assert_eq!(count(db).await, 1);

        let mut tx = db.write().await.unwrap().of("demo");
        testing::another_order(&mut tx, "CUST-1", "A", "2026-01-05T10:00:00Z".parse().unwrap())
            .await;
        tx.commit().await.unwrap();
        assert_eq!(january_of(db).await.0[..2], [2, 3500]);
        assert_eq!(count(db).await, 1);

        let mut tx = db.write().await.unwrap().of("demo");
        all_changed(&mut tx).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(count(db).await, 1);
    }
}

#[tokio::test]
async fn a_tier_takes_its_orders_along() {
    for TestDb { db, .. } in &shops().await {
        count(db).await;
        for (tier, recounted) in [("enterprise", 1), ("enterprise", 0)] {
            let mut tx = db.write().await.unwrap().of("demo");
            let sql = "select version, name from customers
                       where tenant_id = 'demo' and id = 'CUST-1'";
            let (version, name): (i64, String) = tx.fetch_one(sql, &[]).await.unwrap();
            let tier = Some(tier);
            let written = Written {
                name: &name,
                email: None,
                phone: None,
                company: None,
                tier,
                address: None,
            };
            let changed = customer_changes::update(&mut tx, "CUST-1", version, written);
            assert!(changed.await.unwrap());
            tx.commit().await.unwrap();
            assert_eq!(count(db).await, recounted);
            let (_, rows) = january_of(db).await;
            let enterprise = (Heading::Tier, Some("enterprise".to_owned()), 1750);
            assert!(rows.contains(&enterprise), "{rows:?}");
        }
    }
}

#[tokio::test]
async fn what_changes_while_it_is_counted_is_counted_again() {
    for TestDb { db, .. } in &shops().await {
        let mut tx = db.read().await.unwrap().of("demo");
        let due = kept::due(&mut tx, "2026-12-31", 100).await.unwrap().pop().unwrap();
        let counted = kept::count(&mut tx, due).await.unwrap();
        drop(tx);
        let mut tx = db.write().await.unwrap().of("demo");
        let pending = order(&mut tx, "ORD-10001").await;
        orders::cancel(&mut tx, &pending, "", testing::long_ago()).await.unwrap();
        order_changed(&mut tx, "ORD-10001").await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = db.write().await.unwrap().of("demo");
        kept::keep(&mut tx, &counted).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(january_of(db).await.0, [1, 750, 1, 0]);
        assert_eq!(count(db).await, 1, "its figures were let go");

        // Nor does it overlook what is not committed yet.
        let mut tx = db.write().await.unwrap().of("demo");
        let delivered = order(&mut tx, "ORD-10002").await;
        order_changed(&mut tx, "ORD-10001").await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = db.write().await.unwrap().of("demo");
        orders::advance(&mut tx, &delivered, "return_requested").await.unwrap();
        order_changed(&mut tx, "ORD-10002").await.unwrap();
        let mut reading = db.read().await.unwrap().of("demo");
        let due = kept::due(&mut reading, "2026-12-31", 100).await.unwrap().pop().unwrap();
        let counted = kept::count(&mut reading, due).await.unwrap();
        drop(reading);
        let kept = async {
            let mut tx = db.write().await.unwrap().of("demo");
            kept::keep(&mut tx, &counted).await.unwrap();
            tx.commit().await.unwrap();
        };
        tokio::join!(kept, async { tx.commit().await.unwrap() });
        assert_eq!(january_of(db).await.0, [1, 750, 1, 1]);
        assert_eq!(count(db).await, 1);
    }
}

#[test]
fn only_days_without_figures_are_counted_anew() {
    let days = [
        ("2026-01-01", true),
        ("2026-01-02", false),
        ("2026-01-05", false),
        ("2026-01-06", true),
        ("2026-01-07", false),
    ];
    let gap = |from: &str, to: &str| (from.to_owned(), to.to_owned());
    let gaps = kept::gaps(days.into_iter());
    assert_eq!(gaps, [gap("2026-01-02", "2026-01-05"), gap("2026-01-07", "2026-01-07")]);
}
