//! The periods the frequency cuts time into, numbered so that neighbours differ by 1.

use crate::calendar::civil::{DAY, Date, DateTime, days_of};
use std::ops::Range;

/// How often; finer ones are smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Freq {
    Secondly,
    Minutely,
    Hourly,
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

impl Freq {
    /// From its name, in upper case.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "SECONDLY" => Self::Secondly,
            "MINUTELY" => Self::Minutely,
            "HOURLY" => Self::Hourly,
            "DAILY" => Self::Daily,
            "WEEKLY" => Self::Weekly,
            "MONTHLY" => Self::Monthly,
            "YEARLY" => Self::Yearly,
            _ => return None,
        })
    }

    /// The number of the period that holds a time; weeks start on `week_start` (0 for Monday).
    pub(super) fn number(self, time: DateTime, week_start: u8) -> i64 {
        let date: Date = time.date();
        match self {
            Self::Yearly => i64::from(date.year()),
            Self::Monthly => i64::from(date.year()) * 12 + i64::from(date.month()) - 1,
            Self::Weekly => (date.days() - first_week(week_start)).div_euclid(7),
            Self::Daily | Self::Hourly | Self::Minutely | Self::Secondly => {
                time.seconds().div_euclid(self.seconds().unwrap_or(DAY))
            }
        }
    }

    /// Its first second, and the one after its last, on the wall clock since the beginning of 1970.
    pub(super) fn period(self, number: i64, week_start: u8) -> Range<i64> {
        let start = |number: i64| match self {
            Self::Yearly => days_of(number, 1, 1) * DAY,
            Self::Monthly => days_of(number.div_euclid(12), number.rem_euclid(12) + 1, 1) * DAY,
            Self::Weekly => (number * 7 + first_week(week_start)) * DAY,
            Self::Daily | Self::Hourly | Self::Minutely | Self::Secondly => number * self.seconds().unwrap_or(DAY),
        };
        start(number)..start(number + 1)
    }

    /// How long a period shorter than a week is.
    pub(super) fn seconds(self) -> Option<i64> {
        match self {
            Self::Secondly => Some(1),
            Self::Minutely => Some(60),
            Self::Hourly => Some(3600),
            Self::Daily => Some(DAY),
            Self::Weekly | Self::Monthly | Self::Yearly => None,
        }
    }
}

/// The day week 0 starts on: the one before 1 January 1970, a Thursday, or that day.
fn first_week(week_start: u8) -> i64 {
    -(3 - i64::from(week_start)).rem_euclid(7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_lies_in_its_period_and_periods_touch() {
        use Freq::{Daily, Hourly, Minutely, Monthly, Secondly, Weekly, Yearly};
        for (date, time) in [
            ("00010101", "000000"),
            ("19691231", "235959"),
            ("19700101", "000000"),
            ("20261122", "101112"),
            ("99991231", "235959"),
        ] {
            let time = DateTime::parse(date, time).unwrap();
            for freq in [Secondly, Minutely, Hourly, Daily, Weekly, Monthly, Yearly] {
                for week_start in 0..7 {
                    let number = freq.number(time, week_start);
                    let period = freq.period(number, week_start);
                    assert!(period.contains(&time.seconds()), "{date} {freq:?} {week_start}");
                    assert_eq!(freq.period(number + 1, week_start).start, period.end);
                    if freq == Weekly {
                        let first = Date::from_days(period.start / DAY);
                        assert!(first.is_none_or(|date| date.weekday() == week_start));
                    }
                }
            }
        }
    }
}
