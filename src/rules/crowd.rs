//! Which calls can start in time, when a provider starts only so many in a second?
//!
//! The provider is taken to start one call at each beat, the beats being `1 / rate` seconds apart. Earliest deadline first is
//! optimal then: no other order brings more calls to their phones in time (all calls take one beat, so a call that starts
//! can be exchanged for one with an earlier deadline without loss).

use crate::model::Timestamp;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A call that is to start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// Not before this time.
    pub due_at: Timestamp,
    /// Before this time, or not at all.
    pub deadline_at: Timestamp,
}

/// When each call starts, in the order of `wishes`; `None`: it cannot start before its deadline, and takes no beat.
///
/// `per_second` is above 0. The first beat is at the earliest due time.
pub fn starts(wishes: &[Wish], per_second: f64) -> Vec<Option<Timestamp>> {
    let mut starts = vec![None; wishes.len()];
    let mut order: Vec<usize> = (0..wishes.len()).collect();
    order.sort_by_key(|index| wishes[*index].due_at);
    let Some(first) = order.first().map(|index| wishes[*index].due_at) else { return starts };
    let (mut coming, mut waiting) = (order.into_iter().peekable(), BinaryHeap::new());
    let mut beat: u64 = 0;
    while coming.peek().is_some() || !waiting.is_empty() {
        if let (true, Some(next)) = (waiting.is_empty(), coming.peek()) {
            // Nobody waits: on to the first beat at which somebody does.
            beat = beat.max(beat_at(wishes[*next].due_at.since(first), per_second));
        }
        let now = Timestamp::from_ms(first.ms().saturating_add(ms_of(beat, per_second)));
        while let Some(index) = coming.next_if(|index| wishes[*index].due_at <= now) {
            waiting.push(Reverse((wishes[index].deadline_at, index)));
        }
        while let Some(Reverse((deadline_at, index))) = waiting.pop() {
            if deadline_at > now {
                starts[index] = Some(now);
                break;
            }
        }
        beat += 1;
    }
    starts
}

/// Milliseconds from the first beat to this one, rounded up: never earlier than the provider.
#[expect(clippy::cast_possible_truncation, reason = "a float that is too large becomes the largest number")]
#[expect(clippy::cast_precision_loss, reason = "so many calls are not made")]
fn ms_of(beat: u64, per_second: f64) -> i64 {
    (beat as f64 * 1000.0 / per_second).ceil() as i64
}

/// The first beat that is not before so many milliseconds.
#[expect(clippy::cast_possible_truncation, reason = "a float that is too large becomes the largest number")]
#[expect(clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "negative ones become 0")]
fn beat_at(ms: i64, per_second: f64) -> u64 {
    let beat = (ms as f64 * per_second / 1000.0).floor() as u64;
    // Rounding is off by one beat at most.
    if ms_of(beat, per_second) >= ms { beat } else { beat.saturating_add(1) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wish(due_s: i64, deadline_s: i64) -> Wish {
        Wish { due_at: Timestamp::from_ms(due_s * 1000), deadline_at: Timestamp::from_ms(deadline_s * 1000) }
    }

    fn seconds(wishes: &[Wish], per_second: f64) -> Vec<Option<i64>> {
        starts(wishes, per_second).into_iter().map(|start| start.map(|at| at.ms() / 1000)).collect()
    }

    #[test]
    fn calls_that_fall_due_together_start_one_after_the_other() {
        assert_eq!(seconds(&[wish(10, 100), wish(10, 100), wish(10, 100)], 1.0), [Some(10), Some(11), Some(12)]);
        assert_eq!(seconds(&[wish(10, 100), wish(10, 100), wish(10, 100)], 0.5), [Some(10), Some(12), Some(14)]);
        assert_eq!(seconds(&[wish(10, 100); 4], 2.0), [Some(10), Some(10), Some(11), Some(11)]);
        assert_eq!(seconds(&[], 1.0), []);
    }

    #[test]
    fn the_earliest_deadline_goes_first_and_what_cannot_be_in_time_takes_no_beat() {
        assert_eq!(seconds(&[wish(0, 9), wish(0, 1), wish(0, 1), wish(0, 3)], 1.0), [Some(2), Some(0), None, Some(1)]);
    }

    #[test]
    fn a_call_may_start_right_before_its_deadline_and_not_at_it() {
        assert_eq!(seconds(&[wish(0, 1), wish(0, 1), wish(0, 2)], 1.0), [Some(0), None, Some(1)]);
    }

    #[test]
    fn three_hundred_people_at_one_call_a_second_lose_a_third() {
        let crowd = vec![wish(0, 180); 300];
        assert_eq!(starts(&crowd, 1.0).iter().filter(|start| start.is_none()).count(), 120);
        assert_eq!(starts(&crowd, 2.0).iter().filter(|start| start.is_none()).count(), 0);
    }

    /// The most calls that any order brings to their phones, found by trying all of them.
    fn best(wishes: &[Wish], beat_s: i64, first_s: i64) -> usize {
        fn go(wishes: &[Wish], free: &mut Vec<Timestamp>) -> usize {
            let Some((wish, rest)) = wishes.split_first() else { return 0 };
            let mut most = go(rest, free);
            for at in 0..free.len() {
                if free[at] >= wish.due_at && free[at] < wish.deadline_at {
                    let taken = free.remove(at);
                    most = most.max(1 + go(rest, free));
                    free.insert(at, taken);
                }
            }
            most
        }
        let mut beats = (0..12).map(|beat| Timestamp::from_ms((first_s + beat * beat_s) * 1000)).collect();
        go(wishes, &mut beats)
    }

    proptest! {
        #[test]
        fn no_order_brings_more_calls_to_their_phones(
            typed in proptest::collection::vec((0..8_i64, 0..6_i64), 0..6), slow in proptest::bool::ANY,
        ) {
            let wishes: Vec<Wish> = typed.iter().map(|(due, for_s)| wish(*due, due + for_s)).collect();
            let beat_s = if slow { 2 } else { 1 };
            let planned = starts(&wishes, 1.0 / beat_s as f64);
            let first = typed.iter().map(|(due, _)| *due).min().unwrap_or_default();
            prop_assert_eq!(planned.iter().flatten().count(), best(&wishes, beat_s, first));
            let mut used: Vec<_> = planned.iter().flatten().copied().collect();
            used.sort();
            prop_assert!(used.windows(2).all(|w| w[1].since(w[0]) >= beat_s * 1000), "one at each beat: {:?}", used);
            for (wish, start) in wishes.iter().zip(&planned) {
                prop_assert!(start.is_none_or(|at| at >= wish.due_at && at < wish.deadline_at));
            }
        }
    }
}
