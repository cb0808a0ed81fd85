//! A sweep does what it can where one of its steps fails, and the rest at the next tick.

use chrono::TimeDelta;
use futures::future::BoxFuture;

use super::*;
use crate::{
    business::Reserved,
    db::{StoreResult, Tx},
    tool::Hold,
};

impl Theatre {
    async fn run(&self, statement: &'static str) {
        let mut tx = self.db.db.write().await.unwrap().of("demo");
        tx.execute(statement, &[]).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn number(&self, query: &'static str) -> i64 {
        let mut tx = self.db.db.read().await.unwrap().of("demo");
        let (number,) = tx.fetch_one(query, &[]).await.unwrap();
        number
    }
}

const KEYS: &str = "select count(*) from idempotency_keys";
const EXPIRED: &str = "select count(*) from approvals where status = 'expired'";

/// Fails to release what the request holds that is written on the seat `broken`.
struct Brittle;

impl Reservations for Brittle {
    fn reserve<'a>(
        &'a self,
        _tx: &'a mut Tx,
        _hold: &'a Hold,
        _reserved: Reserved<'a>,
    ) -> BoxFuture<'a, Result<(), ToolError>> {
        Box::pin(async { Ok(()) })
    }

    fn release<'a>(&'a self, tx: &'a mut Tx, holder: &'a str) -> BoxFuture<'a, StoreResult<()>> {
        Box::pin(async move {
            let broken = "select row_id from seats where id = 'broken'";
            let seat: Option<(String,)> = tx.fetch_optional(broken, &[]).await?;
            if seat.is_some_and(|(row,)| row == holder) {
                tx.execute("delete from nowhere", &[]).await?;
            }
            Ok(())
        })
    }
}

#[tokio::test]
async fn a_request_that_cannot_expire_keeps_no_other_waiting() {
    let policy = "[tools.seat_take]\napproval = \"requires_approval\"\n";
    let policy = Policy::parse(policy).unwrap();
    let reservations: Arc<dyn Reservations> = Arc::new(Brittle);
    for theatre in theatres_with(&policy, &reservations).await {
        for row in ["a", "b", "c"] {
            theatre.take(json!({ "row": row })).await;
        }
        assert_eq!(theatre.number(KEYS).await, 3);
        // The first one that the sweep comes to cannot be released.
        theatre
            .run(
                "insert into seats (id, row_id)
                 select 'broken', 'approval:' || id
                 from approvals
                 order by expires_at, id
                 limit 1",
            )
            .await;
        theatre.gate.clock().advance(TimeDelta::minutes(21));
        theatre.gate.sweep().await;
        assert_eq!(theatre.number(EXPIRED).await, 2);
        assert_eq!(theatre.number(KEYS).await, 0);
        theatre.empty().await;
        theatre.gate.sweep().await;
        assert_eq!(theatre.number(EXPIRED).await, 3);
    }
}

#[tokio::test]
async fn a_sweep_that_failed_is_made_up_for_by_the_next() {
    for theatre in theatres().await {
        theatre.take(json!({ "row": "a" })).await;
        theatre.gate.clock().advance(TimeDelta::minutes(11));
        theatre.run("alter table verifications rename to elsewhere").await;
        theatre.gate.sweep().await;
        assert_eq!(
            theatre.number(KEYS).await,
            1,
            "what is forgotten is forgotten in one transaction"
        );
        theatre.run("alter table elsewhere rename to verifications").await;
        // Keys are forgotten although overdue requests cannot be read.
        theatre.run("alter table approvals rename to elsewhere").await;
        theatre.gate.sweep().await;
        assert_eq!(theatre.number(KEYS).await, 0);
        theatre.run("alter table elsewhere rename to approvals").await;
    }
}
