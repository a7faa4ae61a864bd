//! From when to when, and where each day begins.

use crate::model::{Timestamp, cut, printable};
use crate::zone::{Civil, Zone};
use std::time::Duration;

/// Reports end here: ten years.
const MOST_DAYS: usize = 3660;

/// A day of the calendar: year, month, day.
pub type Date = (i16, i8, i8);

/// Why there is no such stretch of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpanError {
    /// Neither a span nor a date.
    #[error("`{0}` is no span or date; write `30d`, `12h`, `2026-11-01` or `2026-11-01T09:00:00Z`")]
    Form(String),
    /// It ends before it begins.
    #[error("the report would end before it begins: from {since} to {until}")]
    Backwards {
        /// Its begin.
        since: String,
        /// Its end.
        until: String,
    },
    /// It is too long.
    #[error("the report would be of more than ten years; take a later --since")]
    TooLong,
}

/// A stretch of time, with its days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// From this time on.
    pub since: Timestamp,
    /// Before this time.
    pub until: Timestamp,
    /// Its days in the zone, ascending, the first and the last one perhaps cut; each with where it begins.
    pub days: Vec<(Date, Timestamp)>,
}

/// Reads `--since` and `--until`.
///
/// A span of whole days is so many days of the calendar, the day of the end being the last of them; another span counts
/// back from the end exactly. As an end, a span is so long ago, and a date is the end of that day.
pub fn span(since: &str, until: Option<&str>, now: Timestamp, zone: &Zone) -> Result<Span, SpanError> {
    let until = until.map_or(Ok(now), |text| end(text, now, zone))?;
    let begin = begin(since, until, zone)?;
    if begin >= until {
        let text = |at| zone.text(at);
        return Err(SpanError::Backwards { since: text(begin), until: text(until) });
    }
    Ok(Span { since: begin, until, days: days(begin, until, zone)? })
}

fn begin(text: &str, until: Timestamp, zone: &Zone) -> Result<Timestamp, SpanError> {
    let text = text.trim();
    if let Some(length) = length(text) {
        let days = length.as_secs() / 86_400;
        if length.as_secs() % 86_400 != 0 || days == 0 {
            return Ok(until.minus(length));
        }
        // The day that has just ended, where it ends with a day.
        let last = zone.civil(until.minus(Duration::from_millis(1))).date;
        let back = i32::try_from(days - 1).ok().and_then(|days| Zone::add_days(last, -days));
        return back.and_then(|date| midnight(date, zone)).ok_or(SpanError::TooLong);
    }
    date(text).and_then(|date| midnight(date, zone)).or_else(|| instant(text)).ok_or_else(|| wrong(text))
}

fn end(text: &str, now: Timestamp, zone: &Zone) -> Result<Timestamp, SpanError> {
    let text = text.trim();
    if let Some(length) = length(text) {
        return Ok(now.minus(length));
    }
    let next = |date| Zone::add_days(date, 1).and_then(|date| midnight(date, zone));
    // A day that does not exist has a day after it in no calendar.
    date(text)
        .filter(|date| midnight(*date, zone).is_some())
        .and_then(next)
        .or_else(|| instant(text))
        .ok_or_else(|| wrong(text))
}

fn length(text: &str) -> Option<Duration> {
    humantime::parse_duration(text).ok()
}

fn wrong(text: &str) -> SpanError {
    SpanError::Form(cut(&printable(text), 40))
}

fn instant(text: &str) -> Option<Timestamp> {
    chrono::DateTime::parse_from_rfc3339(text).ok().map(|at| Timestamp::from_ms(at.timestamp_millis()))
}

/// `2026-11-23`.
fn date(text: &str) -> Option<Date> {
    let digits = |part: &str, len| part.len() == len && part.bytes().all(|b| b.is_ascii_digit());
    let mut parts = text.split('-');
    let (y, m, d) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || !digits(y, 4) || !digits(m, 2) || !digits(d, 2) {
        return None;
    }
    Some((y.parse().ok()?, m.parse().ok()?, d.parse().ok()?))
}

fn midnight(date: Date, zone: &Zone) -> Option<Timestamp> {
    zone.instant(Civil { date, time: (0, 0, 0) })
}

/// The days from `since` to `until`, each with where it begins; the first one at `since`.
pub fn days(since: Timestamp, until: Timestamp, zone: &Zone) -> Result<Vec<(Date, Timestamp)>, SpanError> {
    let mut date = zone.civil(since).date;
    let mut days = vec![(date, since)];
    while let Some(next) = Zone::add_days(date, 1) {
        let Some(begin) = midnight(next, zone).filter(|begin| *begin < until) else { break };
        date = next;
        // A zone may leave a whole day out.
        if days.last().is_some_and(|(_, last)| *last < begin) {
            days.push((date, begin));
        }
        if days.len() > MOST_DAYS {
            return Err(SpanError::TooLong);
        }
    }
    Ok(days)
}

/// `2026-11-23`.
pub fn text((y, m, d): Date) -> String {
    format!("{y:04}-{m:02}-{d:02}")
}
