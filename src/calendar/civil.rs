//! Dates and times of day as a wall calendar and a clock on the wall show them: the Gregorian calendar, no zone, the
//! years 1 to 9999. Arithmetic that would leave those years gives `None`.

/// Seconds in a day of the wall clock.
pub(super) const DAY: i64 = 86_400;

/// A day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Date {
    year: i32,
    month: u8,
    day: u8,
}

impl Date {
    /// `None` for a day that does not exist, such as 30 February.
    pub(super) fn new(year: i32, month: u8, day: u8) -> Option<Self> {
        let exists = (1..=9999).contains(&year) && (1..=12).contains(&month);
        (exists && (1..=days_in_month(year, month)).contains(&day)).then_some(Self { year, month, day })
    }

    /// The day so many days after 1 January 1970 (before it: negative).
    pub(super) fn from_days(days: i64) -> Option<Self> {
        const FIRST: i64 = days_of(1, 1, 1);
        const LAST: i64 = days_of(9999, 12, 31);
        if !(FIRST..=LAST).contains(&days) {
            return None;
        }
        // Howard Hinnant's `civil_from_days`: eras of 400 years, years that begin in March.
        let days = days + 719_468;
        let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * from_march + 2) / 5 + 1;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        Some(Self { year: i32::try_from(year).ok()?, month: u8::try_from(month).ok()?, day: u8::try_from(day).ok()? })
    }

    /// Reads `20261123` (RFC 5545 section 3.3.4).
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (year, month, day) = (digits(text, 0..4)?, digits(text, 4..6)?, digits(text, 6..8)?);
        (text.len() == 8).then_some(())?;
        Self::new(i32::try_from(year).ok()?, u8::try_from(month).ok()?, u8::try_from(day).ok()?)
    }

    /// Days since 1 January 1970.
    pub(super) fn days(self) -> i64 {
        days_of(i64::from(self.year), i64::from(self.month), i64::from(self.day))
    }

    /// 1 to 9999.
    pub(super) fn year(self) -> i32 {
        self.year
    }

    /// 1 to 12.
    pub(super) fn month(self) -> u8 {
        self.month
    }

    /// Day of the month, from 1.
    pub(super) fn day(self) -> u8 {
        self.day
    }

    /// 0 for Monday to 6 for Sunday.
    pub(super) fn weekday(self) -> u8 {
        weekday_of(self.days())
    }

    /// Day of the year, from 0.
    pub(super) fn day_of_year(self) -> i64 {
        self.days() - days_of(i64::from(self.year), 1, 1)
    }

    /// 365 or 366.
    pub(super) fn days_in_year(self) -> i64 {
        365 + i64::from(is_leap(self.year))
    }

    /// 28 to 31.
    pub(super) fn days_in_month(self) -> u8 {
        days_in_month(self.year, self.month)
    }

    /// The day so many days later, or earlier.
    pub(super) fn plus_days(self, days: i64) -> Option<Self> {
        Self::from_days(self.days().checked_add(days)?)
    }

    /// Its beginning.
    pub(super) fn midnight(self) -> DateTime {
        DateTime { date: self, second_of_day: 0 }
    }
}

/// A day and a time of day, to the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct DateTime {
    date: Date,
    second_of_day: u32,
}

impl DateTime {
    /// `None` for a time that does not exist; a leap second (60) is read as the second before it.
    pub(super) fn new(date: Date, hour: u8, minute: u8, second: u8) -> Option<Self> {
        let second_of_day = u32::from(hour) * 3600 + u32::from(minute) * 60 + u32::from(second.min(59));
        (hour < 24 && minute < 60 && second <= 60).then_some(Self { date, second_of_day })
    }

    /// So many seconds of the wall clock after the beginning of 1970.
    pub(super) fn from_seconds(seconds: i64) -> Option<Self> {
        let date = Date::from_days(seconds.div_euclid(DAY))?;
        Some(Self { date, second_of_day: u32::try_from(seconds.rem_euclid(DAY)).ok()? })
    }

    /// Reads the two parts of `20261123T090000` (RFC 5545 section 3.3.5) without its `Z`; the seconds may be missing.
    /// `240000` is the end of the day (ISO 8601).
    pub(super) fn parse(date: &str, time: &str) -> Option<Self> {
        let date = Date::parse(date)?;
        if matches!(time, "2400" | "240000") {
            return Some(date.plus_days(1)?.midnight());
        }
        let second = if time.len() == 4 { 0 } else { digits(time, 4..6)? };
        matches!(time.len(), 4 | 6).then_some(())?;
        let part = |number: u32| u8::try_from(number).ok();
        Self::new(date, part(digits(time, 0..2)?)?, part(digits(time, 2..4)?)?, part(second)?)
    }

    /// Seconds of the wall clock since the beginning of 1970.
    pub(super) fn seconds(self) -> i64 {
        self.date.days() * DAY + i64::from(self.second_of_day)
    }

    /// Its day.
    pub(super) fn date(self) -> Date {
        self.date
    }

    /// 0 to 23.
    pub(super) fn hour(self) -> u32 {
        self.second_of_day / 3600
    }

    /// 0 to 59.
    pub(super) fn minute(self) -> u32 {
        self.second_of_day / 60 % 60
    }

    /// 0 to 59.
    pub(super) fn second(self) -> u32 {
        self.second_of_day % 60
    }

    /// The time so many seconds of the wall clock later, or earlier.
    pub(super) fn plus_seconds(self, seconds: i64) -> Option<Self> {
        Self::from_seconds(self.seconds().checked_add(seconds)?)
    }
}

/// Days from 1 January 1970 to a day of the Gregorian calendar, in any year. Howard Hinnant's `days_from_civil`.
pub(super) const fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let (year, from_march) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * from_march + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// 0 for Monday to 6 for Sunday.
fn weekday_of(days: i64) -> u8 {
    // 1 January 1970 was a Thursday.
    u8::try_from((days + 3).rem_euclid(7)).unwrap_or(0)
}

fn is_leap(year: i32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in_month(year: i32, month: u8) -> u8 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The number these bytes of `text` write in decimal digits.
fn digits(text: &str, range: std::ops::Range<usize>) -> Option<u32> {
    let part = text.get(range)?;
    part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        Date::parse(text).unwrap()
    }

    #[test]
    fn every_day_of_the_years_1_to_9999_comes_back_from_its_number() {
        let mut days = days_of(1, 1, 1);
        for year in 1..=9999 {
            for month in 1..=12 {
                for day in [1, 2, days_in_month(year, month)] {
                    let date = Date::new(year, month, day).unwrap();
                    assert_eq!(Date::from_days(date.days()), Some(date));
                }
                assert_eq!(Date::new(year, month, 1).unwrap().days(), days);
                days += i64::from(days_in_month(year, month));
            }
        }
        assert_eq!((Date::from_days(days), Date::from_days(days_of(0, 12, 31))), (None, None));
    }

    #[test]
    fn a_day_knows_its_place_in_week_month_and_year() {
        assert_eq!(date("19700101").days(), 0);
        assert_eq!(["20261122", "20261123", "20000229"].map(|d| date(d).weekday()), [6, 0, 1]);
        assert_eq!(["20260101", "20261231", "20241231"].map(|d| date(d).day_of_year()), [0, 364, 365]);
        assert_eq!(["20240201", "20230201", "19000201", "20000201"].map(|d| date(d).days_in_month()), [29, 28, 28, 29]);
    }

    #[test]
    fn what_is_no_date_is_not_read() {
        for text in ["", "2026112", "202611230", "20260230", "20261301", "20261100", "00001231", "2026-1-1", "+0261123"]
        {
            assert_eq!(Date::parse(text), None, "{text}");
        }
        for time in ["", "24", "240001", "250000", "096000", "09000é"] {
            assert_eq!(DateTime::parse("20261123", time), None, "{time}");
        }
    }

    #[test]
    fn a_time_is_read_with_or_without_seconds_and_a_leap_second_is_the_one_before() {
        let time = |hour, minute, second| DateTime::new(date("20261123"), hour, minute, second);
        assert_eq!(DateTime::parse("20261123", "090507"), time(9, 5, 7));
        assert_eq!(DateTime::parse("20261123", "0905"), time(9, 5, 0));
        assert_eq!(DateTime::parse("20261123", "235960"), time(23, 59, 59));
        let late = time(23, 59, 59).unwrap();
        assert_eq!((late.hour(), late.minute(), late.second()), (23, 59, 59));
        assert_eq!(late.plus_seconds(1), date("20261124").plus_days(0).map(Date::midnight));
        assert_eq!(late.plus_seconds(i64::MAX), None);
    }
}
