//! When something is to be reordered, and how much of it.

/// Whether a variant is low: it has a reorder point, and no more than that many pieces are free.
/// A reorder point of 0 is that of a variant that is not reordered, so it is never low.
pub fn is_low(available: i64, reorder_point: i64) -> bool {
    reorder_point > 0 && available <= reorder_point
}

/// How many pieces to order of a variant that is low: as many as make twice its reorder point of
/// what is free now. So the order lasts until the stock has fallen by a whole reorder point again.
/// 0 where the variant is not low.
///
/// `available` and `reorder_point` are pieces. What cannot be counted any more is `i64::MAX`.
pub fn suggested_quantity(available: i64, reorder_point: i64) -> i64 {
    if !is_low(available, reorder_point) {
        return 0;
    }
    reorder_point.saturating_mul(2).saturating_sub(available)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn stock_is_filled_up_to_twice_the_reorder_point() {
        for (available, reorder_point, quantity) in
            [(0, 3, 6), (1, 3, 5), (3, 3, 3), (4, 3, 0), (0, 0, 0), (0, 1, 2), (7, 0, 0)]
        {
            assert_eq!(
                suggested_quantity(available, reorder_point),
                quantity,
                "{available} of {reorder_point}"
            );
        }
        assert_eq!(suggested_quantity(0, i64::MAX), i64::MAX);
    }

    proptest! {
        #[test]
        fn what_is_low_is_not_low_any_more_once_the_order_has_come(
            available in 0..2_000_i64,
            reorder_point in 0..1_000_i64,
        ) {
            let quantity = suggested_quantity(available, reorder_point);
            prop_assert_eq!(quantity > 0, is_low(available, reorder_point));
            prop_assert!(!is_low(available + quantity, reorder_point));
        }
    }
}
