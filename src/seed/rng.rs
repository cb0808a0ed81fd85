//! A small generator of numbers that look random and are the same everywhere and for ever
//! (SplitMix64): demo data must not change because a library did.

/// Where a sequence stands.
pub(super) struct Rng(u64);

impl Rng {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below another; 0 below 0.
    pub(super) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % end).unwrap_or_default()
    }

    /// A number from one to another, both included.
    pub(super) fn between(&mut self, from: i64, to: i64) -> i64 {
        let width = usize::try_from(to - from + 1).unwrap_or(1);
        from + i64::try_from(self.below(width)).unwrap_or_default()
    }

    /// True so many times of a thousand.
    pub(super) fn chance(&mut self, per_mille: usize) -> bool {
        self.below(1000) < per_mille
    }

    /// One of several things; `None` of none.
    pub(super) fn pick<'a, T>(&mut self, things: &'a [T]) -> Option<&'a T> {
        things.get(self.below(things.len()))
    }

    /// One of several words; nothing of none.
    pub(super) fn word<'a>(&mut self, words: &'a [String]) -> &'a str {
        self.pick(words).map(String::as_str).unwrap_or_default()
    }

    /// A place among weights that have been added up: the heavier a thing, the more often.
    pub(super) fn weighted(&mut self, added_up: &[usize]) -> usize {
        let at = self.below(added_up.last().copied().unwrap_or_default());
        added_up.partition_point(|sum| *sum <= at)
    }
}

/// Weights added up, for [`Rng::weighted`].
pub(super) fn add_up(weights: impl Iterator<Item = usize>) -> Vec<usize> {
    weights
        .scan(0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_never_changes() {
        // The generator's published test values.
        let mut rng = Rng::new(1_234_567);
        assert_eq!(rng.next(), 6_457_827_717_110_365_317);
        assert_eq!(rng.next(), 3_203_168_211_198_807_973);
        assert_eq!(rng.weighted(&add_up([0, 1, 0].into_iter())), 1);
        assert!((3..=5).contains(&rng.between(3, 5)));
    }
}
