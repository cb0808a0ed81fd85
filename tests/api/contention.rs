//! Transactions that Postgres ends because another one is in the way: they are run again, so often and no
//! oftener. SQLite lets one in at a time instead.

use std::time::Duration;

use business_mcp_engine::{
    cli::start,
    db::{Db, Tx},
};
use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::{
    books::{Books, PolicyFile, keyed, number, status_of, text, unpaid},
    support::{TestServer, servers},
};

/// Serialization failure, deadlock, lock not available.
const IN_THE_WAY: [&str; 3] = ["40001", "40P01", "55P03"];

/// How often a transaction is run.
const ATTEMPTS: i64 = 5;

/// The server on Postgres, and one beside it under which orders take effect at once.
async fn on_postgres() -> (TestServer, TestServer) {
    let server = servers().await.pop().unwrap();
    let passing = PolicyFile::orders_pass().replica(&server).await;
    (server, passing)
}

/// Lets the next so many transactions that place an order fail with this code.
async fn stumble(server: &TestServer, times: i64, code: &str) {
    let mut connection = PgConnection::connect(&server.database_url).await.unwrap();
    let sql = format!(
        "drop trigger if exists stumble on orders;
         drop sequence if exists stumbles;
         create sequence stumbles;
         create or replace function stumble() returns trigger language plpgsql as $$
         begin
             if nextval('stumbles') <= {times} then
                 raise exception 'somebody is in the way' using errcode = '{code}';
             end if;
             return new;
         end $$;
         create trigger stumble before insert on orders for each row execute function stumble();"
    );
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
}

/// How often an order was tried since.
async fn tries(server: &TestServer) -> i64 {
    number(&server.db, "select last_value from stumbles", &[]).await
}

#[tokio::test]
async fn a_call_that_others_are_in_the_way_of_is_run_again_and_done_once() {
    let (server, passing) = on_postgres().await;
    let agent = passing.agent();
    for code in IN_THE_WAY {
        let before = Books::of(&server.db).await;
        stumble(&server, ATTEMPTS, code).await;
        let key = format!("in-the-way-{code}");
        let refused = agent.call("order_create", keyed(unpaid(&key), &key)).await;
        assert_eq!(refused.error(), "conflict", "{code}: {}", refused.body);
        assert_eq!(refused.body["result"]["_meta"]["retryable"], true);
        assert_eq!(tries(&server).await, ATTEMPTS, "{code}");
        assert_eq!(Books::of(&server.db).await, before, "{code}");

        stumble(&server, ATTEMPTS - 1, code).await;
        let done = agent.call("order_create", keyed(unpaid(&key), &key)).await;
        done.data();
        assert_eq!(done.answer().get("replayed"), None, "{code}: what failed left no claim");
        assert_eq!(tries(&server).await, ATTEMPTS, "{code}");
        assert_eq!(Books::of(&server.db).await, before.placed(), "{code}");
    }
}

#[tokio::test]
async fn a_decision_that_others_are_in_the_way_of_is_made_again_and_executes_once() {
    let (server, _) = on_postgres().await;
    for code in IN_THE_WAY {
        let before = Books::of(&server.db).await;
        let key = format!("in-the-way-{code}");
        let id = server.agent().call("order_create", keyed(unpaid(&key), &key)).await.pending();
        stumble(&server, ATTEMPTS, code).await;
        let refused = server.approver().approve(&id).await;
        assert_eq!(refused.http, StatusCode::CONFLICT, "{code}: {}", refused.body);
        assert_eq!(tries(&server).await, ATTEMPTS, "{code}");
        assert_eq!(status_of(&server.db, &id).await, "pending", "{code}: it can be decided again");

        stumble(&server, ATTEMPTS - 1, code).await;
        let decided = server.approver().approve(&id).await;
        assert_eq!(decided.body["status"], "executed", "{code}: {}", decided.body);
        assert_eq!(decided.body.get("replayed"), None, "{code}");
        assert_eq!(Books::of(&server.db).await, before.placed(), "{code}");
        let executed = "select count(*) from audit where approval_id = $1 and action = 'executed'";
        assert_eq!(number(&server.db, executed, &[id.as_str().into()]).await, 1, "{code}");
    }
}

/// Locks the stock of an article in a transaction of another process.
async fn take(tx: &mut Tx, sku: &str) {
    let touched = "update stock set reserved = reserved where sku = $1";
    tx.execute(touched, &[sku.into()]).await.unwrap();
}

/// Which transaction waits for a lock, once one does that is not this one.
async fn waiting(db: &Db, other_than: &str) -> String {
    let waits = "select coalesce(max(pid || ' since ' || xact_start), '')
                 from pg_stat_activity
                 where datname = current_database() and wait_event_type = 'Lock'";
    let mut found = String::new();
    for _ in 0..500 {
        found = text(db, waits, &[]).await;
        if !found.is_empty() && found != other_than {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("nobody waits but {found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_a_deadlock_ended_is_run_again() {
    let (server, passing) = on_postgres().await;
    let before = Books::of(&server.db).await;
    let other = start::open(&server.database_url).unwrap();
    let mut tx = other.write().await.unwrap();
    take(&mut tx, "TAPE-25FT").await;
    let order = json!({
        "customer_id": "CUST-12345",
        "items": [{ "sku": "SKU-001", "quantity": 1 }, { "sku": "TAPE-25FT", "quantity": 1 }],
        "total": "46.78",
        "payment_method_id": "gift_12345",
    });
    let agent = passing.agent();
    let call = tokio::spawn(async move { agent.call("order_create", order).await });
    // The call holds the screwdrivers and waits for the tape; now each waits for the other, and Postgres
    // ends the one that has waited longer.
    waiting(&server.db, "").await;
    take(&mut tx, "SKU-001").await;
    drop(tx);
    let reply = call.await.unwrap();
    assert_eq!(reply.data()["status"], "pending", "{}", reply.body);
    let books = Books::of(&server.db).await;
    assert_eq!((books.orders, books.on_hand), (before.orders + 1, before.on_hand - 2));
}

/// Does something while another process holds the stock for longer than anyone waits for it.
async fn outlasts_a_lock(
    db: &Db,
    other: &Db,
    work: impl Future<Output = Value> + Send + 'static,
) -> Value {
    let mut tx = other.write().await.unwrap();
    take(&mut tx, "SKU-001").await;
    let work = tokio::spawn(work);
    let first = waiting(db, "").await;
    // It was sent away after two seconds, and stands there once more.
    waiting(db, &first).await;
    drop(tx);
    work.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waited_too_long_for_a_lock_is_run_again() {
    let (server, passing) = on_postgres().await;
    let other = start::open(&server.database_url).unwrap();
    let id = server.agent().call("order_create", unpaid("waits")).await.pending();
    let before = Books::of(&server.db).await;
    let (agent, approver) = (passing.agent(), server.approver());
    let call = async move { agent.call("order_create", unpaid("passes")).await.data().clone() };
    let placed = outlasts_a_lock(&server.db, &other, call).await;
    assert_eq!(placed["status"], "pending");
    let decision = async move { approver.approve(&id).await.body };
    let decided = outlasts_a_lock(&server.db, &other, decision).await;
    assert_eq!(decided["status"], "executed", "{decided}");
    let books = Books::of(&server.db).await;
    assert_eq!((books.orders, books.on_hand), (before.orders + 2, before.on_hand - 2));
}
