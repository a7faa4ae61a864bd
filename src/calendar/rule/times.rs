//! From a rule to its occurrences in a window.

use super::clock::{Clock, lets};
use super::lists::{Numbers, Weekdays};
use super::moments::Moments;
use super::period::Freq;
use super::{Budget, DAY, Date, DateTime, Rule, TooMuch};
use std::ops::Range;

/// Days looked at for the price of one step.
const DAYS_PER_STEP: u64 = 16;

/// The starts of the series from `from` to `until`, both inclusive, in order, each once. `start` is one of them,
/// whatever the rule says.
pub(in crate::calendar) fn times(
    rule: &Rule,
    start: DateTime,
    from: DateTime,
    until: DateTime,
    budget: &mut Budget,
) -> Result<Vec<DateTime>, TooMuch> {
    let mut found = fitting_times(rule, start, from, until, budget)?;
    if (from..=until).contains(&start) && found.first() != Some(&start) {
        found.insert(0, start);
    }
    Ok(found)
}

/// Like [`times()`], but `start` counts only where it fits the rule: what an `EXRULE` takes away.
pub(in crate::calendar) fn fitting_times(
    rule: &Rule,
    start: DateTime,
    from: DateTime,
    until: DateTime,
    budget: &mut Budget,
) -> Result<Vec<DateTime>, TooMuch> {
    let found = Series::new(rule, start, from, until).found(budget)?;
    Ok(found.into_iter().filter_map(DateTime::from_seconds).collect())
}

/// A rule with its first start and the window to look at. All times are seconds of the wall clock since the beginning
/// of 1970.
struct Series {
    rule: Rule,
    start: i64,
    /// The period of the first start.
    first: i64,
    /// The part of the window the series can reach.
    window: Range<i64>,
    /// The period of the window's start.
    near: i64,
    /// The period of the window's end.
    far: i64,
}

impl Series {
    fn new(rule: &Rule, start: DateTime, from: DateTime, until: DateTime) -> Self {
        let rule = rule.completed(start);
        let from = from.max(start);
        let number = |time| rule.freq.number(time, rule.week_start);
        let last = until.seconds().min(rule.over());
        let far = number(DateTime::from_seconds(last).unwrap_or(until));
        let window = from.seconds()..last + 1;
        Self { first: number(start), near: number(from), far, start: start.seconds(), window, rule }
    }

    fn found(&self, budget: &mut Budget) -> Result<Vec<i64>, TooMuch> {
        let interval = self.rule.interval;
        let mut left = self.rule.count.unwrap_or(u64::MAX);
        let mut found = Vec::new();
        budget.spend(1)?;
        if self.window.is_empty() {
            return Ok(found);
        }
        let mut number = self.first;
        if self.rule.count.is_none() {
            number += steps_up(self.near - self.first, interval) * interval;
        }
        while left > 0 && number <= self.far {
            if let Some(later) = self.barren(number) {
                budget.spend(1)?;
                number += steps_up(later - number, interval).max(1) * interval;
                continue;
            }
            let moments = self.moments(number, budget)?;
            let alike = self.alike(number);
            let before = moments.below(self.window.start).saturating_sub(moments.below(self.start));
            left = left.saturating_sub(before.saturating_mul(alike));
            let due = moments.below(self.window.start)..moments.below(self.window.end);
            if self.due_at_least(number, &due).min(left) > (budget.per_series - found.len()) as u64 {
                return Err(TooMuch::Dense(budget.per_series));
            }
            for n in due.take(usize::try_from(left).unwrap_or(usize::MAX)) {
                budget.spend(1)?;
                found.extend(moments.get(n));
                left -= 1;
            }
            number += alike.cast_signed() * interval;
        }
        Ok(found)
    }

    fn period(&self, number: i64) -> Range<i64> {
        self.rule.freq.period(number, self.rule.week_start)
    }

    /// How many periods from this one on, all before the window, hold as many occurrences as this one; at least 1.
    fn alike(&self, number: i64) -> u64 {
        let even = self.rule.is_even() && number > self.first;
        let periods = if even { (self.near - number) / self.rule.interval } else { 1 };
        u64::try_from(periods).unwrap_or(0).max(1)
    }

    /// A lower bound for the occurrences from this period to the end of the window; `due` are the period's own.
    fn due_at_least(&self, number: i64, due: &Range<u64>) -> u64 {
        let own = due.end - due.start;
        let even = self.rule.is_even() && number > self.near && self.rule.until.is_none();
        let periods = if even { (self.far - number) / self.rule.interval } else { 1 };
        own.saturating_mul(u64::try_from(periods).unwrap_or(0).max(1))
    }

    /// For frequencies finer than a day: when the rule lets nothing take place in this period, the first one that it
    /// may.
    fn barren(&self, number: i64) -> Option<i64> {
        let (freq, clock) = (self.rule.freq, self.rule.clock);
        let length = freq.seconds().filter(|length| *length < DAY)?;
        let second = number.saturating_mul(length);
        let (day, hour, minute) = (second.div_euclid(DAY), second.div_euclid(3600), second.div_euclid(60));
        let next = if !Date::from_days(day).is_some_and(|date| self.rule.fits(date)) {
            (day + 1) * DAY
        } else if !lets(clock.hours, hour.rem_euclid(24)) {
            (hour + 1) * 3600
        } else if freq < Freq::Hourly && !lets(clock.minutes, minute.rem_euclid(60)) {
            (minute + 1) * 60
        } else if freq < Freq::Minutely && !lets(clock.seconds, second.rem_euclid(60)) {
            second + 1
        } else {
            return None;
        };
        Some(next / length)
    }

    /// What takes place in a period: of it all for `BYSETPOS`, of what matters otherwise.
    fn moments(&self, number: i64, budget: &mut Budget) -> Result<Moments, TooMuch> {
        let period = self.period(number);
        let clock = self.clock(period.start);
        let mut days = period.start.div_euclid(DAY)..(period.end - 1).div_euclid(DAY) + 1;
        if self.rule.positions.is_empty() {
            let from = if self.rule.count.is_some() { self.start } else { self.window.start };
            days.start = days.start.max(from.div_euclid(DAY));
            days.end = days.end.min((self.window.end - 1).div_euclid(DAY) + 1);
        }
        let days_looked_at = u64::try_from(days.end - days.start).unwrap_or(0);
        budget.spend(1 + days_looked_at / DAYS_PER_STEP + self.rule.positions.len())?;
        let fits = |day: &i64| Date::from_days(*day).is_some_and(|date| self.rule.fits(date));
        let all = Moments::All { days: days.filter(fits).collect(), clock };
        Ok(if self.rule.positions.is_empty() { all } else { all.pick(&self.rule.positions) })
    }

    /// The times of day of a period that starts then: those of the rule, within the hour, minute or second.
    fn clock(&self, start: i64) -> Clock {
        let one = |number: i64| 1_u64 << number;
        let (freq, mut clock) = (self.rule.freq, self.rule.clock);
        if freq < Freq::Daily {
            clock.hours = one(start.div_euclid(3600).rem_euclid(24));
        }
        if freq < Freq::Hourly {
            clock.minutes = one(start.div_euclid(60).rem_euclid(60));
        }
        if freq < Freq::Minutely {
            clock.seconds = one(start.rem_euclid(60));
        }
        clock
    }
}

impl Rule {
    /// The rule with what it leaves open taken from the first start (RFC 5545 section 3.3.10: "Information, not
    /// contained in the rule, necessary to determine the various recurrence instance start time and dates are derived
    /// from the Start Time").
    fn completed(&self, start: DateTime) -> Self {
        let mut rule = self.clone();
        let date = start.date();
        if rule.freq < Freq::Monthly {
            rule.weekdays = rule.weekdays.without_numbers();
        }
        if rule.weekdays.is_empty() && rule.month_days.is_empty() && rule.year_days.is_empty() {
            match rule.freq {
                Freq::Yearly | Freq::Monthly if !rule.weeks.is_empty() => {
                    rule.weekdays = Weekdays::only(date.weekday());
                }
                Freq::Yearly | Freq::Monthly => {
                    if rule.freq == Freq::Yearly && rule.months == 0 {
                        rule.months = 1 << date.month();
                    }
                    rule.month_days = Numbers::new(vec![i16::from(date.day())]);
                }
                Freq::Weekly => rule.weekdays = Weekdays::only(date.weekday()),
                Freq::Daily | Freq::Hourly | Freq::Minutely | Freq::Secondly => {}
            }
        }
        let clock = &mut rule.clock;
        for (list, number, coarser_than) in [
            (&mut clock.hours, start.hour(), Freq::Hourly),
            (&mut clock.minutes, start.minute(), Freq::Minutely),
            (&mut clock.seconds, start.second(), Freq::Secondly),
        ] {
            if *list == 0 && rule.freq > coarser_than {
                *list = 1 << number;
            }
        }
        rule
    }

    /// Does every whole period of a completed rule hold the same number of occurrences?
    fn is_even(&self) -> bool {
        let every_day =
            self.months == 0 && self.month_days.is_empty() && self.year_days.is_empty() && self.weeks.is_empty();
        let Clock { hours, minutes, seconds } = self.clock;
        every_day
            && match self.freq {
                Freq::Yearly | Freq::Monthly => false,
                Freq::Weekly => true,
                Freq::Daily => self.weekdays.is_empty(),
                Freq::Hourly => self.weekdays.is_empty() && hours == 0,
                Freq::Minutely => self.weekdays.is_empty() && hours | minutes == 0,
                Freq::Secondly => self.weekdays.is_empty() && hours | minutes | seconds == 0,
            }
    }
}

/// How many steps of `interval` reach `distance` or go past it; 0 for a negative one.
fn steps_up(distance: i64, interval: i64) -> i64 {
    let distance = distance.max(0);
    distance / interval + i64::from(distance % interval != 0)
}
