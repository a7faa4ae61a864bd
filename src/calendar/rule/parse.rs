//! Reads a rule, forgivingly: case and blank space do not matter, of a part that stands twice the last one counts, parts
//! nobody knows are ignored.

use super::clock::Clock;
use super::lists::{Numbers, Weekdays};
use super::period::Freq;
use super::{Rule, Until};
use crate::calendar::value::Time;
use crate::model::{cut, printable};

/// Longer than any real interval of any frequency, and short enough to calculate with.
const LONGEST_INTERVAL: u64 = 1 << 40;

/// Why a rule cannot be followed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::calendar) enum RuleError {
    /// No `FREQ`.
    #[error("its rule does not say how often (FREQ)")]
    NoFreq,
    /// An `RSCALE` (RFC 7529) other than Gregorian.
    #[error("its rule follows another calendar than the Gregorian ({0})")]
    Scale(String),
    /// A part of which nothing can be used.
    #[error("its rule says {0}, which means nothing")]
    Part(String),
}

impl Rule {
    /// Reads the value of an `RRULE` or `EXRULE`.
    pub(in crate::calendar) fn parse(text: &str) -> Result<Self, RuleError> {
        let text: String = text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect();
        let parts = || text.split(';').filter_map(|part| part.split_once('='));
        let freq = parts().rfind(|(name, _)| *name == "FREQ").ok_or(RuleError::NoFreq)?.1;
        let mut rule = Self::every(Freq::named(freq).ok_or_else(|| useless("FREQ", freq))?);
        for (name, value) in parts().filter(|(_, value)| !value.is_empty()) {
            rule.read(name, value)?;
        }
        Ok(rule)
    }

    fn every(freq: Freq) -> Self {
        Self {
            freq,
            interval: 1,
            count: None,
            until: None,
            week_start: 0,
            months: 0,
            weeks: Numbers::default(),
            year_days: Numbers::default(),
            month_days: Numbers::default(),
            weekdays: Weekdays::default(),
            clock: Clock::default(),
            positions: Numbers::default(),
        }
    }

    fn read(&mut self, name: &str, value: &str) -> Result<(), RuleError> {
        let failed = || useless(name, value);
        let numbers = |most| numbers(value, most).ok_or_else(failed);
        let bits = |least, past| bits(value, least, past).ok_or_else(failed);
        match name {
            "RSCALE" if value != "GREGORIAN" => return Err(RuleError::Scale(shown(name, value))),
            "INTERVAL" => self.interval = interval(value),
            // A negative one, which some programs write for "no end", is no number here.
            "COUNT" => self.count = natural(value),
            "UNTIL" => self.until = Some(Until::parse(value).ok_or_else(failed)?),
            "WKST" => self.week_start = weekday(value).ok_or_else(failed)?,
            "BYMONTH" => self.months = u16::try_from(bits(1, 13)?).unwrap_or(0),
            "BYWEEKNO" => self.weeks = numbers(53)?,
            "BYYEARDAY" => self.year_days = numbers(366)?,
            "BYMONTHDAY" => self.month_days = numbers(31)?,
            "BYDAY" => self.weekdays = weekdays(value).ok_or_else(failed)?,
            "BYHOUR" => self.clock.hours = bits(0, 24)?,
            "BYMINUTE" => self.clock.minutes = bits(0, 60)?,
            "BYSECOND" => self.clock.seconds = seconds(bits(0, 61)?),
            "BYSETPOS" => self.positions = numbers(366)?,
            _ => {}
        }
        Ok(())
    }
}

impl Until {
    fn parse(text: &str) -> Option<Self> {
        Some(match Time::read(text, None)? {
            Time::Date(day) => Self::Date(day),
            Time::Floating(at) | Time::Zoned(at, _) => Self::Floating(at),
            Time::Utc(at) => Self::Utc(at),
        })
    }
}

/// Numbers from 1 to `most`, or as many from the end.
fn numbers(list: &str, most: i16) -> Option<Numbers> {
    let number = |entry: &str| entry.parse().ok().filter(|n: &i16| *n != 0 && (-most..=most).contains(n));
    let numbers: Vec<i16> = list.split(',').filter_map(number).collect();
    (!numbers.is_empty()).then(|| Numbers::new(numbers))
}

/// A bit for each number from `least` to before `past`.
fn bits(list: &str, least: u8, past: u8) -> Option<u64> {
    let number = |entry: &str| entry.parse().ok().filter(|n: &u8| (least..past).contains(n));
    let bits = list.split(',').filter_map(number).fold(0, |bits, n| bits | 1_u64 << n);
    (bits != 0).then_some(bits)
}

/// A leap second (60) is read as the second before it.
fn seconds(bits: u64) -> u64 {
    if bits >> 60 & 1 == 1 { bits & !(1 << 60) | 1 << 59 } else { bits }
}

fn weekdays(list: &str) -> Option<Weekdays> {
    let mut weekdays = Weekdays::default();
    let mut nth: [Vec<i16>; 7] = Default::default();
    for entry in list.split(',') {
        let Some((number, name)) = entry.len().checked_sub(2).and_then(|at| entry.split_at_checked(at)) else {
            continue;
        };
        let Some(weekday) = weekday(name) else { continue };
        match (number.parse(), nth.get_mut(usize::from(weekday))) {
            (Ok(n @ (-53..=-1 | 1..=53)), Some(nth)) => nth.push(n),
            _ if number.is_empty() => weekdays.every |= 1 << weekday,
            _ => {}
        }
    }
    weekdays.nth = nth.map(Numbers::new);
    (!weekdays.is_empty()).then_some(weekdays)
}

fn weekday(name: &str) -> Option<u8> {
    ["MO", "TU", "WE", "TH", "FR", "SA", "SU"].iter().zip(0..).find(|(n, _)| **n == name).map(|(_, weekday)| weekday)
}

/// 1 for what is no interval.
fn interval(text: &str) -> i64 {
    natural(text).unwrap_or(1).clamp(1, LONGEST_INTERVAL).cast_signed()
}

/// A number without sign, the largest one for those that are larger.
fn natural(text: &str) -> Option<u64> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse().unwrap_or(u64::MAX))
}

fn useless(name: &str, value: &str) -> RuleError {
    RuleError::Part(shown(name, value))
}

fn shown(name: &str, value: &str) -> String {
    format!("{name}={}", cut(&printable(value), 30))
}
