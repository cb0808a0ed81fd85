use chrono::TimeDelta;

use super::*;
use crate::testing::{Shop, shops};

async fn run(shop: &Shop, statement: &'static str) {
    let mut tx = shop.db.db.write().await.unwrap().of("demo");
    tx.execute(statement, &[]).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn expired_stock_is_released_after_a_tick_that_failed() {
    for shop in shops().await {
        let (clock, stop) = (Clock::movable(), CancellationToken::new());
        let now = clock.now();
        let (sku, until) = ("TEE-RED-M", now + TimeDelta::minutes(1));
        let holding = Holding { holder: "holder", location: None, reserved_by: None, now, until };
        let mut tx = shop.db.db.write().await.unwrap().of("demo");
        assert!(reservations::hold(&mut tx, sku, 2, holding).await.unwrap());
        tx.commit().await.unwrap();
        let reserved = "select reserved from stock where sku = 'TEE-RED-M'";
        assert_eq!(shop.number(reserved).await, 2);

        clock.advance(TimeDelta::minutes(2));
        run(&shop, "alter table reservations rename to elsewhere").await;
        let (db, interval) = (shop.db.db.clone(), Duration::from_millis(5));
        let job = tokio::spawn(release_every(interval, db, clock, stop.clone()));
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(!job.is_finished(), "a tick that fails does not end the job");
        assert_eq!(shop.number(reserved).await, 2, "a tick that fails changes nothing");

        run(&shop, "alter table elsewhere rename to reservations").await;
        let released = async {
            while shop.number(reserved).await > 0 {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), released).await.unwrap();
        assert_eq!(shop.number("select count(*) from reservations").await, 0);
        stop.cancel();
        job.await.unwrap();
    }
}
