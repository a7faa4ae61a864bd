//! Can all calls of a stretch of time start before their meetings, whatever becomes of each?
//!
//! It counts a call for every rung, so it never calls a time free that is crowded. It may call one crowded that is not:
//! meetings share calls, people check in, and limits hold some back.

use super::capacity::RINGS_FOR;
use crate::model::Timestamp;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

/// A scheduler is assumed to tick at each full and half minute, as in a plan.
const TICK_MS: i64 = 30_000;

/// The tick that finds it.
fn found_at(due_at: Timestamp) -> Timestamp {
    Timestamp::from_ms(due_at.ms().saturating_add((-due_at.ms()).rem_euclid(TICK_MS)))
}

/// A call that may be due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MayRing {
    /// When it is due.
    pub due_at: Timestamp,
    /// The start of its meeting.
    pub deadline_at: Timestamp,
}

/// When the first of these calls is due that could be too late, if one starts `every` so often from `free_at` on; the earliest
/// meeting comes first. `None`: all can start in time.
pub fn first_crowd(mut calls: Vec<MayRing>, free_at: Timestamp, every: Duration) -> Option<Timestamp> {
    calls.sort_unstable();
    let (mut turn, mut waiting) = (free_at, BinaryHeap::new());
    let mut coming = calls.into_iter().peekable();
    loop {
        while let Some(call) = coming.next_if(|call| waiting.is_empty() || found_at(call.due_at) <= turn) {
            turn = if waiting.is_empty() { turn.max(found_at(call.due_at)) } else { turn };
            waiting.push(Reverse((call.deadline_at, call.due_at)));
        }
        let Reverse((deadline_at, due_at)) = waiting.pop()?;
        if turn > deadline_at.minus(RINGS_FOR) {
            return Some(due_at);
        }
        turn = turn.plus(every);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_secs(1);

    /// So many calls that are due three minutes before a start so many seconds from now.
    fn calls(starts: &[(i64, usize)]) -> Vec<MayRing> {
        let of = |start: i64| MayRing {
            due_at: Timestamp::from_ms((start - 180) * 1000),
            deadline_at: Timestamp::from_ms(start * 1000),
        };
        starts.iter().flat_map(|(start, count)| vec![of(*start); *count]).collect()
    }

    fn crowd(starts: &[(i64, usize)]) -> Option<i64> {
        let first = first_crowd(calls(starts), Timestamp::from_ms(0), EVERY);
        first.map(|at| at.ms() / 1000)
    }

    #[test]
    fn a_turn_for_each_before_its_start_is_enough() {
        // From 160 s before the start, when a tick finds them, to 5 s before it.
        assert_eq!(crowd(&[(1000, 156)]), None);
        assert_eq!(crowd(&[(1000, 157)]), Some(820));
        assert_eq!(crowd(&[]), None);
    }

    #[test]
    fn meetings_that_start_later_wait_for_earlier_ones() {
        assert_eq!(crowd(&[(1000, 100), (1060, 100)]), None);
        assert_eq!(crowd(&[(1000, 100), (1060, 116)]), None);
        assert_eq!(crowd(&[(1000, 100), (1060, 117)]), Some(880));
        assert_eq!(crowd(&[(5000, 146), (1000, 146)]), None, "in between the turns are free");
    }
}
