//! Decisions that the database fails: the connection is cut while they are made, or the disk is full. The
//! request waits still, and the next decision executes it once.

use std::time::Duration;

use business_mcp::access::role;
use business_mcp_engine::{
    cli::start,
    db::{Db, Tx},
};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::{
    books::{Books, PolicyFile, change, number, status_of, unpaid},
    support::{TestServer, servers, servers_with},
};

/// Ends the session that waits for a lock, once one does.
pub async fn cut(db: &Db) {
    // The server has other databases, so it is asked to end this one and no other.
    let pid = waiting(db).await;
    let ended = "select cast(case when pg_terminate_backend(cast($1 as integer)) then 1
                                  else 0 end as bigint)";
    assert_eq!(number(db, ended, &[pid.into()]).await, 1);
}

/// The session that waits for a lock, once one does.
async fn waiting(db: &Db) -> i64 {
    let waiting = "select cast(coalesce(max(pid), 0) as bigint)
                   from pg_stat_activity
                   where datname = current_database() and wait_event_type = 'Lock'";
    for _ in 0..500 {
        let pid = number(db, waiting, &[]).await;
        if pid > 0 {
            return pid;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("nobody waits");
}

/// A transaction of another process that holds what this statement locks.
pub async fn holding(server: &TestServer, lock: &'static str) -> Tx {
    let mut tx = start::open(&server.database_url).unwrap().write().await.unwrap();
    tx.execute(lock, &[]).await.unwrap();
    tx
}

/// Runs statements on Postgres that change its schema.
async fn alter(server: &TestServer, sql: &str) {
    let mut connection = PgConnection::connect(&server.database_url).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
}

/// A decision that is to be made again: what it says.
async fn is_to_be_made_again(server: &TestServer, id: &str, decision: &str) -> String {
    let approver = server.approver();
    let url = format!("{}/api/approvals/{id}/{decision}", approver.url);
    let answer = approver.http.post(url).bearer_auth(&approver.token).send().await.unwrap();
    let (status, retry) = (answer.status(), answer.headers().get("retry-after").cloned());
    let body: Value = answer.json().await.unwrap();
    assert_eq!(status, 503, "{body}");
    assert_eq!(retry.unwrap(), "1");
    assert_eq!(body["error"]["data"]["code"], "timeout", "{body}");
    let said = body["error"]["message"].as_str().unwrap();
    assert!(said.to_lowercase().contains("please decide again"), "{said}");
    said.to_owned()
}

/// How often the audit trail says this of a request.
async fn noted(server: &TestServer, id: &str, action: &str) -> i64 {
    let sql = "select count(*) from audit where approval_id = $1 and action = $2";
    number(&server.db, sql, &[id.into(), action.into()]).await
}

/// Nothing has come of the request but that it waits.
async fn waits_still(server: &TestServer, id: &str, waiting: Books) {
    assert_eq!(status_of(&server.db, id).await, "pending");
    assert_eq!(Books::of(&server.db).await, waiting, "its stock is held still");
    for action in ["approved", "denied", "executed", "failed"] {
        assert_eq!(noted(server, id, action).await, 0, "{action}");
    }
}

/// The next decision executes it, once.
async fn is_executed_once(server: &TestServer, id: &str) {
    for replayed in [None, Some(&Value::Bool(true))] {
        let decided = server.approver().approve(id).await;
        assert_eq!(decided.body["status"], "executed", "{}", decided.body);
        assert_eq!(decided.body.get("replayed"), replayed, "{}", decided.body);
    }
    for (action, times) in [("approved", 1), ("executed", 1), ("failed", 0)] {
        assert_eq!(noted(server, id, action).await, times, "{action}");
    }
}

/// What an approval of an order waits for: before the mark, with it, in the call, and behind the call.
const MOMENTS: [&str; 5] = [
    "update approvals set summary = summary",
    "update stock set reserved = reserved",
    "lock table audit in share row exclusive mode",
    "lock table orders in share row exclusive mode",
    "update idempotency_keys set tool = tool",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_whose_connection_is_cut_can_be_made_again() {
    let server = servers().await.pop().unwrap();
    for lock in MOMENTS {
        let before = Books::of(&server.db).await;
        let id = server.agent().call("order_create", unpaid(lock)).await.pending();
        let waiting = before.holding(1);
        for decision in ["approve", "deny"] {
            if decision == "deny" && (lock.contains("orders") || lock.contains("keys")) {
                continue;
            }
            let held = holding(&server, lock).await;
            let decided = is_to_be_made_again(&server, &id, decision);
            let (said, ()) = tokio::join!(decided, cut(&server.db));
            assert!(said.contains("nothing was changed"), "{lock}: {said}");
            drop(held);
            waits_still(&server, &id, waiting).await;
        }
        is_executed_once(&server, &id).await;
        assert_eq!(Books::of(&server.db).await, before.placed());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_that_is_cut_while_it_commits_can_be_made_again() {
    let server = servers().await.pop().unwrap();
    let lock = "create function wait() returns trigger language plpgsql as $$
                begin
                    perform pg_advisory_xact_lock(4711);
                    return null;
                end $$;
                create constraint trigger waits after insert on orders
                deferrable initially deferred for each row execute function wait();";
    alter(&server, lock).await;
    let before = Books::of(&server.db).await;
    let id = server.agent().call("order_create", unpaid("commit")).await.pending();
    let held = holding(&server, "select pg_advisory_xact_lock(4711)").await;
    let decided = is_to_be_made_again(&server, &id, "approve");
    let (said, ()) = tokio::join!(decided, cut(&server.db));
    assert!(said.contains("cannot say yet whether it was done"), "{said}");
    drop(held);
    waits_still(&server, &id, before.holding(1)).await;
    is_executed_once(&server, &id).await;
    assert_eq!(Books::of(&server.db).await, before.placed());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approved_read_that_is_cut_off_can_be_approved_again() {
    let policy = PolicyFile::new("[tools.order_list]\napproval = \"requires_approval\"\n");
    let server = policy.servers().await.pop().unwrap();
    let before = Books::of(&server.db).await;
    let list = json!({ "customer_id": "CUST-12345" });
    let id = server.as_role(role::DESK).call("order_list", list.clone()).await.pending();
    for lock in
        ["lock table orders in access exclusive mode", "update idempotency_keys set tool = tool"]
    {
        let held = holding(&server, lock).await;
        let decided = is_to_be_made_again(&server, &id, "approve");
        let (said, ()) = tokio::join!(decided, cut(&server.db));
        assert!(said.contains("nothing was changed"), "{lock}: {said}");
        drop(held);
        waits_still(&server, &id, before).await;
        server.as_role(role::DESK).call("order_list", list.clone()).await.pending();
    }
    is_executed_once(&server, &id).await;
}

/// Whoever decides while an approved read runs is the one who decides.
#[tokio::test(flavor = "multi_thread")]
async fn an_approved_read_that_was_denied_meanwhile_is_denied() {
    let policy = PolicyFile::new("[tools.order_list]\napproval = \"requires_approval\"\n");
    let server = policy.servers().await.pop().unwrap();
    for (limit, status, http) in [(5, "denied", 409), (6, "executed", 200)] {
        let list = json!({ "customer_id": "CUST-12345", "limit": limit });
        let id = server.as_role(role::DESK).call("order_list", list).await.pending();
        let held = holding(&server, "lock table orders in access exclusive mode").await;
        let approver = server.approver();
        let deciding = tokio::spawn({
            let id = id.clone();
            async move { approver.approve(&id).await }
        });
        waiting(&server.db).await;
        // As another replica decides, which need not read.
        let decided = "update approvals
                       set status = $2, decided_by = 'quicker', result = $3
                       where id = $1";
        let result = (status == "executed").then_some(r#"{"say":"Done."}"#);
        change(&server.db, decided, &[id.as_str().into(), status.into(), result.into()]).await;
        drop(held);
        let deciding = deciding.await.unwrap();
        assert_eq!(deciding.http, http, "{}", deciding.body);
        if status == "executed" {
            assert_eq!(deciding.body["replayed"], true, "{}", deciding.body);
            assert_eq!(deciding.body["result"]["say"], "Done.");
        }
        assert_eq!(status_of(&server.db, &id).await, status);
        assert_eq!(noted(&server, &id, "executed").await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approved_call_that_takes_too_long_can_be_approved_again() {
    let server = servers_with(&["--tool-timeout", "500ms"]).await.pop().unwrap();
    let before = Books::of(&server.db).await;
    let id = server.agent().call("order_create", unpaid("late")).await.pending();
    let held = holding(&server, "lock table orders in share row exclusive mode").await;
    let said = is_to_be_made_again(&server, &id, "approve").await;
    assert!(said.contains("too long") && said.contains("nothing was changed"), "{said}");
    drop(held);
    waits_still(&server, &id, before.holding(1)).await;
    is_executed_once(&server, &id).await;
}

#[tokio::test]
async fn an_approved_call_that_finds_the_disk_full_can_be_approved_again() {
    let server = servers().await.remove(0);
    let before = Books::of(&server.db).await;
    let id = server.agent().call("order_create", unpaid("full")).await.pending();
    change(&server.db, "create table filling (text text)", &[]).await;
    // An order takes more than is left.
    let much = "create trigger fill before insert on orders
                begin
                    insert into filling values (hex(zeroblob(1000000)));
                end";
    change(&server.db, much, &[]).await;
    most_pages(&server.db, "pragma max_page_count = 1").await;
    let said = is_to_be_made_again(&server, &id, "approve").await;
    assert!(said.contains("nothing was changed"), "{said}");
    most_pages(&server.db, "pragma max_page_count = 1000000").await;
    waits_still(&server, &id, before.holding(1)).await;
    is_executed_once(&server, &id).await;
    assert_eq!(Books::of(&server.db).await, before.placed());
}

/// Sets how large the file may become.
async fn most_pages(db: &Db, pragma: &'static str) {
    let mut tx = db.write().await.unwrap().of("demo");
    tx.fetch_all::<(i64,)>(pragma, &[]).await.unwrap();
}
