//! What came of a stretch of time: from what the store counted to the numbers of `savehub report`. Pure.
//!
//! | file | answers |
//! |---|---|
//! | [`span`] | from when to when, and where does each day begin? |
//! | [`outcome`] | what became of a try, of a meeting? |
//! | [`totals`] | what do the rows of a day, a person, or of all add up to? |
//! | [`trouble`] | what failed and why, and what did not ring? |
//! | [`delay`] | how late were the calls? |
//! | [`month`] | what was spent this month, and what will it be at its end? |

pub mod delay;
pub mod month;
pub mod outcome;
pub mod span;
pub mod totals;
pub mod trouble;

use crate::model::{Group, Tally};
use delay::Delay;
use std::collections::BTreeMap;
use totals::Totals;
use trouble::{Failure, NotTried};

/// The numbers of a report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// All rows together.
    pub total: Totals,
    /// By day or person; what nothing happened in or to is not there.
    pub groups: BTreeMap<Group, Totals>,
    /// What failed, most frequent first.
    pub failures: Vec<Failure>,
    /// What no attempt was made for, most frequent first.
    pub not_tried: Vec<NotTried>,
    /// How late the calls were.
    pub delay: Delay,
    /// Calls and messages that are not in these numbers: rehearsed ones in a real report, and the reverse.
    pub left_out: u64,
}

/// Adds up what was counted: what was real, or what was `rehearsed` with the mock phone or in test mode. Never both.
pub fn summary(tally: &Tally, rehearsed: bool) -> Summary {
    let mut summary = Summary::default();
    for row in &tally.attempts {
        if row.rehearsed == rehearsed {
            summary.total.add_attempts(row);
            summary.groups.entry(row.group.clone()).or_default().add_attempts(row);
        } else if outcome::of_attempt(row).is_try() {
            summary.left_out += row.count;
        }
    }
    for row in tally.incidents.iter().filter(|row| row.rehearsed == rehearsed) {
        summary.total.add_meetings(row);
        summary.groups.entry(row.group.clone()).or_default().add_meetings(row);
    }
    for row in tally.refused.iter().filter(|row| row.rehearsed == rehearsed) {
        summary.total.not_tried += row.count;
        summary.groups.entry(row.group.clone()).or_default().not_tried += row.count;
    }
    summary.failures = trouble::failures(tally.attempts.iter().filter(|row| row.rehearsed == rehearsed));
    summary.not_tried = trouble::not_tried(tally.refused.iter().filter(|row| row.rehearsed == rehearsed));
    summary.delay = Delay::of(tally.delays.iter().filter(|row| row.rehearsed == rehearsed));
    summary
}

#[cfg(test)]
mod tests;
