//! Recurrence rules (RFC 5545 section 3.3.10), on the wall clock: rule and first start in, the starts in a stretch of
//! time out. What zones make of those starts is not decided here.
//!
//! # How
//!
//! The frequency cuts time into *periods*: years, months, weeks, days, hours, minutes or seconds, counted from a fixed
//! one, so that the period of any moment, and every `INTERVAL`th after the first, are found by arithmetic. No
//! occurrence lies outside its period. Within a period the table of section 3.3.10 comes down to two questions: which
//! *days* fit ([`fit`]), and which times of day ([`clock`]); whatever the table calls "expand" or "limit", a part that
//! is there only lets through what stands in its list. The occurrences of a period are all its days at all those times
//! ([`moments`]), without being written out: how many there are before an instant, and the n-th of them, are computed.
//! `BYSETPOS` picks from them.
//!
//! So [`times()`] goes straight to the window, or, to honour a `COUNT`, from period to period, and where all periods
//! hold the same number of occurrences, straight to the window again. A rule whose lists never match ends with the
//! window.
//!
//! # Choices
//!
//! * The first start counts as an occurrence even where it does not fit the rule; `COUNT` then counts those that fit.
//! * What the rule leaves open comes from the first start: `FREQ=YEARLY;BYWEEKNO=20` is the first start's weekday.
//! * Days that do not exist (31 April, 29 February of most years) are left out, not moved.
//! * `BYDAY=2MO` in a rule that is neither monthly nor yearly is read as `MO`.
//! * Entries out of range are left out; a list of which nothing is left makes the rule unreadable.

mod clock;
mod fit;
mod lists;
mod moments;
mod parse;
mod period;
#[cfg(test)]
mod tests;
mod times;

pub(super) use times::{fitting_times, times};

use super::civil::{DAY, Date, DateTime};
use super::view::Limits;
use clock::Clock;
use lists::{Numbers, Weekdays};
use period::Freq;

/// A recurrence rule as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    freq: Freq,
    /// At least 1.
    interval: i64,
    count: Option<u64>,
    until: Option<Until>,
    /// 0 for Monday to 6 for Sunday.
    week_start: u8,
    /// Bit n for month n; no bit: the rule does not say.
    months: u16,
    weeks: Numbers,
    year_days: Numbers,
    month_days: Numbers,
    weekdays: Weekdays,
    clock: Clock,
    positions: Numbers,
}

impl Rule {
    /// The bound the rule ends with. [`times()`] only stops somewhere after it: which instant a local bound is, and
    /// whether an occurrence lies behind it, only the caller can tell.
    pub(super) fn until(&self) -> Option<Until> {
        self.until
    }

    /// `FREQ=MONTHLY` or `YEARLY`.
    pub(super) fn is_slow(&self) -> bool {
        self.freq >= Freq::Monthly
    }

    /// A second of the wall clock after which the rule is over in every zone.
    fn over(&self) -> i64 {
        match self.until {
            None => i64::MAX,
            Some(Until::Date(date)) => (date.days() + 2) * DAY,
            Some(Until::Floating(time) | Until::Utc(time)) => time.seconds() + DAY,
        }
    }
}

/// The last instant of a rule, inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// A day.
    Date(Date),
    /// A time on the wall clock of the series.
    Floating(DateTime),
    /// An instant.
    Utc(DateTime),
}

/// Steps each UID has for itself: enough for an ordinary series, so that no other one can take that away …
const OWN_STEPS: u64 = 200;

/// … and of all UIDs together: where a calendar has many thousands of them, each has fewer.
const ALL_OWN_STEPS: u64 = 1_000_000;

/// How much work the series of one calendar may still cost. A step is a period looked at or an occurrence found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Budget {
    /// Left for the UID that is being expanded.
    own: u64,
    /// What each UID has for itself.
    each: u64,
    /// Shared by all.
    steps: u64,
    per_series: usize,
}

impl Budget {
    /// A full one.
    pub(super) fn new(limits: Limits) -> Self {
        Self { own: 0, each: OWN_STEPS, steps: limits.steps, per_series: limits.per_series }
    }

    /// So many UIDs share it.
    pub(super) fn share(&mut self, uids: usize) {
        self.each = OWN_STEPS.min(ALL_OWN_STEPS / (uids as u64).max(1));
    }

    /// The next UID has its own steps.
    pub(super) fn renew(&mut self) {
        self.own = self.each;
    }

    /// Takes some steps away.
    pub(super) fn spend(&mut self, steps: u64) -> Result<(), TooMuch> {
        let shared = steps.saturating_sub(self.own);
        self.own -= steps - shared;
        let left = self.steps.checked_sub(shared);
        self.steps = left.unwrap_or(0);
        left.map(|_| ()).ok_or(TooMuch::Work)
    }

    /// Is there nothing left that is shared?
    pub(super) fn is_spent(&self) -> bool {
        self.steps == 0
    }

    /// Sets aside all but an eighth of what is left, so that whoever spends now leaves something to those who follow.
    pub(super) fn set_aside(&mut self) -> u64 {
        let share = self.steps.div_ceil(8);
        std::mem::replace(&mut self.steps, share) - share
    }

    /// Puts back what was set aside.
    pub(super) fn put_back(&mut self, steps: u64) {
        self.steps = self.steps.saturating_add(steps);
    }
}

/// Why a series is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum TooMuch {
    /// The budget is used up.
    #[error("its rule takes too long to work out")]
    Work,
    /// More occurrences than one series may have.
    #[error("it takes place more than {0} times in the looked-at time")]
    Dense(usize),
}
