//! A percentage is an integer count of thousandths of a percent, so that 8.875 % is exact.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// A share from 0 to 100 percent. In configuration it is a number (`10`, `8.875`); in JSON, text
/// without a sign (`"8.875"`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Percent(i64);

impl Percent {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    const WHOLE: i64 = 100_000;

    /// Whole percents; more than 100 are 100.
    pub const fn whole(percent: u8) -> Self {
        Self(if percent > 100 { Self::WHOLE } else { percent as i64 * 1000 })
    }

    /// Reads a decimal number from 0 to 100 with at most three decimals.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > 3 {
            return None;
        }
        let thousandths: i64 = format!("{whole}{fraction:0<3}").parse().ok()?;
        (thousandths <= Self::WHOLE).then_some(Self(thousandths))
    }

    /// How many thousandths of a percent: 10 % is 10,000.
    pub const fn thousandths(self) -> i64 {
        self.0
    }

    /// This share of an amount of minor units, halves rounded up; `None` where it leaves the range
    /// of an `i64` or the amount is negative.
    pub fn of(self, minor: i64) -> Option<i64> {
        let scaled = minor.checked_mul(self.0)?.checked_add(Self::WHOLE / 2)?;
        (minor >= 0).then_some(scaled / Self::WHOLE)
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{}.{:03}", self.0 / 1000, self.0 % 1000);
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

impl fmt::Debug for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} %")
    }
}

impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Whole(i64),
            Decimal(f64),
            Text(String),
        }
        // A float is read from its shortest decimal form, which is the one that was written.
        let text = match Written::deserialize(deserializer)? {
            Written::Whole(number) => number.to_string(),
            Written::Decimal(number) => number.to_string(),
            Written::Text(text) => text,
        };
        Self::parse(&text).ok_or_else(|| {
            D::Error::custom("a percentage is from 0 to 100 with at most three decimals")
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn percentages_are_exact() {
        assert_eq!(Percent::parse("8.875").unwrap().of(10_000), Some(888));
        assert_eq!(Percent::whole(5).of(10), Some(1));
        assert_eq!(Percent::whole(100).of(999), Some(999));
        assert_eq!(Percent::whole(10).of(-1), None);
        assert_eq!(Percent::whole(10).of(i64::MAX), None);
    }

    #[test]
    fn only_shares_are_percentages() {
        for text in ["", "-1", "100.001", "1e1", "8.8755", ".5", "NaN"] {
            assert_eq!(Percent::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(thousandths in 0..=100_000_i64) {
            let percent = Percent(thousandths);
            prop_assert_eq!(Percent::parse(&percent.to_string()), Some(percent));
        }

        #[test]
        fn a_share_is_never_more_than_the_whole(
            thousandths in 0..=100_000_i64,
            minor in 0..1_000_000_000_000_i64,
        ) {
            let share = Percent(thousandths).of(minor).unwrap();
            prop_assert!((0..=minor).contains(&share));
        }
    }
}
