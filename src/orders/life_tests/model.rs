//! What may happen to an order, and what there should be of it then.

use proptest::{prelude::*, sample::select};

use super::prices::{Lines, Terms, terms};
use crate::orders::order_state::OrderStatus;

/// What may pay, in the order of the names; whatever is charged to the second one is declined.
pub const METHODS: [&str; 3] = ["card_1", "declined_1", "gift_1"];
pub const DECLINED: usize = 1;
pub const GIFT: usize = 2;

/// One step. SKUs and methods are positions in [`super::prices::SKUS`] and [`METHODS`].
#[derive(Debug, Clone)]
pub enum Step {
    Cancel,
    Readdress,
    Swap {
        from: usize,
        pieces: i64,
        method: usize,
    },
    Repay {
        method: usize,
    },
    Ship,
    Deliver,
    Return {
        sku: usize,
        pieces: i64,
        to: Option<usize>,
    },
    Exchange {
        from: usize,
        pieces: i64,
        method: usize,
    },
    Settle {
        received: Option<i64>,
    },
    Refund {
        cents: i64,
        to: Option<usize>,
    },
    /// The provider answers everything that it was asked.
    Answer,
    /// It answers what a worker asks at once.
    Turn,
}

/// What is ordered, on which terms, what pays for it, and what happens then.
#[derive(Debug, Clone)]
pub struct Sequence {
    pub sku: usize,
    pub pieces: i64,
    pub terms: Terms,
    pub method: Option<usize>,
    pub steps: Vec<Step>,
}

pub fn sequence() -> impl Strategy<Value = Sequence> {
    let paid = proptest::option::weighted(0.8, method());
    (0..2_usize, pieces(), terms(), paid, steps()).prop_map(
        |(sku, pieces, terms, method, steps)| {
            // There are that many of the second one.
            let pieces = if sku == 1 { pieces.min(9) } else { pieces };
            Sequence { sku, pieces, terms, method, steps }
        },
    )
}

fn pieces() -> impl Strategy<Value = i64> {
    prop_oneof![3 => 1..5_i64, 1 => 5..13_i64]
}

fn method() -> impl Strategy<Value = usize> {
    select(vec![0, 0, DECLINED, GIFT, GIFT])
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => Just(Step::Cancel),
        1 => Just(Step::Readdress),
        2 => (0..2_usize, pieces(), method())
            .prop_map(|(from, pieces, method)| Step::Swap { from, pieces, method }),
        4 => method().prop_map(|method| Step::Repay { method }),
        3 => Just(Step::Ship),
        3 => Just(Step::Deliver),
        6 => request(),
        3 => settle(),
        3 => refund(),
        2 => Just(Step::Answer),
        2 => Just(Step::Turn),
    ]
}

fn request() -> impl Strategy<Value = Step> {
    let to = proptest::option::of(method());
    prop_oneof![
        (0..2_usize, pieces(), to).prop_map(|(sku, pieces, to)| Step::Return { sku, pieces, to }),
        (0..2_usize, pieces(), method()).prop_map(|(from, pieces, method)| Step::Exchange {
            from,
            pieces,
            method
        }),
    ]
}

fn settle() -> impl Strategy<Value = Step> {
    proptest::option::of(0..5_i64).prop_map(|received| Step::Settle { received })
}

fn refund() -> impl Strategy<Value = Step> {
    let to = proptest::option::of(method());
    (1..6000_i64, to).prop_map(|(cents, to)| Step::Refund { cents, to })
}

/// Anything in any order, or a life that goes all the way, with something in between.
fn steps() -> impl Strategy<Value = Vec<Step>> {
    let between = || {
        let step = prop_oneof![2 => step(), 1 => refund(), 1 => Just(Step::Answer)];
        proptest::collection::vec(step, 0..3)
    };
    let life = (
        (between(), Just(Step::Ship), between(), Just(Step::Deliver), between()),
        (request(), between(), request(), between(), settle(), between()),
    );
    let life = life.prop_map(|((a, ship, b, deliver, c), (request, d, again, e, settle, f))| {
        let parts = [a, vec![ship], b, vec![deliver], c, vec![request], d, vec![again], e];
        let mut steps = parts.concat();
        steps.push(settle);
        steps.extend(f);
        steps
    });
    prop_oneof![proptest::collection::vec(step(), 8..24), life]
}

/// What is to come back.
#[derive(Debug, Clone)]
pub enum Request {
    Return { sku: usize, pieces: i64, to: Option<usize> },
    Exchange { from: usize, pieces: i64, method: usize },
}

/// A row of the ledger.
#[derive(Debug, Clone)]
pub struct Row {
    pub is_charge: bool,
    pub method: usize,
    pub minor: i64,
    pub state: State,
}

/// How far the provider is with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Open,
    Done,
    Declined,
}

/// What there should be.
#[derive(Debug, Clone)]
pub struct Model {
    pub id: String,
    pub status: OrderStatus,
    pub lines: Lines,
    pub ledger: Vec<Row>,
    /// Which charges were declined since which row of the ledger was written.
    pub declined: Vec<(usize, usize)>,
    pub gift: i64,
    pub stock: [i64; 2],
    pub request: Option<Request>,
    pub requests: usize,
}

impl Model {
    /// Charges less refunds of a method; what was declined counts as nothing.
    pub fn paid(&self, method: usize) -> i64 {
        let rows = self.ledger.iter().filter(|row| row.method == method);
        rows.filter(|row| row.state != State::Declined).map(Row::signed).sum()
    }

    pub fn net(&self) -> i64 {
        (0..METHODS.len()).map(|method| self.paid(method)).sum()
    }

    /// Whether the provider may still decline a charge.
    fn is_open(&self) -> bool {
        self.ledger.iter().any(|row| row.is_charge && row.state == State::Open)
    }

    /// Charges a method; the gift card at once.
    pub fn charge(&mut self, method: usize, minor: i64) {
        let state = if method == GIFT { State::Done } else { State::Open };
        self.gift -= if method == GIFT { minor } else { 0 };
        self.ledger.push(Row { is_charge: true, method, minor, state });
    }

    /// Gives back to a method; to the gift card at once, unless a charge is open.
    pub fn give_back(&mut self, method: usize, minor: i64, waits: bool) {
        let at_once = method == GIFT && !waits;
        let state = if at_once { State::Done } else { State::Open };
        self.gift += if at_once { minor } else { 0 };
        self.ledger.push(Row { is_charge: false, method, minor, state });
    }

    /// Whether a method can pay this.
    pub fn holds(&self, method: usize, minor: i64) -> bool {
        method != GIFT || self.gift >= minor
    }

    /// What swapped lines cost more, as far as money moves for it.
    fn owed(&self, from: usize, pieces: i64) -> i64 {
        let difference = self.lines.swapped(from, pieces).total() - self.lines.total();
        if self.net() <= 0 { 0 } else { difference.max(-self.net()) }
    }

    pub fn may_swap(&self, from: usize, pieces: i64, method: usize) -> bool {
        self.lines.pieces(from) >= pieces
            && self.stock[1 - from] >= pieces
            && self.holds(method, self.owed(from, pieces))
    }

    pub fn swap(&mut self, from: usize, pieces: i64, method: usize) {
        match self.owed(from, pieces) {
            0 => {}
            owed @ 1.. => self.charge(method, owed),
            owed => self.give_back(method, -owed, self.is_open()),
        }
        self.lines = self.lines.swapped(from, pieces);
        self.stock[from] += pieces;
        self.stock[1 - from] -= pieces;
    }

    /// The charge that another method may take over, and what it is charged; none where all was
    /// declined.
    pub fn repaid(&self) -> Option<(Option<usize>, i64)> {
        match self.ledger.as_slice() {
            [] => None,
            rows if rows.iter().all(|row| row.state == State::Declined) => {
                Some((None, self.lines.total()))
            }
            [only] if self.paid(only.method) > 0 => Some((Some(only.method), only.minor)),
            _ => None,
        }
    }

    pub fn may_get(&self, to: Option<usize>) -> bool {
        to.is_none_or(|method| method == GIFT || self.paid(method) > 0)
    }

    /// Whether a refund may go to a method: all of it, as far as it is paid.
    pub fn may_get_all(&self, minor: i64, to: Option<usize>) -> bool {
        let due = minor.min(self.net());
        due <= 0 || to.is_none_or(|method| method == GIFT || self.paid(method) >= due)
    }

    /// Gives back at most what is paid: all of it to the gift card, or to each method what it paid,
    /// the wanted one first.
    pub fn refund(&mut self, minor: i64, to: Option<usize>) {
        let mut left = minor.min(self.net());
        let waits = self.is_open();
        if to == Some(GIFT) && left > 0 {
            self.give_back(GIFT, left, waits);
            return;
        }
        for method in to.into_iter().chain((0..METHODS.len()).filter(|n| Some(*n) != to)) {
            let part = left.min(self.paid(method));
            if part > 0 {
                self.give_back(method, part, waits);
                left -= part;
            }
        }
    }

    /// What a worker does at once: it asks for every open charge; only where there is none, for the first
    /// refund, which brings at most what is there. Says whether there was something.
    pub fn turn(&mut self) -> bool {
        let written = self.ledger.len();
        if self.is_open() {
            for (n, row) in self.ledger.iter_mut().enumerate() {
                if row.is_charge && row.state == State::Open {
                    let is_declined = row.method == DECLINED;
                    row.state = if is_declined { State::Declined } else { State::Done };
                    self.declined.extend(is_declined.then_some((n, written)));
                }
            }
            return true;
        }
        let Some(n) = self.ledger.iter().position(|row| row.state == State::Open) else {
            return false;
        };
        let most = self.ledger[n].minor.min(self.brought(n)).max(0);
        let row = &mut self.ledger[n];
        if most == 0 || row.method == DECLINED {
            row.state = State::Declined;
        } else {
            (row.state, row.minor) = (State::Done, most);
            self.gift += if row.method == GIFT { most } else { 0 };
        }
        true
    }

    /// What the charges before a refund have brought, less what went back: of all methods, or of its own
    /// where a charge of its own was declined after it was promised.
    fn brought(&self, refund: usize) -> i64 {
        let sum = |of: Option<usize>| -> i64 {
            let rows = self.ledger.iter().enumerate();
            let rows = rows.filter(|(n, row)| !row.is_charge || *n < refund);
            let rows = rows.filter(|(_, row)| of.is_none_or(|method| row.method == method));
            rows.filter(|(_, row)| row.state == State::Done).map(|(_, row)| row.signed()).sum()
        };
        let method = self.ledger[refund].method;
        let failed = self.declined.iter().any(|(charge, written)| {
            self.ledger[*charge].method == method && *charge < refund && refund < *written
        });
        sum(None).min(if failed { sum(Some(method)) } else { i64::MAX })
    }
}

impl Row {
    fn signed(&self) -> i64 {
        if self.is_charge { self.minor } else { -self.minor }
    }
}
