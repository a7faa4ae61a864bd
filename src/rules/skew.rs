//! A clock that is wrong: how far, and whether what was seen of it still holds.

use crate::model::Timestamp;
use std::time::Duration;

/// An error of the clock beyond this is an alarm, and decisions go by the provider's time (milliseconds).
pub const ALARM_MS: i64 = 30_000;

/// What was seen longer ago than this says nothing about the clock of today.
const KEPT: Duration = Duration::from_secs(3600);

/// How far wall and boot time may drift apart before the wall clock counts as changed (milliseconds).
const DRIFT_MS: i64 = 1_000;

/// The clock's error as an earlier tick saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The provider's clock minus ours, milliseconds.
    pub skew_ms: i64,
    /// Wall and boot time when that tick began.
    pub at: (Timestamp, i64),
    /// Was it in the boot that runs now?
    pub same_boot: bool,
}

/// By how much wall time is to be corrected now: nothing unless the error is large, was seen not long ago, and nobody has
/// set the clock since (wall and boot time have run on side by side).
pub fn correction(seen: Option<Seen>, now: (Timestamp, i64)) -> i64 {
    let Some(seen) = seen else { return 0 };
    let wall = now.0.since(seen.at.0);
    let boot = now.1.saturating_sub(seen.at.1);
    let kept = i64::try_from(KEPT.as_millis()).unwrap_or(i64::MAX);
    let holds = seen.same_boot && (0..kept).contains(&boot) && (wall - boot).abs() <= DRIFT_MS;
    if holds && seen.skew_ms.abs() > ALARM_MS { seen.skew_ms } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(wall_s: i64, boot_s: i64) -> (Timestamp, i64) {
        (Timestamp::from_ms(wall_s * 1000), boot_s * 1000)
    }

    const fn seen(skew_ms: i64) -> Seen {
        Seen { skew_ms, at: at(10_000, 500), same_boot: true }
    }

    #[test]
    fn a_large_error_is_corrected_while_the_clock_runs_on() {
        assert_eq!(correction(Some(seen(-60_000)), at(10_030, 530)), -60_000);
        assert_eq!(correction(Some(seen(-30_000)), at(10_030, 530)), 0, "not worth it");
        assert_eq!(correction(None, at(10_030, 530)), 0);
    }

    #[test]
    fn an_error_is_forgotten_when_the_clock_was_set_the_machine_was_booted_or_an_hour_has_passed() {
        assert_eq!(correction(Some(seen(-60_000)), at(9_970, 530)), 0, "set back by a minute");
        assert_eq!(correction(Some(seen(-60_000)), at(10_090, 530)), 0, "set ahead");
        assert_eq!(correction(Some(seen(-60_000)), at(13_600, 4_100)), 0, "an hour");
        let other = Seen { same_boot: false, ..seen(-60_000) };
        assert_eq!(correction(Some(other), at(10_030, 530)), 0);
    }
}
