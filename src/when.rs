//! Times as people type and read them. Pure: `now` and the zone are parameters.

use crate::model::{Timestamp, printable};
use crate::zone::{Civil, Zone};
use std::time::Duration;

/// The accepted forms, for messages and the manual page.
pub const FORMS: &str = "`14:30`, `tomorrow 9:00`, `2026-11-23 14:30`, `in 10m` or `2026-11-23T14:30:00+01:00`";

/// Meetings further away than this are taken for a typing mistake.
const FARTHEST: Duration = Duration::from_secs(10 * 366 * 86_400);

/// Why a typed time cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WhenError {
    /// It has none of the forms.
    #[error("`{0}` is not a time savehub knows; write {FORMS}")]
    Form(String),
    /// It has one of the forms, but there is no such time.
    #[error("`{0}` does not exist: hours go from 0 to 23, minutes from 00 to 59, and the day must be in the calendar")]
    NoSuchTime(String),
    /// It is over.
    #[error("`{typed}` was {ago}; write `tomorrow {clock}` or another time to come")]
    Past {
        /// What was typed.
        typed: String,
        /// `3 h ago`.
        ago: String,
        /// `14:30`.
        clock: String,
    },
    /// More than ten years ahead.
    #[error("`{0}` is more than ten years ahead")]
    TooFar(String),
}

/// Reads a time; a clock time without a day is today's in `zone`. Past times are accepted.
///
/// A time in a daylight-saving gap shifts forward by the gap, a time that happens twice is the first one.
pub fn parse(text: &str, now: Timestamp, zone: &Zone) -> Result<Timestamp, WhenError> {
    parse_on(text, now, zone.civil(now).date, now, zone)
}

/// The same, and the time must be after `now`.
pub fn parse_future(text: &str, now: Timestamp, zone: &Zone) -> Result<Timestamp, WhenError> {
    let at = parse(text, now, zone)?;
    if at <= now {
        let (typed, clock) = (shown(text), zone.clock_text(at));
        return Err(WhenError::Past { typed, ago: relative(at, now), clock });
    }
    if at > now.plus(FARTHEST) {
        return Err(WhenError::TooFar(shown(text)));
    }
    Ok(at)
}

/// Reads the end of something that starts at `start`: a clock time without a day is on the day of the start, and
/// `in 1h` counts from the start.
pub fn parse_end(text: &str, start: Timestamp, now: Timestamp, zone: &Zone) -> Result<Timestamp, WhenError> {
    parse_on(text, now, zone.civil(start).date, start, zone)
}

type Day = (i16, i8, i8);

fn parse_on(text: &str, now: Timestamp, day: Day, from: Timestamp, zone: &Zone) -> Result<Timestamp, WhenError> {
    let typed = text.trim();
    if let Ok(at) = chrono::DateTime::parse_from_rfc3339(typed) {
        return Ok(Timestamp::from_ms(at.timestamp_millis()));
    }
    let lower = typed.to_ascii_lowercase();
    if let Some(wait) = lower.strip_prefix("in ") {
        // The original case: humantime's `m` is a minute and its `M` a month.
        let wait = typed[typed.len() - wait.len()..].trim();
        let wait = humantime::parse_duration(wait).map_err(|_| WhenError::Form(shown(text)))?;
        return if wait > FARTHEST { Err(WhenError::TooFar(shown(text))) } else { Ok(from.plus(wait)) };
    }
    let (date, clock) = if let Some(clock) = lower.strip_prefix("today ") {
        (Some(zone.civil(now).date), clock)
    } else if let Some(clock) = lower.strip_prefix("tomorrow ") {
        (Zone::add_days(zone.civil(now).date, 1), clock)
    } else if let Some((date, clock)) = lower.split_once([' ', 't']) {
        (Some(digits_of_date(date).ok_or_else(|| WhenError::Form(shown(text)))?), clock)
    } else {
        (Some(day), lower.as_str())
    };
    let time = digits_of_clock(clock.trim()).ok_or_else(|| WhenError::Form(shown(text)))?;
    date.and_then(|date| zone.instant(Civil { date, time })).ok_or_else(|| WhenError::NoSuchTime(shown(text)))
}

/// `2026-11-23`: digits in their places; whether there is such a day is the calendar's business.
fn digits_of_date(text: &str) -> Option<Day> {
    let mut parts = text.split('-');
    let (y, m, d) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || y.len() != 4 {
        return None;
    }
    Some((number(y)?, number(m)?.try_into().ok()?, number(d)?.try_into().ok()?))
}

/// `9:05`, `14:30`, `14:30:15`.
fn digits_of_clock(text: &str) -> Option<(i8, i8, i8)> {
    let mut parts = text.split(':');
    let (h, m, s) = (parts.next()?, parts.next()?, parts.next().unwrap_or("00"));
    if parts.next().is_some() || h.len() > 2 || m.len() != 2 || s.len() != 2 {
        return None;
    }
    Some((number(h)?.try_into().ok()?, number(m)?.try_into().ok()?, number(s)?.try_into().ok()?))
}

/// Digits only: `parse` alone would take a sign.
fn number(text: &str) -> Option<i16> {
    if text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// What was typed, fit for a message.
fn shown(text: &str) -> String {
    crate::model::cut(&printable(text), 60)
}

/// `in 12 min` or `3 min ago`; units are cut, never rounded up: there is never less time than it says.
pub fn relative(at: Timestamp, now: Timestamp) -> String {
    let ms = at.since(now);
    let span = span(ms.unsigned_abs());
    if ms > 0 { format!("in {span}") } else { format!("{span} ago") }
}

/// `09:00 (in 12 min)` on the same day in `zone`, else with the date: `2026-11-23 09:00 (in 23 h)`.
pub fn describe(at: Timestamp, now: Timestamp, zone: &Zone) -> String {
    format!("{} ({})", short(at, now, zone), relative(at, now))
}

/// `09:00` on the same day in `zone`, else `2026-11-23 09:00`.
pub fn short(at: Timestamp, now: Timestamp, zone: &Zone) -> String {
    let text = zone.text(at);
    match text.split_once(' ') {
        Some((_, clock)) if zone.civil(at).date == zone.civil(now).date => clock.to_owned(),
        _ => text,
    }
}

/// `started 3 min ago` or `starts in 12 min`.
pub fn starts(at: Timestamp, now: Timestamp) -> String {
    let verb = if at > now { "starts" } else { "started" };
    format!("{verb} {}", relative(at, now))
}

/// `45 s`, `12 min`, `2 h 5 min`, `23 h`, `3 days`.
pub fn span(ms: u64) -> String {
    let (s, min, h) = (ms / 1000, ms / 60_000, ms / 3_600_000);
    match (min, h) {
        (0, _) => format!("{s} s"),
        (_, 0) => format!("{min} min"),
        (_, 1..6) if min % 60 > 0 => format!("{h} h {} min", min % 60),
        (_, 1..48) => format!("{h} h"),
        _ => format!("{} days", h / 24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin() -> Zone {
        Zone::named("Europe/Berlin").unwrap()
    }

    fn new_york() -> Zone {
        Zone::named("America/New_York").unwrap()
    }

    fn utc(text: &str) -> Timestamp {
        Timestamp::from_ms(chrono::DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis())
    }

    /// 2026-11-22 13:00 in Berlin.
    fn noon() -> Timestamp {
        utc("2026-11-22T12:00:00Z")
    }

    fn read(text: &str) -> String {
        parse(text, noon(), &berlin()).map_or_else(|e| e.to_string(), Timestamp::to_rfc3339)
    }

    #[test]
    fn every_accepted_form_is_read_in_the_persons_zone() {
        for (text, at) in [
            ("2026-11-22T09:00:00+01:00", "2026-11-22T08:00:00.000Z"),
            ("2026-11-22T09:00:00Z", "2026-11-22T09:00:00.000Z"),
            ("14:30", "2026-11-22T13:30:00.000Z"),
            ("9:00", "2026-11-22T08:00:00.000Z"),
            ("14:30:15", "2026-11-22T13:30:15.000Z"),
            ("today 14:30", "2026-11-22T13:30:00.000Z"),
            ("Tomorrow  9:00", "2026-11-23T08:00:00.000Z"),
            ("2026-11-23 14:30", "2026-11-23T13:30:00.000Z"),
            ("2026-11-23T14:30", "2026-11-23T13:30:00.000Z"),
            ("in 10m", "2026-11-22T12:10:00.000Z"),
            ("in 1h 30m", "2026-11-22T13:30:00.000Z"),
            (" 14:30 ", "2026-11-22T13:30:00.000Z"),
        ] {
            assert_eq!(read(text), at, "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused_with_the_accepted_forms() {
        let forms = "write `14:30`, `tomorrow 9:00`, `2026-11-23 14:30`, `in 10m` or `2026-11-23T14:30:00+01:00`";
        for text in
            ["", "noon", "9", "monday 9:00", "tomorrow", "in", "in a while", "9:5", "-9:00", "9:00:00:00", "+9:00"]
        {
            assert_eq!(read(text), format!("`{text}` is not a time savehub knows; {forms}"));
        }
        assert!(read("a\u{1b}[2Jb").starts_with("`a [2Jb` is not"));
    }

    #[test]
    fn a_time_that_is_not_in_the_calendar_says_so() {
        for text in ["24:00", "12:60", "2026-02-30 9:00", "2026-13-01 9:00", "99:99"] {
            assert!(read(text).starts_with(&format!("`{text}` does not exist")), "{}", read(text));
        }
    }

    #[test]
    fn a_past_time_says_how_long_ago_it_was_and_what_to_write() {
        let error = |text| parse_future(text, noon(), &berlin()).unwrap_err().to_string();
        assert_eq!(error("9:00"), "`9:00` was 4 h ago; write `tomorrow 9:00` or another time to come");
        assert_eq!(error("13:00"), "`13:00` was 0 s ago; write `tomorrow 13:00` or another time to come");
        assert_eq!(
            error("2026-11-20T14:30:00+01:00"),
            "`2026-11-20T14:30:00+01:00` was 46 h ago; write `tomorrow 14:30` or another time to come"
        );
    }

    #[test]
    fn a_time_ten_years_ahead_is_taken_for_a_mistake() {
        for text in ["2126-11-23 14:30", "in 999years"] {
            assert_eq!(parse_future(text, noon(), &berlin()), Err(WhenError::TooFar(text.into())));
        }
    }

    #[test]
    fn in_the_spring_gap_the_time_shifts_forward() {
        let night = utc("2026-03-28T22:00:00Z");
        assert_eq!(parse("tomorrow 2:30", night, &berlin()), Ok(utc("2026-03-29T01:30:00Z")));
        assert_eq!(parse("2026-03-08 2:30", night, &new_york()), Ok(utc("2026-03-08T07:30:00Z")));
    }

    #[test]
    fn in_the_autumn_overlap_the_first_of_the_two_times_is_meant() {
        let night = utc("2026-10-24T20:00:00Z");
        assert_eq!(parse("tomorrow 2:30", night, &berlin()), Ok(utc("2026-10-25T00:30:00Z")));
        assert_eq!(parse("2026-11-01 1:30", night, &new_york()), Ok(utc("2026-11-01T05:30:00Z")));
        assert_eq!(parse("2026-11-01T01:30:00-05:00", night, &new_york()), Ok(utc("2026-11-01T06:30:00Z")));
    }

    #[test]
    fn tomorrow_is_the_next_day_of_the_zone_even_when_a_day_has_23_or_25_hours() {
        let spring = utc("2026-03-28T22:30:00Z");
        assert_eq!(parse("tomorrow 23:30", spring, &berlin()), Ok(utc("2026-03-29T21:30:00Z")));
        let autumn = utc("2026-11-01T04:30:00Z");
        assert_eq!(parse("tomorrow 0:30", autumn, &new_york()), Ok(utc("2026-11-02T05:30:00Z")));
    }

    #[test]
    fn an_end_is_on_the_day_of_its_start_and_counts_from_it() {
        let start = parse("tomorrow 9:00", noon(), &berlin()).unwrap();
        let end = |text| parse_end(text, start, noon(), &berlin());
        assert_eq!(end("10:00"), Ok(utc("2026-11-23T09:00:00Z")));
        assert_eq!(end("in 45m"), Ok(utc("2026-11-23T08:45:00Z")));
        assert_eq!(end("today 10:00"), Ok(utc("2026-11-22T09:00:00Z")));
    }

    #[test]
    fn distances_are_cut_and_never_promise_more_time_than_there_is() {
        for (s, text) in [
            (1, "in 1 s"),
            (59, "in 59 s"),
            (60, "in 1 min"),
            (779, "in 12 min"),
            (3600, "in 1 h"),
            (7500, "in 2 h 5 min"),
            (82_900, "in 23 h"),
            (259_300, "in 3 days"),
            (0, "0 s ago"),
            (-180, "3 min ago"),
        ] {
            assert_eq!(relative(Timestamp::from_ms(noon().ms() + s * 1000), noon()), text, "{s}");
        }
    }

    #[test]
    fn a_time_is_described_with_its_date_unless_it_is_today() {
        let at = |text| parse(text, noon(), &berlin()).unwrap();
        assert_eq!(describe(at("in 12m"), noon(), &berlin()), "13:12 (in 12 min)");
        assert_eq!(describe(at("tomorrow 9:00"), noon(), &berlin()), "2026-11-23 09:00 (in 20 h)");
        assert_eq!(starts(at("12:57"), noon()), "started 3 min ago");
        assert_eq!(starts(at("13:12"), noon()), "starts in 12 min");
    }
}
