//! How late the calls were: from the due time of a step to its first attempt.

use crate::model::DelayTally;

/// Where the classes of [`Delay::classes`] end, in seconds; the last one has no end.
const CLASSES: [u64; 7] = [1, 5, 10, 20, 30, 60, 120];

/// Delays, in tenths of a second.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delay {
    /// Milliseconds and how many, ascending.
    sorted: Vec<(u64, u64)>,
}

impl Delay {
    /// Adds up what was counted.
    pub fn of<'a>(rows: impl Iterator<Item = &'a DelayTally>) -> Self {
        let mut sorted: Vec<_> = rows.map(|row| (row.ms, row.count)).collect();
        sorted.sort_unstable();
        Self { sorted }
    }

    /// How many first attempts.
    pub fn count(&self) -> u64 {
        self.sorted.iter().map(|(_, n)| n).sum()
    }

    /// The delay, in milliseconds, that this many of a hundred stayed within (nearest rank). `None` without any.
    pub fn percentile(&self, hundredths: u64) -> Option<u64> {
        let rank = self.count().saturating_mul(hundredths).div_ceil(100).max(1);
        let mut seen = 0;
        self.sorted.iter().find_map(|(ms, n)| {
            seen += n;
            (seen >= rank).then_some(*ms)
        })
    }

    /// How many in each class: below each of these seconds, and, with `None`, the rest.
    pub fn classes(&self) -> Vec<(Option<u64>, u64)> {
        let mut from = 0;
        let ends = CLASSES.map(Some).into_iter().chain([None]);
        let within = |from: u64, end: Option<u64>| {
            let inside = |ms: u64| ms >= from * 1000 && end.is_none_or(|end| ms < end * 1000);
            self.sorted.iter().filter(|(ms, _)| inside(*ms)).map(|(_, n)| n).sum()
        };
        ends.map(|end| (end, within(std::mem::replace(&mut from, end.unwrap_or(0)), end))).collect()
    }
}
