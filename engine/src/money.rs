//! Money is an integer count of minor units (cents) with its currency; decimals exist only at the
//! edges, where it is read from text and written to JSON.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer, ser::SerializeStruct};

use crate::{speech::amount, text};

/// The largest amount the business knows, in minor units: ten billion of the major unit.
///
/// Sums of thousands of such amounts still fit an `i64`, so a checked sum fails on nonsense only.
pub const LARGEST_MINOR: i64 = 1_000_000_000_000;

/// An ISO 4217 currency.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// United States dollars, what a tenant gets that asks for nothing else.
    pub const USD: Self = Self(*b"USD");

    /// Reads a three-letter ISO 4217 code in either case; `None` for anything else.
    pub fn parse(code: &str) -> Option<Self> {
        let code: [u8; 3] = code.trim().to_ascii_uppercase().as_bytes().try_into().ok()?;
        code.iter().all(u8::is_ascii_uppercase).then_some(Self(code))
    }

    /// The three-letter code.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// How many decimals the minor unit has (ISO 4217): 2 for most, 0 for yen, 3 for dinars.
    pub fn decimals(self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG"
            | b"RWF" | b"UGX" | b"UYI" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            _ => 2,
        }
    }

    /// The sign that its own people write: `$` for dollars of any country. `None` where it has none, or one that
    /// is not known here.
    pub fn sign(self) -> Option<char> {
        match &self.0 {
            b"USD" | b"CAD" | b"AUD" | b"NZD" | b"SGD" | b"HKD" | b"MXN" => Some('$'),
            b"EUR" => Some('€'),
            b"GBP" => Some('£'),
            b"JPY" | b"CNY" => Some('¥'),
            b"INR" => Some('₹'),
            _ => None,
        }
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// An amount in one currency. In JSON it is `{"amount":"59.98","currency":"USD"}`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Money {
    /// The amount in minor units; negative for what is owed back.
    pub minor: i64,
    /// What the amount is in.
    pub currency: Currency,
}

/// Why a text is not an amount of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not a plain decimal number, such as `59.98`.
    #[error("{}", text!("is not a plain decimal amount such as 59.98"))]
    NotDecimal,
    /// More decimals than the currency has.
    #[error("{}", text!("has more decimals than the currency"))]
    TooPrecise,
    /// Beyond [`LARGEST_MINOR`].
    #[error("{}", text!("is larger than any amount this business handles"))]
    TooLarge,
}

impl Money {
    /// An amount of minor units.
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Reads a decimal such as `59.98`, `-5`, `$1,299.00`, `USD 5`, `US$5` or `5 dollars`, and an amount in words
    /// such as `fifty-nine dollars and ninety-eight cents`. Sign, code and name are those of the currency: an
    /// amount in another one is refused, and so is what may be two amounts.
    ///
    /// # Errors
    /// [`MoneyError`] says what is wrong without repeating the text.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let text = text.trim();
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest.trim_start()),
            None => (false, text),
        };
        let minor = match digits(amount::unmarked(text, currency), currency) {
            Err(MoneyError::NotDecimal) => {
                let decimal = amount::in_words(text, currency).ok_or(MoneyError::NotDecimal)?;
                digits(&decimal, currency)
            }
            read => read,
        }?;
        Ok(Self::new(if negative { -minor } else { minor }, currency))
    }

    /// The amount as a plain decimal with all of its currency's decimals: `59.98`.
    pub fn decimal(&self) -> String {
        let decimals = self.currency.decimals();
        let unit = 10_u64.pow(decimals);
        let sign = if self.minor < 0 { "-" } else { "" };
        let minor = self.minor.unsigned_abs();
        if decimals == 0 {
            return format!("{sign}{minor}");
        }
        format!("{sign}{}.{:0width$}", minor / unit, minor % unit, width = decimals as usize)
    }

    /// The sum, or `None` where it leaves the range of an `i64`. Currencies must agree.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        debug_assert_eq!(self.currency, other.currency, "amounts of one business share a currency");
        Some(Self::new(self.minor.checked_add(other.minor)?, self.currency))
    }

    /// This amount for each of `quantity` pieces, or `None` where it leaves the range of an `i64`.
    pub fn checked_times(self, quantity: i64) -> Option<Self> {
        Some(Self::new(self.minor.checked_mul(quantity)?, self.currency))
    }
}

/// Reads a plain decimal as minor units.
fn digits(text: &str, currency: Currency) -> Result<i64, MoneyError> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole = ungroup(whole).ok_or(MoneyError::NotDecimal)?;
    if !fraction.bytes().all(|b| b.is_ascii_digit()) || text.ends_with('.') {
        return Err(MoneyError::NotDecimal);
    }
    let fraction = fraction.trim_end_matches('0');
    let decimals = currency.decimals() as usize;
    if fraction.len() > decimals {
        return Err(MoneyError::TooPrecise);
    }
    let digits = format!("{whole}{fraction:0<decimals$}");
    let minor: i64 = digits.parse().map_err(|_| MoneyError::TooLarge)?;
    if minor > LARGEST_MINOR {
        return Err(MoneyError::TooLarge);
    }
    Ok(minor)
}

/// Accepts `1299` and `1,299`, refuses `12,99` and the empty text.
pub(crate) fn ungroup(whole: &str) -> Option<String> {
    let groups: Vec<&str> = whole.split(',').collect();
    let digits = |group: &&str| !group.is_empty() && group.bytes().all(|b| b.is_ascii_digit());
    let (first, rest) = groups.split_first()?;
    let grouped = rest.is_empty() || first.len() <= 3;
    let well_formed = groups.iter().all(digits) && rest.iter().all(|group| group.len() == 3);
    (grouped && well_formed).then(|| groups.concat())
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.decimal(), self.currency)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Money", 2)?;
        object.serialize_field("amount", &self.decimal())?;
        object.serialize_field("currency", self.currency.code())?;
        object.end()
    }
}

/// How [`Money`] looks in JSON, for schemas and for reading stored answers back.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Money", inline)]
pub struct MoneyJson {
    /// A decimal string, such as "59.98".
    pub amount: String,
    /// The ISO 4217 code.
    pub currency: String,
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let MoneyJson { amount, currency } = MoneyJson::deserialize(deserializer)?;
        let currency = Currency::parse(&currency)
            .ok_or_else(|| serde::de::Error::custom("the currency is not an ISO 4217 code"))?;
        Self::parse(&amount, currency).map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Money {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Money".into()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        MoneyJson::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_people_and_platforms_write() {
        for (text, minor) in [
            ("59.98", 5998),
            (" 59.9 ", 5990),
            ("60", 6000),
            ("-5", -500),
            ("$1,299.00", 129_900),
            ("59.98 USD", 5998),
            ("59.980", 5998),
            ("59.98 usd", 5998),
            ("USD 59.98", 5998),
            ("USD59.98", 5998),
            ("US$ 59.98", 5998),
            ("$59.98 USD", 5998),
            ("59.98$", 5998),
            ("-$5", -500),
            ("59.98 dollars", 5998),
            ("59.98 US dollars", 5998),
            ("1 Dollar", 100),
            ("fifty-nine dollars and ninety-eight cents", 5998),
            ("Fifty nine dollars, ninety eight cents", 5998),
        ] {
            assert_eq!(Money::parse(text, Currency::USD).unwrap().minor, minor, "{text}");
        }
    }

    #[test]
    fn refuses_what_is_not_an_amount() {
        for text in [
            "",
            ".",
            "5.",
            "1e3",
            "12,99",
            "0x10",
            "five",
            "NaN",
            "--5",
            "5 5",
            "1,2345",
            "$-5",
            "5-10",
            "--5 dollars",
            "5-10 dollars",
            "59,98 dollars",
        ] {
            assert_eq!(Money::parse(text, Currency::USD), Err(MoneyError::NotDecimal), "{text}");
        }
        assert_eq!(Money::parse("1.999", Currency::USD), Err(MoneyError::TooPrecise));
        assert_eq!(Money::parse("99999999999999999999", Currency::USD), Err(MoneyError::TooLarge));
    }

    #[test]
    fn another_currency_is_refused() {
        let euro = Currency::parse("EUR").unwrap();
        for (currency, refused) in [
            (Currency::USD, "€5"),
            (Currency::USD, "5 EUR"),
            (Currency::USD, "EUR 5"),
            (Currency::USD, "CA$5"),
            (Currency::USD, "5 euros"),
            (Currency::USD, "five euros and ten cents"),
            (euro, "$5"),
            (euro, "US$5"),
            (euro, "5 USD"),
            (euro, "5 dollars"),
        ] {
            assert_eq!(Money::parse(refused, currency), Err(MoneyError::NotDecimal), "{refused}");
        }
        for text in ["€5", "5 €", "EUR 5", "five euros"] {
            assert_eq!(Money::parse(text, euro).unwrap().minor, 500, "{text}");
        }
    }

    #[test]
    fn decimals_follow_the_currency() {
        let yen = Currency::parse("jpy").unwrap();
        assert_eq!(Money::parse("1200", yen).unwrap().decimal(), "1200");
        assert_eq!(Money::parse("0.5", yen), Err(MoneyError::TooPrecise));
        assert_eq!(Money::new(-5, Currency::USD).decimal(), "-0.05");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(minor in -LARGEST_MINOR..=LARGEST_MINOR) {
            let money = Money::new(minor, Currency::USD);
            prop_assert_eq!(Money::parse(&money.decimal(), Currency::USD), Ok(money));
        }
    }
}
