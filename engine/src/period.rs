//! Periods of days as analysts write them (`2026-Q3`, `2026-11-01..2026-11-15`) and callers say
//! them (`last week`, `last 90 days`).

use chrono::{DateTime, Datelike, Days, Duration, Months, NaiveDate, TimeZone, Utc};
use chrono_tz::Tz;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    speech::{lenient, phrases},
    text,
};

/// How many days a report may span: a leap year.
pub const MAX_DAYS: i64 = 366;

/// The days from one to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayRange {
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub to: NaiveDate,
    step: Step,
}

/// How far back the range before this one begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// By as many days as the range has.
    Length,
    Week,
    Months(u32),
}

/// Why a text is not a period, or not one that a report may span.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    /// None of the known forms.
    #[error("{}", text!(
        "is not a period; write 2026, 2026-Q3, 2026-11, 2026-11-30, 2026-11-01..2026-11-30, today, yesterday, \
         last week, this month or last 90 days"
    ))]
    Unknown,
    /// It ends before it begins.
    #[error("{}", text!("ends before it begins"))]
    BackToFront,
    /// It spans more days than a report may.
    #[error("{}", text!("spans {days} days; at most {max} are allowed", days = .days, max = .max))]
    TooLong {
        /// How many days it spans.
        days: i64,
        /// How many it may.
        max: i64,
    },
}

/// Reads a period. `today` is the day in the business's zone; a period that begins with `this` ends
/// today, and the last 30 days include it.
///
/// # Errors
/// [`PeriodError::Unknown`] lists the forms that are known.
pub fn parse(text: &str, today: NaiveDate) -> Result<DayRange, PeriodError> {
    let text = text.trim().to_lowercase();
    if let Some((from, to)) = text.split_once("..") {
        let day = |text: &str| written_day(text).ok_or(PeriodError::Unknown);
        return DayRange::new(day(from)?, day(to)?);
    }
    written(&text).or_else(|| spoken(&text, today)).ok_or(PeriodError::Unknown)
}

impl DayRange {
    /// The days from one to another, both included.
    ///
    /// # Errors
    /// [`PeriodError::BackToFront`] where the last day is before the first.
    pub fn new(from: NaiveDate, to: NaiveDate) -> Result<Self, PeriodError> {
        if to < from {
            return Err(PeriodError::BackToFront);
        }
        Ok(Self { from, to, step: Step::Length })
    }

    /// How many days there are.
    pub fn days(self) -> i64 {
        (self.to - self.from).num_days() + 1
    }

    /// This range, when it spans at most `max` days; see [`MAX_DAYS`].
    ///
    /// # Errors
    /// [`PeriodError::TooLong`] says how many days it spans.
    pub fn within(self, max: i64) -> Result<Self, PeriodError> {
        let days = self.days();
        if days > max { Err(PeriodError::TooLong { days, max }) } else { Ok(self) }
    }

    /// The range before this one, to compare with: the month before a month, the same days of last
    /// week for this week so far, and otherwise as many days just before.
    #[must_use]
    pub fn previous(self) -> Self {
        let before = |day: NaiveDate, days: i64| {
            day.checked_sub_signed(Duration::days(days)).unwrap_or(NaiveDate::MIN)
        };
        let (from, to) = match self.step {
            Step::Length => (before(self.from, self.days()), before(self.from, 1)),
            Step::Week => (before(self.from, 7), before(self.to, 7)),
            Step::Months(months) => {
                let back = |day: NaiveDate| day.checked_sub_months(Months::new(months));
                let whole = self.from.checked_add_months(Months::new(months))
                    == self.to.checked_add_days(Days::new(1));
                let to = if whole { None } else { back(self.to) };
                let from = back(self.from).unwrap_or(NaiveDate::MIN);
                (from, to.unwrap_or_else(|| before(self.from, 1)))
            }
        };
        Self { from, to, step: self.step }
    }

    /// The range as it follows "for": `November 2026`, `today`, `November 1st to November 15th`.
    pub fn spoken(self, today: NaiveDate) -> String {
        let year = self.from.year();
        let whole = |months| months_from(self.from, months).is_some_and(|r| r.to == self.to);
        let first = self.from.day() == 1;
        if self.from == self.to {
            phrases::day(self.from, today)
        } else if first && self.from.month() == 1 && whole(12) {
            year.to_string()
        } else if first && self.from.month0().is_multiple_of(3) && whole(3) {
            match self.from.month0() / 3 {
                0 => text!("the first quarter of {year}", year),
                1 => text!("the second quarter of {year}", year),
                2 => text!("the third quarter of {year}", year),
                _ => text!("the fourth quarter of {year}", year),
            }
        } else if first && whole(1) {
            text!("{month} {year}", month = phrases::month(self.from), year)
        } else {
            let same_year = self.from.year() == self.to.year();
            let seen_from = if same_year { self.to } else { today };
            let (from, to) = (phrases::date(self.from, seen_from), phrases::date(self.to, today));
            text!("{from} to {to}", from, to)
        }
    }

    /// The instants that these days hold in a zone: from the first, and before the second.
    pub fn instants(self, zone: Tz) -> (DateTime<Utc>, DateTime<Utc>) {
        let after = self.to.succ_opt().unwrap_or(NaiveDate::MAX);
        (start_of(self.from, zone), start_of(after, zone))
    }
}

/// How a report groups days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Grouping {
    /// Day by day.
    Day,
    /// By weeks, which start on Monday.
    Week,
    /// By calendar months.
    Month,
}

impl Grouping {
    /// The first day of the group that a day belongs to.
    pub fn bucket(self, day: NaiveDate) -> NaiveDate {
        match self {
            Self::Day => day,
            Self::Week => monday(day),
            Self::Month => day.with_day(1).unwrap_or(day),
        }
    }
}

/// The day on which something happened, in a zone.
pub fn day_of(at: DateTime<Utc>, zone: Tz) -> NaiveDate {
    at.with_timezone(&zone).date_naive()
}

/// The first instant of a day in a zone. Where clocks are put forward at midnight, the day starts
/// later.
fn start_of(day: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let midnight = day.and_time(chrono::NaiveTime::MIN);
    let starts = (0..=96).filter_map(|quarter| {
        let local = midnight.checked_add_signed(Duration::minutes(15 * quarter))?;
        zone.from_local_datetime(&local).earliest()
    });
    let mut starts = starts.map(|start| start.with_timezone(&Utc));
    starts.next().unwrap_or_else(|| midnight.and_utc())
}

/// `2026`, `2026-Q3`, `2026-11`, `2026-11-30`.
fn written(text: &str) -> Option<DayRange> {
    let parts: Vec<&str> = text.split('-').collect();
    match parts.as_slice() {
        [year] => months_from(first_of(year, 1)?, 12),
        [year, part] => match part.strip_prefix('q') {
            Some(quarter) => match number(quarter, 1)? {
                quarter @ 1..=4 => months_from(first_of(year, quarter * 3 - 2)?, 3),
                _ => None,
            },
            None => months_from(first_of(year, number(part, 2)?)?, 1),
        },
        _ => written_day(text).and_then(|day| DayRange::new(day, day).ok()),
    }
}

fn written_day(text: &str) -> Option<NaiveDate> {
    let parts: Vec<&str> = text.trim().split('-').collect();
    let [year, month, day] = parts.as_slice() else { return None };
    first_of(year, number(month, 2)?)?.with_day(number(day, 2)?)
}

fn first_of(year: &str, month: u32) -> Option<NaiveDate> {
    let year = i32::try_from(number(year, 4)?).ok()?;
    NaiveDate::from_ymd_opt(year, month, 1).filter(|_| year >= 1900)
}

/// Exactly so many digits.
fn number(text: &str, digits: usize) -> Option<u32> {
    let well_formed = text.len() == digits && text.bytes().all(|b| b.is_ascii_digit());
    well_formed.then(|| text.parse().ok()).flatten()
}

fn months_from(first: NaiveDate, months: u32) -> Option<DayRange> {
    let to = first.checked_add_months(Months::new(months))?.pred_opt()?;
    Some(DayRange { from: first, to, step: Step::Months(months) })
}

/// `today`, `this month`, `last week`, `last 90 days`, with spaces or underscores.
fn spoken(text: &str, today: NaiveDate) -> Option<DayRange> {
    let text = text.replace('_', " ");
    let words: Vec<&str> = text.split_whitespace().filter(|word| *word != "the").collect();
    let one_day = |day: NaiveDate| DayRange::new(day, day).ok();
    match words.as_slice() {
        ["today"] => one_day(today),
        ["yesterday"] => one_day(today.pred_opt()?),
        ["this", unit] => so_far(unit, today),
        ["last" | "previous" | "past", unit] => {
            // The one before this one, whole.
            let this = so_far(unit, today)?;
            let last = this.from.pred_opt()?;
            Some(DayRange { from: this.previous().from, to: last, step: this.step })
        }
        ["last" | "previous" | "past", count @ .., unit] => {
            let count = lenient::integer(&count.join(" ")).filter(|n| (1..=36_600).contains(n))?;
            let from = match *unit {
                "day" | "days" => today - Duration::days(count - 1),
                "week" | "weeks" => today - Duration::days(count * 7 - 1),
                "month" | "months" => {
                    today.checked_sub_months(Months::new(u32::try_from(count).ok()?))?.succ_opt()?
                }
                _ => return None,
            };
            DayRange::new(from, today).ok()
        }
        _ => None,
    }
}

/// The week, month, quarter or year that today is in, until today.
fn so_far(unit: &str, today: NaiveDate) -> Option<DayRange> {
    let first = today.with_day(1)?;
    let (from, step) = match unit {
        "week" => (monday(today), Step::Week),
        "month" => (first, Step::Months(1)),
        "quarter" => (first.with_month0(first.month0() / 3 * 3)?, Step::Months(3)),
        "year" => (first.with_month(1)?, Step::Months(12)),
        _ => return None,
    };
    Some(DayRange { from, to: today, step })
}

fn monday(day: NaiveDate) -> NaiveDate {
    day.week(chrono::Weekday::Mon).checked_first_day().unwrap_or(day)
}

#[cfg(test)]
#[path = "period_tests.rs"]
mod tests;
