//! The lines of an order when pieces are swapped or sent back: what those pieces were worth, and what
//! the order costs afterwards.
//!
//! What a customer got stays theirs: a swapped piece keeps the share of its line's discount, and the
//! order keeps its rate of tax. Each share is rounded once, halves up; all of an order is worth
//! exactly its total.

use business_mcp_engine::{money::LARGEST_MINOR, text};

/// A line of an order, in minor units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Its place, from 1.
    pub line: i64,
    /// What was ordered.
    pub sku: String,
    /// How many; at least one.
    pub quantity: i64,
    /// What one costs at list price.
    pub unit_price_minor: i64,
    /// What is taken off the whole line.
    pub discount_minor: i64,
}

/// Pieces of one article for as many of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swap {
    /// What goes.
    pub sku: String,
    /// What comes instead.
    pub new_sku: String,
    /// How many; at least one.
    pub quantity: i64,
    /// What one of the new ones costs at list price.
    pub new_unit_price_minor: i64,
}

/// What an order costs: `total_minor` is `subtotal_minor` less `discount_minor` plus `tax_minor`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sums {
    /// All lines at list price.
    pub subtotal_minor: i64,
    /// What is taken off.
    pub discount_minor: i64,
    /// Tax on the rest.
    pub tax_minor: i64,
    /// What is to be paid.
    pub total_minor: i64,
}

/// Why pieces cannot be taken from an order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinesError {
    /// There are fewer than that.
    #[error("{}", text!("the order has only {ordered} of {sku}", ordered = .ordered, sku = .sku))]
    TooMany {
        /// What was asked for.
        sku: String,
        /// How many there are.
        ordered: i64,
    },
    /// More than [`LARGEST_MINOR`].
    #[error("{}", text!("the total is larger than any amount this business handles"))]
    TooLarge,
}

/// The lines of an order and the tax on them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lines {
    lines: Vec<Line>,
    tax_minor: i64,
}

impl Lines {
    /// The lines of an order, with the tax of the whole order.
    pub fn new(lines: Vec<Line>, tax_minor: i64) -> Self {
        Self { lines, tax_minor }
    }

    /// The lines, in their places.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// How many pieces of an article there are.
    pub fn quantity(&self, sku: &str) -> i64 {
        self.lines.iter().filter(|line| line.sku == sku).map(|line| line.quantity).sum()
    }

    /// What the order costs.
    ///
    /// # Errors
    /// [`LinesError::TooLarge`].
    pub fn sums(&self) -> Result<Sums, LinesError> {
        let subtotal = sum(self.lines.iter().map(Line::list))?;
        let discount = sum(self.lines.iter().map(|line| line.discount_minor.into()))?;
        let total = sum([subtotal, -discount, self.tax_minor].map(i128::from).into_iter())?;
        Ok(Sums {
            subtotal_minor: subtotal,
            discount_minor: discount,
            tax_minor: self.tax_minor,
            total_minor: total,
        })
    }

    /// What pieces cost within this order: their share of discount and tax included.
    ///
    /// # Errors
    /// [`LinesError`], where the order has fewer.
    pub fn worth(&self, pieces: &[(&str, i64)]) -> Result<i64, LinesError> {
        let mut rest = self.lines.clone();
        let mut net = 0_i128;
        for (sku, quantity) in pieces {
            net += take(&mut rest, sku, *quantity)?.iter().map(Line::net).sum::<i128>();
        }
        let tax = share(self.tax_minor, net, self.net())?;
        sum([net, tax.into()].into_iter())
    }

    /// The order after swaps. Whole lines keep their place; pieces of a line get a new one at the end.
    ///
    /// # Errors
    /// [`LinesError`], where the order has fewer, or would cost too much.
    pub fn swapped(&self, swaps: &[Swap]) -> Result<Self, LinesError> {
        let mut lines = self.lines.clone();
        let mut next = self.lines.iter().map(|line| line.line).max().unwrap_or(0) + 1;
        let mut come = Vec::new();
        for swap in swaps {
            for gone in take(&mut lines, &swap.sku, swap.quantity)? {
                let partly = lines.iter().any(|left| left.line == gone.line);
                let line = if partly { next } else { gone.line };
                next += i64::from(partly);
                let list = i128::from(swap.new_unit_price_minor) * i128::from(gone.quantity);
                come.push(Line {
                    line,
                    sku: swap.new_sku.clone(),
                    quantity: gone.quantity,
                    unit_price_minor: swap.new_unit_price_minor,
                    discount_minor: share(gone.discount_minor, list, gone.list())?,
                });
            }
        }
        lines.append(&mut come);
        lines.sort_by_key(|line| line.line);
        let after = Self { lines, tax_minor: 0 };
        let tax_minor = share(self.tax_minor, after.net(), self.net())?;
        let after = Self { tax_minor, ..after };
        after.sums()?;
        Ok(after)
    }

    fn net(&self) -> i128 {
        self.lines.iter().map(Line::net).sum()
    }
}

impl Line {
    fn list(&self) -> i128 {
        i128::from(self.unit_price_minor) * i128::from(self.quantity)
    }

    fn net(&self) -> i128 {
        self.list() - i128::from(self.discount_minor)
    }
}

/// Takes pieces of an article from lines, the first line first, each part with its share of the
/// line's discount. A line without pieces is gone.
fn take(lines: &mut Vec<Line>, sku: &str, quantity: i64) -> Result<Vec<Line>, LinesError> {
    let mut missing = quantity;
    let mut taken = Vec::new();
    for line in lines.iter_mut().filter(|line| line.sku == sku) {
        let pieces = missing.min(line.quantity);
        if pieces < 1 {
            break;
        }
        let discount = share(line.discount_minor, pieces.into(), line.quantity.into())?;
        taken.push(Line { quantity: pieces, discount_minor: discount, ..line.clone() });
        line.quantity -= pieces;
        line.discount_minor -= discount;
        missing -= pieces;
    }
    lines.retain(|line| line.quantity > 0);
    if missing > 0 {
        return Err(LinesError::TooMany { sku: sku.to_owned(), ordered: quantity - missing });
    }
    Ok(taken)
}

/// A part of an amount, rounded half up; of nothing, nothing.
fn share(amount: i64, part: i128, whole: i128) -> Result<i64, LinesError> {
    if whole <= 0 {
        return Ok(0);
    }
    let scaled = i128::from(amount).checked_mul(part).and_then(|scaled| scaled.checked_mul(2));
    let scaled = scaled.and_then(|scaled| scaled.checked_add(whole)).ok_or(LinesError::TooLarge)?;
    i64::try_from(scaled / (2 * whole)).map_err(|_| LinesError::TooLarge)
}

fn sum(amounts: impl Iterator<Item = i128>) -> Result<i64, LinesError> {
    let sum: i128 = amounts.sum();
    if sum > i128::from(LARGEST_MINOR) {
        return Err(LinesError::TooLarge);
    }
    i64::try_from(sum).map_err(|_| LinesError::TooLarge)
}

#[cfg(test)]
#[path = "order_lines_tests.rs"]
mod tests;
