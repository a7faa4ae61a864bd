//! The only door to time zone data: civil times in, instants out, and back.
//!
//! Zone data comes from the system (`/usr/share/zoneinfo`) and, where there is none, from the copy inside `jiff`. It is
//! read when a zone is first used, never at start-up of a command that shows no times.

use crate::model::Timestamp;
use std::fmt;

/// An IANA time zone, such as `Europe/Berlin`.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone(jiff::tz::TimeZone);

/// A date and time on the wall of some zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Civil {
    /// Year, month (1 to 12), day (1 to 31).
    pub date: (i16, i8, i8),
    /// Hour (0 to 23), minute, second.
    pub time: (i8, i8, i8),
}

impl Zone {
    /// The zone of this IANA name; `None` when there is no such zone.
    pub fn named(name: &str) -> Option<Self> {
        jiff::tz::TimeZone::get(name).ok().map(Self)
    }

    /// UTC.
    pub fn utc() -> Self {
        Self(jiff::tz::TimeZone::UTC)
    }

    /// The system's zone (`TZ`, then `/etc/localtime`), or UTC when it cannot be told.
    pub fn system() -> Self {
        Self(jiff::tz::TimeZone::try_system().unwrap_or(jiff::tz::TimeZone::UTC))
    }

    /// Its name; `UTC` or an offset where the system's zone has none.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("local")
    }

    /// The names of all zones, in alphabetical order: to find the one somebody meant.
    pub fn names() -> Vec<String> {
        let mut names: Vec<String> = jiff::tz::db().available().map(|name| name.as_str().to_owned()).collect();
        names.sort();
        names
    }

    /// The wall time here at `at`; seconds are kept, milliseconds cut.
    pub fn civil(&self, at: Timestamp) -> Civil {
        let t = self.0.to_datetime(instant(at));
        Civil { date: (t.year(), t.month(), t.day()), time: (t.hour(), t.minute(), t.second()) }
    }

    /// The instant of a wall time here. A time in a daylight-saving gap shifts forward by the gap, a time that happens
    /// twice is the first one (RFC 5545 section 3.3.5). `None` when there is no such date or time.
    pub fn instant(&self, civil: Civil) -> Option<Timestamp> {
        let (date, time) = (civil.date, civil.time);
        let wall = jiff::civil::DateTime::new(date.0, date.1, date.2, time.0, time.1, time.2, 0).ok()?;
        let zoned = self.0.to_ambiguous_timestamp(wall).compatible().ok()?;
        Some(Timestamp::from_ms(zoned.as_millisecond()))
    }

    /// The same wall date moved by whole days.
    pub fn add_days(date: (i16, i8, i8), days: i32) -> Option<(i16, i8, i8)> {
        let day = jiff::civil::Date::new(date.0, date.1, date.2).ok()?;
        let moved = day.checked_add(jiff::Span::new().days(days)).ok()?;
        Some((moved.year(), moved.month(), moved.day()))
    }

    /// `9:05`: hour and minute, as it is spoken.
    pub fn clock_text(&self, at: Timestamp) -> String {
        let t = self.civil(at).time;
        format!("{}:{:02}", t.0, t.1)
    }

    /// `2026-11-22 09:05`, for people.
    pub fn text(&self, at: Timestamp) -> String {
        let Civil { date: (y, m, d), time: (h, min, _) } = self.civil(at);
        format!("{y:04}-{m:02}-{d:02} {h:02}:{min:02}")
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zone({})", self.name())
    }
}

/// Times beyond what the calendar can hold are shown as its last instant.
fn instant(at: Timestamp) -> jiff::Timestamp {
    jiff::Timestamp::from_millisecond(at.ms()).unwrap_or(if at.ms() < 0 {
        jiff::Timestamp::MIN
    } else {
        jiff::Timestamp::MAX
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin() -> Zone {
        Zone::named("Europe/Berlin").unwrap()
    }

    #[test]
    fn a_time_in_the_spring_gap_shifts_forward() {
        let gap = Civil { date: (2026, 3, 29), time: (2, 30, 0) };
        assert_eq!(berlin().text(berlin().instant(gap).unwrap()), "2026-03-29 03:30");
    }

    #[test]
    fn a_time_that_happens_twice_is_the_first_one() {
        let twice = Civil { date: (2026, 10, 25), time: (2, 30, 0) };
        assert_eq!(berlin().instant(twice).unwrap().to_rfc3339(), "2026-10-25T00:30:00.000Z");
    }

    #[test]
    fn unknown_zones_and_impossible_dates_are_none() {
        assert_eq!(Zone::named("Mars/Olympus"), None);
        assert_eq!(berlin().instant(Civil { date: (2026, 2, 30), time: (9, 0, 0) }), None);
    }
}
