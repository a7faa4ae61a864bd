//! Values (RFC 5545 section 3.3): dates, times, durations, periods, offsets, texts.
//!
//! A date or time is told by its form, not by `VALUE`: a bare `20260112` is a date whatever its parameters say, as many
//! exporters forget them. The extended form (`2026-01-12T09:00:00Z`) is read too.

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

    /// Reads one time; `zone` is the `TZID` of its property. A `Z` at its end counts more than that.
    pub(super) fn read(text: &str, zone: Option<&'p str>) -> Option<Self> {
        let text = basic(text.split('\n').next().unwrap_or_default().trim());
        let (text, utc) = match text.strip_suffix(['Z', 'z']) {
            Some(text) => (text, true),
            None => (&*text, false),
        };
        if !text.contains(['T', 't']) {
            return Date::parse(text).map(Self::Date);
        }
        let at = DateTime::parse(text)?;
        Some(match zone.filter(|name| !name.is_empty()) {
            _ if utc => Self::Utc(at),
            Some(zone) => Self::Zoned(at, zone),
            None => Self::Floating(at),
        })
    }
}

/// The basic form of a time: without the hyphens and colons of the extended one.
pub(super) fn basic(text: &str) -> Cow<'_, str> {
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
