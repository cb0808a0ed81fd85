//! What things cost, in arithmetic of its own.

use proptest::{prelude::*, sample::select};

pub const SKUS: [&str; 2] = ["TEE-RED-M", "TEE-BLUE-M"];
pub const PRICES: [i64; 2] = [1037, 1291];

/// On which terms an order is placed.
#[derive(Debug, Clone)]
pub struct Terms {
    pub tier: Option<&'static str>,
    /// Whether it goes where 8.875 percent of tax are due.
    pub is_taxed: bool,
    /// Whether it was quoted; the price has been raised since.
    pub is_quoted: bool,
    /// Whether the quote was made with a code.
    pub has_code: bool,
}

pub fn terms() -> impl Strategy<Value = Terms> {
    let tier = select(vec![None, Some("basic"), Some("premium"), Some("enterprise")]);
    (tier, any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(tier, is_taxed, is_quoted, has_code)| Terms { tier, is_taxed, is_quoted, has_code },
    )
}

impl Terms {
    /// The best single discount, in percent.
    fn percent(&self, pieces: i64) -> i64 {
        let tier = match self.tier {
            Some("basic") => 5,
            Some("premium") => 10,
            Some("enterprise") => 20,
            _ => 0,
        };
        let quantity = if pieces >= 10 { 10 } else { 0 };
        let code = if self.is_quoted && self.has_code { 15 } else { 0 };
        tier.max(quantity).max(code)
    }
}

/// A part of an amount, halves rounded up.
fn part(amount: i64, of: i64, whole: i64) -> i64 {
    let exact = i128::from(amount) * i128::from(of);
    let whole = i128::from(whole);
    let (cents, rest) = (exact / whole, exact % whole);
    i64::try_from(cents).unwrap() + i64::from(rest * 2 >= whole)
}

#[derive(Debug, Clone, Copy)]
struct Line {
    sku: usize,
    pieces: i64,
    discount: i64,
}

/// What an order consists of.
#[derive(Debug, Clone)]
pub struct Lines {
    lines: Vec<Line>,
    tax: i64,
}

impl Lines {
    /// A new order of one kind.
    pub fn ordered(sku: usize, pieces: i64, terms: &Terms) -> Self {
        let list = pieces * PRICES[sku];
        let discount = part(list, terms.percent(pieces), 100);
        let tax = if terms.is_taxed { part(list - discount, 8_875, 100_000) } else { 0 };
        Self { lines: vec![Line { sku, pieces, discount }], tax }
    }

    pub fn pieces(&self, sku: usize) -> i64 {
        self.lines.iter().filter(|line| line.sku == sku).map(|line| line.pieces).sum()
    }

    fn net(&self) -> i64 {
        self.lines.iter().map(|line| line.pieces * PRICES[line.sku] - line.discount).sum()
    }

    pub fn total(&self) -> i64 {
        self.net() + self.tax
    }

    /// Takes pieces from the first lines that have some; each part keeps its share of the discount.
    fn take(&mut self, sku: usize, pieces: i64) -> Vec<(usize, i64, i64)> {
        let (mut left, mut taken) = (pieces, Vec::new());
        for (n, line) in self.lines.iter_mut().enumerate().filter(|(_, line)| line.sku == sku) {
            let here = left.min(line.pieces);
            if here > 0 {
                let discount = part(line.discount, here, line.pieces);
                line.pieces -= here;
                line.discount -= discount;
                left -= here;
                taken.push((n, here, discount));
            }
        }
        taken
    }

    /// What pieces are worth within the order, tax included.
    pub fn worth(&self, sku: usize, pieces: i64) -> i64 {
        let taken = self.clone().take(sku, pieces);
        let net = taken.iter().map(|(_, here, discount)| here * PRICES[sku] - discount).sum();
        net + if self.net() == 0 { 0 } else { part(self.tax, net, self.net()) }
    }

    /// The order after pieces of one kind were swapped for the other one.
    pub fn swapped(&self, from: usize, pieces: i64) -> Self {
        let (mut after, to) = (self.clone(), 1 - from);
        for (n, here, discount) in after.take(from, pieces) {
            let discount = part(discount, PRICES[to], PRICES[from]);
            let new = Line { sku: to, pieces: here, discount };
            // A whole line stays where it is.
            if after.lines[n].pieces == 0 {
                after.lines[n] = new;
            } else {
                after.lines.push(new);
            }
        }
        after.tax = part(self.tax, after.net(), self.net());
        after
    }
}
