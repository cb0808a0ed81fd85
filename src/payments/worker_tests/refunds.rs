//! What goes back is made of what the charges brought.

use super::*;

#[tokio::test]
async fn a_refund_waits_for_the_charges_and_pays_back_no_more_than_they_brought() {
    for till in tills().await {
        till.shop.run("delete from payments where order_id = 'ORD-10001'").await;
        let is_up = Arc::new(AtomicBool::new(false));
        let line =
            Line { provider: till.shop.provider.clone(), is_up: is_up.clone(), hears: false };
        let worker = till.worker(line);
        till.ask("charge", 1_000, "card_1").await;
        worker.turn().await.unwrap();
        // Cancelled while nobody knows of the charge.
        let refund = till.ask("refund", 1_000, "card_1").await;
        assert_eq!(worker.turn().await.unwrap(), 0, "the refund waits");
        is_up.store(true, Ordering::Relaxed);
        till.wait(3);
        while worker.turn().await.unwrap() > 0 {}
        assert_eq!((till.state(&refund).await.as_str(), till.shop.provider.moved()), ("done", 0));
        till.shop.books_add_up().await;

        // One of two charges is declined after all of it was promised back.
        till.ask("charge", 700, "card_1").await;
        let declined = till.ask("charge", 300, "declined_1").await;
        let refund = till.ask("refund", 1_000, "card_1").await;
        till.settle().await;
        assert_eq!(till.state(&declined).await, "declined");
        assert_eq!((till.state(&refund).await.as_str(), till.shop.provider.moved()), ("done", 0));
        assert_eq!(till.paid().await, 0);
        till.shop.books_add_up().await;

        // Another method pays in time for a card that is then declined: what it has paid stays.
        till.ask("charge", 400, "declined_1").await;
        let refund = till.ask("refund", 400, "declined_1").await;
        till.ask("charge", 400, "card_1").await;
        till.settle().await;
        assert_eq!(
            (till.state(&refund).await.as_str(), till.shop.provider.moved()),
            ("declined", 400)
        );
        assert_eq!(till.paid().await, 400);
        till.wait(1);
        let refund = till.ask("refund", 400, "card_1").await;
        till.settle().await;
        assert_eq!((till.state(&refund).await.as_str(), till.shop.provider.moved()), ("done", 0));

        // And of nothing, nothing goes back: the provider is not even asked.
        let asked = till.shop.provider.asked();
        till.ask("charge", 300, "declined_1").await;
        let refund = till.ask("refund", 300, "card_1").await;
        till.settle().await;
        assert_eq!(
            (till.state(&refund).await.as_str(), till.shop.provider.moved()),
            ("declined", 0)
        );
        assert_eq!(till.shop.provider.asked(), asked + 1);
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
        let asked = till.shop.provider.asked();
        till.settle().await;
        assert_eq!(till.state(&refund).await, "done");
        assert_eq!((till.shop.number(GIFT).await, till.shop.number(ENTRIES).await), (5_700, 1));
        assert_eq!(till.shop.provider.asked(), asked + 2, "of a gift card nobody is asked");
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
        let worker = till.worker(till.shop.provider.clone());
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
async fn what_was_charged_before_counts_also_where_whoever_promises_began_before_that() {
    for till in tills().await {
        till.shop.run("delete from payments where order_id = 'ORD-10001'").await;
        till.ask("charge", 2_000, "card_1").await;
        // They waited for the order's row, and bear the time at which they began.
        till.wait(-2);
        let refund = till.ask("refund", 2_000, "card_1").await;
        till.wait(3);
        till.settle().await;
        assert_eq!((till.state(&refund).await.as_str(), till.shop.provider.moved()), ("done", 0));
    }
}

#[tokio::test]
async fn a_gift_card_is_booked_once_although_two_workers_had_it() {
    for till in tills().await {
        let id = till.ask("refund", 600, "gift_1").await;
        let take = async |lease: &'static str| {
            let now = till.clock.now();
            let mut tx = till.shop.db.db.write().await.unwrap().of("demo");
            let call = provider_calls::lease(&mut tx, &id, lease, now, now + LEASE).await;
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
