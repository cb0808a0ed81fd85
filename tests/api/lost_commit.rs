//! Statements of Postgres whose answer is lost. A commit was done, and nobody is told; anything before it was not.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use serde_json::json;
use sqlx::postgres::PgConnectOptions;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, UnixStream},
};

use crate::{
    books::{Books, number, status_of, two},
    support::{TestServer, servers},
};

/// Words of a call by which its connection is known.
const MARK: &str = "the-answer-to-this-is-lost";

/// How the answer is lost.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Loss {
    /// The connection ends.
    Cut,
    /// Nothing comes any more.
    Silence,
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

async fn connect(options: &PgConnectOptions) -> Box<dyn Stream> {
    let (host, port) = (options.get_host(), options.get_port());
    if host.starts_with('/') {
        return Box::new(UnixStream::connect(format!("{host}/.s.PGSQL.{port}")).await.unwrap());
    }
    Box::new(TcpStream::connect((host, port)).await.unwrap())
}

/// Passes on what both sides say, until the server answers the first such statement after the mark.
async fn pass_on(
    mut client: TcpStream,
    mut server: Box<dyn Stream>,
    loss: Loss,
    statement: &'static str,
    is_over: Arc<AtomicBool>,
) {
    let (mut asked, mut answered) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    let (mut is_marked, mut is_asking) = (false, false);
    let holds = |bytes: &[u8], words: &str| {
        bytes.windows(words.len()).any(|window| window == words.as_bytes())
    };
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Ok(length @ 1..) = read else { return };
                let bytes = &asked[..length];
                is_marked |= holds(bytes, MARK);
                is_asking = is_marked && holds(bytes, statement) && !is_over.load(Ordering::SeqCst);
                server.write_all(bytes).await.unwrap();
            }
            read = server.read(&mut answered) => {
                let Ok(length @ 1..) = read else { return };
                if is_asking {
                    // An answer means that a commit is on disk.
                    is_over.store(true, Ordering::SeqCst);
                    if loss == Loss::Silence {
                        while client.read(&mut asked).await.is_ok_and(|length| length > 0) {}
                    }
                    return;
                }
                if client.write_all(&answered[..length]).await.is_err() { return }
            }
        }
    }
}

/// A server on Postgres that loses one answer, and one on the same database that loses none.
async fn losing(loss: Loss, statement: &'static str, flags: &[&str]) -> (TestServer, TestServer) {
    let mut direct = servers().await.pop().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let url = direct.database_url.clone();
    let options: PgConnectOptions = url.parse().unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = connect(&options).await;
            tokio::spawn(pass_on(client, server, loss, statement, is_over.clone()));
        }
    });
    let (user, rest) = url.split_once('@').unwrap();
    let (_, name) = rest.split_once('/').unwrap();
    let name = name.split('?').next().unwrap();
    direct.database_url = format!("{user}@127.0.0.1:{port}/{name}?sslmode=disable");
    let losing = direct.replica(flags).await;
    direct.database_url = url;
    (losing, direct)
}

/// How many lines of the trail are about this tool and say this.
async fn noted(server: &TestServer, action: &str, tool: &str) -> i64 {
    let sql = "select count(*) from audit where action = $1 and tool = $2";
    number(&server.db, sql, &[action.into(), tool.into()]).await
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_not_said_to_have_changed_nothing() {
    for (loss, flags) in
        [(Loss::Cut, ["--tool-timeout", "20s"]), (Loss::Silence, ["--tool-timeout", "500ms"])]
    {
        let (losing, direct) = losing(loss, "COMMIT", &flags).await;
        let note = json!({ "customer_id": "CUST-12345", "text": MARK });
        let reply = losing.agent().call("crm_create_note", note.clone()).await;
        assert_eq!(reply.error(), "timeout", "{loss:?}: {}", reply.body);
        assert_eq!(reply.body["result"]["_meta"]["retryable"], true);
        let sentence = reply.sentence();
        assert!(sentence.contains("cannot say yet whether it was done"), "{loss:?}: {sentence}");
        losing.written_down().await;
        assert_eq!(noted(&direct, "failed", "crm_create_note").await, 0, "{loss:?}");
        assert_eq!(noted(&direct, "executed", "crm_create_note").await, 1, "{loss:?}");

        let again = losing.agent().call("crm_create_note", note).await;
        again.data();
        assert_eq!(again.answer()["replayed"], true, "{loss:?}: {}", again.body);
        let kept = "select count(*) from interactions where text = $1";
        assert_eq!(number(&direct.db, kept, &[MARK.into()]).await, 1, "{loss:?}");
    }
}

#[tokio::test]
async fn a_decision_whose_answer_is_lost_is_found_when_it_is_made_again() {
    let (losing, direct) = losing(Loss::Cut, "COMMIT", &[]).await;
    let before = Books::of(&direct.db).await;
    let id = losing.agent().call("order_create", two()).await.pending();
    let approve = format!("/{id}/approve");
    let reason = Some(json!({ "reason": MARK }));
    let lost = losing.approver().api("POST", &approve, reason.clone()).await;
    assert_eq!(lost.http.as_u16(), 503, "{}", lost.body);
    assert_eq!(lost.body["error"]["data"]["code"], "timeout", "{}", lost.body);
    let said = lost.body["error"]["message"].as_str().unwrap();
    assert!(said.contains("cannot say yet whether it was done"), "{said}");
    let again = losing.approver().api("POST", &approve, reason).await;
    assert_eq!(again.body["status"], "executed", "{}", again.body);
    assert_eq!(again.body["replayed"], true, "{}", again.body);
    assert_eq!(Books::of(&direct.db).await, before.sold(2, 5398));
    assert_eq!(noted(&direct, "failed", "order_create").await, 0);
}

#[tokio::test]
async fn a_decision_that_loses_its_connection_before_it_commits_can_be_made_again() {
    for statement in ["insert into orders", "set result ="] {
        let (losing, direct) = losing(Loss::Cut, statement, &[]).await;
        let before = Books::of(&direct.db).await;
        let id = losing.agent().call("order_create", two()).await.pending();
        let approve = format!("/{id}/approve");
        let reason = Some(json!({ "reason": MARK }));
        let lost = losing.approver().api("POST", &approve, reason.clone()).await;
        assert_eq!(lost.http.as_u16(), 503, "{statement}: {}", lost.body);
        let said = lost.body["error"]["message"].as_str().unwrap();
        assert!(said.contains("nothing was changed"), "{statement}: {said}");
        assert_eq!(status_of(&direct.db, &id).await, "pending", "{statement}");
        assert_eq!(Books::of(&direct.db).await, before.holding(2), "{statement}");
        let again = losing.approver().api("POST", &approve, reason).await;
        assert_eq!(again.body["status"], "executed", "{statement}: {}", again.body);
        assert_eq!(Books::of(&direct.db).await, before.sold(2, 5398), "{statement}");
        assert_eq!(noted(&direct, "executed", "order_create").await, 1, "{statement}");
    }
}

#[tokio::test]
async fn a_decision_that_the_database_leaves_without_an_answer_ends() {
    for statement in ["set result =", "COMMIT"] {
        let (losing, direct) = losing(Loss::Silence, statement, &["--tool-timeout", "500ms"]).await;
        let id = losing.agent().call("order_create", two()).await.pending();
        let approve = format!("/{id}/approve");
        let reason = Some(json!({ "reason": MARK }));
        let lost = losing.approver().api("POST", &approve, reason.clone()).await;
        assert_eq!(lost.http.as_u16(), 503, "{statement}: {}", lost.body);
        let said = lost.body["error"]["message"].as_str().unwrap();
        assert!(said.contains("cannot say yet whether it was done"), "{statement}: {said}");
        let status = status_of(&direct.db, &id).await;
        assert_eq!(status == "executed", statement == "COMMIT", "{statement}: {status}");
    }
}
