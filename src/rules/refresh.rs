//! When is a calendar looked at next?

use crate::model::{Timestamp, fnv1a};
use std::time::Duration;

/// A calendar is always looked at before the first ring of a meeting, since the meeting may have moved: no longer
/// before it than this …
pub const BEFORE_RING_MOST: Duration = Duration::from_secs(14 * 60);

/// … and no later than this, which leaves time for a look that fails and for the next tick.
pub const BEFORE_RING_LEAST: Duration = Duration::from_secs(6 * 60);

/// A calendar in which something vanished is looked at again after this, before anything is concluded from it.
pub const SECOND_LOOK: Duration = Duration::from_secs(60);

/// The longest pause after failures, unless the calendar is looked at less often anyway.
const BACK_OFF_MAX: Duration = Duration::from_secs(60 * 60);

/// The longest pause after nobody was reached: soon after an outage all calendars are read, and one that was to be looked
/// at before a ring is looked at in time.
const UNREACHED_MAX: Duration = Duration::from_secs(2 * 60);

/// The longest a server may ask to be left alone.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(6 * 60 * 60);

/// After this time the whole copy is asked for, even if the server says that the old one is still good.
const WHOLE_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// How much a pause after failures is spread: a tenth more or less, in thousandths.
const SPREAD: u64 = 100;

/// A calendar is left alone after a look for its interval divided by this.
const LEFT_ALONE_PART: u32 = 10;

/// What came of a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Looked {
    /// The calendar was read, or is as it was.
    Good {
        /// A known meeting was not there any more.
        vanished: bool,
    },
    /// There is no new copy.
    Failed {
        /// How often in a row by now; at least 1.
        times: u32,
        /// How long the server asked to be left alone.
        retry_after: Option<Duration>,
    },
    /// No server was reached, so no one was burdened.
    Unreached,
}

/// When to look again at the calendar `key`, which was looked at `now` and whose interval is `every` (zero: every tick,
/// for files). `first_ring` is the earliest first ring of its known meetings that is more than [`BEFORE_RING_MOST`]
/// away.
///
/// Every calendar has its own moment in the interval, which its key decides, and keeps to it. So thousands of calendars
/// that were once read together, after an outage or because they are new, are not read together again. A moment right
/// after a look is left out, so the next one is at most the interval and a tenth away.
///
/// A look must come in a certain time before a ring. Where no such moment lies in that time, there is one more look,
/// whose time the key decides too: everybody's meeting at nine must not bring all calendars at once.
///
/// After each failure the pause is twice as long, up to an hour, but where no server was reached. A server that asks to be left alone is, for up to six
/// hours. Neither puts off the look before a ring: one request for one meeting is no abuse.
pub fn next_look(
    now: Timestamp,
    every: Duration,
    looked: Looked,
    first_ring: Option<Timestamp>,
    key: &str,
) -> Timestamp {
    let usual = match looked {
        Looked::Good { .. } => own_moment(now, every, key),
        Looked::Failed { times, .. } => now.plus(spread(pause(every, times), key)),
        Looked::Unreached => now.plus(spread(every.min(UNREACHED_MAX), key)),
    };
    let second = matches!(looked, Looked::Good { vanished: true }).then(|| now.plus(SECOND_LOOK));
    let soonest = second.into_iter().fold(usual, Timestamp::min).max(now.plus(left_alone(looked)));
    let too_late = first_ring.filter(|ring| soonest > ring.minus(BEFORE_RING_LEAST));
    let before_ring = too_late.map(|ring| ring.minus(ahead_of_ring(key))).filter(|look| *look > now);
    before_ring.into_iter().fold(soonest, Timestamp::min)
}

/// Is it time to ask for the whole copy, whatever the server says about it? Some servers answer "not modified" for
/// ever, so this is asked once a day and before each first ring (`near_ring`: the last one in [`BEFORE_RING_MOST`] from
/// now). A last time in the future comes from a wrong clock and does not count.
pub fn is_whole_due(last_full: Option<Timestamp>, near_ring: Option<Timestamp>, now: Timestamp) -> bool {
    let before_ring = near_ring.map(|ring| ring.minus(BEFORE_RING_MOST)).filter(|from| *from <= now);
    last_full
        .is_none_or(|last| last > now || now >= last.plus(WHOLE_EVERY) || before_ring.is_some_and(|from| last < from))
}

/// The calendar's next own moment: a whole number of intervals since 1970, and a part that its key decides.
fn own_moment(now: Timestamp, every: Duration, key: &str) -> Timestamp {
    let Some(every_ms) = i64::try_from(every.as_millis()).ok().filter(|ms| *ms > 0) else { return now.plus(every) };
    let own = i64::try_from(place(key) % every_ms.unsigned_abs()).unwrap_or(0);
    let after = now.plus(every / LEFT_ALONE_PART);
    let into = after.ms().saturating_sub(own).rem_euclid(every_ms);
    after.plus(Duration::from_millis((every_ms - into).unsigned_abs()))
}

/// How long before a ring its look comes.
fn ahead_of_ring(key: &str) -> Duration {
    let room = BEFORE_RING_MOST.saturating_sub(BEFORE_RING_LEAST);
    BEFORE_RING_LEAST + Duration::from_secs(place(key) % (room.as_secs() + 1))
}

/// The pause after this many failures in a row, before it is spread.
fn pause(every: Duration, times: u32) -> Duration {
    let doubled = every.saturating_mul(1_u32.checked_shl(times).unwrap_or(u32::MAX));
    doubled.min(BACK_OFF_MAX.max(every))
}

fn left_alone(looked: Looked) -> Duration {
    match looked {
        Looked::Failed { retry_after: Some(wait), .. } => wait.min(RETRY_AFTER_MAX),
        _ => Duration::ZERO,
    }
}

/// Up to a tenth more or less, by the key.
fn spread(time: Duration, key: &str) -> Duration {
    let thousandths = 1000 - SPREAD + place(key) % (2 * SPREAD + 1);
    time.saturating_mul(u32::try_from(thousandths).unwrap_or(1000)) / 1000
}

/// A number made of the key; likely keys have different ones. The high half is folded in, since the low digits of keys
/// that differ only at their end are near to each other.
fn place(key: &str) -> u64 {
    let hash = fnv1a(key);
    hash ^ (hash >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GOOD: Looked = Looked::Good { vanished: false };
    const VANISHED: Looked = Looked::Good { vanished: true };

    fn failed(times: u32) -> Looked {
        Looked::Failed { times, retry_after: None }
    }

    fn told_to_wait(seconds: u64) -> Looked {
        Looked::Failed { times: 1, retry_after: Some(Duration::from_secs(seconds)) }
    }

    const START: i64 = 1_795_338_000_000;

    /// A key whose pauses are not moved, so that a table shows the rules alone.
    fn still() -> String {
        let keys = (0..).map(|n: u32| format!("{n:x}"));
        keys.into_iter().find(|key| spread(Duration::from_secs(1000), key) == Duration::from_secs(1000)).unwrap()
    }

    fn keys(count: u64) -> Vec<String> {
        (0..count).map(|n| format!("{n:016x}")).collect()
    }

    fn seconds(s: i64) -> Duration {
        Duration::from_secs(s.unsigned_abs())
    }

    /// Seconds to the next look from one that came right at the calendar's own moment.
    fn pause_s(every_s: i64, looked: Looked, ring_in_s: Option<i64>, key: &str) -> i64 {
        let (start, every) = (Timestamp::from_ms(START), seconds(every_s));
        let now = if every_s == 0 { start } else { own_moment(start, every, key) };
        let ring = ring_in_s.map(|s| Timestamp::from_ms(now.ms() + s * 1000));
        next_look(now, every, looked, ring, key).since(now) / 1000
    }

    #[test]
    fn each_rule_alone_and_where_they_meet() {
        let key = still();
        let ahead = i64::try_from(ahead_of_ring(&key).as_secs()).unwrap();
        for (case, every, looked, ring, next) in [
            ("regular", 300, GOOD, None, 300),
            ("a file", 0, GOOD, None, 0),
            ("a file with a ring", 0, GOOD, Some(3600), 0),
            ("a file that cannot be read", 0, failed(9), None, 0),
            ("a ring far away", 300, GOOD, Some(9000), 300),
            ("a ring soon, and a look in time for it", 300, GOOD, Some(841), 300),
            ("a ring that is past", 3600, GOOD, Some(-60), 3600),
            ("a rare look, in time for a ring", 3600, GOOD, Some(3600 + 360), 3600),
            ("a rare look, too late for a ring", 3600, GOOD, Some(3600 + 359), 3600 + 359 - ahead),
            ("a rare look and a ring", 21_600, GOOD, Some(7200), 7200 - ahead),
            ("something vanished", 300, VANISHED, None, 60),
            ("something vanished before a ring", 3600, VANISHED, Some(3000), 60),
            ("something vanished from a file", 0, VANISHED, None, 0),
            ("one failure", 300, failed(1), None, 600),
            ("two failures", 300, failed(2), None, 1200),
            ("three failures", 300, failed(3), None, 2400),
            ("four failures", 300, failed(4), None, 3600),
            ("failures without end", 300, failed(u32::MAX), None, 3600),
            ("a failure of a rare look", 21_600, failed(1), None, 21_600),
            ("failures and a ring", 300, failed(4), Some(2000), 2000 - ahead),
            ("nobody reached", 300, Looked::Unreached, None, 120),
            ("nobody reached of a rare look", 21_600, Looked::Unreached, None, 120),
            ("nobody reached of a frequent look", 60, Looked::Unreached, None, 60),
            ("nobody reached before a ring", 21_600, Looked::Unreached, Some(900), 120),
            ("a file nobody reached", 0, Looked::Unreached, None, 0),
            ("told to wait less than the pause", 300, told_to_wait(10), None, 600),
            ("told to wait", 300, told_to_wait(5000), None, 5000),
            ("told to wait beyond the look before a ring", 300, told_to_wait(5000), Some(2000), 2000 - ahead),
            ("told to wait, and a ring whose look is past", 300, told_to_wait(5000), Some(ahead), 5000),
            ("told to wait for ever", 300, told_to_wait(u64::MAX), None, 21_600),
        ] {
            assert_eq!(pause_s(every, looked, ring, &key), next, "{case}");
        }
    }

    /// Each tenth of the times between `from` and `to` has about a tenth of them.
    fn are_spread(times: &[i64], from: i64, to: i64) {
        assert!(times.iter().all(|time| (from..=to).contains(time)), "{times:?}");
        for tenth in 0..10 {
            let (low, high) = (from + (to - from) * tenth / 10, from + (to - from) * (tenth + 1) / 10);
            let share = times.iter().filter(|time| (low..high).contains(*time)).count() * 100 / times.len();
            assert!((8..=12).contains(&share), "{share} % of them between {low} and {high}");
        }
    }

    #[test]
    fn calendars_that_were_looked_at_together_are_not_looked_at_together_again() {
        let (now, every) = (Timestamp::from_ms(START), seconds(300));
        let looks = |now: &dyn Fn(&str) -> Timestamp| -> Vec<i64> {
            keys(5000)
                .iter()
                .map(|key| next_look(now(key), every, GOOD, None, key).since(Timestamp::from_ms(START)))
                .collect()
        };
        are_spread(&looks(&|_| now), 30_000, 330_000);
        // As it stays: a tick finds each up to half a minute after its moment.
        let after_the_second = looks(&|key| next_look(now, every, GOOD, None, key).plus(seconds(17)));
        are_spread(&after_the_second, 330_000, 630_000);
    }

    #[test]
    fn the_looks_before_a_meeting_that_everybody_has_are_spread_over_some_minutes() {
        let looks: Vec<i64> = keys(5000).iter().map(|key| pause_s(21_600, GOOD, Some(10_000), key)).collect();
        are_spread(&looks, 10_000 - 840, 10_000 - 360);
    }

    #[test]
    fn failures_are_spread_by_a_tenth() {
        let pauses: Vec<i64> = keys(5000).iter().map(|key| pause_s(300, failed(1), None, key)).collect();
        are_spread(&pauses, 540, 660);
    }

    proptest! {
        #[test]
        fn a_good_calendar_is_left_alone_for_a_tenth_of_its_interval_and_no_longer_than_a_tenth_more(
            now in 0..4_000_000_000_000_i64, every_ms in 60_000..100_000_000_i64, key in "[0-9a-f]{16}",
        ) {
            let gap = own_moment(Timestamp::from_ms(now), Duration::from_millis(every_ms.unsigned_abs()), &key).ms() - now;
            prop_assert!(gap > every_ms / 10 && gap <= every_ms + every_ms / 10, "{gap}");
        }

        #[test]
        fn whatever_the_interval_there_is_a_look_in_the_minutes_before_a_ring(
            now in 0..4_000_000_000_000_i64, every_s in 60..50_000_i64, ring_in_s in 900..90_000_i64, key in "[0-9a-f]{16}",
            late_s in 0..60_i64,
        ) {
            let (mut at, ring) = (Timestamp::from_ms(now), Timestamp::from_ms(now + ring_in_s * 1000));
            let mut seen = false;
            while at < ring {
                let ahead = at.plus(BEFORE_RING_MOST) < ring;
                seen |= !ahead && at <= ring.minus(BEFORE_RING_LEAST).plus(seconds(late_s));
                at = next_look(at, seconds(every_s), GOOD, Some(ring).filter(|_| ahead), &key).plus(seconds(late_s));
            }
            prop_assert!(seen);
        }
    }

    #[test]
    fn the_look_before_a_ring_comes_after_an_outage_too() {
        for key in keys(500) {
            let ring = Timestamp::from_ms(START);
            // The look before the ring finds no network. It is back three minutes before the ring; ticks come every 30 s.
            let mut look = ring.minus(ahead_of_ring(&key));
            while look < ring.minus(seconds(180)) {
                look = next_look(look, seconds(21_600), Looked::Unreached, None, &key).plus(seconds(30));
            }
            assert!(look < ring, "{key}");
        }
    }

    #[test]
    fn times_at_the_end_of_time_do_not_overflow() {
        let end = Timestamp::from_ms(i64::MAX);
        assert_eq!(next_look(end, Duration::MAX, failed(u32::MAX), Some(end), "k"), end);
        assert!(is_whole_due(Some(Timestamp::from_ms(i64::MIN)), None, end));
    }

    #[test]
    fn a_whole_copy_is_asked_for_at_first_and_once_a_day() {
        let day = 86_400_000;
        let due =
            |last: Option<i64>, now: i64| is_whole_due(last.map(Timestamp::from_ms), None, Timestamp::from_ms(now));
        assert!(due(None, 0));
        assert!(!due(Some(0), 0));
        assert!(!due(Some(0), day - 1));
        assert!(due(Some(0), day));
        assert!(due(Some(1), 0), "the clock was wrong");
    }

    #[test]
    fn a_whole_copy_is_asked_for_once_before_each_first_ring() {
        let (at, minute) = (|minutes: i64| Timestamp::from_ms(minutes * 60_000), 60);
        let due = |last: i64, now: i64| is_whole_due(Some(at(last)), Some(at(minute)), at(now));
        assert_eq!([45, 46, 54, 60].map(|now| due(40, now)), [false, true, true, true]);
        assert!(!due(46, 50), "it was asked for in time");
    }
}
