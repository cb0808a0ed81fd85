use proptest::prelude::*;

use super::*;

fn at(day: &str) -> NaiveDate {
    day.parse().unwrap()
}

/// A Saturday.
fn today() -> NaiveDate {
    at("2026-11-21")
}

fn days(text: &str) -> (String, String) {
    let range = parse(text, today()).unwrap_or_else(|error| panic!("{text} {error}"));
    (range.from.to_string(), range.to.to_string())
}

fn before(text: &str) -> (String, String) {
    let range = parse(text, today()).unwrap().previous();
    (range.from.to_string(), range.to.to_string())
}

fn pair(from: &str, to: &str) -> (String, String) {
    (from.into(), to.into())
}

#[test]
fn every_form_of_a_period_is_read() {
    for (text, from, to) in [
        ("2025", "2025-01-01", "2025-12-31"),
        ("2024-Q1", "2024-01-01", "2024-03-31"),
        (" 2026-q4 ", "2026-10-01", "2026-12-31"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2026-11-03", "2026-11-03", "2026-11-03"),
        ("2026-11-01..2026-11-15", "2026-11-01", "2026-11-15"),
        ("Today", "2026-11-21", "2026-11-21"),
        ("yesterday", "2026-11-20", "2026-11-20"),
        ("this week", "2026-11-16", "2026-11-21"),
        ("last_week", "2026-11-09", "2026-11-15"),
        ("this month", "2026-11-01", "2026-11-21"),
        ("last month", "2026-10-01", "2026-10-31"),
        ("this quarter", "2026-10-01", "2026-11-21"),
        ("last quarter", "2026-07-01", "2026-09-30"),
        ("THIS YEAR", "2026-01-01", "2026-11-21"),
        ("last year", "2025-01-01", "2025-12-31"),
        ("last_30_days", "2026-10-23", "2026-11-21"),
        ("the last ninety days", "2026-08-24", "2026-11-21"),
        ("past 2 weeks", "2026-11-08", "2026-11-21"),
        ("last 3 months", "2026-08-22", "2026-11-21"),
    ] {
        assert_eq!(days(text), pair(from, to), "{text}");
    }
}

#[test]
fn what_is_no_period_is_refused() {
    for text in [
        "",
        "26",
        "2026-13",
        "2026-Q5",
        "2026-1",
        "2026-02-30",
        "0000",
        "next week",
        "last 0 days",
        "last -3 days",
        "last many days",
        "..",
        "2026..2027",
        "+2026",
    ] {
        assert_eq!(parse(text, today()), Err(PeriodError::Unknown), "{text}");
    }
    let back_to_front = parse("2026-11-15..2026-11-01", today());
    assert_eq!(back_to_front, Err(PeriodError::BackToFront));
}

#[test]
fn a_period_is_compared_with_the_one_before_of_its_kind() {
    for (text, from, to) in [
        ("2024", "2023-01-01", "2023-12-31"),
        ("2026-Q1", "2025-10-01", "2025-12-31"),
        ("2026-03", "2026-02-01", "2026-02-28"),
        ("2026-02", "2026-01-01", "2026-01-31"),
        ("last month", "2026-09-01", "2026-09-30"),
        ("this month", "2026-10-01", "2026-10-21"),
        ("this year", "2025-01-01", "2025-11-21"),
        ("this week", "2026-11-09", "2026-11-14"),
        ("last week", "2026-11-02", "2026-11-08"),
        ("today", "2026-11-20", "2026-11-20"),
        ("last 30 days", "2026-09-23", "2026-10-22"),
        ("2026-11-01..2026-11-10", "2026-10-22", "2026-10-31"),
    ] {
        assert_eq!(before(text), pair(from, to), "{text}");
    }
}

#[test]
fn a_report_spans_a_year_at_most() {
    assert!(parse("2024", today()).unwrap().within(MAX_DAYS).is_ok());
    let long = parse("2024-01-01..2025-12-31", today()).unwrap().within(MAX_DAYS);
    assert_eq!(long, Err(PeriodError::TooLong { days: 731, max: 366 }));
}

#[test]
fn periods_are_said_by_their_names() {
    for (text, words) in [
        ("2025", "2025"),
        ("2026-Q3", "the third quarter of 2026"),
        ("last month", "October 2026"),
        ("today", "today"),
        ("2026-11-01..2026-11-15", "November 1st to November 15th"),
        ("2025-03-01..2025-04-02", "March 1st to April 2nd, 2025"),
        ("2025-12-20..2026-01-05", "December 20th, 2025 to January 5th"),
    ] {
        assert_eq!(parse(text, today()).unwrap().spoken(today()), words);
    }
}

#[test]
fn days_are_those_of_the_zone() {
    let zone = chrono_tz::America::Los_Angeles;
    let night: DateTime<Utc> = "2026-11-21T05:00:00Z".parse().unwrap();
    assert_eq!(day_of(night, zone), at("2026-11-20"));
    let (from, before) = parse("2026-11-01", today()).unwrap().instants(zone);
    assert_eq!((before - from).num_hours(), 25, "clocks are put back on this day");
    // Clocks in Santiago went forward at midnight.
    let (from, _) = parse("2024-09-08", today()).unwrap().instants(chrono_tz::America::Santiago);
    assert_eq!(from.to_rfc3339(), "2024-09-08T04:00:00+00:00");
}

#[test]
fn weeks_start_on_monday() {
    assert_eq!(Grouping::Week.bucket(at("2026-11-22")), at("2026-11-16"));
    assert_eq!(Grouping::Month.bucket(at("2026-11-22")), at("2026-11-01"));
    assert_eq!(Grouping::Day.bucket(at("2026-11-22")), at("2026-11-22"));
}

proptest! {
    #[test]
    fn the_range_before_ends_before(
        text in "(this|last) (week|month|quarter|year)|last [1-9][0-9]? (days|weeks|months)",
        offset in 0..20_000_i64,
    ) {
        let today = at("1990-01-01") + Duration::days(offset);
        let range = parse(&text, today).unwrap();
        prop_assert!(range.from <= range.to && range.to <= today);
        let previous = range.previous();
        prop_assert!(previous.from <= previous.to && previous.to < range.from, "{:?}", previous);
    }

    #[test]
    fn no_text_is_too_strange(text in ".{0,40}|[0-9]{1,5}-[0-9q]{1,3}(-[0-9]{1,3})?") {
        let _ = parse(&text, today()).map(|range| range.previous().spoken(today()));
    }
}
