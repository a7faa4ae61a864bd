//! How wrong our clock is, and whether what earlier ticks saw of it still holds.

use crate::model::Timestamp;
use std::time::Duration;

/// An error of the clock beyond this is an alarm, and decisions go by the provider's time (milliseconds).
pub const ALARM_MS: i64 = 30_000;

/// What was seen longer ago than this says nothing about the clock now.
const KEPT: Duration = Duration::from_secs(24 * 3600);

/// Two looks agree when they differ by no more than this (milliseconds): the provider's `Date` counts whole seconds.
const AGREE_MS: i64 = 5_000;

/// How far wall and boot time may drift apart before the wall clock counts as changed (milliseconds).
const DRIFT_MS: i64 = 1_000;

/// The clock's error as an earlier tick saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SkewSample {
    /// The provider's clock minus ours, milliseconds.
    pub skew_ms: i64,
    /// Wall and boot time when that tick began.
    pub at: (Timestamp, i64),
    /// Was it in the boot that runs now?
    pub same_boot: bool,
}

/// How much wall time is to be corrected now: not at all, unless the last two looks (newest first) agree that the error
/// is large, and nobody has set the clock since (wall and boot time have run on side by side). One look alone may have
/// met a gateway's own wrong clock.
pub fn correction(seen: &[SkewSample], now: (Timestamp, i64)) -> i64 {
    let [newest, before, ..] = seen else { return 0 };
    let agree = (newest.skew_ms - before.skew_ms).abs() <= AGREE_MS;
    let large = newest.skew_ms.abs() > ALARM_MS && before.skew_ms.abs() > ALARM_MS;
    if agree && large && holds(newest, now) && holds(before, now) { newest.skew_ms } else { 0 }
}

pub(super) fn holds(seen: &SkewSample, now: (Timestamp, i64)) -> bool {
    let wall = now.0.since(seen.at.0);
    let boot = now.1.saturating_sub(seen.at.1);
    let kept = i64::try_from(KEPT.as_millis()).unwrap_or(i64::MAX);
    seen.same_boot && (0..kept).contains(&boot) && (wall - boot).abs() <= DRIFT_MS
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(wall_s: i64, boot_s: i64) -> (Timestamp, i64) {
        (Timestamp::from_ms(wall_s * 1000), boot_s * 1000)
    }

    const fn seen(skew_ms: i64) -> SkewSample {
        SkewSample { skew_ms, at: at(10_000, 500), same_boot: true }
    }

    fn of(skew_ms: i64, now: (Timestamp, i64)) -> i64 {
        correction(&[seen(skew_ms), seen(skew_ms + 900)], now)
    }

    #[test]
    fn a_large_error_that_two_looks_agree_on_is_corrected_while_the_clock_runs_on() {
        assert_eq!(of(-60_000, at(10_030, 530)), -60_000);
        assert_eq!(of(-30_000, at(10_030, 530)), 0, "not worth it");
        assert_eq!(correction(&[seen(-60_000)], at(10_030, 530)), 0, "one look alone");
        assert_eq!(correction(&[seen(-60_000), seen(-40_000)], at(10_030, 530)), 0, "they disagree");
    }

    #[test]
    fn an_error_is_forgotten_when_the_clock_was_set_the_machine_was_booted_or_a_day_has_passed() {
        assert_eq!(of(-60_000, at(9_970, 530)), 0, "set back by a minute");
        assert_eq!(of(-60_000, at(10_090, 530)), 0, "set ahead");
        assert_eq!(of(-60_000, at(96_400, 86_900)), 0, "a day");
        let other = SkewSample { same_boot: false, ..seen(-60_000) };
        assert_eq!(correction(&[other, other], at(10_030, 530)), 0);
    }
}
