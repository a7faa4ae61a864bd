//! The critical window: `0 < start - now <= window`.

use crate::model::Timestamp;
use std::time::Duration;

/// Where a moment lies relative to the window before a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowPosition {
    /// More than the window before the start.
    Early,
    /// The time to call; both ends belong to it: exactly the window before, and the last millisecond.
    Inside,
    /// At the start or later.
    Over,
}

/// Where `now` lies.
pub fn position(starts_at: Timestamp, now: Timestamp, window: Duration) -> WindowPosition {
    let left_ms = starts_at.since(now);
    if left_ms <= 0 {
        WindowPosition::Over
    } else if u128::from(left_ms.unsigned_abs()) <= window.as_millis() {
        WindowPosition::Inside
    } else {
        WindowPosition::Early
    }
}

/// The window of what may be done from `due_at` until `deadline_at`.
pub fn between(due_at: Timestamp, deadline_at: Timestamp) -> Duration {
    Duration::from_millis(u64::try_from(deadline_at.since(due_at)).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_closed_at_180_s_and_open_at_the_start() {
        let start = Timestamp::from_ms(1_000_000_000);
        let window = Duration::from_secs(180);
        for (before_ms, expected) in [
            (300_000, WindowPosition::Early),
            (180_001, WindowPosition::Early),
            (180_000, WindowPosition::Inside),
            (120_000, WindowPosition::Inside),
            (60_000, WindowPosition::Inside),
            (1_000, WindowPosition::Inside),
            (1, WindowPosition::Inside),
            (0, WindowPosition::Over),
            (-1, WindowPosition::Over),
        ] {
            let now = Timestamp::from_ms(start.ms() - before_ms);
            assert_eq!(position(start, now, window), expected, "{before_ms} ms before");
        }
    }
}
