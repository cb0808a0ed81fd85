//! What may happen to an order, and what there should be of it then.

use proptest::prelude::*;

use crate::domain::{order_state::OrderStatus, settlement};

pub const SKUS: [&str; 2] = ["TEE-RED-M", "TEE-BLUE-M"];
pub const PRICES: [i64; 2] = [1000, 1250];
pub const METHODS: [&str; 2] = ["card_1", "gift_1"];
pub const GIFT: usize = 1;

/// One step. SKUs and methods are positions in [`SKUS`] and [`METHODS`].
#[derive(Debug, Clone)]
pub enum Step {
    Cancel,
    Readdress,
    Swap { from: usize, pieces: i64, method: usize },
    Repay { method: usize },
    Ship,
    Deliver,
    Return { sku: usize, pieces: i64, to: Option<usize> },
    Exchange { from: usize, pieces: i64, method: usize },
    Settle { received: Option<i64> },
    Refund { cents: i64, to: Option<usize> },
}

/// What is ordered, what pays for it, and what happens then.
pub fn steps() -> impl Strategy<Value = ((usize, i64), Option<usize>, Vec<Step>)> {
    let one = || 0..2_usize;
    let to = || proptest::option::of(one());
    let step = prop_oneof![
        1 => Just(Step::Cancel),
        1 => Just(Step::Readdress),
        2 => (one(), 1..5_i64, one())
            .prop_map(|(from, pieces, method)| Step::Swap { from, pieces, method }),
        2 => one().prop_map(|method| Step::Repay { method }),
        3 => Just(Step::Ship),
        3 => Just(Step::Deliver),
        3 => (one(), 1..5_i64, to()).prop_map(|(sku, pieces, to)| Step::Return { sku, pieces, to }),
        3 => (one(), 1..5_i64, one())
            .prop_map(|(from, pieces, method)| Step::Exchange { from, pieces, method }),
        3 => proptest::option::of(1..5_i64).prop_map(|received| Step::Settle { received }),
        2 => (1..3000_i64, to()).prop_map(|(cents, to)| Step::Refund { cents, to }),
    ];
    ((one(), 1..5_i64), to(), proptest::collection::vec(step, 8..24))
}

/// What is to come back.
#[derive(Debug, Clone)]
pub enum Request {
    Return { sku: usize, pieces: i64, to: Option<usize> },
    Exchange { from: usize, pieces: i64, method: usize },
}

/// What there should be.
#[derive(Debug, Clone)]
pub struct Model {
    pub id: String,
    pub status: OrderStatus,
    pub pieces: [i64; 2],
    /// Charges less refunds, by method.
    pub paid: [i64; 2],
    /// How many rows the ledger of payments has.
    pub rows: usize,
    pub gift: i64,
    pub stock: [i64; 2],
    pub request: Option<Request>,
    pub requests: usize,
}

impl Model {
    pub fn net(&self) -> i64 {
        self.paid.iter().sum()
    }

    pub fn total(&self) -> i64 {
        self.pieces[0] * PRICES[0] + self.pieces[1] * PRICES[1]
    }

    /// Charges a method, or refunds it where it is below zero.
    pub fn pay(&mut self, method: usize, minor: i64) {
        self.paid[method] += minor;
        self.rows += usize::from(minor != 0);
        if method == GIFT {
            self.gift -= minor;
        }
    }

    pub fn holds(&self, method: usize, minor: i64) -> bool {
        method != GIFT || self.gift >= minor
    }

    /// What a swap costs more, as far as money moves for it.
    pub fn owed(&self, from: usize, pieces: i64) -> i64 {
        let difference = pieces * (PRICES[1 - from] - PRICES[from]);
        if self.net() <= 0 { 0 } else { difference.max(-self.net()) }
    }

    pub fn may_swap(&self, from: usize, pieces: i64, method: usize) -> bool {
        self.pieces[from] >= pieces
            && self.stock[1 - from] >= pieces
            && self.holds(method, self.owed(from, pieces))
    }

    pub fn swap(&mut self, from: usize, pieces: i64, method: usize) {
        self.pay(method, self.owed(from, pieces));
        self.pieces[from] -= pieces;
        self.pieces[1 - from] += pieces;
        self.stock[from] += pieces;
        self.stock[1 - from] -= pieces;
    }

    pub fn may_get(&self, to: Option<usize>) -> bool {
        to.is_none_or(|method| method == GIFT || self.paid[method] > 0)
    }

    pub fn refund(&mut self, minor: i64, to: Option<usize>) {
        let paid = [0, 1].map(|n| settlement::Paid { method: METHODS[n], minor: self.paid[n] });
        let target = match to {
            Some(GIFT) => settlement::To::Only(METHODS[GIFT]),
            Some(method) => settlement::To::First(METHODS[method]),
            None => settlement::To::Origin,
        };
        let parts = settlement::refund(minor, target, &paid);
        for (n, method) in METHODS.into_iter().enumerate() {
            let part = parts.iter().filter(|part| part.method == method).map(|part| part.minor);
            self.pay(n, -part.sum::<i64>());
        }
    }
}
