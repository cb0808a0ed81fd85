use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::sync::Notify;

use super::*;
use crate::{
    payments::{
        outcome::MOST_ATTEMPTS,
        sql::{
            payments::{self, NewPayment},
            provider_calls::{End, NewCall},
        },
    },
    testing::{Shop, TestProvider, shops},
};

mod refunds;
mod till;

use till::tills;

const TRAIL: &str = "select count(*) from audit where principal = 'payments'";
const NOTES: &str = "select count(*) from interactions where author = 'payments'";

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

/// The provider behind a line that may be down: it hears, and its answers do not arrive.
struct Line {
    provider: TestProvider,
    is_up: Arc<AtomicBool>,
    hears: bool,
}

impl Provider for Line {
    async fn charge(&self, request: &Request) -> Outcome {
        let is_up = self.is_up.load(Ordering::Relaxed);
        let answer =
            if is_up || self.hears { Some(self.provider.charge(request).await) } else { None };
        let lost = || Outcome::Unreachable { why: "the line is down".to_owned() };
        answer.filter(|_| is_up).unwrap_or_else(lost)
    }

    async fn refund(&self, request: &Request) -> Outcome {
        self.provider.refund(request).await
    }
}

#[tokio::test]
async fn a_lost_answer_is_asked_for_again_under_the_same_key_and_moves_nothing_twice() {
    for till in tills().await {
        let id = till.ask("charge", 500, "card_1").await;
        let is_up = Arc::new(AtomicBool::new(false));
        let line = Line { provider: till.shop.provider.clone(), is_up: is_up.clone(), hears: true };
        let worker = till.worker(line);
        assert_eq!(worker.turn().await.unwrap(), 1);
        assert_eq!((till.state(&id).await.as_str(), till.shop.provider.moved()), ("queued", 500));
        assert_eq!(worker.turn().await.unwrap(), 0, "not at once");
        is_up.store(true, Ordering::Relaxed);
        till.wait(3);
        assert_eq!(worker.turn().await.unwrap(), 1);
        assert_eq!((till.state(&id).await.as_str(), till.shop.provider.moved()), ("done", 500));
        assert_eq!(till.shop.provider.asked(), 2);
        assert_eq!(till.shop.number(TRAIL).await, 1);
        assert_eq!(worker.turn().await.unwrap(), 0);
    }
}

/// Records, and is gone before anybody hears the answer.
struct Dying {
    provider: TestProvider,
    recorded: Arc<Notify>,
}

impl Provider for Dying {
    async fn charge(&self, request: &Request) -> Outcome {
        self.provider.charge(request).await;
        self.recorded.notify_one();
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
        let recorded = Arc::new(Notify::new());
        let dying = Dying { provider: till.shop.provider.clone(), recorded: recorded.clone() };
        let dying = till.worker(dying);
        tokio::select! {
            turn = dying.turn() => panic!("it lives: {turn:?}"),
            () = recorded.notified() => {}
        }
        assert_eq!((till.state(&id).await.as_str(), till.shop.provider.moved()), ("leased", 500));
        till.settle().await;
        assert_eq!(till.shop.provider.asked(), 1, "nobody else takes it before");
        till.wait(61);
        till.settle().await;
        assert_eq!((till.state(&id).await.as_str(), till.shop.provider.moved()), ("done", 500));
        assert_eq!((till.shop.provider.asked(), till.shop.number(TRAIL).await), (2, 1));
    }
}

#[tokio::test]
async fn whoever_was_too_slow_writes_nothing_down() {
    for till in tills().await {
        let id = till.ask("charge", 500, "card_1").await;
        let take = async |lease: &'static str| {
            let now = till.clock.now();
            let mut tx = till.shop.db.db.write().await.unwrap().of("demo");
            let call = provider_calls::lease(&mut tx, &id, lease, now, now + LEASE).await;
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
        let mut tx = till.shop.db.db.write().await.unwrap().of("demo");
        let end = End { state: "failed", reference: None, error: None, at: till.clock.now() };
        assert!(!provider_calls::end(&mut tx, &quick, "quick", end).await.unwrap(), "ended once");
    }
}

#[tokio::test]
async fn a_provider_that_comes_back_is_asked_again_and_one_that_never_does_is_given_up() {
    for till in tills().await {
        let id = till.ask("charge", 500, "card_1").await;
        let is_up = Arc::new(AtomicBool::new(false));
        let line = |is_up| Line { provider: till.shop.provider.clone(), is_up, hears: false };
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
        assert_eq!(till.shop.provider.asked(), 0, "it is given up without being asked");
    }
}

#[tokio::test]
async fn a_declined_charge_is_noted_and_counts_as_nothing_and_the_order_stays_as_it_is() {
    for till in tills().await {
        till.shop.run("delete from payments where order_id = 'ORD-10001'").await;
        let id = till.ask("charge", 1_000, "declined_1").await;
        till.settle().await;
        assert_eq!((till.state(&id).await.as_str(), till.shop.provider.moved()), ("declined", 0));
        let note = "select count(*) from interactions
                    where customer_id = 'CUST-1' and order_id = 'ORD-10001' and kind = 'note'
                      and text = 'The charge of 10.00 USD for order ORD-10001 was declined: the \
                    bank declines this method. It is not paid.'";
        assert_eq!(till.shop.number(note).await, 1);
        let trail = "select count(*) from audit
                     where action = 'declined' and tool = 'provider_charge'
                       and subject = 'ORD-10001'";
        assert_eq!(till.shop.number(trail).await, 1);
        let order = "select count(*) from orders
                     where id = 'ORD-10001' and status = 'pending' and version = 1";
        assert_eq!(till.shop.number(order).await, 1);
        let mut tx = till.shop.db.db.read().await.unwrap().of("demo");
        let paid = payments::paid(&mut tx, "ORD-10001", "CUST-1").await.unwrap();
        assert_eq!(paid[0].paid_minor, 0);
        drop(tx);
        till.settle().await;
        assert_eq!(till.shop.provider.asked(), 1, "a no is not asked again");
    }
}

#[tokio::test]
async fn told_to_stop_it_takes_nothing_more_and_finishes_what_it_has_in_hand() {
    struct Slow(TestProvider, CancellationToken);
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
        till.worker(Slow(till.shop.provider.clone(), stop.clone())).run(stop).await;
        let count = "select count(*) from provider_calls where state = 'done'";
        assert_eq!(till.shop.number(count).await, AT_ONCE);
        let waiting = "select count(*) from provider_calls where state = 'queued' and attempts = 0";
        assert_eq!(till.shop.number(waiting).await, 1);
    }
}
