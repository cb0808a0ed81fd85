//! Which way money goes when an order costs something else than before, and to what a refund goes.
//! Never is more given back than was paid.

/// What one payment method paid of an order: charges less refunds, below zero where more came back
/// to it than it paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paid<'a> {
    /// The method.
    pub method: &'a str,
    /// How much.
    pub minor: i64,
}

/// What is to be charged (above zero) or refunded (below zero) when an order of which this much is
/// paid costs that much more. An order that is paid later is simply paid at its new price then.
pub fn owed(difference_minor: i64, paid_minor: i64) -> i64 {
    if paid_minor <= 0 { 0 } else { difference_minor.max(-paid_minor) }
}

/// Where a refund goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To<'a> {
    /// To what paid, one method after the other.
    Origin,
    /// To a method that paid, and what goes beyond that to the others.
    First(&'a str),
    /// All of it to one method, such as a gift card.
    Only(&'a str),
}

/// Divides a refund among methods: at most what is paid in all, and to each no more than it paid
/// unless it takes all.
pub fn refund<'a>(minor: i64, to: To<'a>, paid: &[Paid<'a>]) -> Vec<Paid<'a>> {
    let mut left = minor.min(paid.iter().map(|paid| paid.minor).sum());
    if let To::Only(method) = to {
        return if left > 0 { vec![Paid { method, minor: left }] } else { Vec::new() };
    }
    let is_first = |paid: &&Paid<'a>| matches!(to, To::First(method) if method == paid.method);
    let first = paid.iter().filter(is_first);
    let others = paid.iter().filter(|paid| !is_first(paid));
    let mut parts = Vec::new();
    for paid in first.chain(others) {
        let part = left.min(paid.minor);
        if part > 0 {
            parts.push(Paid { method: paid.method, minor: part });
            left -= part;
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn paid(method: &str, minor: i64) -> Paid<'_> {
        Paid { method, minor }
    }

    #[test]
    fn what_is_owed_depends_on_what_is_paid() {
        assert_eq!(owed(500, 2000), 500);
        assert_eq!(owed(-500, 2000), -500);
        assert_eq!(owed(-5000, 2000), -2000, "never more back than was paid");
        assert_eq!(owed(500, 0), 0, "paid later");
    }

    #[test]
    fn a_refund_goes_back_to_what_paid() {
        let both = [paid("card", 1000), paid("gift", 400)];
        assert_eq!(refund(1200, To::Origin, &both), [paid("card", 1000), paid("gift", 200)]);
        let gift_first = [paid("gift", 400), paid("card", 800)];
        assert_eq!(refund(1200, To::First("gift"), &both), gift_first);
        assert_eq!(refund(1200, To::Only("other"), &both), [paid("other", 1200)]);
        assert_eq!(refund(0, To::Only("other"), &both), []);
    }

    #[test]
    fn what_came_back_elsewhere_is_not_given_twice() {
        let other_card = [paid("card", 1000), paid("gift", -300)];
        assert_eq!(refund(1000, To::Origin, &other_card), [paid("card", 700)]);
        assert_eq!(refund(1000, To::Only("gift"), &other_card), [paid("gift", 700)]);
    }

    proptest! {
        #[test]
        fn no_refund_exceeds_what_was_paid(
            minor in 0..10_000_i64,
            parts in proptest::collection::vec(-2_000..5_000_i64, 0..5),
            first in 0..5_usize,
        ) {
            let names = ["a", "b", "c", "d", "e"];
            let rows: Vec<Paid> = names.iter().zip(&parts).map(|(n, m)| paid(n, *m)).collect();
            let net: i64 = parts.iter().sum();
            for to in [To::Origin, To::First(names[first]), To::Only("x")] {
                let back = refund(minor, to, &rows);
                prop_assert!(back.iter().all(|part| part.minor > 0));
                let sum: i64 = back.iter().map(|part| part.minor).sum();
                prop_assert_eq!(sum, minor.min(net).max(0));
            }
        }
    }
}
