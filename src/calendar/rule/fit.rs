//! Which days a rule lets through.

use super::period::Freq;
use super::{Date, Rule};

impl Rule {
    /// Does the rule let occurrences take place on that day?
    pub(super) fn fits(&self, date: Date) -> bool {
        let (month_at, month_len) = (i64::from(date.day()) - 1, i64::from(date.days_in_month()));
        (self.months == 0 || self.months >> date.month() & 1 == 1)
            && self.month_days.lets(month_at, month_len, 1)
            && (self.weekdays.is_empty() || self.fits_weekday(date))
            && (self.year_days.is_empty() || self.year_days.has(date.day_of_year(), date.days_in_year(), 1))
            && (self.weeks.is_empty() || self.fits_week(date))
    }

    /// Numbers of weekdays count within the month; in a yearly rule that names no months, within the year.
    fn fits_weekday(&self, date: Date) -> bool {
        let weekday = date.weekday();
        let (at, len) = if self.freq == Freq::Yearly && self.months == 0 {
            (date.day_of_year(), date.days_in_year())
        } else {
            (i64::from(date.day()) - 1, i64::from(date.days_in_month()))
        };
        self.weekdays.every >> weekday & 1 == 1
            || self.weekdays.nth.get(usize::from(weekday)).is_some_and(|nth| nth.has(at, len, 7))
    }

    /// A week belongs to the year that holds four of its days or more, so to the year of its fourth day; that day's
    /// place in the year numbers it.
    fn fits_week(&self, date: Date) -> bool {
        let into_week = (7 + i64::from(date.weekday()) - i64::from(self.week_start)) % 7;
        let fourth = date.plus_days(3 - into_week);
        fourth.is_some_and(|day| self.weeks.has(day.day_of_year(), day.days_in_year(), 7))
    }
}
