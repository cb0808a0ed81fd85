use proptest::prelude::*;

use super::*;

fn line(line: i64, sku: &str, quantity: i64, unit: i64, discount: i64) -> Line {
    Line { line, sku: sku.into(), quantity, unit_price_minor: unit, discount_minor: discount }
}

fn swap(sku: &str, new_sku: &str, quantity: i64, price: i64) -> Swap {
    Swap { sku: sku.into(), new_sku: new_sku.into(), quantity, new_unit_price_minor: price }
}

fn total(lines: &Lines) -> i64 {
    lines.sums().unwrap().total_minor
}

#[test]
fn a_whole_line_keeps_its_place_and_a_part_gets_a_new_one() {
    let order = Lines::new(vec![line(1, "A", 1, 1000, 0), line(2, "B", 3, 500, 0)], 0);
    let after = order.swapped(&[swap("A", "C", 1, 1200), swap("B", "D", 2, 450)]).unwrap();
    let expected = [line(1, "C", 1, 1200, 0), line(2, "B", 1, 500, 0), line(3, "D", 2, 450, 0)];
    assert_eq!(after.lines(), expected);
    assert_eq!(total(&after) - total(&order), 100);
}

#[test]
fn one_line_becomes_two_when_its_pieces_go_two_ways() {
    let order = Lines::new(vec![line(1, "A", 2, 1000, 0)], 0);
    let after = order.swapped(&[swap("A", "B", 1, 1000), swap("A", "C", 1, 900)]).unwrap();
    let mut places: Vec<i64> = after.lines().iter().map(|line| line.line).collect();
    places.dedup();
    assert_eq!(places.len(), 2, "no two lines share a place");
    assert_eq!(total(&after), 1900);
}

#[test]
fn pieces_may_change_places_with_each_other() {
    let order = Lines::new(vec![line(1, "A", 1, 1000, 0), line(2, "B", 1, 500, 0)], 0);
    let after = order.swapped(&[swap("A", "B", 1, 500), swap("B", "A", 1, 1000)]).unwrap();
    assert_eq!(after.lines(), [line(1, "B", 1, 500, 0), line(2, "A", 1, 1000, 0)]);
}

#[test]
fn discount_and_tax_go_with_the_pieces() {
    // 10 percent off 30.00 leaves 27.00, and 8.875 percent tax on that is 2.40.
    let order = Lines::new(vec![line(1, "A", 3, 1000, 300)], 240);
    assert_eq!(order.worth(&[("A", 1)]).unwrap(), 900 + 80);
    assert_eq!(order.worth(&[("A", 3)]).unwrap(), total(&order));
    let after = order.swapped(&[swap("A", "B", 3, 2000)]).unwrap();
    let sums = after.sums().unwrap();
    assert_eq!((sums.subtotal_minor, sums.discount_minor, sums.tax_minor), (6000, 600, 480));
}

#[test]
fn no_more_than_was_ordered() {
    let order = Lines::new(vec![line(1, "A", 1, 1000, 0), line(2, "A", 1, 1000, 0)], 0);
    assert_eq!(order.quantity("A"), 2);
    assert_eq!(order.worth(&[("A", 2)]).unwrap(), 2000);
    let error = LinesError::TooMany { sku: "A".into(), ordered: 2 };
    assert_eq!(order.worth(&[("A", 3)]), Err(error.clone()));
    assert_eq!(order.swapped(&[swap("A", "B", 3, 1)]), Err(error));
    let error = LinesError::TooMany { sku: "A".into(), ordered: 1 };
    assert_eq!(order.worth(&[("A", 1), ("A", 2)]), Err(error), "both together");
    let dear = order.swapped(&[swap("A", "B", 2, LARGEST_MINOR)]);
    assert_eq!(dear, Err(LinesError::TooLarge));
}

prop_compose! {
    fn orders()(
        lines in proptest::collection::vec((0..4_usize, 1..20_i64, 0..100_000_i64, 0..=100_i64), 1..6),
        tax_percent in 0..30_i64,
    ) -> Lines {
        let lines: Vec<Line> = lines
            .into_iter()
            .enumerate()
            .map(|(nth, (sku, quantity, unit, off))| {
                let place = i64::try_from(nth).unwrap() + 1;
                line(place, ["A", "B", "C", "D"][sku], quantity, unit, unit * quantity * off / 100)
            })
            .collect();
        let net: i64 = lines.iter().map(|l| l.unit_price_minor * l.quantity - l.discount_minor).sum();
        Lines::new(lines, net * tax_percent / 100)
    }
}

proptest! {
    #[test]
    fn pieces_are_worth_no_more_than_the_order(order in orders(), n in 0..20_i64) {
        for sku in ["A", "B", "C", "D"] {
            let pieces = order.quantity(sku).min(n);
            let worth = order.worth(&[(sku, pieces)]).unwrap();
            prop_assert!((0..=total(&order)).contains(&worth));
        }
        let all: Vec<_> = ["A", "B", "C", "D"].map(|sku| (sku, order.quantity(sku))).into();
        prop_assert_eq!(order.worth(&all).unwrap(), total(&order));
    }

    #[test]
    fn a_swap_keeps_every_piece_and_no_discount_exceeds_its_line(
        order in orders(),
        n in 1..20_i64,
        price in 0..200_000_i64,
    ) {
        let pieces = order.quantity("A").min(n);
        prop_assume!(pieces > 0);
        let after = order.swapped(&[swap("A", "N", pieces, price)]).unwrap();
        prop_assert_eq!(after.quantity("N"), pieces);
        prop_assert_eq!(after.quantity("A"), order.quantity("A") - pieces);
        let mut places: Vec<i64> = after.lines().iter().map(|line| line.line).collect();
        let count = places.len();
        places.dedup();
        prop_assert_eq!(places.len(), count);
        for line in after.lines() {
            prop_assert!(line.quantity > 0);
            prop_assert!((0..=line.unit_price_minor * line.quantity).contains(&line.discount_minor));
        }
        let same = order.swapped(&[]).unwrap();
        prop_assert_eq!(same, order);
    }
}
