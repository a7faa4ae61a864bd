//! From wall times to instants and back.

use crate::calendar::civil::{Date, DateTime};
use crate::calendar::value::Span;
use crate::calendar::vtimezone::Rules;
use crate::model::Timestamp;
use crate::zone::{Civil, Zone};
use std::ops::Range;
use std::time::Duration;

/// Days of a look on which two zones are compared: a year has both of its clock changes.
const MOST_DAYS: usize = 400;

/// The zone of a wall clock.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::calendar) enum TimeZone {
    /// UTC.
    Utc,
    /// A zone of the IANA database.
    Iana(Zone),
    /// A zone that the calendar brings along.
    Own(Rules),
}

impl TimeZone {
    /// The instant of a wall time here (RFC 5545 section 3.3.5: forward out of a gap, the first of two). `None` beyond
    /// what a zone can tell.
    pub(in crate::calendar) fn instant(&self, wall: DateTime) -> Option<Timestamp> {
        let seconds = match self {
            Self::Utc => wall.seconds(),
            Self::Own(rules) => rules.instant(wall),
            Self::Iana(zone) => return zone.instant(civil(wall)?),
        };
        Some(Timestamp::from_ms(seconds.checked_mul(1000)?))
    }

    /// The wall time here at an instant; `None` outside the years 1 to 9999.
    pub(in crate::calendar) fn wall(&self, at: Timestamp) -> Option<DateTime> {
        let seconds = at.ms().div_euclid(1000);
        match self {
            Self::Utc => DateTime::from_seconds(seconds),
            Self::Own(rules) => DateTime::from_seconds(seconds + i64::from(rules.offset(seconds))),
            Self::Iana(zone) => {
                let Civil { date: (year, month, day), time: (hour, minute, second) } = zone.civil(at);
                let part = |n: i8| u8::try_from(n).ok();
                let date = Date::new(i32::from(year), part(month)?, part(day)?)?;
                DateTime::new(date, part(hour)?, part(minute)?, part(second)?)
            }
        }
    }

    /// The end of what begins at `start` and lasts `span`.
    pub(in crate::calendar) fn after(&self, start: Timestamp, span: Span) -> Option<Timestamp> {
        let at = if span.days == 0 {
            start
        } else {
            self.instant(self.wall(start)?.plus_seconds(span.days.checked_mul(86_400)?)?)?
        };
        Some(Timestamp::from_ms(at.ms().checked_add(span.seconds.checked_mul(1000)?)?))
    }

    /// Do two zones show the same time from a look's beginning to its end? Asked for each day of it.
    pub(super) fn agrees(&self, other: &Self, looked_at: &Range<Timestamp>) -> bool {
        let day = Duration::from_secs(86_400);
        let days = std::iter::successors(Some(looked_at.start), |at| Some(at.plus(day)));
        let days = days.take_while(|at| *at < looked_at.end).take(MOST_DAYS).chain([looked_at.end]);
        self == other || days.into_iter().all(|at| self.offset(at) == other.offset(at))
    }

    /// Seconds east of Greenwich at an instant.
    pub(super) fn offset(&self, at: Timestamp) -> Option<i64> {
        Some(self.wall(at)?.seconds() - at.ms().div_euclid(1000))
    }
}

fn civil(wall: DateTime) -> Option<Civil> {
    let part = |n: u32| i8::try_from(n).ok();
    let (date, small) = (wall.date(), |n: u8| i8::try_from(n).ok());
    Some(Civil {
        date: (i16::try_from(date.year()).ok()?, small(date.month())?, small(date.day())?),
        time: (part(wall.hour())?, part(wall.minute())?, part(wall.second())?),
    })
}
