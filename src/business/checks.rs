//! What the settings of a business file must be. A setting that is wrong is refused where it stands, so that the error
//! can name its line.

use serde::{Deserialize, Deserializer, de::Error};

use super::{Location, discount::QuantityStep, hours::Hours};
use business_mcp_engine::speech::email;

/// Longer than this nobody takes goods back: ten years.
const MOST_RETURN_DAYS: u32 = 3650;

fn check<'de, T, D>(
    deserializer: D,
    complaint: impl Fn(&T) -> Option<&'static str>,
) -> Result<T, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    let value = T::deserialize(deserializer)?;
    match complaint(&value) {
        Some(complaint) => Err(D::Error::custom(complaint)),
        None => Ok(value),
    }
}

pub(super) fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    check(deserializer, |name: &String| name.trim().is_empty().then_some("name is empty"))
}

pub(super) fn country<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    check(deserializer, |code: &String| {
        let is_code = code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_alphabetic());
        (!is_code).then_some("not a two-letter country such as US")
    })
}

pub(super) fn return_days<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    check(deserializer, |days: &u32| (*days > MOST_RETURN_DAYS).then_some("longer than ten years"))
}

pub(super) fn email<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    check(deserializer, |text: &String| {
        email::normalise(text).is_none().then_some("not an e-mail address")
    })
}

pub(super) fn hours<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Hours>, D::Error> {
    check(deserializer, |hours: &Vec<Hours>| {
        let is_wrong = hours.iter().any(|day| day.open >= day.close);
        is_wrong.then_some("hours close before they open")
    })
}

pub(super) fn steps<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<QuantityStep>, D::Error> {
    check(deserializer, |steps: &Vec<QuantityStep>| {
        steps.iter().any(|step| step.from < 2).then_some("a quantity step is below 2")
    })
}

pub(super) fn locations<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Vec<Location>, D::Error> {
    check(deserializer, |locations: &Vec<Location>| {
        let ids: Vec<&str> = locations.iter().map(|location| location.id.as_str()).collect();
        let repeated = |(n, id): (usize, &&str)| ids.iter().take(n).any(|other| other == id);
        let complaints = [
            (ids.is_empty(), "locations is empty"),
            (ids.iter().any(|id| id.trim().is_empty()), "a location has no id"),
            (ids.iter().enumerate().any(repeated), "two locations share an id"),
        ];
        complaints.into_iter().find(|(wrong, _)| *wrong).map(|(_, complaint)| complaint)
    })
}
