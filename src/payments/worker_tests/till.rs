//! A shop with a queue, to be worked off.

use super::*;

/// A shop, and a clock for its workers.
pub(super) struct Till {
    pub(super) shop: Shop,
    pub(super) clock: Clock,
}

pub(super) async fn tills() -> Vec<Till> {
    let till = |shop| Till { shop, clock: Clock::movable() };
    shops().await.into_iter().map(till).collect()
}

impl Till {
    /// Money that is to move, as a tool writes it down; the payment's id.
    pub(super) async fn ask(&self, kind: &str, minor: i64, method: &str) -> String {
        let at = self.clock.now();
        let mut tx = self.shop.db.db.write().await.unwrap().of("demo");
        let payment = NewPayment {
            order_id: "ORD-10001",
            kind,
            amount_minor: minor,
            payment_method_id: method,
            reason: "sale",
            at,
            at_day: "2026-01-10",
        };
        let id = payments::insert(&mut tx, payment).await.unwrap();
        let call = NewCall {
            payment_id: &id,
            order_id: "ORD-10001",
            customer_id: "CUST-1",
            kind,
            amount_minor: minor,
            payment_method_id: method,
            at,
        };
        provider_calls::ask(&mut tx, call).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    pub(super) fn worker<P: Provider>(&self, provider: P) -> Worker<P> {
        Worker::new(self.shop.db.db.clone(), self.clock.clone(), provider)
    }

    /// Works off whatever is due now, with the provider of the tests.
    pub(super) async fn settle(&self) {
        let worker = self.worker(self.shop.provider.clone());
        while worker.turn().await.unwrap() > 0 {}
    }

    pub(super) async fn state(&self, id: &str) -> String {
        let mut tx = self.shop.db.db.read().await.unwrap().of("demo");
        let sql = "select state from provider_calls where id = $1";
        let (state,): (String,) = tx.fetch_one(sql, &[id.into()]).await.unwrap();
        state
    }

    /// What of the order counts as paid by `card_1`.
    pub(super) async fn paid(&self) -> i64 {
        let mut tx = self.shop.db.db.read().await.unwrap().of("demo");
        let paid = payments::paid(&mut tx, "ORD-10001", "CUST-1").await.unwrap();
        paid.iter().find(|part| part.payment_method_id == "card_1").unwrap().paid_minor
    }

    pub(super) fn wait(&self, seconds: i64) {
        self.clock.advance(TimeDelta::seconds(seconds));
    }
}
