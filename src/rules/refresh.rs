//! When is a calendar looked at next?

use crate::model::Timestamp;
use std::time::Duration;

/// A calendar is looked at once more so long before the first ring of a meeting, since the meeting may have moved.
pub const BEFORE_RING: Duration = Duration::from_secs(12 * 60);

/// The longest that becomes when it is spread.
pub const BEFORE_RING_MOST: Duration = Duration::from_secs(12 * 66);

/// A calendar in which something vanished is looked at again after this, before anything is concluded from it.
pub const SECOND_LOOK: Duration = Duration::from_secs(60);

/// The longest pause after failures, unless the calendar is looked at less often anyway.
const BACK_OFF_MAX: Duration = Duration::from_secs(60 * 60);

/// The longest a server may ask to be left alone.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(6 * 60 * 60);

/// After this time a copy is asked for even if the server says that it is still good.
const WHOLE_EVERY: Duration = Duration::from_secs(24 * 60 * 60);

/// A tenth more or less, in thousandths.
const SPREAD: u64 = 100;

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
}

/// When to look again at the calendar `key`, which is looked at `every` so often (zero: by every tick, for files) and was
/// looked at `now`. `first_ring` is the earliest first ring of its known meetings that is more than [`BEFORE_RING`] and
/// a tenth away.
///
/// Failures wait twice as long each time, up to an hour, and a server that asked to be left alone is, for up to six hours.
/// The look before a ring is put off by neither: one request for one meeting is no abuse. Every time but
/// the second look's is spread by up to a tenth, always the same for one calendar, so that not all of them are asked by
/// one tick.
pub fn next_look(
    now: Timestamp,
    every: Duration,
    looked: Looked,
    first_ring: Option<Timestamp>,
    key: &str,
) -> Timestamp {
    let regular = now.plus(spread(pause(every, looked), key));
    let before_ring = first_ring.map(|ring| ring.minus(spread(BEFORE_RING, key))).filter(|look| *look > now);
    let second = matches!(looked, Looked::Good { vanished: true }).then(|| now.plus(SECOND_LOOK));
    let soonest = second.into_iter().fold(regular, Timestamp::min).max(now.plus(left_alone(looked)));
    before_ring.into_iter().fold(soonest, Timestamp::min)
}

/// Is it time to ask for the whole copy, whatever the server says about it? Some answer "not modified" for ever. A last
/// time that lies ahead comes from a wrong clock and does not count.
pub fn is_whole_due(last_full: Option<Timestamp>, now: Timestamp) -> bool {
    last_full.is_none_or(|last| last > now || now >= last.plus(WHOLE_EVERY))
}

/// The time between two looks, before it is spread.
fn pause(every: Duration, looked: Looked) -> Duration {
    match looked {
        Looked::Good { .. } => every,
        Looked::Failed { times, .. } => {
            let doubled = every.saturating_mul(1_u32.checked_shl(times).unwrap_or(u32::MAX));
            doubled.min(BACK_OFF_MAX.max(every))
        }
    }
}

fn left_alone(looked: Looked) -> Duration {
    match looked {
        Looked::Failed { retry_after: Some(wait), .. } => wait.min(RETRY_AFTER_MAX),
        _ => Duration::ZERO,
    }
}

/// Up to a tenth more or less, by the key.
fn spread(time: Duration, key: &str) -> Duration {
    // FNV-1a: any hash would do that is the same in every version.
    let hash = key
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let thousandths = 1000 - SPREAD + hash % (2 * SPREAD + 1);
    time.saturating_mul(u32::try_from(thousandths).unwrap_or(1000)) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: Looked = Looked::Good { vanished: false };
    const VANISHED: Looked = Looked::Good { vanished: true };

    fn failed(times: u32) -> Looked {
        Looked::Failed { times, retry_after: None }
    }

    fn told_to_wait(seconds: u64) -> Looked {
        Looked::Failed { times: 1, retry_after: Some(Duration::from_secs(seconds)) }
    }

    /// A key whose times are not moved, so that a table shows the rules alone.
    fn still() -> String {
        let keys = (0..).map(|n: u32| format!("{n:x}"));
        keys.into_iter().find(|key| spread(Duration::from_secs(1000), key) == Duration::from_secs(1000)).unwrap()
    }

    /// Seconds from now to the next look.
    fn pause_s(every_s: u64, looked: Looked, ring_in_s: Option<i64>, key: &str) -> i64 {
        let now = Timestamp::from_ms(1_795_338_000_000);
        let ring = ring_in_s.map(|s| Timestamp::from_ms(now.ms() + s * 1000));
        next_look(now, Duration::from_secs(every_s), looked, ring, key).since(now) / 1000
    }

    #[test]
    fn each_rule_alone_and_where_they_meet() {
        for (case, every, looked, ring, next) in [
            ("regular", 300, GOOD, None, 300),
            ("a file", 0, GOOD, None, 0),
            ("a file with a ring", 0, GOOD, Some(3600), 0),
            ("a file that cannot be read", 0, failed(9), None, 0),
            ("a ring far away", 300, GOOD, Some(9000), 300),
            ("a ring whose look comes sooner", 300, GOOD, Some(720 + 100), 100),
            ("a ring whose look would be later", 300, GOOD, Some(720 + 301), 300),
            ("a ring whose look is now", 300, GOOD, Some(720), 300),
            ("a ring that is past", 300, GOOD, Some(-60), 300),
            ("a rare look and a ring", 21_600, GOOD, Some(7200), 6480),
            ("something vanished", 300, VANISHED, None, 60),
            ("something vanished before a ring", 300, VANISHED, Some(720 + 30), 30),
            ("something vanished from a file", 0, VANISHED, None, 0),
            ("one failure", 300, failed(1), None, 600),
            ("two failures", 300, failed(2), None, 1200),
            ("three failures", 300, failed(3), None, 2400),
            ("four failures", 300, failed(4), None, 3600),
            ("failures without end", 300, failed(u32::MAX), None, 3600),
            ("a failure of a rare look", 21_600, failed(1), None, 21_600),
            ("failures and a ring", 300, failed(4), Some(720 + 1000), 1000),
            ("told to wait less than the pause", 300, told_to_wait(10), None, 600),
            ("told to wait", 300, told_to_wait(5000), None, 5000),
            ("told to wait beyond the look before a ring", 300, told_to_wait(5000), Some(720 + 1000), 1000),
            ("told to wait, and a ring whose look is past", 300, told_to_wait(5000), Some(720), 5000),
            ("told to wait for ever", 300, told_to_wait(u64::MAX), None, 21_600),
        ] {
            assert_eq!(pause_s(every, looked, ring, &still()), next, "{case}");
        }
    }

    #[test]
    fn calendars_are_spread_by_a_tenth_and_each_keeps_its_place() {
        let keys: Vec<String> = (0..1000).map(|n| format!("{n:016x}")).collect();
        for (ring, from, to) in [(None, 270, 330), (Some(720 + 200), 200 - 72, 200 + 72)] {
            let pauses: Vec<i64> = keys.iter().map(|key| pause_s(300, GOOD, ring, key)).collect();
            assert!(pauses.iter().all(|pause| (from..=to).contains(pause)), "{pauses:?}");
            for tenth in 0..10 {
                let (low, high) = (from + (to - from) * tenth / 10, from + (to - from) * (tenth + 1) / 10);
                let share = pauses.iter().filter(|pause| (low..=high).contains(*pause)).count();
                assert!((60..180).contains(&share), "{share} of 1000 between {low} s and {high} s");
            }
            assert_eq!(pauses, keys.iter().map(|key| pause_s(300, GOOD, ring, key)).collect::<Vec<_>>());
        }
    }

    #[test]
    fn times_at_the_end_of_time_do_not_overflow() {
        let end = Timestamp::from_ms(i64::MAX);
        assert_eq!(next_look(end, Duration::MAX, failed(u32::MAX), Some(end), "k"), end);
        assert!(is_whole_due(Some(Timestamp::from_ms(i64::MIN)), end));
    }

    #[test]
    fn a_whole_copy_is_asked_for_at_first_and_once_a_day() {
        let day = 86_400_000;
        let due = |last: Option<i64>, now: i64| is_whole_due(last.map(Timestamp::from_ms), Timestamp::from_ms(now));
        assert!(due(None, 0));
        assert!(!due(Some(0), 0));
        assert!(!due(Some(0), day - 1));
        assert!(due(Some(0), day));
        assert!(due(Some(1), 0), "the clock was wrong");
    }
}
