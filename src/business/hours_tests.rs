use proptest::prelude::*;

use super::*;
use crate::testing;

fn hours() -> Vec<Hours> {
    testing::business().hours
}

fn at(time: &str) -> DateTime<Utc> {
    time.parse().unwrap()
}

/// The window at a time in New York, as it is said there.
fn said(now: &str) -> String {
    let zone = chrono_tz::America::New_York;
    let now = at(now);
    let window = Callback::next(&hours(), zone, now).unwrap();
    window.spoken(zone, period::day_of(now, zone))
}

#[test]
fn days_are_read_as_people_write_them() {
    use Weekday::{Fri, Mon, Sat, Sun, Thu, Tue, Wed};
    for (text, days) in [
        ("Monday to Friday", vec![Mon, Tue, Wed, Thu, Fri]),
        ("Saturday", vec![Sat]),
        ("Mon, Wed and Fri", vec![Mon, Wed, Fri]),
        ("Sat-Mon", vec![Sat, Sun, Mon]),
        ("Monday to Tuesday and Sunday", vec![Mon, Tue, Sun]),
        ("every day", vec![Mon, Tue, Wed, Thu, Fri, Sat, Sun]),
    ] {
        let read = OpenDays::parse(text).unwrap();
        assert_eq!(read.days, days, "{text}");
        assert_eq!(read.said(), text);
    }
    for text in ["", "weekdays", "Monday to", "Monday to Fryday", ","] {
        assert_eq!(OpenDays::parse(text), None, "{text}");
    }
}

#[test]
fn a_call_comes_within_two_open_hours() {
    for (now, words) in [
        // A Friday in New York, five hours behind.
        ("2026-01-09T15:00:00Z", "today between 10 AM and 12 PM"),
        ("2026-01-09T15:00:01Z", "today between 10:15 AM and 12:15 PM"),
        ("2026-01-09T11:00:00Z", "today between 8 AM and 10 AM"),
        ("2026-01-09T22:00:00Z", "today between 5 PM and 6 PM"),
        ("2026-01-09T22:30:00Z", "today between 5:30 PM and 6 PM"),
        ("2026-01-09T22:31:00Z", "tomorrow between 9 AM and 11 AM"),
        // Saturday after closing, and Sunday.
        ("2026-01-10T19:00:00Z", "on Monday between 8 AM and 10 AM"),
        ("2026-01-11T15:00:00Z", "tomorrow between 8 AM and 10 AM"),
        // Late in the evening it is the next day in UTC, and the same one here.
        ("2026-01-09T03:00:00Z", "tomorrow between 8 AM and 10 AM"),
    ] {
        assert_eq!(said(now), words, "{now}");
    }
}

#[test]
fn the_zone_says_when_eight_is() {
    let now = at("2026-03-07T23:00:00Z");
    let window = Callback::next(&hours(), chrono_tz::America::New_York, now).unwrap();
    // Clocks go forward on the Sunday between.
    assert_eq!(
        window,
        Callback { from: at("2026-03-09T12:00:00Z"), to: at("2026-03-09T14:00:00Z") }
    );
    let window = Callback::next(&hours(), chrono_tz::Asia::Kolkata, now).unwrap();
    assert_eq!(window.from, at("2026-03-09T02:30:00Z"));
}

#[test]
fn a_time_that_the_clocks_leave_out_is_an_hour_later() {
    let mut night = hours();
    night.truncate(1);
    for hours in &mut night {
        hours.days = OpenDays::parse("Sunday").unwrap();
        hours.open = NaiveTime::from_hms_opt(2, 30, 0).unwrap();
        hours.close = NaiveTime::from_hms_opt(6, 0, 0).unwrap();
    }
    let zone = chrono_tz::America::New_York;
    let window = Callback::next(&night, zone, at("2026-03-08T00:00:00Z")).unwrap();
    assert_eq!(window.from, at("2026-03-08T07:30:00Z"));
}

#[test]
fn who_is_never_open_promises_nothing() {
    assert_eq!(Callback::next(&[], chrono_tz::UTC, at("2026-01-09T15:00:00Z")), None);
}

#[test]
fn short_hours_are_used_whole_or_not_at_all() {
    let mut short = hours();
    short.truncate(1);
    for hours in &mut short {
        hours.open = NaiveTime::from_hms_opt(9, 0, 0).unwrap();
        hours.close = NaiveTime::from_hms_opt(9, 20, 0).unwrap();
    }
    let next = |now| Callback::next(&short, chrono_tz::UTC, at(now)).unwrap();
    let window = next("2026-01-09T08:00:00Z");
    assert_eq!((window.from, window.to), (at("2026-01-09T09:00:00Z"), at("2026-01-09T09:20:00Z")));
    assert_eq!(next("2026-01-09T09:01:00Z").from, at("2026-01-12T09:00:00Z"));
}

proptest! {
    #[test]
    fn a_window_is_ahead_and_within_the_hours(seconds in 1_700_000_000_i64..1_900_000_000) {
        let now = DateTime::from_timestamp(seconds, 0).unwrap();
        let zone = chrono_tz::America::Los_Angeles;
        let window = Callback::next(&hours(), zone, now).unwrap();
        prop_assert!(now <= window.from && window.to - window.from <= LONGEST);
        prop_assert!(window.to - window.from >= SHORTEST);
        let (from, to) = (window.from.with_timezone(&zone), window.to.with_timezone(&zone));
        let weekday = chrono::Datelike::weekday(&from.date_naive());
        let open = |hours: &Hours| {
            hours.days.contains(weekday) && hours.open <= from.time() && to.time() <= hours.close
        };
        prop_assert!(hours().iter().any(open));
    }
}
