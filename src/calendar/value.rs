//! Values (RFC 5545 section 3.3): dates, times, durations, periods, offsets, texts.
//!
//! A date or time is told by its form, not by `VALUE`: a bare `20260112` is a date whatever its parameters say, as many
//! exporters forget them. The extended form and what else programs write by ISO 8601 (`2026-01-12T09:00:00.000+01:00`)
//! is read too.

use super::civil::{Date, DateTime};
use super::line::Property;
use std::borrow::Cow;

/// A date, or a date and time with what its digits mean. `Z` is a name of a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Time<Z> {
    /// A whole day.
    Date(Date),
    /// On the wall wherever the person is.
    Floating(DateTime),
    /// On the wall of a zone.
    Zoned(DateTime, Z),
    /// UTC.
    Utc(DateTime),
}

impl<'p> Time<&'p str> {
    /// The value of a property that holds one time.
    pub(super) fn of(property: &'p Property<'_>) -> Option<Self> {
        Self::read(property.value(), property.zone())
    }

    /// Reads one time; `zone` is the `TZID` of its property. A `Z` or an offset at its end counts more than that.
    pub(super) fn read(text: &str, zone: Option<&'p str>) -> Option<Self> {
        let text = text.split(['\n', '[']).next().unwrap_or_default().trim();
        let Some((date, time)) = text.split_once(['T', 't', ' ']) else {
            return Date::parse(&basic(text)).map(Self::Date);
        };
        let (time, offset) = without_offset(time.trim())?;
        let at = DateTime::parse(&basic(date), &basic(without_fraction(time)))?;
        Some(match (offset, zone.filter(|name| !name.is_empty())) {
            (Some(offset), _) => Self::Utc(at.plus_seconds(-i64::from(offset))?),
            (None, Some(zone)) => Self::Zoned(at, zone),
            (None, None) => Self::Floating(at),
        })
    }
}

/// A time of day without the offset that programs write behind it (ISO 8601: `Z`, `+01:00`, `+0100`, `+01`), and that
/// offset in seconds. `None` when it cannot be read.
fn without_offset(time: &str) -> Option<(&str, Option<i32>)> {
    if let Some(time) = time.strip_suffix(['Z', 'z']) {
        return Some((time.trim_end(), Some(0)));
    }
    let Some(at) = time.find(['+', '-']) else { return Some((time, None)) };
    let (time, digits) = time.split_at(at);
    Some((time.trim_end(), Some(offset(digits)?)))
}

/// A time of day to the second: without `.000`, and without the milliseconds, micro- or nanoseconds that follow at once.
fn without_fraction(time: &str) -> &str {
    match time.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|b| b.is_ascii_digit()) => whole,
        None if matches!(time.len(), 9 | 12 | 15) && !time.contains(':') => time.get(..6).unwrap_or(time),
        _ => time,
    }
}

/// The basic form of a time: without the hyphens and colons of the extended one.
fn basic(text: &str) -> Cow<'_, str> {
    if text.contains(['-', ':']) { Cow::Owned(text.replace(['-', ':'], "")) } else { Cow::Borrowed(text) }
}

impl<Z> Time<Z> {
    /// The digits: the time on the wall, midnight for a date.
    pub(super) fn wall(&self) -> DateTime {
        match self {
            Self::Date(date) => date.midnight(),
            Self::Floating(at) | Self::Zoned(at, _) | Self::Utc(at) => *at,
        }
    }

    /// The same time with its zone's name replaced.
    pub(super) fn in_zone<Y>(self, zone: impl FnOnce(Z) -> Y) -> Time<Y> {
        match self {
            Self::Date(date) => Time::Date(date),
            Self::Floating(at) => Time::Floating(at),
            Self::Zoned(at, name) => Time::Zoned(at, zone(name)),
            Self::Utc(at) => Time::Utc(at),
        }
    }
}

/// A duration (RFC 5545 section 3.3.6): days are counted on the wall, the rest as seconds that pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) days: i64,
    pub(super) seconds: i64,
}

impl Span {
    /// Reads a duration; one too long for 64 bits is as long as fits.
    pub(super) fn read(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_uppercase();
        let (sign, text) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text.strip_prefix('+').unwrap_or(&text)),
        };
        let mut rest = text.strip_prefix('P')?;
        let mut span = Self { days: 0, seconds: 0 };
        while !rest.is_empty() {
            rest = rest.strip_prefix('T').unwrap_or(rest);
            let end = rest.find(|c: char| !c.is_ascii_digit())?;
            let number = sign * rest[..end].parse().unwrap_or(if end == 0 { return None } else { i64::MAX });
            let unit = rest[end..].chars().next()?;
            let (field, size) = match unit {
                'W' => (&mut span.days, 7),
                'D' => (&mut span.days, 1),
                'H' => (&mut span.seconds, 3600),
                'M' => (&mut span.seconds, 60),
                'S' => (&mut span.seconds, 1),
                _ => return None,
            };
            *field = field.saturating_add(number.saturating_mul(size));
            rest = &rest[end + 1..];
        }
        Some(span)
    }
}

/// An offset from UTC (RFC 5545 section 3.3.14), in seconds.
pub(super) fn offset(text: &str) -> Option<i32> {
    let text = text.trim();
    let sign = match text.as_bytes().first()? {
        b'-' => -1,
        b'+' => 1,
        _ => return None,
    };
    let digits = basic(&text[1..]);
    let two = |at: usize| digits.get(at..at + 2).map_or(Some(0), |d| d.parse::<i32>().ok());
    let seconds = two(0)? * 3600 + two(2)? * 60 + two(4)?;
    let sound = matches!(digits.len(), 2 | 4 | 6) && digits.bytes().all(|b| b.is_ascii_digit());
    (sound && seconds < 86_400).then_some(sign * seconds)
}

/// A text with its escapes taken out (RFC 5545 section 3.3.11).
pub(super) fn text(value: &str) -> Cow<'_, str> {
    if !value.contains('\\') {
        return Cow::Borrowed(value);
    }
    let mut plain = String::with_capacity(value.len());
    let mut rest = value.chars();
    while let Some(c) = rest.next() {
        match (c, if c == '\\' { rest.next() } else { None }) {
            ('\\', Some('n' | 'N')) => plain.push('\n'),
            ('\\', Some(escaped @ ('\\' | ';' | ',' | ':' | '"'))) => plain.push(escaped),
            ('\\', Some(other)) => plain.extend(['\\', other]),
            (c, _) => plain.push(c),
        }
    }
    Cow::Owned(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: u8, minute: u8, second: u8) -> DateTime {
        DateTime::new(Date::new(2026, 1, 12).unwrap(), hour, minute, second).unwrap()
    }

    #[test]
    fn a_time_is_told_by_its_form() {
        let berlin = Some("Europe/Berlin");
        for (text, zone, time) in [
            ("20260112T090000", berlin, Some(Time::Zoned(at(9, 0, 0), "Europe/Berlin"))),
            ("20260112T090000Z", berlin, Some(Time::Utc(at(9, 0, 0)))),
            ("20260112T090000", None, Some(Time::Floating(at(9, 0, 0)))),
            ("20260112T090000", Some(""), Some(Time::Floating(at(9, 0, 0)))),
            (" 20260112t0900z ", None, Some(Time::Utc(at(9, 0, 0)))),
            ("2026-01-12T09:00:01Z", None, Some(Time::Utc(at(9, 0, 1)))),
            ("20260112T235960Z", None, Some(Time::Utc(at(23, 59, 59)))),
            ("20260112", berlin, Some(Time::Date(Date::new(2026, 1, 12).unwrap()))),
            ("20260112T090000Z\nleft over", None, Some(Time::Utc(at(9, 0, 0)))),
            ("2026-01-12T09:00:00.000Z", None, Some(Time::Utc(at(9, 0, 0)))),
            ("20260112T090000000Z", None, Some(Time::Utc(at(9, 0, 0)))),
            ("20260112T090000123", berlin, Some(Time::Zoned(at(9, 0, 0), "Europe/Berlin"))),
            ("2026-01-12T09:00:00.123456", None, Some(Time::Floating(at(9, 0, 0)))),
            ("2026-01-12T09:00:00+01:00", None, Some(Time::Utc(at(8, 0, 0)))),
            ("2026-01-12T09:00:00.5-05:00", berlin, Some(Time::Utc(at(14, 0, 0)))),
            ("20260112T090000+0530", None, Some(Time::Utc(at(3, 30, 0)))),
            ("2026-01-12T09:00+01", None, Some(Time::Utc(at(8, 0, 0)))),
            ("2026-01-12T10:00:00+01:00[Europe/Berlin]", None, Some(Time::Utc(at(9, 0, 0)))),
            ("2026-01-12 09:00:00", None, Some(Time::Floating(at(9, 0, 0)))),
            ("20260111T240000", None, Some(Time::Floating(at(0, 0, 0)))),
            ("2026-01-11T24:00:00Z", None, Some(Time::Utc(at(0, 0, 0)))),
            ("20260112T240001", None, None),
            ("20260112T090000+", None, None),
            ("20260112T090000+9900", None, None),
            ("20260112T0900001", None, None),
            ("2026-01-12T09:00:00.x", None, None),
            ("20260230", None, None),
            ("20260112T250000", None, None),
            ("2026011", None, None),
            ("202601123", None, None),
            ("", None, None),
            ("T", None, None),
            ("tomorrow", None, None),
        ] {
            assert_eq!(Time::read(text, zone), time, "{text}");
        }
    }

    #[test]
    fn durations_are_days_on_the_wall_and_seconds() {
        for (text, span) in [
            ("PT30M", Some((0, 1800))),
            ("P1DT2H", Some((1, 7200))),
            ("-P2W", Some((-14, 0))),
            ("+pt1h0m10s", Some((0, 3610))),
            ("P99999999999999999999D", Some((i64::MAX, 0))),
            ("-P99999999999999999999W", Some((-i64::MAX - 1, 0))),
            ("P", Some((0, 0))),
            ("30M", None),
            ("PT", None),
            ("PT5", None),
            ("PXD", None),
        ] {
            assert_eq!(Span::read(text), span.map(|(days, seconds)| Span { days, seconds }), "{text}");
        }
    }

    #[test]
    fn offsets_are_seconds_east_of_greenwich() {
        let read = ["+0100", "-0330", "+05:45", "-001736", "0100", "+1", "+9900", "-"].map(offset);
        assert_eq!(read, [Some(3600), Some(-12_600), Some(20_700), Some(-1056), None, None, None, None]);
    }

    #[test]
    fn escapes_are_taken_out_of_texts() {
        assert_eq!(text(r"a\, b\; c\\d\nE\Nf \x \"), "a, b; c\\d\nE\nf \\x \\");
    }
}
