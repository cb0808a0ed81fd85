use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use super::*;
use crate::{
    payments::{Sandbox, outcome::MOST_ATTEMPTS},
    store::{
        payments::{self, NewPayment},
        provider_calls::{End, NewCall},
    },
    toolkit::testing::{Shop, shops},
};

/// A shop, and a clock for its workers.
struct Till {
    shop: Shop,
    clock: Clock,
}

async fn tills() -> Vec<Till> {
    let till = |shop| Till { shop, clock: Clock::movable() };
    shops().await.into_iter().map(till).collect()
}

impl Till {
    /// Money that is to move, as a tool writes it down; the payment's id.
    async fn ask(&self, kind: &str, minor: i64, method: &str) -> String {
        let at = self.clock.now();
        let mut tx = self.shop.db.db.write().await.unwrap();
        let payment = NewPayment {
            order_id: "ORD-10001",
            kind,
            amount_minor: minor,
            payment_method_id: method,
            reason: "sale",
            at,
            at_day: "2026-01-10",
        };
        let id = payments::insert(&mut tx, "demo", payment).await.unwrap();
        let call = NewCall {
            payment_id: &id,
            order_id: "ORD-10001",
            customer_id: "CUST-1",
            kind,
            amount_minor: minor,
            payment_method_id: method,
            at,
        };
        provider_calls::ask(&mut tx, "demo", call).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    fn sandbox(&self) -> Sandbox {
        Sandbox::new(self.shop.db.db.clone(), self.clock.clone())
    }

    fn worker<P: Provider>(&self, provider: P) -> Worker<P> {
        Worker::new(self.shop.db.db.clone(), self.clock.clone(), provider)
    }

    /// Works off whatever is due now, with the sandbox.
    async fn settle(&self) {
        let worker = self.worker(self.sandbox());
        while worker.turn().await.unwrap() > 0 {}
    }

    async fn state(&self, id: &str) -> String {
        let mut tx = self.shop.db.db.read().await.unwrap();
        let sql = "select state from provider_calls where id = $1";
        let (state,): (String,) = tx.fetch_one(sql, &[id.into()]).await.unwrap();
        state
    }

    /// What of the order counts as paid by `card_1`.
    async fn paid(&self) -> i64 {
        let mut tx = self.shop.db.db.read().await.unwrap();
        let paid = payments::paid(&mut tx, "demo", "ORD-10001", "CUST-1").await.unwrap();
        paid.iter().find(|part| part.payment_method_id == "card_1").unwrap().paid_minor
    }

    /// What the sandbox has moved: charges less refunds.
    async fn moved(&self) -> i64 {
        self.shop
            .number(
                "select cast(coalesce(sum(case kind when 'charge' then amount_minor
                                                    else -amount_minor end), 0) as bigint)
                 from sandbox_calls
                 where reference is not null",
            )
            .await
    }

    fn wait(&self, seconds: i64) {
        self.clock.advance(TimeDelta::seconds(seconds));
    }
}

const TRAIL: &str = "select count(*) from audit where principal = 'payments'";
const NOTES: &str = "select count(*) from interactions where author = 'payments'";
const ASKED: &str = "select cast(coalesce(sum(asked), 0) as bigint) from sandbox_calls";

/// How often each key came.
#[derive(Clone, Default)]
struct Counting(Arc<Mutex<HashMap<String, usize>>>);

impl Provider for Counting {
    async fn charge(&self, request: &Request) -> Outcome {
        *self.0.lock().unwrap().entry(request.key.clone()).or_default() += 1;
        // The other worker has time to do wrong.
        tokio::time::sleep(Duration::from_millis(2)).await;
        Outcome::Accepted { reference: request.key.clone() }
    }

    async fn refund(&self, request: &Request) -> Outcome {
        self.charge(request).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_is_asked_for_once_although_two_workers_run() {
    for till in tills().await {
        for minor in 1..=40 {
            till.ask("charge", minor, "card_1").await;
        }
        let counting = Counting::default();
        let worker = || {
            let worker = till.worker(counting.clone());
            tokio::spawn(async move {
                let mut handled = 0;
                // A turn finds nothing where the other was quicker with everything that it saw.
                for _ in 0..60 {
                    handled += worker.turn().await.unwrap();
                }
                handled
            })
        };
        let (one, other) = (worker(), worker());
        assert_eq!(one.await.unwrap() + other.await.unwrap(), 40);
        let calls = counting.0.lock().unwrap().clone();
        assert_eq!(calls.len(), 40);
        assert!(calls.values().all(|times| *times == 1), "{calls:?}");
        let done = "select count(*) from provider_calls
                    where state = 'done' and provider_reference = id and attempts = 1";
        assert_eq!(till.shop.number(done).await, 40);
        assert_eq!(till.shop.number(TRAIL).await, 40);
    }
}

/// The sandbox behind a line that may be down: it hears, and its answers do not arrive.
struct Line {
    sandbox: Sandbox,
    is_up: Arc<AtomicBool>,
    hears: bool,
}

impl Provider for Line {
    async fn charge(&self, request: &Request) -> Outcome {
        let is_up = self.is_up.load(Ordering::Relaxed);
        let answer =
            if is_up || self.hears { Some(self.sandbox.charge(request).await) } else { None };
        let lost = || Outcome::Unreachable { why: "the line is down".to_owned() };
        answer.filter(|_| is_up).unwrap_or_else(lost)
    }

    async fn refund(&self, request: &Request) -> Outcome {
        self.sandbox.refund(request).await
    }
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_under_the_same_key_and_moves_nothing_twice() {
    for till in tills().await {
        let id = till.ask("charge", 500, "card_1").await;
        let is_up = Arc::new(AtomicBool::new(false));
        let line = Line { sandbox: till.sandbox(), is_up: is_up.clone(), hears: true };
        let worker = till.worker(line);
        assert_eq!(worker.turn().await.unwrap(), 1);
        assert_eq!((till.state(&id).await.as_str(), till.moved().await), ("queued", 500));
        assert_eq!(worker.turn().await.unwrap(), 0, "not at once");
        is_up.store(true, Ordering::Relaxed);
        till.wait(3);
        assert_eq!(worker.turn().await.unwrap(), 1);
        assert_eq!((till.state(&id).await.as_str(), till.moved().await), ("done", 500));
        assert_eq!(till.shop.number(ASKED).await, 2);
        assert_eq!(till.shop.number(TRAIL).await, 1);
        assert_eq!(worker.turn().await.unwrap(), 0);
    }
}

/// Records, and is gone before anybody hears the answer.
struct Dying(Sandbox);

impl Provider for Dying {
    async fn charge(&self, request: &Request) -> Outcome {
        self.0.charge(request).await;
        std::future::pending().await
    }

    async fn refund(&self, request: &Request) -> Outcome {
        self.charge(request).await
    }
}

#[tokio::test]
async fn what_a_dead_worker_had_in_hand_is_repeated_when_its_lease_ends_and_recorded_once() {
    for till in tills().await {
        let id = till.ask("charge", 500, "card_1").await;
        let dying = till.worker(Dying(till.sandbox()));
        let cut_off = tokio::time::timeout(Duration::from_millis(300), dying.turn()).await;
        assert!(cut_off.is_err(), "it died between the answer and its own commit");
        assert_eq!((till.state(&id).await.as_str(), till.moved().await), ("leased", 500));
        till.settle().await;
        assert_eq!(till.shop.number(ASKED).await, 1, "nobody else takes it before");
        till.wait(61);
        till.settle().await;
        assert_eq!((till.state(&id).await.as_str(), till.moved().await), ("done", 500));
        assert_eq!((till.shop.number(ASKED).await, till.shop.number(TRAIL).await), (2, 1));
    }
}

#[tokio::test]
async fn whoever_was_too_slow_writes_nothing_down() {
    for till in tills().await {
        let id = till.ask("charge", 500, "card_1").await;
        let take = async |lease: &'static str| {
            let now = till.clock.now();
            let mut tx = till.shop.db.db.write().await.unwrap();
            let call = provider_calls::lease(&mut tx, "demo", &id, lease, now, now + LEASE).await;
            tx.commit().await.unwrap();
            call.unwrap()
        };
        let slow = take("slow").await.unwrap();
        assert!(take("early").await.is_none());
        till.wait(61);
        let quick = take("quick").await.unwrap();
        assert_eq!((slow.attempts, quick.attempts), (1, 2));
        let accepted = Outcome::Accepted { reference: "same".to_owned() };
        let write = async |call: &LeasedCall, lease: &str| {
            let (db, now) = (&till.shop.db.db, till.clock.now());
            outcome::write_down(db, call, lease, &accepted, now).await.unwrap();
        };
        write(&slow, "slow").await;
        assert_eq!((till.state(&id).await.as_str(), till.shop.number(TRAIL).await), ("leased", 0));
        write(&quick, "quick").await;
        write(&slow, "slow").await;
        assert_eq!((till.state(&id).await.as_str(), till.shop.number(TRAIL).await), ("done", 1));
        let mut tx = till.shop.db.db.write().await.unwrap();
        let end = End { state: "failed", reference: None, error: None, at: till.clock.now() };
        assert!(!provider_calls::end(&mut tx, &quick, "quick", end).await.unwrap(), "ended once");
    }
}

#[tokio::test]
async fn a_provider_that_comes_back_is_asked_again_and_one_that_never_does_is_given_up() {
    for till in tills().await {
        let id = till.ask("charge", 500, "card_1").await;
        let is_up = Arc::new(AtomicBool::new(false));
        let line = |is_up| Line { sandbox: till.sandbox(), is_up, hears: false };
        let worker = till.worker(line(is_up.clone()));
        for _ in 0..4 {
            assert_eq!(worker.turn().await.unwrap(), 1);
            assert_eq!(till.state(&id).await, "queued");
            till.wait(900);
        }
        is_up.store(true, Ordering::Relaxed);
        assert_eq!(worker.turn().await.unwrap(), 1);
        assert_eq!((till.state(&id).await.as_str(), till.paid().await), ("done", 1_500));

        let id = till.ask("charge", 700, "card_1").await;
        assert_eq!(till.paid().await, 2_200, "what waits counts");
        let worker = till.worker(line(Arc::default()));
        for _ in 0..MOST_ATTEMPTS {
            assert_eq!(till.state(&id).await, "queued");
            assert_eq!(worker.turn().await.unwrap(), 1);
            till.wait(900);
        }
        assert_eq!((till.state(&id).await.as_str(), till.paid().await), ("failed", 1_500));
        assert_eq!(worker.turn().await.unwrap(), 0);
        let failed = "select count(*) from audit
                      where action = 'failed' and outcome = 'unreachable'
                        and subject = 'ORD-10001'";
        assert_eq!(till.shop.number(failed).await, 1);
    }
}

#[tokio::test]
async fn a_provider_that_panics_is_one_that_does_not_answer_and_nobody_is_asked_for_ever() {
    struct Broken;
    impl Provider for Broken {
        async fn charge(&self, request: &Request) -> Outcome {
            panic!("{request:?}")
        }
        async fn refund(&self, request: &Request) -> Outcome {
            self.charge(request).await
        }
    }
    for till in tills().await {
        let [one, other] =
            [till.ask("charge", 500, "card_1").await, till.ask("charge", 600, "card_1").await];
        let worker = till.worker(Broken);
        assert_eq!(worker.turn().await.unwrap(), 2);
        for id in [&one, &other] {
            assert_eq!(till.state(id).await, "queued");
        }
        // Whoever took it so often has not lived to write it down.
        till.shop.run("update provider_calls set attempts = 20").await;
        till.wait(900);
        till.settle().await;
        assert_eq!(till.state(&one).await, "failed");
        assert_eq!(till.shop.number(ASKED).await, 0, "it is given up without being asked");
    }
}

#[tokio::test]
async fn a_declined_charge_is_noted_and_counts_as_nothing_and_the_order_stays_as_it_is() {
    for till in tills().await {
        till.shop.run("delete from payments where order_id = 'ORD-10001'").await;
        let id = till.ask("charge", 1_000, "declined_1").await;
        till.settle().await;
        assert_eq!((till.state(&id).await.as_str(), till.moved().await), ("declined", 0));
        let note = "select count(*) from interactions
                    where customer_id = 'CUST-1' and order_id = 'ORD-10001' and kind = 'note'
                      and text = 'The charge of 10.00 USD for order ORD-10001 was declined: the \
                    sandbox declines this method. It is not paid.'";
        assert_eq!(till.shop.number(note).await, 1);
        let trail = "select count(*) from audit
                     where action = 'declined' and tool = 'provider_charge'
                       and subject = 'ORD-10001'";
        assert_eq!(till.shop.number(trail).await, 1);
        let order = "select count(*) from orders
                     where id = 'ORD-10001' and status = 'pending' and version = 1";
        assert_eq!(till.shop.number(order).await, 1);
        let mut tx = till.shop.db.db.read().await.unwrap();
        let paid = payments::paid(&mut tx, "demo", "ORD-10001", "CUST-1").await.unwrap();
        assert_eq!(paid[0].paid_minor, 0);
        drop(tx);
        till.settle().await;
        assert_eq!(till.shop.number(ASKED).await, 1, "a no is not asked again");
    }
}

#[tokio::test]
async fn a_refund_waits_for_the_charges_and_pays_back_no_more_than_they_brought() {
    for till in tills().await {
        till.shop.run("delete from payments where order_id = 'ORD-10001'").await;
        let is_up = Arc::new(AtomicBool::new(false));
        let line = Line { sandbox: till.sandbox(), is_up: is_up.clone(), hears: false };
        let worker = till.worker(line);
        till.ask("charge", 1_000, "card_1").await;
        worker.turn().await.unwrap();
        // Cancelled while nobody knows of the charge.
        let refund = till.ask("refund", 1_000, "card_1").await;
        assert_eq!(worker.turn().await.unwrap(), 0, "the refund waits");
        is_up.store(true, Ordering::Relaxed);
        till.wait(3);
        while worker.turn().await.unwrap() > 0 {}
        assert_eq!((till.state(&refund).await.as_str(), till.moved().await), ("done", 0));
        till.shop.books_add_up().await;

        // One of two charges is declined after all of it was promised back.
        till.ask("charge", 700, "card_1").await;
        let declined = till.ask("charge", 300, "declined_1").await;
        let refund = till.ask("refund", 1_000, "card_1").await;
        till.settle().await;
        assert_eq!(till.state(&declined).await, "declined");
        assert_eq!((till.state(&refund).await.as_str(), till.moved().await), ("done", 0));
        assert_eq!(till.paid().await, 0);
        till.shop.books_add_up().await;

        // Another method pays in time for a card that is then declined: what it has paid stays.
        till.ask("charge", 400, "declined_1").await;
        let refund = till.ask("refund", 400, "declined_1").await;
        till.ask("charge", 400, "card_1").await;
        till.settle().await;
        assert_eq!((till.state(&refund).await.as_str(), till.moved().await), ("declined", 400));
        assert_eq!(till.paid().await, 400);
        till.wait(1);
        let refund = till.ask("refund", 400, "card_1").await;
        till.settle().await;
        assert_eq!((till.state(&refund).await.as_str(), till.moved().await), ("done", 0));

        // And of nothing, nothing goes back: the provider is not even asked.
        let asked = till.shop.number(ASKED).await;
        till.ask("charge", 300, "declined_1").await;
        let refund = till.ask("refund", 300, "card_1").await;
        till.settle().await;
        assert_eq!((till.state(&refund).await.as_str(), till.moved().await), ("declined", 0));
        assert_eq!(till.shop.number(ASKED).await, asked + 1);
        assert_eq!(till.shop.number(NOTES).await, 5);
        till.shop.books_add_up().await;
    }
}

const GIFT: &str = "select balance_minor from payment_methods where id = 'gift_1'";
const ENTRIES: &str = "select count(*) from gift_card_entries where cause = 'ORD-10001'";

#[tokio::test]
async fn a_refund_to_a_gift_card_waits_too_and_books_no_more_than_the_charges_brought() {
    for till in tills().await {
        till.shop.run("delete from payments where order_id = 'ORD-10001'").await;
        till.ask("charge", 2_000, "declined_1").await;
        let refund = till.ask("refund", 2_000, "gift_1").await;
        till.shop.books_add_up().await;
        till.settle().await;
        assert_eq!(till.state(&refund).await, "declined");
        assert_eq!((till.shop.number(GIFT).await, till.shop.number(ENTRIES).await), (5_000, 0));
        assert_eq!(till.shop.number(NOTES).await, 2, "one of the charge, one of the refund");
        till.shop.books_add_up().await;

        till.wait(1);
        till.ask("charge", 700, "card_1").await;
        till.ask("charge", 300, "declined_1").await;
        let refund = till.ask("refund", 1_000, "gift_1").await;
        let asked = till.shop.number(ASKED).await;
        till.settle().await;
        assert_eq!(till.state(&refund).await, "done");
        assert_eq!((till.shop.number(GIFT).await, till.shop.number(ENTRIES).await), (5_700, 1));
        assert_eq!(till.shop.number(ASKED).await, asked + 2, "of a gift card nobody is asked");
        let entry = "select amount_minor from gift_card_entries
                     where cause = 'ORD-10001' and reason = 'sale' and customer_id = 'CUST-1'";
        assert_eq!(till.shop.number(entry).await, 700);
        let trail = "select count(*) from audit where tool = 'gift_card_refund'";
        assert_eq!(till.shop.number(trail).await, 2);
        till.shop.books_add_up().await;
    }
}

#[tokio::test]
async fn a_refund_is_not_made_of_what_was_charged_after_it_was_promised() {
    for till in tills().await {
        till.shop.run("delete from payments where order_id = 'ORD-10001'").await;
        till.ask("charge", 2_000, "declined_1").await;
        let refund = till.ask("refund", 2_000, "gift_1").await;
        // The charge is declined, and before the refund is looked at another card pays.
        let worker = till.worker(till.sandbox());
        assert_eq!(worker.turn().await.unwrap(), 1);
        till.wait(1);
        till.ask("charge", 2_000, "card_1").await;
        till.settle().await;
        assert_eq!(till.state(&refund).await, "declined");
        assert_eq!((till.shop.number(GIFT).await, till.paid().await), (5_000, 2_000));
        till.shop.books_add_up().await;
    }
}

#[tokio::test]
async fn a_gift_card_is_booked_once_although_two_workers_had_it() {
    for till in tills().await {
        let id = till.ask("refund", 600, "gift_1").await;
        let take = async |lease: &'static str| {
            let now = till.clock.now();
            let mut tx = till.shop.db.db.write().await.unwrap();
            let call = provider_calls::lease(&mut tx, "demo", &id, lease, now, now + LEASE).await;
            tx.commit().await.unwrap();
            call.unwrap().unwrap()
        };
        let slow = take("slow").await;
        till.wait(61);
        let quick = take("quick").await;
        for (call, lease) in
            [(&slow, "slow"), (&quick, "quick"), (&slow, "slow"), (&quick, "quick")]
        {
            outcome::book(&till.shop.db.db, call, lease, till.clock.now()).await.unwrap();
            till.shop.books_add_up().await;
        }
        assert_eq!(till.state(&id).await, "done");
        assert_eq!((till.shop.number(GIFT).await, till.shop.number(ENTRIES).await), (5_600, 1));
        assert_eq!(till.shop.number(TRAIL).await, 1);
    }
}

#[tokio::test]
async fn a_refund_names_the_charges_that_it_is_made_of_and_takes_imported_ones_as_paid() {
    #[derive(Clone, Default)]
    struct Naming(Arc<Mutex<Vec<Request>>>);
    impl Provider for Naming {
        async fn charge(&self, request: &Request) -> Outcome {
            Outcome::Accepted { reference: format!("ch_{}", request.amount.minor) }
        }
        async fn refund(&self, request: &Request) -> Outcome {
            self.0.lock().unwrap().push(request.clone());
            Outcome::Accepted { reference: "re".to_owned() }
        }
    }
    for till in tills().await {
        let naming = Naming::default();
        let worker = till.worker(naming.clone());
        // The order's first charge of 10.00 is the shop's own and has no row in the queue.
        let first = till.ask("refund", 400, "card_1").await;
        worker.turn().await.unwrap();
        till.ask("charge", 150, "card_1").await;
        till.ask("charge", 250, "card_1").await;
        worker.turn().await.unwrap();
        let second = till.ask("refund", 1_000, "card_1").await;
        worker.turn().await.unwrap();
        let requests = naming.0.lock().unwrap().clone();
        let [one, two] = requests.as_slice() else { panic!("{requests:?}") };
        assert_eq!((&one.key, one.amount.minor, one.charges.len()), (&first, 400, 0));
        assert_eq!((&two.key, two.amount.minor), (&second, 1_000));
        assert_eq!(two.charges, ["ch_150", "ch_250"]);
        assert_eq!((two.tenant.as_str(), two.customer_id.as_str()), ("demo", "CUST-1"));
        assert_eq!(till.paid().await, 0);
    }
}

#[tokio::test]
async fn the_sandbox_knows_its_keys() {
    for till in tills().await {
        let sandbox = till.sandbox();
        let request = |key: &str, minor| Request {
            key: key.to_owned(),
            tenant: "demo".to_owned(),
            order_id: "ORD-10001".to_owned(),
            customer_id: "CUST-1".to_owned(),
            method: "card_1".to_owned(),
            amount: Money::new(minor, Currency::parse("USD").unwrap()),
            charges: Vec::new(),
        };
        let accepted = Outcome::Accepted { reference: "sandbox-a".to_owned() };
        assert_eq!(sandbox.charge(&request("a", 5)).await, accepted);
        assert_eq!(sandbox.charge(&request("a", 5)).await, accepted);
        assert_eq!(till.moved().await, 5);
        for other in
            [sandbox.charge(&request("a", 6)).await, sandbox.refund(&request("a", 5)).await]
        {
            assert!(matches!(other, Outcome::Declined { .. }), "{other:?}");
        }
        assert_eq!(till.moved().await, 5);
    }
}

#[tokio::test]
async fn told_to_stop_it_takes_nothing_more_and_finishes_what_it_has_in_hand() {
    struct Slow(Sandbox, CancellationToken);
    impl Provider for Slow {
        async fn charge(&self, request: &Request) -> Outcome {
            self.1.cancel();
            tokio::time::sleep(Duration::from_millis(50)).await;
            self.0.charge(request).await
        }
        async fn refund(&self, request: &Request) -> Outcome {
            self.0.refund(request).await
        }
    }
    for till in tills().await {
        for minor in 1..=AT_ONCE + 1 {
            till.ask("charge", minor, "card_1").await;
        }
        let stop = CancellationToken::new();
        till.worker(Slow(till.sandbox(), stop.clone())).run(stop).await;
        let count = "select count(*) from provider_calls where state = 'done'";
        assert_eq!(till.shop.number(count).await, AT_ONCE);
        let waiting = "select count(*) from provider_calls where state = 'queued' and attempts = 0";
        assert_eq!(till.shop.number(waiting).await, 1);
    }
}
