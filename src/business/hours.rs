//! When a business is open, and when a colleague can call somebody back.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Deserializer, de::Error};

use business_mcp_engine::{period, speech::phrases, text};

/// How far ahead the next opening is looked for.
const DAYS_AHEAD: u64 = 14;
/// How long somebody has to wait for a call at most, once the business is open.
const LONGEST: TimeDelta = TimeDelta::hours(2);
/// With less time than this before it closes, nobody promises a call.
const SHORTEST: TimeDelta = TimeDelta::minutes(30);
/// Windows begin at full quarters of an hour, in seconds.
const QUARTER: i64 = 900;

/// When it is open on some days.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// The days.
    pub days: OpenDays,
    /// The first minute.
    #[serde(deserialize_with = "time")]
    pub open: NaiveTime,
    /// The last minute.
    #[serde(deserialize_with = "time")]
    pub close: NaiveTime,
}

/// Days of the week: as they are said, and as they are reckoned with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenDays {
    said: String,
    days: Vec<Weekday>,
}

impl OpenDays {
    /// Reads `Monday to Friday`, `Saturday`, `Mon, Wed and Fri` or `every day`; `None` for anything
    /// else.
    pub fn parse(text: &str) -> Option<Self> {
        let lower = text.trim().to_lowercase().replace(" and ", ",").replace(" through ", " to ");
        if matches!(lower.as_str(), "every day" | "daily") {
            return Some(Self { said: text.trim().to_owned(), days: from_to("mon", "sun")? });
        }
        let mut days = Vec::new();
        for part in lower.split(',').filter(|part| !part.trim().is_empty()) {
            let (first, last) =
                part.split_once(" to ").or_else(|| part.split_once('-')).unwrap_or((part, part));
            days.extend(from_to(first, last)?);
        }
        (!days.is_empty()).then(|| Self { said: text.trim().to_owned(), days })
    }

    /// The days as the business says them.
    pub fn said(&self) -> &str {
        &self.said
    }

    /// Whether a day is one of them.
    pub fn contains(&self, day: Weekday) -> bool {
        self.days.contains(&day)
    }
}

impl<'de> Deserialize<'de> for OpenDays {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("not days such as Monday to Friday"))
    }
}

/// A time between two others in which a colleague calls back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Callback {
    /// From when on.
    pub from: DateTime<Utc>,
    /// Until when.
    pub to: DateTime<Utc>,
}

impl Callback {
    /// The next two hours in which the business is open, or as much of them as there is before it
    /// closes; when it closes within half an hour, those after the next opening. Hours are those of
    /// `zone`. `None` where it is not open within two weeks.
    pub fn next(hours: &[Hours], zone: Tz, now: DateTime<Utc>) -> Option<Self> {
        let today = period::day_of(now, zone);
        (0..=DAYS_AHEAD).find_map(|ahead| {
            let day = today.checked_add_days(Days::new(ahead))?;
            let weekday = chrono::Datelike::weekday(&day);
            let on_day = hours.iter().filter(|hours| hours.days.contains(weekday));
            let windows = on_day.filter_map(|hours| within(hours, day, zone, now));
            windows.min_by_key(|window| window.from)
        })
    }

    /// The window as it follows a verb: `today between 2 PM and 4 PM`.
    pub fn spoken(self, zone: Tz, today: NaiveDate) -> String {
        let (from, to) = (self.from.with_timezone(&zone), self.to.with_timezone(&zone));
        let day = phrases::on(from.date_naive(), today);
        let (from, to) = (clock(from.time()), clock(to.time()));
        text!("{day} between {from} and {to}", day, from, to)
    }
}

/// What is left of a day's hours for a call, when that is enough.
fn within(hours: &Hours, day: NaiveDate, zone: Tz, now: DateTime<Utc>) -> Option<Callback> {
    let opens = instant(day, hours.open, zone)?;
    let closes = instant(day, hours.close, zone)?;
    let from = opens.max(next_quarter(now)?);
    let to = closes.min(from + LONGEST);
    // Hours that are short as a whole are all there is.
    let enough = SHORTEST.min(closes - opens);
    (from < to && to - from >= enough).then_some(Callback { from, to })
}

/// The full quarter of an hour at or after a moment; in every zone of today it is one, too.
fn next_quarter(now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let seconds = now.timestamp() + i64::from(now.timestamp_subsec_nanos() > 0);
    let quarters = seconds.checked_add(QUARTER - 1)?.div_euclid(QUARTER);
    DateTime::from_timestamp(quarters.checked_mul(QUARTER)?, 0)
}

/// A time on a day in a zone. One that the clocks leave out is an hour later, and one that they
/// repeat is the first.
fn instant(day: NaiveDate, time: NaiveTime, zone: Tz) -> Option<DateTime<Utc>> {
    let local = day.and_time(time);
    let at = zone.from_local_datetime(&local).earliest();
    let later = || zone.from_local_datetime(&(local + TimeDelta::hours(1))).earliest();
    at.or_else(later).map(|at| at.to_utc())
}

/// A time as it is said: `8 AM`, `5:30 PM`.
pub fn clock(time: NaiveTime) -> String {
    time.format("%-I:%M %p").to_string().replace(":00", "")
}

/// The days from one to another, both included, over the end of the week where need be.
fn from_to(first: &str, last: &str) -> Option<Vec<Weekday>> {
    let day = |name: &str| name.trim().parse::<Weekday>().ok();
    let (first, last) = (day(first)?, day(last)?);
    let mut days = vec![first];
    let mut next = first;
    while next != last {
        next = next.succ();
        days.push(next);
    }
    Some(days)
}

fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveTime, D::Error> {
    let text = String::deserialize(deserializer)?;
    NaiveTime::parse_from_str(&text, "%H:%M").map_err(|_| D::Error::custom("not a time like 08:00"))
}

#[cfg(test)]
#[path = "hours_tests.rs"]
mod tests;
