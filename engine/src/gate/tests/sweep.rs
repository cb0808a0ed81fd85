//! What is swept although something else could not be.

use chrono::TimeDelta;

use super::*;

impl Theatre {
    async fn run(&self, statement: &'static str) {
        let mut tx = self.db.db.write().await.unwrap().of("demo");
        tx.execute(statement, &[]).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn keys(&self) -> i64 {
        let mut tx = self.db.db.read().await.unwrap().of("demo");
        let (keys,) = tx.fetch_one("select count(*) from idempotency_keys", &[]).await.unwrap();
        keys
    }
}

#[tokio::test]
async fn a_sweep_goes_on_after_an_error_of_the_database() {
    for theatre in theatres().await {
        theatre.take(json!({ "row": "a" })).await;
        theatre.gate.clock().advance(TimeDelta::minutes(11));
        theatre.run("alter table verifications rename to elsewhere").await;
        theatre.gate.sweep().await;
        assert_eq!(theatre.keys().await, 1, "nothing is forgotten by halves");
        theatre.run("alter table elsewhere rename to verifications").await;
        // Requests that cannot be expired keep no keys.
        theatre.run("alter table approvals rename to elsewhere").await;
        theatre.gate.sweep().await;
        assert_eq!(theatre.keys().await, 0);
        theatre.run("alter table elsewhere rename to approvals").await;
    }
}
