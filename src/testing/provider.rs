//! A payment provider for tests, which remembers in memory what it moved.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use crate::payments::{Outcome, Provider, Request};

/// Accepts everything except methods whose id begins with `declined`, and moves nothing twice for a key.
#[derive(Clone, Default)]
pub(crate) struct TestProvider(Arc<Mutex<BTreeMap<String, Asked>>>);

struct Asked {
    order_id: String,
    /// A charge, or below zero a refund; zero where it was declined.
    moved: i64,
    times: i64,
}

impl TestProvider {
    /// How often it was asked.
    pub(crate) fn asked(&self) -> i64 {
        self.0.lock().unwrap().values().map(|asked| asked.times).sum()
    }

    /// Charges less refunds.
    pub(crate) fn moved(&self) -> i64 {
        self.0.lock().unwrap().values().map(|asked| asked.moved).sum()
    }

    /// Charges less refunds of an order.
    pub(crate) fn moved_for(&self, order_id: &str) -> i64 {
        let asked = self.0.lock().unwrap();
        asked.values().filter(|asked| asked.order_id == order_id).map(|asked| asked.moved).sum()
    }

    fn answer(&self, request: &Request, minor: i64) -> Outcome {
        let is_declined = request.method.starts_with("declined");
        let mut asked = self.0.lock().unwrap();
        let asked = asked.entry(request.key.clone()).or_insert_with(|| Asked {
            order_id: request.order_id.clone(),
            moved: if is_declined { 0 } else { minor },
            times: 0,
        });
        asked.times += 1;
        if is_declined {
            return Outcome::Declined { reason: "the bank declines this method".to_owned() };
        }
        assert_eq!(asked.moved, minor, "a key always comes with the same amount");
        Outcome::Accepted { reference: format!("test-{}", request.key) }
    }
}

impl Provider for TestProvider {
    async fn charge(&self, request: &Request) -> Outcome {
        self.answer(request, request.amount.minor)
    }

    async fn refund(&self, request: &Request) -> Outcome {
        self.answer(request, -request.amount.minor)
    }
}
